//! What waxseal needs of cryptography, and nothing about who does it.
//!
//! A [`CryptoProvider`] is a plain struct of parts. Each part is an object-safe trait; a
//! provider crate fills them in and runs [`conformance`] over the whole. Secrets travel as
//! [`SecretBytes`], which wipe themselves, print nothing and compare in constant time.
//!
//! ```
//! use waxseal_crypto::{CryptoProvider, SecretBytes};
//!
//! fn data_key(crypto: &CryptoProvider) -> Result<SecretBytes, waxseal_crypto::CryptoError> {
//!     SecretBytes::random(crypto.random, 32)
//! }
//! ```

pub mod conformance;
mod ecdsa_der;
mod error;
mod provider;
mod rsa_key;
mod secret;
mod stack;

pub use ecdsa_der::{FixedSignature, decode_der, encode_fixed_length_der, has_sec1_form};
pub use error::{CryptoError, KeyError};
pub use provider::{
    Aead, AeadKey, CryptoProvider, Digest, DigestOutput, DigestState, HkdfOutput, Kdf, Nonce, Random,
    RsaPadding, RsaPrivateKey, RsaPublicKey, RsaWrap, Signatures, SigningKey, Tag,
};
pub use rsa_key::{RsaPrivateDer, RsaPublicDer};
pub use secret::{SecretBytes, constant_time_eq};
pub use stack::on_wiped_stack;
pub use waxseal_format::{AeadAlgorithm, HashAlgorithm, SignatureAlgorithm};

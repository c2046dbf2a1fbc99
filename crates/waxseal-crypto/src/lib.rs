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
mod counter_mode;
mod ec_key;
mod ecdsa_der;
mod error;
mod key_encoding;
mod provider;
mod rsa_key;
mod secret;
mod stack;

pub use counter_mode::kdf_counter_mode;
pub use ec_key::{EcPrivateKey, EcPublicKey, EcdhCurveSpec};
pub use ecdsa_der::{FixedSignature, decode_der, encode_fixed_length_der, has_sec1_form};
pub use error::{CryptoError, KeyError};
pub use provider::{
    Aead, AeadKey, AgreementKey, CryptoProvider, Digest, DigestOutput, DigestState, HkdfOutput, Kdf,
    KeyAgreement, Mac, Nonce, Random, RsaPadding, RsaPrivateKey, RsaPublicKey, RsaWrap, Signatures,
    SigningKey, Tag,
};
pub use rsa_key::{RsaPrivateDer, RsaPublicDer};
pub use secret::{SecretBytes, constant_time_eq};
pub use stack::on_wiped_stack;
pub use waxseal_format::{AeadAlgorithm, HashAlgorithm, SignatureAlgorithm};

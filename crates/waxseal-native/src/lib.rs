//! waxseal's default cryptography: for each primitive the fastest library that is well kept.
//!
//! | primitive | library |
//! |---|---|
//! | AES-128-GCM, AES-256-GCM | aws-lc or ring, by the processor at run time |
//! | AES-192-GCM | aws-lc (ring has none) |
//! | SHA-2, randomness | ring |
//! | HKDF, HMAC | RustCrypto's HMAC and SHA-2 |
//! | ECDSA, ECDH, RSA | aws-lc |
//!
//! The reasons and the figures stand in `select.rs`. Building it takes a C compiler.
//!
//! With the feature `openssl-sha` there is a second provider, `provider_with_openssl_digest`:
//! SHA-2 by the system's OpenSSL, 1.4 times as fast on processors of AMD without SHA-512
//! instructions. The feature makes it available; which one is used stays the caller's choice.
//!
//! ```
//! use waxseal_crypto::{AeadAlgorithm, SecretBytes};
//!
//! # fn main() -> Result<(), waxseal_crypto::CryptoError> {
//! let crypto = waxseal_native::provider();
//! let key = SecretBytes::random(crypto.random, 32)?;
//! let key = crypto.aead.key(AeadAlgorithm::Aes256Gcm, key.expose())?;
//! let mut text = *b"a secret";
//! let tag = key.seal_in_place(&[0; 12], b"", &mut text)?;
//! key.open_in_place(&[0; 12], b"", &mut text, &tag)?;
//! assert_eq!(&text, b"a secret");
//! # Ok(())
//! # }
//! ```

mod aead;
mod agreement;
mod digest;
mod kdf;
mod mac;
#[cfg(all(test, target_os = "linux"))]
#[path = "../../waxseal-crypto/tests/memory/mod.rs"]
mod memory;
#[cfg(feature = "openssl-sha")]
mod openssl_digest;
mod random;
mod rsa;
mod select;
mod signatures;

use waxseal_crypto::CryptoProvider;

/// The provider of this crate, to be copied where a single part of it is replaced.
pub static PROVIDER: CryptoProvider = CryptoProvider {
    name: "native",
    aead: &aead::AesGcm,
    digest: &digest::Sha2,
    kdf: &kdf::Hkdf,
    mac: &mac::HmacSha2,
    signatures: &signatures::Ecdsa,
    agreement: &agreement::Ecdh,
    rsa: &rsa::Rsa,
    random: &random::OperatingSystem,
};

/// The provider of this crate.
#[must_use]
pub fn provider() -> &'static CryptoProvider {
    &PROVIDER
}

/// The same with SHA-2 by the system's OpenSSL, for signed messages: see `select.rs`.
#[cfg(feature = "openssl-sha")]
pub static PROVIDER_WITH_OPENSSL_DIGEST: CryptoProvider =
    CryptoProvider { name: "native, SHA-2 by OpenSSL", digest: &openssl_digest::Sha2, ..PROVIDER };

/// The provider of this crate with SHA-2 by the system's OpenSSL.
#[cfg(feature = "openssl-sha")]
#[must_use]
pub fn provider_with_openssl_digest() -> &'static CryptoProvider {
    &PROVIDER_WITH_OPENSSL_DIGEST
}

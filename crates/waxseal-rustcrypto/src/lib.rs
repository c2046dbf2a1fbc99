//! waxseal's portable cryptography, in pure Rust: RustCrypto's aes-gcm, sha2, hkdf, hmac, p256,
//! p384, p521 and rsa, and the operating system's randomness. It runs wherever Rust does, without a C
//! compiler.
//!
//! It is slower than waxseal's native provider, and its RSA is not made against attackers who
//! can time many decryptions (RUSTSEC-2023-0071): prefer OAEP to PKCS#1 v1.5, and the native
//! provider to both where such attackers are near.
//!
//! ```
//! use waxseal_crypto::{AeadAlgorithm, SecretBytes};
//!
//! # fn main() -> Result<(), waxseal_crypto::CryptoError> {
//! let crypto = waxseal_rustcrypto::provider();
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
mod random;
mod rsa;
mod signatures;

use waxseal_crypto::CryptoProvider;

/// The provider of this crate, to be copied where a single part of it is replaced.
pub static PROVIDER: CryptoProvider = CryptoProvider {
    name: "rustcrypto",
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

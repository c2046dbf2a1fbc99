//! What the benchmarks share: the bare primitives, a client, and how to time them.
//!
//! "Bare" is a plain loop with the same library over the same buffers: what must be done to
//! get the same ciphertext bytes to the same place, a copy included where the library has no
//! form without it.

pub mod bare;
pub mod cache_keys;
pub mod rows;
pub mod timing;

use waxseal::{AlgorithmSuite, Client, CryptoProvider, RawAesKeyring, SecretBytes, native};

/// A suite with commitment and no signature.
pub const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// The default suite: commitment and an ECDSA P-384 signature.
pub const SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;

/// The native provider; with the feature `openssl-sha` the one whose SHA-2 is OpenSSL's.
#[must_use]
pub fn crypto() -> &'static CryptoProvider {
    #[cfg(feature = "openssl-sha")]
    return native::provider_with_openssl_digest();
    #[cfg(not(feature = "openssl-sha"))]
    native::provider()
}

/// A client of the native provider with one raw AES key.
///
/// # Errors
/// If the machine has no randomness.
pub fn client() -> Result<Client, Box<dyn std::error::Error>> {
    let crypto = crypto();
    let key = SecretBytes::random(crypto.random, 32)?;
    Ok(Client::new(crypto, RawAesKeyring::new(crypto, "benches", "key", key)?))
}

/// Bytes that are not all alike.
#[must_use]
pub fn plaintext(len: usize) -> Vec<u8> {
    (0..=250_u8).cycle().take(len).collect()
}

//! What the programs share: a client with a key of its own, a KMS without an account, and files as
//! sources of ranges.

pub mod aws;
mod counted_file;
pub mod developer_demo;
mod embedded;

pub use counted_file::CountedFile;
pub use embedded::{ACCOUNT, ALICE, EmbeddedKms};

use std::sync::Arc;
use std::time::Duration;

use waxseal::{
    AlgorithmSuite, CacheLimits, CachingCryptographicMaterialsManager, Client, CryptographicMaterialsManager,
    DefaultCmm, EncryptOptions, LocalCryptographicMaterialsCache, RawAesKeyring, SecretBytes, native,
};

/// A client with a new random wrapping key that no other program has.
///
/// Its messages are unsigned: then each frame is final as soon as it verified, and can be
/// passed on at once or read alone.
///
/// # Errors
/// If the system gives no randomness.
pub fn client() -> anyhow::Result<Client> {
    let mut options = EncryptOptions::default();
    options.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY);
    Ok(Client::new(native::provider(), keyring()?).encrypt_options(options))
}

/// A keyring of a new random wrapping key. It stands for one of a key service.
///
/// # Errors
/// If the system gives no randomness.
pub fn keyring() -> anyhow::Result<RawAesKeyring> {
    let crypto = native::provider();
    let key = SecretBytes::random(crypto.random, 32)?;
    Ok(RawAesKeyring::new(crypto, "examples", "key-1", key)?)
}

/// The default materials manager over such a keyring.
///
/// # Errors
/// If the system gives no randomness.
pub fn default_cmm() -> anyhow::Result<DefaultCmm> {
    Ok(DefaultCmm::new(native::provider(), keyring()?))
}

/// A cache of its own over a materials manager, for five minutes.
///
/// # Errors
/// If the system gives no randomness.
pub fn cached(
    underlying: impl CryptographicMaterialsManager + 'static,
) -> anyhow::Result<CachingCryptographicMaterialsManager> {
    let cache = Arc::new(LocalCryptographicMaterialsCache::new(100));
    let limits = CacheLimits::new(Duration::from_secs(300));
    Ok(CachingCryptographicMaterialsManager::new(native::provider(), underlying, cache, limits)?)
}

/// Bytes that differ from place to place, so that a mistake in an offset shows.
#[must_use]
pub fn sample(len: usize) -> Vec<u8> {
    let mut state = 0_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..len).map(|_| next()).collect()
}

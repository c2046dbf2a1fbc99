//! What the programs share: a client with a key of its own, KMS with and without an account, and
//! files as sources of ranges.

pub mod aws;
mod counted_file;
pub mod developer_demo;
mod embedded;
mod kms;

pub use counted_file::CountedFile;
pub use embedded::{ACCOUNT, ALICE, EmbeddedKms};
pub use kms::{Kms, arn};

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use waxseal::{
    AlgorithmSuite, CacheLimits, CachingCryptographicMaterialsManager, Client, CryptographicMaterialsManager,
    DefaultCmm, EncryptOptions, Error, ErrorClass, LocalCryptographicMaterialsCache, RawAesKeyring,
    SecretBytes, native,
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

/// The error of a call that had to fail with one of this class.
///
/// # Errors
/// If it succeeded, or failed for another reason.
pub fn refused<T>(result: Result<T, Error>, class: ErrorClass) -> anyhow::Result<Error> {
    let error = result.err().with_context(|| format!("it succeeded; {class:?} was expected"))?;
    ensure!(error.class() == class, "refused for another reason than {class:?}: {error}");
    Ok(error)
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

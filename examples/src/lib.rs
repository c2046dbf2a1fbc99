//! What the programs share: a client with a key of its own, a KMS without an account, and files as
//! sources of ranges.

mod counted_file;
mod embedded;

pub use counted_file::CountedFile;
pub use embedded::{ACCOUNT, ALICE, EmbeddedKms};

use waxseal::{AlgorithmSuite, Client, EncryptOptions, RawAesKeyring, SecretBytes, native};

/// A client with a new random wrapping key that no other program has.
///
/// Its messages are unsigned: then each frame is final as soon as it verified, and can be
/// passed on at once or read alone.
///
/// # Errors
/// If the system gives no randomness.
pub fn client() -> anyhow::Result<Client> {
    let crypto = native::provider();
    let key = SecretBytes::random(crypto.random, 32)?;
    let mut options = EncryptOptions::default();
    options.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY);
    Ok(Client::new(crypto, RawAesKeyring::new(crypto, "examples", "key-1", key)?).encrypt_options(options))
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

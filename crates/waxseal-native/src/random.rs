//! The operating system's randomness, through ring and without a generator in between.

use ring::rand::{SecureRandom, SystemRandom};
use waxseal_crypto::{CryptoError, Random};

/// The operating system's randomness.
#[derive(Debug)]
pub(crate) struct OperatingSystem;

impl Random for OperatingSystem {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        SystemRandom::new().fill(bytes).map_err(|_| CryptoError::Random)
    }
}

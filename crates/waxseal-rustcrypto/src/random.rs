//! The operating system's randomness, and a generator seeded by it for what can't fail.

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use waxseal_crypto::{CryptoError, Random};

/// The operating system's randomness.
#[derive(Debug)]
pub(crate) struct OperatingSystem;

impl Random for OperatingSystem {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        SysRng.try_fill_bytes(bytes).map_err(|_| CryptoError::Random)
    }
}

/// A generator for the rsa crate, whose version of rand_core has no way to fail but a panic:
/// so the operating system is asked once, before. Wiped when dropped.
pub(crate) struct Seeded(StdRng);

impl Seeded {
    pub(crate) fn new() -> Result<Self, CryptoError> {
        StdRng::try_from_rng(&mut SysRng).map(Self).map_err(|_| CryptoError::Random)
    }
}

impl rsa::rand_core::RngCore for Seeded {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl rsa::rand_core::CryptoRng for Seeded {}

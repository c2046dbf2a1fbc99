//! SHA-2 by sha2, which wipes its states when they are dropped.

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use waxseal_crypto::{Digest, DigestOutput, DigestState, HashAlgorithm};

/// SHA-2.
#[derive(Debug)]
pub(crate) struct Sha2;

impl Digest for Sha2 {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn DigestState> {
        match algorithm {
            HashAlgorithm::Sha256 => Box::new(Running { algorithm, state: Sha256::new() }),
            HashAlgorithm::Sha384 => Box::new(Running { algorithm, state: Sha384::new() }),
            HashAlgorithm::Sha512 => Box::new(Running { algorithm, state: Sha512::new() }),
        }
    }
}

struct Running<D> {
    algorithm: HashAlgorithm,
    state: D,
}

impl<D: sha2::Digest + Send> DigestState for Running<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    fn finish(self: Box<Self>) -> DigestOutput {
        let digest = self.state.finalize();
        DigestOutput::filled(self.algorithm, |output| output.copy_from_slice(&digest))
    }
}

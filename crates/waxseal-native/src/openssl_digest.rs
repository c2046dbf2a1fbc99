//! SHA-2 by the system's OpenSSL: its low-level calls, which can't fail and allocate nothing.

use openssl::sha::{Sha256, Sha384, Sha512};
use waxseal_crypto::{Digest, DigestOutput, DigestState, HashAlgorithm};

/// SHA-2.
#[derive(Debug)]
pub(crate) struct Sha2;

impl Digest for Sha2 {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn DigestState> {
        Box::new(match algorithm {
            HashAlgorithm::Sha256 => Running::Sha256(Sha256::new()),
            HashAlgorithm::Sha384 => Running::Sha384(Sha384::new()),
            HashAlgorithm::Sha512 => Running::Sha512(Sha512::new()),
        })
    }
}

enum Running {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl DigestState for Running {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(state) => state.update(bytes),
            Self::Sha384(state) => state.update(bytes),
            Self::Sha512(state) => state.update(bytes),
        }
    }

    fn finish(self: Box<Self>) -> DigestOutput {
        match *self {
            Self::Sha256(state) => output(HashAlgorithm::Sha256, &state.finish()),
            Self::Sha384(state) => output(HashAlgorithm::Sha384, &state.finish()),
            Self::Sha512(state) => output(HashAlgorithm::Sha512, &state.finish()),
        }
    }
}

fn output(algorithm: HashAlgorithm, digest: &[u8]) -> DigestOutput {
    DigestOutput::filled(algorithm, |output| output.copy_from_slice(digest))
}

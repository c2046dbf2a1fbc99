//! SHA-2 by ring. What it digests here is public or ciphertext; it wipes nothing.

use ring::digest::{Context, SHA256, SHA384, SHA512};
use waxseal_crypto::{Digest, DigestOutput, DigestState, HashAlgorithm};

/// SHA-2.
#[derive(Debug)]
pub(crate) struct Sha2;

impl Digest for Sha2 {
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn DigestState> {
        let context = Context::new(match algorithm {
            HashAlgorithm::Sha256 => &SHA256,
            HashAlgorithm::Sha384 => &SHA384,
            HashAlgorithm::Sha512 => &SHA512,
        });
        Box::new(Running { algorithm, context })
    }
}

struct Running {
    algorithm: HashAlgorithm,
    context: Context,
}

impl DigestState for Running {
    fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    fn finish(self: Box<Self>) -> DigestOutput {
        let digest = self.context.finish();
        DigestOutput::filled(self.algorithm, |output| output.copy_from_slice(digest.as_ref()))
    }
}

//! The message signature, over all that a [`FrameCollector`](crate::FrameCollector) hashed.
//!
//! Source: `client-apis/encrypt.md`, "Construct the signature"; `client-apis/decrypt.md`,
//! "Verify the signature".

use std::sync::Arc;

use waxseal_crypto::{
    CryptoError, CryptoProvider, DigestOutput, DigestState, SignatureAlgorithm, SigningKey,
    encode_fixed_length_der,
};
use waxseal_materials::{DecryptionMaterials, EncryptionMaterials};

use crate::MessageError;

/// One try in 256 or so has no DER of the length that is wanted.
const MAX_TRIES: usize = 64;

/// The key that signs a message which is being written.
pub(crate) struct Signing(Arc<dyn SigningKey>);

impl Signing {
    pub(crate) fn of(materials: &EncryptionMaterials) -> Option<Self> {
        materials.signing_key().cloned().map(Self)
    }

    pub(crate) fn digest(&self, crypto: &CryptoProvider) -> Box<dyn DigestState> {
        crypto.digest.start(self.0.algorithm().hash())
    }

    /// The DER signature of the digest, of the algorithm's fixed length.
    pub(crate) fn sign(&self, digest: &DigestOutput) -> Result<Vec<u8>, MessageError> {
        for _ in 0..MAX_TRIES {
            if let Some(der) = encode_fixed_length_der(&self.0.sign(digest)?) {
                return Ok(der);
            }
        }
        Err(CryptoError::Failed.into())
    }
}

/// The key that must have signed a message which is being read.
pub(crate) struct Verification {
    algorithm: SignatureAlgorithm,
    public_key: Vec<u8>,
}

impl Verification {
    pub(crate) fn of(materials: &DecryptionMaterials) -> Option<Self> {
        let algorithm = materials.suite().signature?;
        Some(Self { algorithm, public_key: materials.verification_key()?.to_vec() })
    }

    pub(crate) fn digest(&self, crypto: &CryptoProvider) -> Box<dyn DigestState> {
        crypto.digest.start(self.algorithm.hash())
    }

    pub(crate) fn verify(
        &self,
        crypto: &CryptoProvider,
        digest: &DigestOutput,
        signature: &[u8],
    ) -> Result<(), MessageError> {
        crypto
            .signatures
            .verify(self.algorithm, &self.public_key, digest, signature)
            .map_err(|_| MessageError::Signature)
    }
}

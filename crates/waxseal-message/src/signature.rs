//! The message signature, taken in as the message goes by.
//!
//! Source: `client-apis/encrypt.md`, "Construct the signature"; `client-apis/decrypt.md`,
//! "Verify the signature".

use std::sync::Arc;

use waxseal_crypto::{
    CryptoError, CryptoProvider, DigestState, SignatureAlgorithm, SigningKey, encode_fixed_length_der,
};
use waxseal_materials::{DecryptionMaterials, EncryptionMaterials};

use crate::MessageError;

/// One try in 256 or so has no DER of the length that is wanted.
const MAX_TRIES: usize = 64;

/// The digest of a message that is being written, and the key that signs it.
pub(crate) struct RunningSignature {
    digest: Box<dyn DigestState>,
    key: Arc<dyn SigningKey>,
}

impl RunningSignature {
    pub(crate) fn start(crypto: &CryptoProvider, materials: &EncryptionMaterials) -> Option<Self> {
        let key = materials.signing_key()?.clone();
        Some(Self { digest: crypto.digest.start(key.algorithm().hash()), key })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    /// The DER signature over all that went by, of the algorithm's fixed length.
    pub(crate) fn finish(self) -> Result<Vec<u8>, MessageError> {
        let digest = self.digest.finish();
        for _ in 0..MAX_TRIES {
            if let Some(der) = encode_fixed_length_der(&self.key.sign(&digest)?) {
                return Ok(der);
            }
        }
        Err(CryptoError::Failed.into())
    }
}

/// The digest of a message that is being read, and the key that must have signed it.
pub(crate) struct RunningVerification {
    digest: Box<dyn DigestState>,
    algorithm: SignatureAlgorithm,
    public_key: Vec<u8>,
}

impl RunningVerification {
    pub(crate) fn start(crypto: &CryptoProvider, materials: &DecryptionMaterials) -> Option<Self> {
        let algorithm = materials.suite().signature?;
        let public_key = materials.verification_key()?.to_vec();
        Some(Self { digest: crypto.digest.start(algorithm.hash()), algorithm, public_key })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
    }

    pub(crate) fn finish(self, crypto: &CryptoProvider, signature: &[u8]) -> Result<(), MessageError> {
        let digest = self.digest.finish();
        crypto
            .signatures
            .verify(self.algorithm, &self.public_key, &digest, signature)
            .map_err(|_| MessageError::Signature)
    }
}

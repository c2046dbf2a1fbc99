//! ECDSA by aws-lc, which wipes private keys when they are dropped.

use aws_lc_rs::digest::{Digest, SHA256, SHA384};
use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyCompressedBin};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, VerificationAlgorithm,
};
use waxseal_crypto::{
    CryptoError, DigestOutput, FixedSignature, SignatureAlgorithm, Signatures, SigningKey, decode_der,
    has_sec1_form,
};

/// ECDSA.
#[derive(Debug)]
pub(crate) struct Ecdsa;

impl Signatures for Ecdsa {
    fn generate(&self, algorithm: SignatureAlgorithm) -> Result<Box<dyn SigningKey>, CryptoError> {
        let signing = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            SignatureAlgorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        };
        let pair = EcdsaKeyPair::generate(signing).map_err(|_| CryptoError::Random)?;
        let public: EcPublicKeyCompressedBin<'_> =
            pair.public_key().as_be_bytes().map_err(|_| CryptoError::Random)?;
        let public_key = public.as_ref().to_vec();
        Ok(Box::new(Key { algorithm, pair, public_key }))
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        digest: &DigestOutput,
        der_signature: &[u8],
    ) -> Result<(), CryptoError> {
        if !has_sec1_form(algorithm, public_key) {
            return Err(CryptoError::Failed);
        }
        let digest = import(algorithm, digest)?;
        let signature = decode_der(algorithm, der_signature).ok_or(CryptoError::Failed)?;
        let verifying = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
            SignatureAlgorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_FIXED,
        };
        let verified = verifying.verify_digest_sig(public_key, &digest, signature.as_ref());
        verified.map_err(|_| CryptoError::Failed)
    }
}

struct Key {
    algorithm: SignatureAlgorithm,
    pair: EcdsaKeyPair,
    public_key: Vec<u8>,
}

impl SigningKey for Key {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> Vec<u8> {
        self.public_key.clone()
    }

    fn sign(&self, digest: &DigestOutput) -> Result<FixedSignature, CryptoError> {
        let digest = import(self.algorithm, digest)?;
        let signature = self.pair.sign_digest(&digest).map_err(|_| CryptoError::Random)?;
        FixedSignature::new(self.algorithm, signature.as_ref()).ok_or(CryptoError::Failed)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.algorithm)
    }
}

fn import(algorithm: SignatureAlgorithm, digest: &DigestOutput) -> Result<Digest, CryptoError> {
    if digest.algorithm() != algorithm.hash() {
        return Err(CryptoError::Failed);
    }
    let hash = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &SHA256,
        SignatureAlgorithm::EcdsaP384Sha384 => &SHA384,
    };
    Digest::import_less_safe(digest.as_ref(), hash).map_err(|_| CryptoError::Failed)
}

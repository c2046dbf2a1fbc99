//! ECDSA by p256 and p384, which wipe private keys when they are dropped.

use p256::elliptic_curve::Generate;
use p384::ecdsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use rand::rngs::SysRng;
use waxseal_crypto::{
    CryptoError, DigestOutput, FixedSignature, SignatureAlgorithm, Signatures, SigningKey, decode_der,
    has_sec1_form, on_wiped_stack,
};

/// ECDSA.
#[derive(Debug)]
pub(crate) struct Ecdsa;

impl Signatures for Ecdsa {
    fn generate(&self, algorithm: SignatureAlgorithm) -> Result<Box<dyn SigningKey>, CryptoError> {
        on_wiped_stack(|| {
            let random = &mut SysRng;
            let key = match algorithm {
                SignatureAlgorithm::EcdsaP256Sha256 => Generate::try_generate_from_rng(random).map(Key::P256),
                SignatureAlgorithm::EcdsaP384Sha384 => Generate::try_generate_from_rng(random).map(Key::P384),
            };
            Ok(Box::new(key.map_err(|_| CryptoError::Random)?) as _)
        })
    }

    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        digest: &DigestOutput,
        der_signature: &[u8],
    ) -> Result<(), CryptoError> {
        check_digest(algorithm, digest)?;
        if !has_sec1_form(algorithm, public_key) {
            return Err(CryptoError::Failed);
        }
        let signature = decode_der(algorithm, der_signature).ok_or(CryptoError::Failed)?;
        let (digest, signature) = (digest.as_ref(), signature.as_ref());
        let verified = match algorithm {
            SignatureAlgorithm::EcdsaP256Sha256 => verify_p256(public_key, digest, signature),
            SignatureAlgorithm::EcdsaP384Sha384 => verify_p384(public_key, digest, signature),
        };
        verified.map_err(|_| CryptoError::Failed)
    }
}

fn verify_p256(public_key: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), p256::ecdsa::Error> {
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(public_key)?;
    key.verify_prehash(digest, &p256::ecdsa::Signature::from_slice(signature)?)
}

fn verify_p384(public_key: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), p384::ecdsa::Error> {
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(public_key)?;
    key.verify_prehash(digest, &p384::ecdsa::Signature::from_slice(signature)?)
}

enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

impl SigningKey for Key {
    fn algorithm(&self) -> SignatureAlgorithm {
        match self {
            Self::P256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Self::P384(_) => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }

    fn public_key(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_sec1_point(true).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_sec1_point(true).as_bytes().to_vec(),
        }
    }

    /// The nonce is derived from key and digest (RFC 6979), with fresh randomness mixed in.
    fn sign(&self, digest: &DigestOutput) -> Result<FixedSignature, CryptoError> {
        check_digest(self.algorithm(), digest)?;
        let bytes = match self {
            Self::P256(key) => {
                let signed: Result<p256::ecdsa::Signature, _> =
                    key.sign_prehash_with_rng(&mut SysRng, digest.as_ref());
                signed.map(|signature| signature.to_bytes().to_vec())
            }
            Self::P384(key) => {
                let signed: Result<p384::ecdsa::Signature, _> =
                    key.sign_prehash_with_rng(&mut SysRng, digest.as_ref());
                signed.map(|signature| signature.to_bytes().to_vec())
            }
        };
        let bytes = bytes.map_err(|_| CryptoError::Random)?;
        FixedSignature::new(self.algorithm(), &bytes).ok_or(CryptoError::Failed)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.algorithm())
    }
}

fn check_digest(algorithm: SignatureAlgorithm, digest: &DigestOutput) -> Result<(), CryptoError> {
    if digest.algorithm() == algorithm.hash() { Ok(()) } else { Err(CryptoError::Failed) }
}

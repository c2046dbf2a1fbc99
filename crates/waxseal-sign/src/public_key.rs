//! Public keys: verification without KMS, by aws-lc.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA512_ASN1, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode;
use spki::der::asn1::ObjectIdentifier;
use waxseal_crypto::{CryptoProvider, DigestOutput, HashAlgorithm};
use waxseal_kms::client::SigningAlgorithm;

use crate::{InvalidSignature, KeyProblem, SignError};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// No key of KMS is longer, and nothing longer is read.
const MAX_LEN: usize = 16 << 10;

/// A public key that verifies without KMS: RSA, P-256, P-384 or P-521.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    P521,
}

impl PublicKey {
    /// Reads a key in PEM (`PUBLIC KEY`) or DER: a `SubjectPublicKeyInfo` (RFC 5280, 4.1), as
    /// `GetPublicKey` of KMS answers.
    ///
    /// # Errors
    /// [`KeyProblem::PublicKey`] for anything else.
    pub fn from_pem_or_der(input: &[u8]) -> Result<Self, KeyProblem> {
        if input.len() > MAX_LEN {
            return Err(KeyProblem::PublicKey);
        }
        let trimmed = input.trim_ascii();
        if !trimmed.starts_with(b"-----BEGIN ") {
            return Self::from_der(input);
        }
        match pem_rfc7468::decode_vec(trimmed) {
            Ok(("PUBLIC KEY", der)) => Self::from_der(&der),
            _ => Err(KeyProblem::PublicKey),
        }
    }

    fn from_der(spki: &[u8]) -> Result<Self, KeyProblem> {
        let info = SubjectPublicKeyInfoRef::from_der(spki).map_err(|_| KeyProblem::PublicKey)?;
        let curve = info.algorithm.parameters_oid().ok();
        let kind = match (info.algorithm.oid, curve) {
            (RSA_ENCRYPTION, _) => Kind::Rsa,
            (EC_PUBLIC_KEY, Some(P256)) => Kind::P256,
            (EC_PUBLIC_KEY, Some(P384)) => Kind::P384,
            (EC_PUBLIC_KEY, Some(P521)) => Kind::P521,
            _ => return Err(KeyProblem::PublicKey),
        };
        Ok(Self { spki: spki.to_vec(), kind })
    }

    /// The `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.spki
    }

    /// Its name where it has no ARN: `sha256:` and the SHA-256 of the DER, in hexadecimal.
    #[must_use]
    pub fn fingerprint(&self, crypto: &CryptoProvider) -> String {
        let mut digest = crypto.digest.start(HashAlgorithm::Sha256);
        digest.update(&self.spki);
        format!("sha256:{}", hex::encode(digest.finish().as_ref()))
    }

    /// Verifies a signature over a digest.
    ///
    /// # Errors
    /// [`InvalidSignature::KeyNotAccepted`] if the key is not of the algorithm's kind,
    /// [`InvalidSignature::NotOfThis`] if the signature is not of this digest and key.
    pub(crate) fn verify(
        &self,
        algorithm: SigningAlgorithm,
        digest: &DigestOutput,
        signature: &[u8],
    ) -> Result<(), SignError> {
        let Some((verifying, hash)) = self.algorithm(algorithm) else {
            return Err(InvalidSignature::KeyNotAccepted { claimed: None }.into());
        };
        let digest = Digest::import_less_safe(digest.as_ref(), hash);
        let digest = digest.map_err(|_| InvalidSignature::NotOfThis)?;
        let verified = verifying.verify_digest_sig(&self.spki, &digest, signature);
        Ok(verified.map_err(|_| InvalidSignature::NotOfThis)?)
    }

    /// How aws-lc does it; `None` if the key is of another kind.
    fn algorithm(
        &self,
        algorithm: SigningAlgorithm,
    ) -> Option<(&'static dyn VerificationAlgorithm, &'static digest::Algorithm)> {
        use SigningAlgorithm as A;
        Some(match (self.kind, algorithm) {
            (Kind::P256, A::EcdsaSha256) => (&ECDSA_P256_SHA256_ASN1, &digest::SHA256),
            (Kind::P384, A::EcdsaSha384) => (&ECDSA_P384_SHA384_ASN1, &digest::SHA384),
            (Kind::P521, A::EcdsaSha512) => (&ECDSA_P521_SHA512_ASN1, &digest::SHA512),
            (Kind::Rsa, A::RsassaPssSha256) => (&RSA_PSS_2048_8192_SHA256, &digest::SHA256),
            (Kind::Rsa, A::RsassaPssSha384) => (&RSA_PSS_2048_8192_SHA384, &digest::SHA384),
            (Kind::Rsa, A::RsassaPssSha512) => (&RSA_PSS_2048_8192_SHA512, &digest::SHA512),
            (Kind::Rsa, A::RsassaPkcs1V15Sha256) => (&RSA_PKCS1_2048_8192_SHA256, &digest::SHA256),
            (Kind::Rsa, A::RsassaPkcs1V15Sha384) => (&RSA_PKCS1_2048_8192_SHA384, &digest::SHA384),
            (Kind::Rsa, A::RsassaPkcs1V15Sha512) => (&RSA_PKCS1_2048_8192_SHA512, &digest::SHA512),
            _ => return None,
        })
    }
}

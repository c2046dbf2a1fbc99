//! Keys over the NIST curves: to sign, or to agree on secrets.

use aws_lc_rs::agreement;
use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, KeyPair, UnparsedPublicKey,
};
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::KeySpec;

use super::MaterialFault;

/// A key that signs by ECDSA.
pub(crate) struct SigningKey {
    pair: EcdsaKeyPair,
    verification: &'static EcdsaVerificationAlgorithm,
}

impl SigningKey {
    pub(crate) fn new(spec: KeySpec, pkcs8: &[u8]) -> Result<Self, MaterialFault> {
        let (signing, verification) = ecdsa(spec)?;
        let pair = EcdsaKeyPair::from_pkcs8(signing, pkcs8).map_err(|_| MaterialFault)?;
        Ok(Self { pair, verification })
    }

    /// The signature of a digest by the curve's hash, in DER.
    pub(crate) fn sign(&self, digest: &Digest) -> Result<Vec<u8>, MaterialFault> {
        let signature = self.pair.sign_digest(digest).map_err(|_| MaterialFault)?;
        Ok(signature.as_ref().to_vec())
    }

    pub(crate) fn verify(&self, digest: &Digest, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(self.verification, self.pair.public_key().as_ref());
        key.verify_digest(digest, signature).is_ok()
    }

    pub(crate) fn public_key(&self) -> Result<Vec<u8>, MaterialFault> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().map_err(|_| MaterialFault)?;
        Ok(der.as_ref().to_vec())
    }
}

/// A key that agrees on secrets by ECDH.
pub(crate) struct AgreementKey(agreement::PrivateKey);

impl AgreementKey {
    pub(crate) fn new(spec: KeySpec, pkcs8: &[u8]) -> Result<Self, MaterialFault> {
        let key = agreement::PrivateKey::from_private_key_der(ecdh(spec)?, pkcs8);
        key.map(Self).map_err(|_| MaterialFault)
    }

    /// The x coordinate that this key and the other's public key share. `public_key` is DER of a
    /// SubjectPublicKeyInfo; a point that is not on this key's curve is a fault.
    pub(crate) fn agree(&self, public_key: &[u8]) -> Result<SecretBytes, MaterialFault> {
        let other = agreement::UnparsedPublicKey::new(self.0.algorithm(), public_key);
        let other = agreement::ParsedPublicKey::try_from(other).map_err(|_| MaterialFault)?;
        if other.format() != agreement::ParsedPublicKeyFormat::X509 {
            return Err(MaterialFault);
        }
        agreement::agree(&self.0, other, MaterialFault, |secret| Ok(SecretBytes::copy_of(secret)))
    }

    pub(crate) fn public_key(&self) -> Result<Vec<u8>, MaterialFault> {
        let key = self.0.compute_public_key().map_err(|_| MaterialFault)?;
        let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| MaterialFault)?;
        Ok(der.as_ref().to_vec())
    }
}

/// A fresh key in PKCS#8.
pub(crate) fn generate(spec: KeySpec) -> Result<SecretBytes, MaterialFault> {
    let key = agreement::PrivateKey::generate(ecdh(spec)?).map_err(|_| MaterialFault)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| MaterialFault)?;
    Ok(SecretBytes::copy_of(der.as_ref()))
}

fn ecdsa(
    spec: KeySpec,
) -> Result<(&'static EcdsaSigningAlgorithm, &'static EcdsaVerificationAlgorithm), MaterialFault> {
    match spec {
        KeySpec::EccNistP256 => Ok((&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1)),
        KeySpec::EccNistP384 => Ok((&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1)),
        KeySpec::EccNistP521 => Ok((&ECDSA_P521_SHA512_ASN1_SIGNING, &ECDSA_P521_SHA512_ASN1)),
        _ => Err(MaterialFault),
    }
}

fn ecdh(spec: KeySpec) -> Result<&'static agreement::Algorithm, MaterialFault> {
    match spec {
        KeySpec::EccNistP256 => Ok(&agreement::ECDH_P256),
        KeySpec::EccNistP384 => Ok(&agreement::ECDH_P384),
        KeySpec::EccNistP521 => Ok(&agreement::ECDH_P521),
        _ => Err(MaterialFault),
    }
}

//! Key material: made, loaded, used. What leaves is ciphertexts, signatures and public keys.

mod ecc;
mod hmac;
mod rsa;
mod symmetric;

use waxseal_crypto::SecretBytes;
use waxseal_kms::client::{KeySpec, KeyUsage};

pub(crate) use self::ecc::{AgreementKey, SigningKey};
pub(crate) use self::hmac::{HmacKey, mac_algorithm};
pub(crate) use self::rsa::{DecryptingKey, RsaSigningKey};
pub(crate) use self::symmetric::SymmetricKey;

/// A primitive, or the source of randomness, failed; or the material is not of its spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaterialFault;

/// Key material, ready for use.
pub(crate) enum KeyMaterial {
    Symmetric(SymmetricKey),
    RsaEncrypt(DecryptingKey),
    RsaSign(RsaSigningKey),
    EccSign(SigningKey),
    EccAgree(AgreementKey),
    Hmac(Box<HmacKey>),
}

impl KeyMaterial {
    /// Loads what [`generate`] made.
    pub(crate) fn load(spec: KeySpec, usage: KeyUsage, secret: &SecretBytes) -> Result<Self, MaterialFault> {
        let bytes = secret.expose();
        match (family(spec), usage) {
            (Family::Symmetric, KeyUsage::EncryptDecrypt) => SymmetricKey::new(bytes).map(Self::Symmetric),
            (Family::Rsa, KeyUsage::EncryptDecrypt) => DecryptingKey::new(bytes).map(Self::RsaEncrypt),
            (Family::Rsa, KeyUsage::SignVerify) => RsaSigningKey::new(bytes).map(Self::RsaSign),
            (Family::Ecc, KeyUsage::SignVerify) => SigningKey::new(spec, bytes).map(Self::EccSign),
            (Family::Ecc, KeyUsage::KeyAgreement) => AgreementKey::new(spec, bytes).map(Self::EccAgree),
            (Family::Hmac, KeyUsage::GenerateVerifyMac) => {
                HmacKey::new(spec, bytes).map(|key| Self::Hmac(Box::new(key)))
            }
            _ => Err(MaterialFault),
        }
    }

    /// DER of the public key's SubjectPublicKeyInfo; `None` where there is none.
    pub(crate) fn public_key(&self) -> Option<Result<Vec<u8>, MaterialFault>> {
        match self {
            Self::Symmetric(_) | Self::Hmac(_) => None,
            Self::RsaEncrypt(key) => Some(key.public_key()),
            Self::RsaSign(key) => Some(key.public_key()),
            Self::EccSign(key) => Some(key.public_key()),
            Self::EccAgree(key) => Some(key.public_key()),
        }
    }
}

/// Fresh key material: 32 bytes for symmetric keys, as many as the hash has for HMAC keys,
/// DER of a PKCS#8 document for the others. RSA takes its time.
pub(crate) fn generate(spec: KeySpec) -> Result<SecretBytes, MaterialFault> {
    match (family(spec), secret_len(spec)) {
        (_, Some(len)) => random(len),
        (Family::Rsa, None) => rsa::generate(spec),
        (_, None) => ecc::generate(spec),
    }
}

/// DER of the SubjectPublicKeyInfo of a private key that [`generate`] made.
pub(crate) fn public_key(spec: KeySpec, private_key: &SecretBytes) -> Result<Vec<u8>, MaterialFault> {
    let bytes = private_key.expose();
    match family(spec) {
        Family::Rsa => DecryptingKey::new(bytes)?.public_key(),
        Family::Ecc => AgreementKey::new(spec, bytes)?.public_key(),
        _ => Err(MaterialFault),
    }
}

/// How long material of a symmetric or HMAC key is.
pub(crate) fn secret_len(spec: KeySpec) -> Option<usize> {
    match spec {
        KeySpec::SymmetricDefault | KeySpec::Hmac256 => Some(32),
        KeySpec::Hmac384 => Some(48),
        KeySpec::Hmac512 => Some(64),
        _ => None,
    }
}

/// Random bytes of the operating system's, through aws-lc.
pub(crate) fn random(len: usize) -> Result<SecretBytes, MaterialFault> {
    let mut bytes = SecretBytes::zeroed(len);
    aws_lc_rs::rand::fill(bytes.expose_mut()).map_err(|_| MaterialFault)?;
    Ok(bytes)
}

/// The same for what is no secret.
pub(crate) fn random_array<const N: usize>() -> Result<[u8; N], MaterialFault> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| MaterialFault)?;
    Ok(bytes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Symmetric,
    Rsa,
    Ecc,
    Hmac,
}

fn family(spec: KeySpec) -> Family {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => Family::Rsa,
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 => Family::Ecc,
        KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => Family::Hmac,
        _ => Family::Symmetric,
    }
}

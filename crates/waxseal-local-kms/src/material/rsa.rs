//! RSA keys: to encrypt by OAEP, to sign by PSS or PKCS#1 v1.5.

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaParameters, UnparsedPublicKey,
};
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::{EncryptionAlgorithm, KeySpec, SigningAlgorithm};

use super::MaterialFault;

/// A key that encrypts and decrypts.
pub(crate) struct DecryptingKey {
    private: OaepPrivateDecryptingKey,
    wrapping: WrappingKey,
    public_der: Vec<u8>,
}

impl DecryptingKey {
    pub(crate) fn new(pkcs8: &[u8]) -> Result<Self, MaterialFault> {
        let key = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| MaterialFault)?;
        let public = key.public_key();
        let public_der: PublicKeyX509Der<'_> = public.as_der().map_err(|_| MaterialFault)?;
        let public_der = public_der.as_ref().to_vec();
        let wrapping = WrappingKey(OaepPublicEncryptingKey::new(public).map_err(|_| MaterialFault)?);
        let private = OaepPrivateDecryptingKey::new(key).map_err(|_| MaterialFault)?;
        Ok(Self { private, wrapping, public_der })
    }

    pub(crate) fn wrapping(&self) -> &WrappingKey {
        &self.wrapping
    }

    pub(crate) fn decrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, MaterialFault> {
        let mut room = SecretBytes::zeroed(self.private.min_output_size());
        let plaintext = self
            .private
            .decrypt(oaep(algorithm)?, ciphertext, room.expose_mut(), None)
            .map_err(|_| MaterialFault)?;
        Ok(SecretBytes::copy_of(plaintext))
    }

    pub(crate) fn public_key(&self) -> Result<Vec<u8>, MaterialFault> {
        Ok(self.public_der.clone())
    }
}

/// The public half of one.
pub(crate) struct WrappingKey(OaepPublicEncryptingKey);

impl WrappingKey {
    /// How many bytes can be encrypted.
    pub(crate) fn max_plaintext(&self, algorithm: EncryptionAlgorithm) -> Result<usize, MaterialFault> {
        Ok(self.0.max_plaintext_size(oaep(algorithm)?))
    }

    pub(crate) fn encrypt(
        &self,
        algorithm: EncryptionAlgorithm,
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, MaterialFault> {
        let mut room = vec![0; self.0.ciphertext_size()];
        let ciphertext = self
            .0
            .encrypt(oaep(algorithm)?, plaintext.expose(), &mut room, None)
            .map_err(|_| MaterialFault)?;
        Ok(ciphertext.to_vec())
    }
}

/// A key that signs.
pub(crate) struct RsaSigningKey(RsaKeyPair);

impl RsaSigningKey {
    pub(crate) fn new(pkcs8: &[u8]) -> Result<Self, MaterialFault> {
        RsaKeyPair::from_pkcs8(pkcs8).map(Self).map_err(|_| MaterialFault)
    }

    pub(crate) fn sign(
        &self,
        algorithm: SigningAlgorithm,
        digest: &Digest,
    ) -> Result<Vec<u8>, MaterialFault> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let (padding, _) = paddings(algorithm)?;
        self.0.sign_digest(padding, digest, &mut signature).map_err(|_| MaterialFault)?;
        Ok(signature)
    }

    pub(crate) fn verify(&self, algorithm: SigningAlgorithm, digest: &Digest, signature: &[u8]) -> bool {
        let Ok((_, padding)) = paddings(algorithm) else {
            return false;
        };
        let key = UnparsedPublicKey::new(padding, self.0.public_key().as_ref());
        key.verify_digest(digest, signature).is_ok()
    }

    pub(crate) fn public_key(&self) -> Result<Vec<u8>, MaterialFault> {
        let der: PublicKeyX509Der<'_> = self.0.public_key().as_der().map_err(|_| MaterialFault)?;
        Ok(der.as_ref().to_vec())
    }
}

/// A fresh key in PKCS#8.
pub(crate) fn generate(spec: KeySpec) -> Result<SecretBytes, MaterialFault> {
    let size = match spec {
        KeySpec::Rsa2048 => KeySize::Rsa2048,
        KeySpec::Rsa3072 => KeySize::Rsa3072,
        KeySpec::Rsa4096 => KeySize::Rsa4096,
        _ => return Err(MaterialFault),
    };
    let key = PrivateDecryptingKey::generate(size).map_err(|_| MaterialFault)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| MaterialFault)?;
    Ok(SecretBytes::copy_of(der.as_ref()))
}

fn oaep(algorithm: EncryptionAlgorithm) -> Result<&'static OaepAlgorithm, MaterialFault> {
    match algorithm {
        EncryptionAlgorithm::RsaesOaepSha1 => Ok(&OAEP_SHA1_MGF1SHA1),
        EncryptionAlgorithm::RsaesOaepSha256 => Ok(&OAEP_SHA256_MGF1SHA256),
        _ => Err(MaterialFault),
    }
}

fn paddings(
    algorithm: SigningAlgorithm,
) -> Result<(&'static dyn RsaEncoding, &'static RsaParameters), MaterialFault> {
    match algorithm {
        SigningAlgorithm::RsassaPssSha256 => Ok((&RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256)),
        SigningAlgorithm::RsassaPssSha384 => Ok((&RSA_PSS_SHA384, &RSA_PSS_2048_8192_SHA384)),
        SigningAlgorithm::RsassaPssSha512 => Ok((&RSA_PSS_SHA512, &RSA_PSS_2048_8192_SHA512)),
        SigningAlgorithm::RsassaPkcs1V15Sha256 => Ok((&RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256)),
        SigningAlgorithm::RsassaPkcs1V15Sha384 => Ok((&RSA_PKCS1_SHA384, &RSA_PKCS1_2048_8192_SHA384)),
        SigningAlgorithm::RsassaPkcs1V15Sha512 => Ok((&RSA_PKCS1_SHA512, &RSA_PKCS1_2048_8192_SHA512)),
        _ => Err(MaterialFault),
    }
}

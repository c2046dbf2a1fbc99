//! RSA by aws-lc, which removes PKCS#1 v1.5 padding in constant time and wipes what it frees.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use waxseal_crypto::{
    CryptoError, KeyError, RsaPadding, RsaPrivateDer, RsaPrivateKey, RsaPublicDer, RsaPublicKey, RsaWrap,
    SecretBytes,
};

/// RSA key wrapping.
#[derive(Debug)]
pub(crate) struct Rsa;

impl RsaWrap for Rsa {
    fn public_key(&self, key: &RsaPublicDer) -> Result<Box<dyn RsaPublicKey>, KeyError> {
        let key = PublicEncryptingKey::from_der(key.as_der()).map_err(refused)?;
        Ok(Box::new(Public {
            pkcs1: Pkcs1PublicEncryptingKey::new(key.clone()).map_err(|_| KeyError::Refused)?,
            oaep: OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Refused)?,
        }))
    }

    fn private_key(&self, key: &RsaPrivateDer) -> Result<Box<dyn RsaPrivateKey>, KeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(key.expose_der()).map_err(refused)?;
        Ok(Box::new(Private {
            pkcs1: Pkcs1PrivateDecryptingKey::new(key.clone()).map_err(|_| KeyError::Refused)?,
            oaep: OaepPrivateDecryptingKey::new(key.clone()).map_err(|_| KeyError::Refused)?,
            key,
        }))
    }

    fn generate(&self, bits: usize) -> Result<RsaPrivateDer, CryptoError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(CryptoError::Failed),
        };
        let key = PrivateDecryptingKey::generate(size).map_err(|_| CryptoError::Random)?;
        let pkcs8: Pkcs8V1Der<'_> = key.as_der().map_err(|_| CryptoError::Failed)?;
        RsaPrivateDer::from_pem_or_der(pkcs8.as_ref()).map_err(|_| CryptoError::Failed)
    }
}

fn refused(_: KeyRejected) -> KeyError {
    KeyError::Refused
}

/// The library's OAEP for a padding; `None` for PKCS#1 v1.5.
fn oaep(padding: RsaPadding) -> Result<Option<&'static OaepAlgorithm>, CryptoError> {
    match padding {
        RsaPadding::Pkcs1v15 => Ok(None),
        RsaPadding::OaepSha1 => Ok(Some(&OAEP_SHA1_MGF1SHA1)),
        RsaPadding::OaepSha256 => Ok(Some(&OAEP_SHA256_MGF1SHA256)),
        RsaPadding::OaepSha384 => Ok(Some(&OAEP_SHA384_MGF1SHA384)),
        RsaPadding::OaepSha512 => Ok(Some(&OAEP_SHA512_MGF1SHA512)),
        _ => Err(CryptoError::Failed),
    }
}

#[derive(Debug)]
struct Public {
    pkcs1: Pkcs1PublicEncryptingKey,
    oaep: OaepPublicEncryptingKey,
}

impl Public {
    fn longest_secret(&self, oaep: Option<&'static OaepAlgorithm>) -> usize {
        match oaep {
            Some(oaep) => self.oaep.max_plaintext_size(oaep),
            None => self.pkcs1.max_plaintext_size(),
        }
    }
}

impl RsaPublicKey for Public {
    fn wrap(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let oaep = oaep(padding)?;
        if secret.len() > self.longest_secret(oaep) {
            return Err(CryptoError::BufferLength);
        }
        let mut wrapped = vec![0; self.pkcs1.ciphertext_size()];
        let result = match oaep {
            Some(oaep) => self.oaep.encrypt(oaep, secret, &mut wrapped, None),
            None => self.pkcs1.encrypt(secret, &mut wrapped),
        };
        result.map_err(|_| CryptoError::Failed)?;
        Ok(wrapped)
    }
}

#[derive(Debug)]
struct Private {
    pkcs1: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
    key: PrivateDecryptingKey,
}

impl RsaPrivateKey for Private {
    fn unwrap(&self, padding: RsaPadding, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        let mut buffer = SecretBytes::zeroed(self.pkcs1.min_output_size());
        let result = match oaep(padding)? {
            Some(oaep) => self.oaep.decrypt(oaep, wrapped, buffer.expose_mut(), None),
            None => self.pkcs1.decrypt(wrapped, buffer.expose_mut()),
        };
        result.map(|secret| SecretBytes::copy_of(secret)).map_err(|_| CryptoError::Failed)
    }

    fn public_key(&self) -> Result<RsaPublicDer, CryptoError> {
        let spki: PublicKeyX509Der<'_> = self.key.public_key().as_der().map_err(|_| CryptoError::Failed)?;
        RsaPublicDer::from_pem_or_der(spki.as_ref()).map_err(|_| CryptoError::Failed)
    }
}

//! Keyrings of keys that are held in memory.

use async_trait::async_trait;
use waxseal_crypto::{CryptoProvider, RsaPadding, RsaPrivateDer, RsaPublicDer, SecretBytes};
use waxseal_format::EncryptedDataKey;

use crate::raw_wrap::RawKey;
use crate::{DecryptionMaterials, EncryptionMaterials, Keyring, MaterialsError};

/// Wraps data keys with an AES key, by AES-GCM. The encryption context is authenticated.
///
/// Each wrapped data key has a random 12-byte IV: wrap fewer than 2^32 data keys with one
/// wrapping key.
///
/// Source: `framework/raw-aes-keyring.md`.
#[derive(Debug)]
pub struct RawAesKeyring(RawKey);

impl RawAesKeyring {
    /// A keyring of one key: random bytes, 16, 24 or 32 of them. Namespace and name are
    /// written into every message and find the key again.
    ///
    /// # Errors
    /// [`MaterialsError::WrappingKeyLength`] for other lengths;
    /// [`MaterialsError::ReservedNamespace`] for one that starts with `aws-kms`;
    /// [`MaterialsError::Illegal`] for names of more bytes than a message can hold.
    pub fn new(
        crypto: &'static CryptoProvider,
        namespace: impl Into<String>,
        name: impl Into<String>,
        wrapping_key: SecretBytes,
    ) -> Result<Self, MaterialsError> {
        RawKey::aes(crypto, namespace.into(), name.into(), &wrapping_key).map(Self)
    }
}

/// Wraps data keys with an RSA key. RSA doesn't authenticate the encryption context; the
/// message's header does.
///
/// Keys are given in PEM or DER: SPKI and PKCS#1 for public ones, PKCS#8 and PKCS#1 for
/// private ones. Private bytes that are given stay the caller's to wipe.
///
/// Source: `framework/raw-rsa-keyring.md`.
#[derive(Debug)]
pub struct RawRsaKeyring(RawKey);

impl RawRsaKeyring {
    /// A keyring that encrypts and can't decrypt.
    ///
    /// # Errors
    /// [`MaterialsError::Key`] if the key can't be read or is refused; for namespace and
    /// name as [`RawAesKeyring::new`].
    pub fn with_public_key(
        crypto: &'static CryptoProvider,
        namespace: impl Into<String>,
        name: impl Into<String>,
        padding: RsaPadding,
        public_key: &[u8],
    ) -> Result<Self, MaterialsError> {
        let public = RsaPublicDer::from_pem_or_der(public_key)?;
        RawKey::rsa(crypto, namespace.into(), name.into(), padding, (Some(&public), None)).map(Self)
    }

    /// A keyring that decrypts and can't encrypt: by the specification it doesn't derive
    /// the public key.
    ///
    /// # Errors
    /// As [`RawRsaKeyring::with_public_key`].
    pub fn with_private_key(
        crypto: &'static CryptoProvider,
        namespace: impl Into<String>,
        name: impl Into<String>,
        padding: RsaPadding,
        private_key: &[u8],
    ) -> Result<Self, MaterialsError> {
        let private = RsaPrivateDer::from_pem_or_der(private_key)?;
        RawKey::rsa(crypto, namespace.into(), name.into(), padding, (None, Some(&private))).map(Self)
    }

    /// A keyring that encrypts and decrypts.
    ///
    /// # Errors
    /// [`MaterialsError::KeyPair`] if the keys are not one pair; else as
    /// [`RawRsaKeyring::with_public_key`].
    pub fn with_key_pair(
        crypto: &'static CryptoProvider,
        namespace: impl Into<String>,
        name: impl Into<String>,
        padding: RsaPadding,
        public_key: &[u8],
        private_key: &[u8],
    ) -> Result<Self, MaterialsError> {
        let public = RsaPublicDer::from_pem_or_der(public_key)?;
        let private = RsaPrivateDer::from_pem_or_der(private_key)?;
        RawKey::rsa(crypto, namespace.into(), name.into(), padding, (Some(&public), Some(&private))).map(Self)
    }
}

macro_rules! raw_keyring {
    ($type:ty) => {
        #[async_trait]
        impl Keyring for $type {
            async fn on_encrypt(
                &self,
                materials: EncryptionMaterials,
            ) -> Result<EncryptionMaterials, MaterialsError> {
                wrap_data_key(&self.0, materials)
            }

            async fn on_decrypt(
                &self,
                materials: DecryptionMaterials,
                encrypted_data_keys: &[EncryptedDataKey],
            ) -> Result<DecryptionMaterials, MaterialsError> {
                unwrap_data_key(&self.0, materials, encrypted_data_keys)
            }
        }
    };
}

raw_keyring!(RawAesKeyring);
raw_keyring!(RawRsaKeyring);

fn wrap_data_key(
    key: &RawKey,
    mut materials: EncryptionMaterials,
) -> Result<EncryptionMaterials, MaterialsError> {
    let context = materials.encryption_context();
    let wrapped = match materials.data_key() {
        Some(data_key) => key.wrap(context, data_key)?,
        None => {
            let (data_key, wrapped) = key.generate(materials.suite(), context)?;
            materials.set_data_key(data_key)?;
            wrapped
        }
    };
    materials.add_encrypted_data_key(wrapped)?;
    Ok(materials)
}

fn unwrap_data_key(
    key: &RawKey,
    mut materials: DecryptionMaterials,
    edks: &[EncryptedDataKey],
) -> Result<DecryptionMaterials, MaterialsError> {
    materials.check_no_data_key()?;
    let data_key = key.unwrap_first(materials.suite(), materials.encryption_context(), edks)?;
    materials.set_data_key(data_key)?;
    Ok(materials)
}

//! Any master key provider as a keyring.
//!
//! Source: `framework/default-cmm.md`, "Legacy Behavior : Master Key Providers".

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::EncryptedDataKey;

use crate::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, Keyring, MasterKey,
    MasterKeyProvider, MaterialsError,
};

/// Makes and wraps data keys with the master keys of a provider, and unwraps them.
#[derive(Clone, Debug)]
pub struct MasterKeyProviderKeyring(Arc<dyn MasterKeyProvider>);

impl MasterKeyProviderKeyring {
    /// A keyring over a provider, or over a single master key.
    #[must_use]
    pub fn new(provider: impl MasterKeyProvider + 'static) -> Self {
        Self(Arc::new(provider))
    }
}

impl From<Arc<dyn MasterKeyProvider>> for MasterKeyProviderKeyring {
    fn from(provider: Arc<dyn MasterKeyProvider>) -> Self {
        Self(provider)
    }
}

#[async_trait]
impl Keyring for MasterKeyProviderKeyring {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let keys = self.0.master_keys_for_encryption(materials.encryption_context()).await?;
        let (first, others) = keys.split_first().ok_or_else(no_keys)?;
        match materials.data_key() {
            Some(_) => wrap_with(first, &mut materials).await?,
            None => generate_with(first, &mut materials).await?,
        }
        for key in others {
            wrap_with(key, &mut materials).await?;
        }
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let context = materials.encryption_context();
        let unwrapped = self.0.decrypt_data_key_from_list(materials.suite(), context, encrypted_data_keys);
        let data_key = unwrapped.await?.plaintext;
        materials.set_data_key(data_key)?;
        Ok(materials)
    }
}

fn no_keys() -> MaterialsError {
    let failure = KeyFailure::new("a master key provider", KeyFailureReason::Unsupported);
    MaterialsError::Wrap(failure.with_source("it has no master key to encrypt with"))
}

async fn generate_with(
    key: &Arc<dyn MasterKey>,
    materials: &mut EncryptionMaterials,
) -> Result<(), MaterialsError> {
    let data_key = key.generate_data_key(materials.suite(), materials.encryption_context()).await?;
    materials.set_data_key(data_key.plaintext)?;
    materials.add_encrypted_data_key(data_key.encrypted)
}

async fn wrap_with(
    key: &Arc<dyn MasterKey>,
    materials: &mut EncryptionMaterials,
) -> Result<(), MaterialsError> {
    let data_key = materials.data_key().cloned().ok_or(MaterialsError::Illegal("no data key"))?;
    let context = materials.encryption_context();
    let wrapped = key.encrypt_data_key(materials.suite(), context, &data_key).await?;
    materials.add_encrypted_data_key(wrapped)
}

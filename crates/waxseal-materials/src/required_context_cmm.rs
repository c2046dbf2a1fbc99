//! A materials manager that requires keys of the encryption context.
//!
//! Source: `framework/required-encryption-context-cmm.md`.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::CryptoProvider;

use crate::encryption_materials::check_present;
use crate::{
    CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, DefaultCmm,
    EncryptionMaterials, EncryptionMaterialsRequest, Keyring, MasterKeyProvider, MasterKeyProviderKeyring,
    MaterialsError,
};

/// Requires certain keys in the context of every message. Their pairs are authenticated and
/// not stored: whoever decrypts must give them again.
///
/// Source: `framework/required-encryption-context-cmm.md`.
#[derive(Clone, Debug)]
pub struct RequiredEncryptionContextCmm {
    required_keys: BTreeSet<String>,
    underlying: Arc<dyn CryptographicMaterialsManager>,
}

impl RequiredEncryptionContextCmm {
    /// Requires these keys over any materials manager, or over an `Arc` of one.
    pub fn new<K: Into<String>>(
        required_keys: impl IntoIterator<Item = K>,
        underlying: impl CryptographicMaterialsManager + 'static,
    ) -> Self {
        let required_keys = required_keys.into_iter().map(Into::into).collect();
        Self { required_keys, underlying: Arc::new(underlying) }
    }

    /// Requires these keys over a [`DefaultCmm`] of this keyring.
    pub fn with_keyring<K: Into<String>>(
        required_keys: impl IntoIterator<Item = K>,
        crypto: &'static CryptoProvider,
        keyring: impl Keyring + 'static,
    ) -> Self {
        Self::new(required_keys, DefaultCmm::new(crypto, keyring))
    }

    /// Requires these keys over a [`DefaultCmm`] of this master key provider.
    pub fn with_master_key_provider<K: Into<String>>(
        required_keys: impl IntoIterator<Item = K>,
        crypto: &'static CryptoProvider,
        provider: impl MasterKeyProvider + 'static,
    ) -> Self {
        Self::with_keyring(required_keys, crypto, MasterKeyProviderKeyring::new(provider))
    }
}

#[async_trait]
impl CryptographicMaterialsManager for RequiredEncryptionContextCmm {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        check_present(&request.encryption_context, &self.required_keys)?;
        request.required_context_keys.extend(self.required_keys.iter().cloned());
        let materials = self.underlying.as_ref().get_encryption_materials(request).await?;
        if !materials.required_context_keys().is_superset(&self.required_keys) {
            return Err(MaterialsError::Illegal("a materials manager dropped a required context key"));
        }
        Ok(materials)
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        check_present(&request.reproduced_context, &self.required_keys)?;
        let materials = self.underlying.as_ref().decrypt_materials(request).await?;
        check_present(materials.encryption_context(), &self.required_keys)?;
        Ok(materials)
    }
}

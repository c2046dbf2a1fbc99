//! Several master key providers as one.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::{
    DataKey, KeyFailure, KeyFailureReason, KeyFailures, MasterKey, MasterKeyProvider, MaterialsError,
};

/// Asks several providers in turn. Encrypts with the keys of all of them: the first
/// provider's first key makes the data key. Decrypts with the first that can.
#[derive(Clone, Debug)]
pub struct MultiMasterKeyProvider(Vec<Arc<dyn MasterKeyProvider>>);

impl MultiMasterKeyProvider {
    /// `first` alone, to begin with.
    #[must_use]
    pub fn new(first: impl MasterKeyProvider + 'static) -> Self {
        Self(vec![Arc::new(first)])
    }

    /// The same with one more provider.
    #[must_use]
    pub fn with_provider(self, provider: impl MasterKeyProvider + 'static) -> Self {
        self.with_shared(Arc::new(provider))
    }

    /// The same with one more provider, which others use too.
    #[must_use]
    pub fn with_shared(mut self, provider: Arc<dyn MasterKeyProvider>) -> Self {
        self.0.push(provider);
        self
    }
}

#[async_trait]
impl MasterKeyProvider for MultiMasterKeyProvider {
    fn can_provide(&self, provider_id: &str) -> bool {
        self.0.iter().any(|provider| provider.can_provide(provider_id))
    }

    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let mut failure = None;
        for provider in &self.0 {
            match provider.master_key(key_id).await {
                Ok(key) => return Ok(key),
                Err(error) => failure = Some(more_telling(failure, error)),
            }
        }
        Err(failure.unwrap_or_else(|| KeyFailure::new(key_id, KeyFailureReason::NotMine)))
    }

    async fn master_keys_for_encryption(
        &self,
        encryption_context: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        let mut keys = Vec::new();
        for provider in &self.0 {
            keys.extend(provider.master_keys_for_encryption(encryption_context).await?);
        }
        Ok(keys)
    }

    async fn master_key_for_decrypt(
        &self,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let id = &encrypted_data_key.provider_id;
        let mut failure = None;
        for provider in self.0.iter().filter(|provider| provider.can_provide(id)) {
            match provider.master_key_for_decrypt(encrypted_data_key).await {
                Ok(key) => return Ok(key),
                Err(error) => failure = Some(more_telling(failure, error)),
            }
        }
        Err(failure.unwrap_or_else(|| KeyFailure::new(id.as_str(), KeyFailureReason::NotMine)))
    }

    async fn decrypt_data_key_from_list(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DataKey, MaterialsError> {
        let mut failures = KeyFailures::default();
        for provider in &self.0 {
            let list = encrypted_data_keys;
            match provider.decrypt_data_key_from_list(suite, encryption_context, list).await {
                Ok(data_key) => return Ok(data_key),
                Err(error) => failures.absorb("a master key provider", error),
            }
        }
        Err(MaterialsError::Unwrap(failures))
    }
}

/// The first failure that says more than "not mine".
fn more_telling(first: Option<KeyFailure>, next: KeyFailure) -> KeyFailure {
    match first {
        Some(first) if first.reason != KeyFailureReason::NotMine => first,
        _ => next,
    }
}

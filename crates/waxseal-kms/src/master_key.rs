//! The master key of one KMS key.
//!
//! Source: `framework/aws-kms/aws-kms-mrk-aware-master-key.md`.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    DataKey, KeyFailure, KeyFailureReason, KeyFailures, MasterKey, MasterKeyProvider, MaterialsError,
};

use crate::calls::{Calls, PROVIDER_ID};
use crate::keyring::{Matching, identifier, not_mine_of};
use crate::message_keys::key_arn;
use crate::{AwsKmsError, AwsKmsIdentifier, KmsClient};

/// One KMS key as a master key: what the providers give out, and usable by itself.
///
/// Source: `framework/aws-kms/aws-kms-mrk-aware-master-key.md`; without the part on multi-Region
/// keys unless it is made by [`AwsKmsMasterKey::mrk_aware`].
#[derive(Clone, Debug)]
pub struct AwsKmsMasterKey {
    calls: Calls,
    key: AwsKmsIdentifier,
    name: String,
    matching: Matching,
}

impl AwsKmsMasterKey {
    /// The master key that `key_id` names, of the client's region.
    ///
    /// # Errors
    /// [`AwsKmsError::Identifier`] if it names no key of KMS.
    pub fn new(client: Arc<dyn KmsClient>, key_id: &str) -> Result<Self, AwsKmsError> {
        Ok(Self::of(Calls::new(client), identifier(key_id)?, Matching::Exact))
    }

    /// The same, taking related multi-Region keys for one key.
    ///
    /// # Errors
    /// As [`AwsKmsMasterKey::new`].
    pub fn mrk_aware(client: Arc<dyn KmsClient>, key_id: &str) -> Result<Self, AwsKmsError> {
        Ok(Self::of(Calls::new(client), identifier(key_id)?, Matching::MultiRegion))
    }

    /// The same with grant tokens for every call.
    #[must_use]
    pub fn with_grant_tokens(mut self, grant_tokens: Vec<String>) -> Self {
        self.calls.grant_tokens = grant_tokens;
        self
    }

    pub(crate) fn of(calls: Calls, key: AwsKmsIdentifier, matching: Matching) -> Self {
        Self { calls, name: key.to_string(), key, matching }
    }
}

/// Opens the first of the data keys that a key of the provider opens. Keys that are not its own
/// are told of once, by `not_mine`, and only if there is nothing else to tell.
pub(crate) async fn open_first(
    provider: &dyn MasterKeyProvider,
    not_mine: impl FnOnce() -> KeyFailure + Send,
    suite: &'static AlgorithmSuite,
    encryption_context: &EncryptionContext,
    encrypted_data_keys: &[EncryptedDataKey],
) -> Result<DataKey, MaterialsError> {
    let mut failures = KeyFailures::default();
    for encrypted in encrypted_data_keys.iter().filter(|edk| edk.provider_id == PROVIDER_ID) {
        let unwrapped = match provider.master_key_for_decrypt(encrypted).await {
            Ok(key) => key.decrypt_data_key(suite, encryption_context, encrypted).await,
            Err(failure) => Err(failure),
        };
        match unwrapped {
            Ok(plaintext) => return Ok(DataKey { plaintext, encrypted: encrypted.clone() }),
            Err(failure) if failure.reason == KeyFailureReason::NotMine => {}
            Err(failure) => failures.push(failure),
        }
    }
    if failures.as_slice().is_empty() {
        failures.push(not_mine());
    }
    Err(MaterialsError::Unwrap(failures))
}

#[async_trait]
impl MasterKey for AwsKmsMasterKey {
    fn provider_id(&self) -> &str {
        PROVIDER_ID
    }

    fn key_id(&self) -> &str {
        &self.name
    }

    fn owns(&self, encrypted_data_key: &EncryptedDataKey) -> bool {
        encrypted_data_key.provider_id == PROVIDER_ID
            && key_arn(encrypted_data_key).is_ok_and(|named| self.matching.matches(&self.key, &named))
    }

    async fn generate_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
    ) -> Result<DataKey, MaterialsError> {
        self.calls.generate(&self.key, suite, encryption_context).await.map_err(MaterialsError::Wrap)
    }

    async fn encrypt_data_key(
        &self,
        _suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError> {
        self.calls.encrypt(&self.key, encryption_context, data_key).await.map_err(MaterialsError::Wrap)
    }

    async fn decrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure> {
        if !self.owns(encrypted_data_key) {
            return Err(not_mine_of([&self.key], std::slice::from_ref(encrypted_data_key)));
        }
        self.calls.decrypt(&self.name, suite, encryption_context, encrypted_data_key).await
    }
}

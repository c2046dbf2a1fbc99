//! Providers of the KMS keys that they are told, and of no other.
//!
//! Source: `framework/aws-kms/aws-kms-mrk-aware-master-key-provider.md`, strict mode.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{DataKey, KeyFailure, MasterKey, MasterKeyProvider, MaterialsError};

use crate::calls::{Calls, PROVIDER_ID, told};
use crate::keyring::{Matching, identifier, not_mine_of};
use crate::master_key::open_first;
use crate::message_keys::key_arn;
use crate::multi_keyrings::check_unique;
use crate::{AwsKmsError, AwsKmsIdentifier, AwsKmsMasterKey, ClientSupplier};

/// The KMS keys that it is told: all wrap, any one unwraps, the first makes data keys.
///
/// A key is named by its ARN, of any region. An alias, an alias ARN or a bare key id does to
/// encrypt with; unwrapping needs the ARN, since messages name keys by it.
///
/// ```
/// # async fn f(supplier: impl waxseal_kms::ClientSupplier + 'static) -> Result<(), Box<dyn std::error::Error>> {
/// use waxseal::{Client, native};
/// use waxseal_kms::StrictAwsKmsMasterKeyProvider;
///
/// let provider = StrictAwsKmsMasterKeyProvider::new(
///     supplier,
///     [
///         "arn:aws:kms:us-east-1:111122223333:key/22222222-2222-2222-2222-222222222222",
///         "arn:aws:kms:eu-west-1:111122223333:key/33333333-3333-3333-3333-333333333333",
///     ],
/// )?;
/// let client = Client::with_master_key_provider(native::provider(), provider);
/// let sealed = client.encrypt(b"attack at dawn").context("tenant", "7").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct StrictAwsKmsMasterKeyProvider(Strict);

/// [`StrictAwsKmsMasterKeyProvider`] that takes related multi-Region keys for one key: it
/// unwraps with its own what a replica in another region wrapped.
///
/// Source: `framework/aws-kms/aws-kms-mrk-aware-master-key-provider.md`.
#[derive(Clone, Debug)]
pub struct MrkAwareStrictAwsKmsMasterKeyProvider(Strict);

macro_rules! strict_provider {
    ($type:ident, $matching:expr, $errors:literal) => {
        impl $type {
            /// A provider of these keys; `supplier` has the client of each one's region, and of
            /// the default region for names that say none.
            ///
            /// # Errors
            #[doc = $errors]
            pub fn new(
                supplier: impl ClientSupplier + 'static,
                key_ids: impl IntoIterator<Item = impl AsRef<str>>,
            ) -> Result<Self, AwsKmsError> {
                Strict::new(Arc::new(supplier), key_ids, $matching).map(Self)
            }

            /// The same with grant tokens for every call.
            #[must_use]
            pub fn with_grant_tokens(mut self, grant_tokens: Vec<String>) -> Self {
                self.0.grant_tokens = grant_tokens;
                self
            }
        }

        #[async_trait]
        impl MasterKeyProvider for $type {
            fn can_provide(&self, provider_id: &str) -> bool {
                provider_id == PROVIDER_ID
            }

            async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
                self.0.master_key(key_id).await
            }

            async fn master_keys_for_encryption(
                &self,
                _encryption_context: &EncryptionContext,
            ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
                self.0.master_keys().await
            }

            async fn master_key_for_decrypt(
                &self,
                encrypted_data_key: &EncryptedDataKey,
            ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
                self.0.master_key_for_decrypt(encrypted_data_key).await
            }

            async fn decrypt_data_key_from_list(
                &self,
                suite: &'static AlgorithmSuite,
                encryption_context: &EncryptionContext,
                encrypted_data_keys: &[EncryptedDataKey],
            ) -> Result<DataKey, MaterialsError> {
                let not_mine = || self.0.not_mine(encrypted_data_keys);
                open_first(self, not_mine, suite, encryption_context, encrypted_data_keys).await
            }
        }
    };
}

strict_provider!(
    StrictAwsKmsMasterKeyProvider,
    Matching::Exact,
    "[`AwsKmsError::Nothing`] without a key, [`AwsKmsError::Identifier`] for a name that KMS doesn't know."
);
strict_provider!(
    MrkAwareStrictAwsKmsMasterKeyProvider,
    Matching::MultiRegion,
    "As [`StrictAwsKmsMasterKeyProvider::new`]; [`AwsKmsError::RelatedMultiRegionKeys`] if two keys are \
     replicas of one."
);

#[derive(Clone, Debug)]
struct Strict {
    supplier: Arc<dyn ClientSupplier>,
    keys: Vec<AwsKmsIdentifier>,
    grant_tokens: Vec<String>,
    matching: Matching,
}

impl Strict {
    fn new(
        supplier: Arc<dyn ClientSupplier>,
        key_ids: impl IntoIterator<Item = impl AsRef<str>>,
        matching: Matching,
    ) -> Result<Self, AwsKmsError> {
        let keys = key_ids.into_iter().map(|key| identifier(key.as_ref())).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(AwsKmsError::Nothing("key"));
        }
        if matching == Matching::MultiRegion {
            check_unique(&keys)?;
        }
        Ok(Self { supplier, keys, grant_tokens: Vec::new(), matching })
    }

    async fn master_keys(&self) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        let mut keys: Vec<Arc<dyn MasterKey>> = Vec::new();
        for key in &self.keys {
            keys.push(self.configured(key).await.map_err(MaterialsError::Wrap)?);
        }
        Ok(keys)
    }

    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let named = key_id.parse::<AwsKmsIdentifier>().ok();
        let is_named = |key: &&AwsKmsIdentifier| match &named {
            Some(AwsKmsIdentifier::Arn(named)) => self.matching.matches(key, named),
            Some(named) => *key == named,
            None => false,
        };
        match self.keys.iter().find(is_named) {
            Some(key) => self.configured(key).await,
            None => Err(self.not_mine(&[EncryptedDataKey::new(PROVIDER_ID, key_id, "")])),
        }
    }

    async fn master_key_for_decrypt(
        &self,
        encrypted: &EncryptedDataKey,
    ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let named = key_arn(encrypted)?;
        let is_named = |key: &&AwsKmsIdentifier| self.matching.matches(key, &named);
        match self.keys.iter().find(is_named) {
            Some(key) => self.configured(key).await,
            None => Err(self.not_mine(std::slice::from_ref(encrypted))),
        }
    }

    async fn configured(&self, key: &AwsKmsIdentifier) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let client = self.supplier.client(key.region()).await;
        let client = client.map_err(|error| told(&key.to_string(), error))?;
        let calls = Calls { client, grant_tokens: self.grant_tokens.clone() };
        Ok(Arc::new(AwsKmsMasterKey::of(calls, key.clone(), self.matching)))
    }

    fn not_mine(&self, encrypted: &[EncryptedDataKey]) -> KeyFailure {
        not_mine_of(&self.keys, encrypted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KmsClient, KmsError, KmsErrorKind};

    #[derive(Debug)]
    struct NoClients;

    #[async_trait]
    impl ClientSupplier for NoClients {
        async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
            Err(KmsError::new(KmsErrorKind::AccessDenied, region.unwrap_or("default")))
        }
    }

    #[test]
    fn keys_are_checked_when_the_provider_is_made() {
        let strict = |keys: &[&str]| StrictAwsKmsMasterKeyProvider::new(NoClients, keys);
        let aware = |keys: &[&str]| MrkAwareStrictAwsKmsMasterKeyProvider::new(NoClients, keys);
        assert!(matches!(strict(&[]), Err(AwsKmsError::Nothing("key"))));
        assert!(matches!(strict(&["alias/a", ""]), Err(AwsKmsError::Identifier { .. })));
        let replicas = ["arn:aws:kms:a:1:key/mrk-1", "arn:aws:kms:b:1:key/mrk-1", "arn:aws:kms:b:1:key/2"];
        assert!(strict(&replicas).is_ok());
        let Err(AwsKmsError::RelatedMultiRegionKeys(told)) = aware(&replicas) else { panic!("not refused") };
        assert_eq!(told, replicas[..2]);
    }

    #[tokio::test]
    async fn a_supplier_that_refuses_is_told_of_with_its_region() {
        let provider = StrictAwsKmsMasterKeyProvider::new(NoClients, ["arn:aws:kms:r-1:1:key/2"]).unwrap();
        let error = provider.master_keys_for_encryption(&EncryptionContext::new()).await.unwrap_err();
        assert!(error.to_string().contains("denied"), "{error}");
        let MaterialsError::Wrap(failure) = error else { panic!("another error") };
        assert!(failure.source.unwrap().to_string().contains("r-1"));
    }

    #[tokio::test]
    async fn what_is_for_other_keys_is_told_once_and_whole_and_only_where_no_key_was_asked() {
        let (one, two) = ("arn:aws:kms:r-1:1:key/1", "arn:aws:kms:r-2:1:key/2");
        let message = [one, two].map(|key| EncryptedDataKey::new(PROVIDER_ID, key, "c"));
        let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
        let told = async |key: &str| {
            let provider = StrictAwsKmsMasterKeyProvider::new(NoClients, [key]).unwrap();
            let context = EncryptionContext::new();
            provider.decrypt_data_key_from_list(suite, &context, &message).await.unwrap_err().to_string()
        };
        let other = told("arn:aws:kms:r-3:1:key/3").await;
        assert!(other.ends_with(&format!("the message's KMS keys are {one}, {two})")), "{other}");
        let asked = told(two).await;
        assert!(asked.contains("denied") && !asked.contains(one), "{asked}");
    }
}

//! Providers of whatever KMS key a message names.
//!
//! Source: `framework/aws-kms/aws-kms-mrk-aware-master-key-provider.md`, discovery mode.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    DataKey, KeyFailure, KeyFailureReason, MasterKey, MasterKeyProvider, MaterialsError,
};

use crate::calls::{Calls, PROVIDER_ID, told};
use crate::keyring::Matching;
use crate::master_key::open_first;
use crate::message_keys::{key_arn, not_mine, shortened};
use crate::{AwsKmsArn, AwsKmsError, AwsKmsMasterKey, ClientSupplier, DiscoveryFilter};

/// The KMS keys that a message names, each called in its own region, as far as a filter allows.
/// It never encrypts.
///
/// Without a filter the message decides which accounts' keys are called: give one.
#[derive(Clone, Debug)]
pub struct DiscoveryAwsKmsMasterKeyProvider(Discovery);

/// [`DiscoveryAwsKmsMasterKeyProvider`] with a region of discovery, where multi-Region keys are
/// called wherever the message's replica is.
///
/// Source: `framework/aws-kms/aws-kms-mrk-aware-master-key-provider.md`.
#[derive(Clone, Debug)]
pub struct MrkAwareDiscoveryAwsKmsMasterKeyProvider(Discovery);

impl DiscoveryAwsKmsMasterKeyProvider {
    /// A provider whose clients `supplier` has.
    #[must_use]
    pub fn new(supplier: impl ClientSupplier + 'static) -> Self {
        Self(Discovery::new(Arc::new(supplier), None))
    }
}

impl MrkAwareDiscoveryAwsKmsMasterKeyProvider {
    /// A provider whose clients `supplier` has, with this region of discovery; `None` takes the
    /// one of the supplier's default client.
    ///
    /// # Errors
    /// [`AwsKmsError::EmptyRegion`]; [`AwsKmsError::NoRegion`] if none was given and the default
    /// client has none; [`AwsKmsError::Client`] if there is no default client.
    pub async fn new(
        supplier: impl ClientSupplier + 'static,
        discovery_region: Option<&str>,
    ) -> Result<Self, AwsKmsError> {
        let region = match discovery_region {
            Some("") => return Err(AwsKmsError::EmptyRegion),
            Some(region) => region.to_owned(),
            None => supplier.client(None).await?.region().ok_or(AwsKmsError::NoRegion)?.to_owned(),
        };
        Ok(Self(Discovery::new(Arc::new(supplier), Some(region))))
    }
}

macro_rules! discovery_provider {
    ($type:ident) => {
        impl $type {
            /// The same for keys that this filter allows.
            #[must_use]
            pub fn with_filter(mut self, filter: DiscoveryFilter) -> Self {
                self.0.filter = Some(filter);
                self
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
                let named = EncryptedDataKey::new(PROVIDER_ID, key_id, "");
                self.0.master_key(key_arn(&named)?).await
            }

            /// None: discovery names no key to encrypt with.
            async fn master_keys_for_encryption(
                &self,
                _encryption_context: &EncryptionContext,
            ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
                Ok(Vec::new())
            }

            async fn master_key_for_decrypt(
                &self,
                encrypted_data_key: &EncryptedDataKey,
            ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
                self.0.master_key(key_arn(encrypted_data_key)?).await
            }

            async fn decrypt_data_key_from_list(
                &self,
                suite: &'static AlgorithmSuite,
                encryption_context: &EncryptionContext,
                encrypted_data_keys: &[EncryptedDataKey],
            ) -> Result<DataKey, MaterialsError> {
                let not_mine = || not_mine(PROVIDER_ID, &self.0.label(), encrypted_data_keys);
                open_first(self, not_mine, suite, encryption_context, encrypted_data_keys).await
            }
        }
    };
}

discovery_provider!(DiscoveryAwsKmsMasterKeyProvider);
discovery_provider!(MrkAwareDiscoveryAwsKmsMasterKeyProvider);

/// Fails for a region that can't be one: suppliers make addresses of it.
fn check_region(named: &AwsKmsArn) -> Result<(), KeyFailure> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let region = named.region();
    if region.len() <= MAX_REGION_LEN && region.bytes().all(allowed) {
        return Ok(());
    }
    let why = format!("{:?} is no region", shortened(region));
    Err(KeyFailure::new(LABEL, KeyFailureReason::Malformed).with_source(why))
}

/// How errors name a provider of no certain key: one name, so that what is said of thousands
/// of data keys is counted and not repeated.
const LABEL: &str = "KMS discovery";

const MAX_REGION_LEN: usize = 32;

#[derive(Clone, Debug)]
struct Discovery {
    supplier: Arc<dyn ClientSupplier>,
    filter: Option<DiscoveryFilter>,
    /// Where multi-Region keys are called, if they are known.
    region: Option<String>,
    grant_tokens: Vec<String>,
}

impl Discovery {
    fn new(supplier: Arc<dyn ClientSupplier>, region: Option<String>) -> Self {
        Self { supplier, filter: None, region, grant_tokens: Vec::new() }
    }

    async fn master_key(&self, named: AwsKmsArn) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        self.check_allowed(&named)?;
        check_region(&named)?;
        let (key, matching) = match &self.region {
            Some(region) if named.is_multi_region() => (named.in_region(region), Matching::MultiRegion),
            Some(_) => (named, Matching::MultiRegion),
            None => (named, Matching::Exact),
        };
        let client = self.supplier.client(Some(key.region())).await;
        let client = client.map_err(|error| told(&key.to_string(), error))?;
        let calls = Calls { client, grant_tokens: self.grant_tokens.clone() };
        Ok(Arc::new(AwsKmsMasterKey::of(calls, key.into(), matching)))
    }

    fn check_allowed(&self, named: &AwsKmsArn) -> Result<(), KeyFailure> {
        match &self.filter {
            Some(filter) if !filter.allows(named) => {
                let named = shortened(&named.to_string());
                let why = format!("the discovery filter doesn't have the partition and account of {named}");
                Err(KeyFailure::new(self.label(), KeyFailureReason::NotMine).with_source(why))
            }
            _ => Ok(()),
        }
    }

    fn label(&self) -> String {
        format!("{LABEL}{}", DiscoveryFilter::label(self.filter.as_ref()))
    }
}

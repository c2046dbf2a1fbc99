//! Keyrings that unwrap with whatever KMS key a message names.
//!
//! Source: `framework/aws-kms/aws-kms-discovery-keyring.md`, `aws-kms-mrk-discovery-keyring.md`.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::EncryptedDataKey;
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, Keyring, MaterialsError,
};

use crate::calls::{Calls, PROVIDER_ID};
use crate::message_keys::{candidates, decrypt_first, not_mine};
use crate::{AwsKmsArn, AwsKmsError, DiscoveryFilter, KmsClient};

/// Unwraps with the KMS keys that a message names, as far as a filter allows; never encrypts.
///
/// Without a filter the message decides which accounts' keys are called: give one.
///
/// Source: `framework/aws-kms/aws-kms-discovery-keyring.md`.
#[derive(Clone, Debug)]
pub struct AwsKmsDiscoveryKeyring(Discovery);

/// [`AwsKmsDiscoveryKeyring`] for one region: multi-Region keys are called there, wherever the
/// message's replica is; other keys only if they are of that region.
///
/// Source: `framework/aws-kms/aws-kms-mrk-discovery-keyring.md`.
#[derive(Clone, Debug)]
pub struct AwsKmsMrkDiscoveryKeyring(Discovery);

impl AwsKmsDiscoveryKeyring {
    /// A keyring that calls this client for every key.
    #[must_use]
    pub fn new(client: Arc<dyn KmsClient>) -> Self {
        Self(Discovery { calls: Calls::new(client), filter: None, region: None })
    }
}

impl AwsKmsMrkDiscoveryKeyring {
    /// A keyring of the client's region.
    ///
    /// # Errors
    /// [`AwsKmsError::EmptyRegion`]; [`AwsKmsError::RegionMismatch`] if the client says that it
    /// calls another region.
    pub fn new(client: Arc<dyn KmsClient>, region: &str) -> Result<Self, AwsKmsError> {
        if region.is_empty() {
            return Err(AwsKmsError::EmptyRegion);
        }
        match client.region() {
            Some(of_client) if of_client != region => {
                Err(AwsKmsError::RegionMismatch { named: region.to_owned(), client: of_client.to_owned() })
            }
            _ => {
                let region = Some(region.to_owned());
                Ok(Self(Discovery { calls: Calls::new(client), filter: None, region }))
            }
        }
    }
}

macro_rules! discovery_keyring {
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
                self.0.calls.grant_tokens = grant_tokens;
                self
            }
        }

        #[async_trait]
        impl Keyring for $type {
            async fn on_encrypt(
                &self,
                _: EncryptionMaterials,
            ) -> Result<EncryptionMaterials, MaterialsError> {
                let why = "a discovery keyring names no key to encrypt with";
                let failure = KeyFailure::new(LABEL, KeyFailureReason::Unsupported);
                Err(MaterialsError::Wrap(failure.with_source(why)))
            }

            async fn on_decrypt(
                &self,
                materials: DecryptionMaterials,
                encrypted_data_keys: &[EncryptedDataKey],
            ) -> Result<DecryptionMaterials, MaterialsError> {
                self.0.on_decrypt(materials, encrypted_data_keys).await
            }
        }
    };
}

discovery_keyring!(AwsKmsDiscoveryKeyring);
discovery_keyring!(AwsKmsMrkDiscoveryKeyring);

/// How errors name a keyring of no certain key.
const LABEL: &str = "KMS discovery";

#[derive(Clone, Debug)]
struct Discovery {
    calls: Calls,
    filter: Option<DiscoveryFilter>,
    /// The one region, if multi-Region keys are known.
    region: Option<String>,
}

impl Discovery {
    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let candidates = candidates(PROVIDER_ID, encrypted_data_keys, |named| self.key_to_ask(named))?;
        decrypt_first(&self.calls, materials, candidates, || self.not_mine(encrypted_data_keys)).await
    }

    fn key_to_ask(&self, named: &AwsKmsArn) -> Option<String> {
        if self.filter.as_ref().is_some_and(|filter| !filter.allows(named)) {
            return None;
        }
        match &self.region {
            Some(region) if named.is_multi_region() => Some(named.in_region(region).to_string()),
            Some(region) if region != named.region() => None,
            _ => Some(named.to_string()),
        }
    }

    fn not_mine(&self, encrypted_data_keys: &[EncryptedDataKey]) -> KeyFailure {
        let filter = DiscoveryFilter::label(self.filter.as_ref());
        let region = self.region.as_deref().map(|region| format!(" in {region}")).unwrap_or_default();
        not_mine(PROVIDER_ID, &format!("{LABEL}{region}{filter}"), encrypted_data_keys)
    }
}

//! Clients by the usual AWS settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;

use crate::{ClientSupplier, KmsClient, KmsError, KmsErrorKind};

/// No more clients are kept: a message can name any region, and each client costs memory.
const MAX_KEPT: usize = 64;

/// Makes AWS SDK clients with one set of settings and keeps one for each region, of 64 at most.
///
/// ```no_run
/// # async fn f() -> Result<(), waxseal_kms::AwsKmsError> {
/// use waxseal_kms::{AwsClientSupplier, StrictAwsKmsMasterKeyProvider};
///
/// let supplier = AwsClientSupplier::from_env().await;
/// let key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/// let provider = StrictAwsKmsMasterKeyProvider::new(supplier, [key])?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AwsClientSupplier {
    settings: SdkConfig,
    clients: Mutex<HashMap<Option<String>, Client>>,
}

impl AwsClientSupplier {
    /// Clients by the environment, the shared configuration files and the machine's role, as
    /// every AWS tool takes them: `AWS_PROFILE`, `AWS_REGION`, `AWS_ENDPOINT_URL_KMS`, ...
    pub async fn from_env() -> Self {
        Self::new(aws_config::load_defaults(BehaviorVersion::latest()).await)
    }

    /// The same by a profile of the shared configuration files.
    pub async fn from_profile(name: &str) -> Self {
        Self::new(aws_config::defaults(BehaviorVersion::latest()).profile_name(name).load().await)
    }

    /// Clients by settings of your own: credentials, time limits, retries, endpoints.
    #[must_use]
    pub fn new(settings: SdkConfig) -> Self {
        Self { settings, clients: Mutex::default() }
    }

    /// The region that the settings say.
    #[must_use]
    pub fn default_region(&self) -> Option<&str> {
        self.settings.region().map(AsRef::as_ref)
    }

    fn make(&self, region: Option<&str>) -> Client {
        let mut config = aws_sdk_kms::config::Builder::from(&self.settings);
        config.set_region(region.map(|region| Region::new(region.to_owned())));
        Client::from_conf(config.build())
    }
}

#[async_trait]
impl ClientSupplier for AwsClientSupplier {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        let region = region.or_else(|| self.default_region());
        if region.is_none() && self.settings.endpoint_url().is_none() {
            let what = "no region: set AWS_REGION, or one in the profile, or name keys by ARN";
            return Err(KmsError::new(KmsErrorKind::InvalidRequest, what));
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let key = region.map(str::to_owned);
        if let Some(client) = clients.get(&key) {
            return Ok(Arc::new(client.clone()));
        }
        let client = self.make(region);
        if clients.len() < MAX_KEPT {
            clients.insert(key, client.clone());
        }
        Ok(Arc::new(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(region: Option<&'static str>) -> SdkConfig {
        let builder = SdkConfig::builder().behavior_version(BehaviorVersion::latest());
        builder.region(region.map(Region::new)).build()
    }

    #[tokio::test]
    async fn each_region_has_one_client() {
        let supplier = AwsClientSupplier::new(settings(Some("eu-west-1")));
        for (asked, given) in
            [(None, "eu-west-1"), (Some("us-east-1"), "us-east-1"), (Some("us-east-1"), "us-east-1")]
        {
            assert_eq!(supplier.client(asked).await.unwrap().region(), Some(given));
        }
        assert_eq!(supplier.clients.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn not_every_region_that_is_named_has_its_client_kept() {
        let supplier = AwsClientSupplier::new(settings(Some("eu-west-1")));
        for number in 0..MAX_KEPT + 10 {
            let region = format!("region-{number}");
            assert_eq!(supplier.client(Some(&region)).await.unwrap().region(), Some(region.as_str()));
        }
        assert_eq!(supplier.clients.lock().unwrap().len(), MAX_KEPT);
    }

    #[tokio::test]
    async fn without_a_region_there_is_no_default_client() {
        let supplier = AwsClientSupplier::new(settings(None));
        assert!(supplier.client(None).await.unwrap_err().to_string().contains("AWS_REGION"));
        assert!(supplier.client(Some("us-east-1")).await.is_ok());
    }
}

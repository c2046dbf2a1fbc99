//! The embedded KMS as a client of the seam, in process.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{KmsClient, KmsError};

use crate::{Caller, LocalKms};

/// A client of an embedded KMS: one principal in one region. Also supplies the clients of
/// the other regions, for the same principal.
#[derive(Debug, Clone)]
pub struct LocalKmsClient {
    kms: LocalKms,
    caller: Caller,
    latency: Duration,
}

impl LocalKmsClient {
    pub(crate) fn new(kms: LocalKms, caller: Caller) -> Self {
        Self { kms, caller, latency: Duration::ZERO }
    }

    /// Lets every call take this much longer, as a network would. Needs a Tokio runtime with time.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }
}

#[async_trait]
impl KmsClient for LocalKmsClient {
    fn region(&self) -> Option<&str> {
        Some(&self.caller.region)
    }
}

#[async_trait]
impl ClientSupplier for LocalKmsClient {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        let region = region.unwrap_or(&self.caller.region).to_owned();
        let caller = Caller { region, ..self.caller.clone() };
        Ok(Arc::new(Self { caller, ..self.clone() }))
    }
}

//! Who makes the clients of each region.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::client::{KmsClient, KmsError};

/// Makes and keeps one client for each region. Yours may assume roles, choose endpoints, or
/// refuse regions.
#[async_trait]
pub trait ClientSupplier: Send + Sync + Debug {
    /// The client of `region`; of the default region for `None`. Under discovery the region is
    /// the message's word: letters, digits and hyphens, 32 at most, and nothing else is known of it.
    ///
    /// # Errors
    /// A [`KmsError`] if there is no client of this region.
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError>;
}

#[async_trait]
impl<S: ClientSupplier + ?Sized> ClientSupplier for Arc<S> {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        (**self).client(region).await
    }
}

//! Keys of AWS KMS, for manifests that name them.
//!
//! They are asked for where `AWS_ENDPOINT_URL_KMS` says, with the usual AWS settings; without it
//! such tests are skipped, so that no run calls KMS unasked.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::runtime::Runtime;
use waxseal::crypto::EcPublicKey;
use waxseal::{CryptoProvider, Keyring, MasterKeyProviderKeyring};
use waxseal_kms::{
    AwsClientSupplier, AwsKmsArn, AwsKmsEcdhKeyring, AwsKmsKeyring, AwsKmsMrkKeyring, AwsKmsRsaKeyring,
    ClientSupplier, DiscoveryFilter, KmsClient, KmsEcdhSchema, MrkAwareDiscoveryAwsKmsMasterKeyProvider,
};

use crate::case::KmsSpec;

/// A way to KMS, and a runtime to wait for it on.
#[derive(Clone, Debug)]
pub struct Kms {
    runtime: Arc<Runtime>,
    supplier: Arc<dyn ClientSupplier>,
}

impl Kms {
    /// KMS at `AWS_ENDPOINT_URL_KMS`; none if that is not set.
    ///
    /// # Errors
    /// If there can be no runtime.
    pub fn from_env() -> Result<Option<Self>> {
        if std::env::var_os("AWS_ENDPOINT_URL_KMS").is_none_or(|url| url.is_empty()) {
            return Ok(None);
        }
        let runtime = Runtime::new()?;
        let supplier = runtime.block_on(AwsClientSupplier::from_env());
        Ok(Some(Self { runtime: Arc::new(runtime), supplier: Arc::new(supplier) }))
    }

    /// KMS by clients of your own.
    ///
    /// # Errors
    /// If there can be no runtime.
    pub fn new(supplier: impl ClientSupplier + 'static) -> Result<Self> {
        Ok(Self { runtime: Arc::new(Runtime::new()?), supplier: Arc::new(supplier) })
    }

    /// What synchronous calls wait on.
    #[must_use]
    pub fn handle(&self) -> tokio::runtime::Handle {
        self.runtime.handle().clone()
    }

    /// Waits for a call.
    pub fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// Builds a keyring.
    ///
    /// # Errors
    /// If a key is refused.
    pub fn keyring(&self, crypto: &'static CryptoProvider, spec: &KmsSpec) -> Result<Arc<dyn Keyring>> {
        self.run(self.make(crypto, spec))
    }

    async fn make(&self, crypto: &'static CryptoProvider, spec: &KmsSpec) -> Result<Arc<dyn Keyring>> {
        Ok(match spec {
            KmsSpec::Key { key_id, mrk_aware: false } => {
                Arc::new(AwsKmsKeyring::new(self.client_of(key_id).await?, key_id)?)
            }
            KmsSpec::Key { key_id, mrk_aware: true } => {
                Arc::new(AwsKmsMrkKeyring::new(self.client_of(key_id).await?, key_id)?)
            }
            KmsSpec::MrkAwareDiscovery { region, filter } => {
                Arc::new(self.discovery(region, filter.clone()).await?)
            }
            KmsSpec::Rsa { key_id, public_key, algorithm } => {
                let keyring = AwsKmsRsaKeyring::new(crypto, key_id, *algorithm)?;
                let keyring = keyring.with_public_key(public_key.as_bytes())?;
                Arc::new(keyring.with_client(self.client_of(key_id).await?, Vec::new()))
            }
            KmsSpec::EcdhStatic { sender, sender_public_key, recipient_public_key } => {
                let schema = KmsEcdhSchema::KmsPrivateKeyToStaticPublicKey {
                    sender_kms_key_id: sender.clone(),
                    sender_public_key: Some(EcPublicKey::from_der(sender_public_key)?),
                    recipient_public_key: EcPublicKey::from_der(recipient_public_key)?,
                };
                Arc::new(self.ecdh(crypto, sender, recipient_public_key, schema).await?)
            }
            KmsSpec::EcdhDiscovery { recipient, recipient_public_key } => {
                let schema = KmsEcdhSchema::KmsPublicKeyDiscovery {
                    recipient_kms_key_id: recipient.clone(),
                    recipient_public_key: Some(EcPublicKey::from_der(recipient_public_key)?),
                };
                Arc::new(self.ecdh(crypto, recipient, recipient_public_key, schema).await?)
            }
        })
    }

    async fn discovery(
        &self,
        region: &str,
        filter: Option<DiscoveryFilter>,
    ) -> Result<MasterKeyProviderKeyring> {
        let supplier = self.supplier.clone();
        let provider = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(supplier, Some(region)).await?;
        Ok(match filter {
            Some(filter) => MasterKeyProviderKeyring::new(provider.with_filter(filter)),
            None => MasterKeyProviderKeyring::new(provider),
        })
    }

    async fn ecdh(
        &self,
        crypto: &'static CryptoProvider,
        key_id: &str,
        public_key: &[u8],
        schema: KmsEcdhSchema,
    ) -> Result<AwsKmsEcdhKeyring> {
        let curve = EcPublicKey::from_der(public_key)?.curve();
        let client = self.client_of(key_id).await?;
        Ok(AwsKmsEcdhKeyring::new(crypto, client, Vec::new(), curve, schema).await?)
    }

    async fn client_of(&self, key_id: &str) -> Result<Arc<dyn KmsClient>> {
        let arn: AwsKmsArn = key_id.parse().with_context(|| key_id.to_owned())?;
        Ok(self.supplier.client(Some(arn.region())).await?)
    }
}

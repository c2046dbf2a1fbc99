//! The embedded KMS as a client of the seam, in process: the same code as behind the protocol,
//! without its JSON.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{
    CiphertextResponse, DecryptRequest, DecryptResponse, DeriveSharedSecretRequest,
    DeriveSharedSecretResponse, EncryptRequest, GenerateDataKeyRequest, GenerateDataKeyResponse,
    GenerateMacRequest, GenerateMacResponse, KeyMetadata, KeyRequest, KmsClient, KmsError, PublicKeyResponse,
    ReEncryptRequest, ReEncryptResponse, SignRequest, SignResponse, VerifiedResponse, VerifyMacRequest,
    VerifyRequest,
};

use crate::operations::{Call, agree, data_keys, encrypt, keys, mac, run, sign};
use crate::{Caller, LocalKms, ServiceError};

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

    async fn run<T, R: From<T>>(
        &self,
        operation: &str,
        work: impl FnOnce(&Call<'_>) -> Result<T, ServiceError> + Send,
    ) -> Result<R, KmsError> {
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        Ok(run(&self.kms.engine, &self.caller, operation, work)?.into())
    }
}

#[async_trait]
impl KmsClient for LocalKmsClient {
    fn region(&self) -> Option<&str> {
        Some(&self.caller.region)
    }

    async fn generate_data_key(
        &self,
        request: GenerateDataKeyRequest<'_>,
    ) -> Result<GenerateDataKeyResponse, KmsError> {
        self.run("GenerateDataKey", |call| {
            GenerateDataKeyResponse::try_from(data_keys::generate_data_key(call, &request)?)
        })
        .await
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest<'_>,
    ) -> Result<CiphertextResponse, KmsError> {
        self.run("GenerateDataKeyWithoutPlaintext", |call| {
            data_keys::generate_data_key_without_plaintext(call, &request)
        })
        .await
    }

    async fn encrypt(&self, request: EncryptRequest<'_>) -> Result<CiphertextResponse, KmsError> {
        self.run("Encrypt", |call| encrypt::encrypt(call, &request)).await
    }

    async fn decrypt(&self, request: DecryptRequest<'_>) -> Result<DecryptResponse, KmsError> {
        self.run("Decrypt", |call| encrypt::decrypt(call, &request)).await
    }

    async fn re_encrypt(&self, request: ReEncryptRequest<'_>) -> Result<ReEncryptResponse, KmsError> {
        self.run("ReEncrypt", |call| encrypt::re_encrypt(call, &request)).await
    }

    async fn describe_key(&self, request: KeyRequest<'_>) -> Result<KeyMetadata, KmsError> {
        self.run("DescribeKey", |call| Ok(keys::describe_key(call, &request)?.key_metadata)).await
    }

    async fn get_public_key(&self, request: KeyRequest<'_>) -> Result<PublicKeyResponse, KmsError> {
        self.run("GetPublicKey", |call| sign::get_public_key(call, &request)).await
    }

    async fn derive_shared_secret(
        &self,
        request: DeriveSharedSecretRequest<'_>,
    ) -> Result<DeriveSharedSecretResponse, KmsError> {
        self.run("DeriveSharedSecret", |call| agree::derive_shared_secret(call, &request)).await
    }

    async fn sign(&self, request: SignRequest<'_>) -> Result<SignResponse, KmsError> {
        self.run("Sign", |call| sign::sign(call, &request)).await
    }

    async fn verify(&self, request: VerifyRequest<'_>) -> Result<VerifiedResponse, KmsError> {
        self.run("Verify", |call| sign::verify(call, &request)).await
    }

    async fn generate_mac(&self, request: GenerateMacRequest<'_>) -> Result<GenerateMacResponse, KmsError> {
        self.run("GenerateMac", |call| mac::generate_mac(call, &request)).await
    }

    async fn verify_mac(&self, request: VerifyMacRequest<'_>) -> Result<VerifiedResponse, KmsError> {
        self.run("VerifyMac", |call| mac::verify_mac(call, &request)).await
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

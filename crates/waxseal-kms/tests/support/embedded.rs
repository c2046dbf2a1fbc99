//! An embedded KMS with keys in two regions, and what goes wrong with it.
#![allow(dead_code)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use waxseal::{Client, EncryptionContext, Keyring, MasterKeyProvider, MasterKeyProviderKeyring, native};
use waxseal_kms::client::{
    CiphertextResponse, DecryptRequest, DecryptResponse, EncryptRequest, GenerateDataKeyRequest,
    GenerateDataKeyResponse,
};
use waxseal_kms::{ClientSupplier, KmsClient, KmsError};
use waxseal_local_kms::{Caller, LocalKms, LocalKmsClient};

pub(crate) const EAST: &str = "us-east-1";
pub(crate) const WEST: &str = "us-west-2";
pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const PRINCIPAL: &str = "arn:aws:iam::111122223333:user/alice";
pub(crate) const TEXT: &[u8] = b"attack at dawn";

pub(crate) struct Place {
    pub(crate) kms: LocalKms,
    /// A key of each region.
    pub(crate) east: String,
    pub(crate) west: String,
    /// A multi-Region key, and its replica.
    pub(crate) mrk_east: String,
    pub(crate) mrk_west: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        let kms = LocalKms::volatile();
        let key = |region, input: &Value| {
            let answer = call(&kms, region, "CreateKey", input);
            answer["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        };
        let (east, west) = (key(EAST, &json!({})), key(WEST, &json!({})));
        let mrk_east = key(EAST, &json!({"MultiRegion": true}));
        call(&kms, EAST, "ReplicateKey", &json!({"KeyId": mrk_east, "ReplicaRegion": WEST}));
        call(&kms, EAST, "CreateAlias", &json!({"AliasName": "alias/east", "TargetKeyId": east}));
        let mrk_west = mrk_east.replace(EAST, WEST);
        Self { kms, east, west, mrk_east, mrk_west }
    }

    pub(crate) fn call(&self, region: &str, operation: &str, input: &Value) -> Value {
        call(&self.kms, region, operation, input)
    }

    /// A client, and the supplier of all regions' clients.
    pub(crate) fn client(&self, region: &str) -> LocalKmsClient {
        self.kms.client(PRINCIPAL, region)
    }

    pub(crate) fn supplier(&self) -> LocalKmsClient {
        self.client(EAST)
    }

    pub(crate) fn shared(&self, region: &str) -> Arc<dyn KmsClient> {
        Arc::new(self.client(region))
    }
}

fn call(kms: &LocalKms, region: &str, operation: &str, input: &Value) -> Value {
    let reply = kms.call(&Caller::new(PRINCIPAL, region), operation, input.to_string().as_bytes());
    // Some operations answer with nothing.
    match reply.unwrap().expose() {
        b"" => Value::Null,
        json => serde_json::from_slice(json).unwrap(),
    }
}

pub(crate) fn from_provider(provider: impl MasterKeyProvider + 'static) -> Arc<dyn Keyring> {
    Arc::new(MasterKeyProviderKeyring::new(provider))
}

pub(crate) fn client_of(keyring: Arc<dyn Keyring>) -> Client {
    Client::new(native::provider(), keyring)
}

pub(crate) fn context() -> EncryptionContext {
    EncryptionContext::from([("tenant", "7")])
}

pub(crate) async fn sealed(keyring: &Arc<dyn Keyring>) -> Vec<u8> {
    client_of(keyring.clone()).encrypt(TEXT).context("tenant", "7").await.unwrap().message
}

/// Whether it opens; the error's text if not.
pub(crate) async fn opened(keyring: &Arc<dyn Keyring>, message: &[u8]) -> Result<(), String> {
    let opened = client_of(keyring.clone()).decrypt(message).context("tenant", "7").await;
    let plaintext = opened.map_err(|error| error.to_string())?.plaintext;
    assert_eq!(plaintext, TEXT);
    Ok(())
}

/// Operation and key of a call, and its grant tokens.
pub(crate) type Call = (String, Vec<String>);

/// Counts the calls to a client, and keeps their grant tokens and key ids.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    kms: LocalKms,
    client: LocalKmsClient,
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
}

impl Watched {
    pub(crate) fn new(place: &Place, region: &str) -> Self {
        Self { kms: place.kms.clone(), client: place.client(region), calls: Arc::default() }
    }

    fn saw(&self, what: &str, key_id: &str, tokens: &[String]) {
        self.calls.lock().unwrap().push((format!("{what} {key_id}"), tokens.to_vec()));
    }
}

#[async_trait]
impl KmsClient for Watched {
    fn region(&self) -> Option<&str> {
        self.client.region()
    }

    async fn generate_data_key(
        &self,
        request: GenerateDataKeyRequest<'_>,
    ) -> Result<GenerateDataKeyResponse, KmsError> {
        self.saw("GenerateDataKey", request.key_id, request.grant_tokens);
        self.client.generate_data_key(GenerateDataKeyRequest { grant_tokens: &[], ..request }).await
    }

    async fn encrypt(&self, request: EncryptRequest<'_>) -> Result<CiphertextResponse, KmsError> {
        self.saw("Encrypt", request.key_id, request.grant_tokens);
        self.client.encrypt(EncryptRequest { grant_tokens: &[], ..request }).await
    }

    async fn decrypt(&self, request: DecryptRequest<'_>) -> Result<DecryptResponse, KmsError> {
        self.saw("Decrypt", request.key_id.unwrap_or_default(), request.grant_tokens);
        self.client.decrypt(DecryptRequest { grant_tokens: &[], ..request }).await
    }
}

#[async_trait]
impl ClientSupplier for Watched {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        let client = self.kms.client(PRINCIPAL, region.unwrap_or(EAST));
        Ok(Arc::new(Self { client, ..self.clone() }))
    }
}

//! Over real sockets: waxseal with the AWS SDK, and the Python SDK with boto3, both against
//! moto's server; each opens what the other wrote. Run by `peers/run.sh`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/peers.rs"]
mod peers;

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use peers::{ACCOUNT, Moto, PythonSdk};
use serde_json::{Value, json};
use waxseal::{Client, Keyring, MasterKeyProviderKeyring, native};
use waxseal_kms::{
    AwsClientSupplier, AwsKmsKeyring, AwsKmsKeys, ClientSupplier, DiscoveryAwsKmsMasterKeyProvider,
    DiscoveryFilter, DiscoveryRegions, StrictAwsKmsMasterKeyProvider, discovery_multi_keyring, multi_keyring,
};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const TEXT: &[u8] = b"attack at dawn";

fn settings(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGIONS[0]))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

/// A server, a key in each region, an alias of the first.
struct Place {
    moto: Moto,
    supplier: Arc<AwsClientSupplier>,
    keys: Vec<String>,
}

impl Place {
    async fn new() -> Self {
        let moto = Moto::start();
        let settings = settings(&moto.endpoint());
        let mut keys = Vec::new();
        for region in REGIONS {
            let config = aws_sdk_kms::config::Builder::from(&settings).region(Region::new(region)).build();
            let client = aws_sdk_kms::Client::from_conf(config);
            let arn = client.create_key().send().await.unwrap().key_metadata.unwrap().arn.unwrap();
            if keys.is_empty() {
                client.create_alias().alias_name("alias/first").target_key_id(&arn).send().await.unwrap();
            }
            keys.push(arn);
        }
        Self { moto, supplier: Arc::new(AwsClientSupplier::new(settings)), keys }
    }

    fn python(&self) -> PythonSdk {
        PythonSdk::start(&self.moto.endpoint(), REGIONS[0])
    }

    fn keys(&self, count: usize) -> &[String] {
        &self.keys[..count]
    }

    fn strict(&self, count: usize) -> Arc<dyn Keyring> {
        let provider = StrictAwsKmsMasterKeyProvider::new(self.supplier.clone(), self.keys(count)).unwrap();
        Arc::new(MasterKeyProviderKeyring::new(provider))
    }

    async fn keyring(&self, count: usize) -> Arc<dyn Keyring> {
        let mut keys = AwsKmsKeys::with_generator(&self.keys[0]);
        keys.children = self.keys[1..count].to_vec();
        Arc::new(multi_keyring(&self.supplier, keys).await.unwrap())
    }

    /// All that may open what was encrypted under the first `count` keys.
    async fn openers(&self, count: usize) -> Vec<(&'static str, Arc<dyn Keyring>)> {
        let filter = || DiscoveryFilter::new("aws", [ACCOUNT]);
        let discovery = DiscoveryAwsKmsMasterKeyProvider::new(self.supplier.clone()).with_filter(filter());
        let regions = DiscoveryRegions::new([REGIONS[1], REGIONS[0]]).with_filter(filter());
        vec![
            ("strict", self.strict(count)),
            ("keyring", self.keyring(count).await),
            ("discovery", Arc::new(MasterKeyProviderKeyring::new(discovery))),
            ("discovery keyring", Arc::new(discovery_multi_keyring(&self.supplier, regions).await.unwrap())),
        ]
    }
}

fn client(keyring: Arc<dyn Keyring>) -> Client {
    Client::new(native::provider(), keyring)
}

fn contexts() -> [Value; 2] {
    [json!({}), json!({"tenant": "7", "purpose": "b\u{e4}ckup"})]
}

async fn encrypt(client: &Client, context: &Value) -> Vec<u8> {
    let mut request = client.encrypt(TEXT);
    for (key, value) in context.as_object().unwrap() {
        request = request.context(key, value.as_str().unwrap());
    }
    request.await.unwrap().message
}

async fn decrypt(client: &Client, message: &[u8], context: &Value) -> Result<Vec<u8>, waxseal::Error> {
    let mut request = client.decrypt(message);
    for (key, value) in context.as_object().unwrap() {
        request = request.context(key, value.as_str().unwrap());
    }
    Ok(request.await?.plaintext)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto and the Python SDK: peers/run.sh"]
async fn the_python_sdk_opens_what_waxseal_wrote() {
    let place = Place::new().await;
    let mut python = place.python();
    for count in [1, 2] {
        for context in contexts() {
            for keyring in [place.strict(count), place.keyring(count).await] {
                let message = encrypt(&client(keyring), &context).await;
                for (mode, keys) in
                    [("strict", place.keys(1)), ("strict", place.keys(count)), ("discovery", &[])]
                {
                    let task = json!({"op": "decrypt", "mode": mode, "keys": keys, "accounts": [ACCOUNT], "context": context});
                    assert_eq!(python.run(task, &message).unwrap(), TEXT, "{mode}, {count} keys");
                }
                let task = json!({"op": "decrypt", "mode": "discovery", "accounts": ["999999999999"]});
                assert!(python.run(task, &message).is_err(), "another account");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto and the Python SDK: peers/run.sh"]
async fn waxseal_opens_what_the_python_sdk_wrote() {
    let place = Place::new().await;
    let mut python = place.python();
    for count in [1, 2] {
        for context in contexts() {
            let task =
                json!({"op": "encrypt", "mode": "strict", "keys": place.keys(count), "context": context});
            let message = python.run(task, TEXT).unwrap();
            for (name, keyring) in place.openers(count).await {
                let opened = decrypt(&client(keyring), &message, &context).await;
                assert_eq!(opened.unwrap(), TEXT, "{name}, {count} keys");
            }
            let wrong = decrypt(&client(place.strict(count)), &message, &json!({"tenant": "8"})).await;
            assert!(wrong.is_err(), "another context");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto: peers/run.sh"]
async fn strict_refuses_what_discovery_opens() {
    let place = Place::new().await;
    let message = encrypt(&client(place.strict(1)), &json!({})).await;
    let other = StrictAwsKmsMasterKeyProvider::new(place.supplier.clone(), &place.keys[1..]).unwrap();
    let refused =
        decrypt(&client(Arc::new(MasterKeyProviderKeyring::new(other))), &message, &json!({})).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("not a key of this message") && text.contains(&place.keys[0]), "{text}");
    for (name, keyring) in place.openers(1).await {
        assert_eq!(decrypt(&client(keyring), &message, &json!({})).await.unwrap(), TEXT, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs moto: peers/run.sh"]
async fn an_alias_encrypts_and_says_why_it_cannot_decrypt() {
    let place = Place::new().await;
    let region = place.supplier.client(Some(REGIONS[0])).await.unwrap();
    let alias = client(Arc::new(AwsKmsKeyring::new(region, "alias/first").unwrap()));
    let message = encrypt(&alias, &json!({"tenant": "7"})).await;
    let opened = decrypt(&client(place.strict(1)), &message, &json!({"tenant": "7"})).await;
    assert_eq!(opened.unwrap(), TEXT, "the message names the key's ARN");
    let text = decrypt(&alias, &message, &json!({})).await.unwrap_err().to_string();
    assert!(text.contains("alias/first is an alias") && text.contains("give the key ARN"), "{text}");
}

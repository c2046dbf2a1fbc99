//! waxseal through AWS's own Rust client, over real sockets, with the server as KMS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/served.rs"]
mod served;

use std::sync::Arc;

use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use served::{ACCOUNT, REGIONS, Served};
use waxseal::{Client, ErrorClass, Keyring, MasterKeyProviderKeyring, native};
use waxseal_kms::{
    AwsKmsKeyring, AwsKmsRsaAlgorithm, AwsKmsRsaKeyring, DiscoveryAwsKmsMasterKeyProvider, DiscoveryFilter,
    MrkAwareDiscoveryAwsKmsMasterKeyProvider,
};

const TEXT: &[u8] = b"attack at dawn";

async fn encrypt(keyring: Arc<dyn Keyring>) -> Vec<u8> {
    let client = Client::new(native::provider(), keyring);
    client.encrypt(TEXT).context("tenant", "7").await.unwrap().message
}

async fn opens(keyring: Arc<dyn Keyring>, message: &[u8]) -> Result<(), waxseal::Error> {
    let client = Client::new(native::provider(), keyring);
    let opened = client.decrypt(message).context("tenant", "7").await?;
    assert_eq!(opened.plaintext, TEXT);
    Ok(())
}

async fn keyring(served: &Served, region: &str, key: &str) -> Arc<dyn Keyring> {
    Arc::new(AwsKmsKeyring::new(served.client(region).await, key).unwrap())
}

fn discovery(served: &Served, account: &str) -> Arc<dyn Keyring> {
    let provider = DiscoveryAwsKmsMasterKeyProvider::new(served.supplier.clone());
    let provider = provider.with_filter(DiscoveryFilter::new("aws", [account]));
    Arc::new(MasterKeyProviderKeyring::new(provider))
}

async fn mrk_discovery(served: &Served, region: &str) -> Arc<dyn Keyring> {
    let provider = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(served.supplier.clone(), Some(region)).await;
    let provider = provider.unwrap().with_filter(DiscoveryFilter::new("aws", [ACCOUNT]));
    Arc::new(MasterKeyProviderKeyring::new(provider))
}

#[tokio::test]
async fn strict_and_discovery_open_what_strict_wrote() {
    let served = Served::start().await;
    let keys = [served.key(REGIONS[0]).await, served.key(REGIONS[1]).await];
    let message = encrypt(served.strict(&keys)).await;
    for key in &keys {
        opens(served.strict(std::slice::from_ref(key)), &message).await.unwrap();
    }
    opens(keyring(&served, REGIONS[1], &keys[1]).await, &message).await.unwrap();
    opens(discovery(&served, ACCOUNT), &message).await.unwrap();
    assert!(opens(discovery(&served, "444455556666"), &message).await.is_err());
    let another = served.key(REGIONS[0]).await;
    assert!(opens(served.strict(&[another]), &message).await.is_err());
}

#[tokio::test]
async fn a_replica_opens_what_the_primary_wrote() {
    let served = Served::start().await;
    let [primary, replica] = served.multi_region_key().await;
    assert!(primary.contains(":key/mrk-") && replica.starts_with("arn:aws:kms:eu-west-1:"));
    let message = encrypt(served.mrk_keyring(REGIONS[0], &primary).await).await;
    opens(served.mrk_keyring(REGIONS[1], &replica).await, &message).await.unwrap();
    opens(mrk_discovery(&served, REGIONS[1]).await, &message).await.unwrap();
    // Whoever knows nothing of multi-Region keys takes them for two.
    assert!(opens(keyring(&served, REGIONS[1], &replica).await, &message).await.is_err());
}

#[tokio::test]
async fn rsa_keys_of_kms_open_what_their_public_halves_wrote() {
    let served = Served::start().await;
    let (key, public) = served.key_pair(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let keyring = || {
        let keyring = AwsKmsRsaKeyring::new(native::provider(), &key, AwsKmsRsaAlgorithm::OaepSha256);
        keyring.unwrap()
    };
    let writer = keyring().with_public_key(&public).unwrap();
    let client = Client::new(native::provider(), writer).encrypt_options(unsigned());
    let message = client.encrypt(TEXT).context("tenant", "7").await.unwrap().message;
    let reader = keyring().with_client(served.client(REGIONS[0]).await, Vec::new());
    opens(Arc::new(reader), &message).await.unwrap();
}

#[tokio::test]
async fn the_other_party_opens_what_a_key_of_kms_agreed_on() {
    let served = Served::start().await;
    let [(sender, sender_public), (recipient, recipient_public)] =
        [served.agreement_key().await, served.agreement_key().await];
    let message = encrypt(served.ecdh(&sender, &recipient_public).await).await;
    opens(served.ecdh_discovery(&recipient).await, &message).await.unwrap();
    opens(served.ecdh(&recipient, &sender_public).await, &message).await.unwrap();
    let (stranger, _) = served.agreement_key().await;
    assert!(opens(served.ecdh_discovery(&stranger).await, &message).await.is_err());
}

/// KMS's RSA keys take no signing suites.
fn unsigned() -> waxseal::EncryptOptions {
    let mut options = waxseal::EncryptOptions::default();
    options.suite = waxseal::AlgorithmSuite::from_name("0x0478");
    options
}

#[tokio::test]
async fn a_disabled_key_is_said_to_be_one() {
    let served = Served::start().await;
    let key = served.key(REGIONS[0]).await;
    let message = encrypt(served.strict(std::slice::from_ref(&key))).await;
    let aws = served.aws(REGIONS[0]);
    aws.disable_key().key_id(&key).send().await.unwrap();
    let error = opens(served.strict(std::slice::from_ref(&key)), &message).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::KeyService);
    assert!(format!("{error:?}").contains("DisabledException"), "{error:?}");
    aws.enable_key().key_id(&key).send().await.unwrap();
    opens(served.strict(&[key]), &message).await.unwrap();
}

#[tokio::test]
async fn the_wrong_secret_gets_what_aws_gives() {
    let served = Served::start().await;
    let settings = served::settings(&served.server.endpoint(), "another secret");
    let client = aws_sdk_kms::Client::new(&settings);
    let error = client.list_keys().send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(error.code(), Some("InvalidSignatureException"));
    let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
        Secret Access Key and signing method. Consult the service documentation for details.";
    assert_eq!(error.message(), Some(message));
}

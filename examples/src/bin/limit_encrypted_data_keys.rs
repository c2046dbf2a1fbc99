//! Says how many encrypted data keys a message may have.
//!
//! `cargo run -p waxseal-examples --bin limit_encrypted_data_keys`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! A message has its data key once for each key that wraps it: two or three, as a rule. The format
//! allows 65,535, and a reader tries them one after the other. Whoever may send messages to a service
//! can so make it call KMS thousands of times for one message, slowly and at its cost, and none of the
//! keys needs to exist. Set the limit to what your writers write. The program receives such a message
//! without a limit and with one, and counts the calls; then it shows that the limit holds for the
//! client's own messages too, so that nobody writes what nobody may read.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, ensure};
use waxseal::{
    Client, DecryptionMaterials, EncryptedDataKey, EncryptionMaterials, ErrorClass, Keyring, MaterialsError,
    SecretBytes, async_trait, native,
};
use waxseal_examples::{Kms, arn, refused};
use waxseal_kms::client::{DecryptRequest, DecryptResponse};
use waxseal_kms::{
    AwsKmsArn, AwsKmsKeys, ClientSupplier, DiscoveryAwsKmsMasterKeyProvider, DiscoveryFilter, KmsClient,
    KmsError, multi_keyring,
};

const TEXT: &[u8] = b"an order";
const FORGED: usize = 50;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, keys) = Kms::from_args(|kms| kms.create_keys(["us-west-2", "eu-west-1"])).await?;
    let [own, _] = &keys;
    let forged = forged_message(&arn(own)?).await?;
    println!("a stranger's message of {} bytes names {FORGED} keys", forged.len());

    let counter = Counter { kms: kms.clone(), calls: Arc::default() };
    let filter = DiscoveryFilter::new(arn(own)?.partition(), [arn(own)?.account()]);
    let provider = DiscoveryAwsKmsMasterKeyProvider::new(counter.clone()).with_filter(filter);
    let reader = Client::with_master_key_provider(native::provider(), provider);
    ensure!(reader.decrypt(&forged).await.is_err(), "a forged message opened");
    let calls = counter.take();
    println!("without a limit: refused after {calls} calls to KMS");
    ensure!(calls == FORGED, "every key of the message is asked for");

    let limit = NonZeroU16::new(2).context("two is not zero")?;
    let reader = reader.max_encrypted_data_keys(limit);
    let refusal = refused(reader.decrypt(&forged).await, ErrorClass::Limit)?;
    println!("with a limit of 2: {refusal}");
    ensure!(counter.take() == 0, "KMS was called for a message beyond the limit");

    writers(&kms, &keys, &reader).await
}

/// The service's own writers wrap under two keys, and stay within the limit.
async fn writers(kms: &Kms, keys: &[String; 2], reader: &Client) -> anyhow::Result<()> {
    let [first, second] = keys;
    let keys = AwsKmsKeys::with_generator(first).with_child(second);
    let writer = Client::new(native::provider(), multi_keyring(kms, keys).await?);
    let sealed = writer.encrypt(TEXT).await?;
    ensure!(reader.decrypt(&sealed.message).await?.plaintext == TEXT, "another text came back");
    println!("a message with {} opens", sealed.header.encrypted_data_keys.len());

    let writer = writer.max_encrypted_data_keys(NonZeroU16::MIN);
    let refusal = refused(writer.encrypt(TEXT).await, ErrorClass::Limit)?;
    println!("a writer with a limit of 1 writes none with 2: {refusal}");
    Ok(())
}

/// A message under a key of the stranger's own, whose header names many keys of the reader's account.
async fn forged_message(own: &AwsKmsArn) -> anyhow::Result<Vec<u8>> {
    let account = format!("arn:{}:kms:{}:{}:key", own.partition(), own.region(), own.account());
    let stranger = Client::new(native::provider(), Stranger { account });
    Ok(stranger.encrypt(TEXT).await?.message)
}

#[derive(Debug)]
struct Stranger {
    account: String,
}

#[async_trait]
impl Keyring for Stranger {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        materials.data_key_or_generate(|suite| {
            Ok(SecretBytes::random(native::provider().random, suite.data_key_len())?)
        })?;
        for number in 0..FORGED {
            let key = format!("{}/00000000-0000-0000-0000-{number:012}", self.account);
            materials.add_encrypted_data_key(EncryptedDataKey::new("aws-kms", key, "no ciphertext"))?;
        }
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        _: DecryptionMaterials,
        _: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        Err(MaterialsError::Other("a stranger reads nothing".into()))
    }
}

/// Counts the calls to KMS that each cost money.
#[derive(Clone, Debug)]
struct Counter {
    kms: Kms,
    calls: Arc<AtomicUsize>,
}

impl Counter {
    fn take(&self) -> usize {
        self.calls.swap(0, Ordering::Relaxed)
    }
}

#[async_trait]
impl ClientSupplier for Counter {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        let client = self.kms.client(region).await?;
        Ok(Arc::new(Counted { client, calls: Arc::clone(&self.calls) }))
    }
}

#[derive(Debug)]
struct Counted {
    client: Arc<dyn KmsClient>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl KmsClient for Counted {
    fn region(&self) -> Option<&str> {
        self.client.region()
    }

    async fn decrypt(&self, request: DecryptRequest<'_>) -> Result<DecryptResponse, KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.client.decrypt(request).await
    }
}

//! A master key provider of your own: a new key each month.
//!
//! `cargo run -p waxseal-examples --bin custom_master_key_provider`, or on AWS `-- KEY_ARN`
//!
//! A provider answers two questions: which keys does a new message get, and which key is it that this
//! message names? Here new messages get the newest month's key; old ones open for as long as the key of
//! their month is kept. When a month's key is thrown away, its messages are gone, wherever copies of
//! them are. Where that would be too much, several providers work as one: a KMS key wraps the data key
//! too, and opens what the months no longer do. The program goes through three months, throws the first
//! one's key away, and opens with KMS the one message that was written for it too.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::ensure;
use waxseal::materials::{MultiMasterKeyProvider, RawMasterKey};
use waxseal::{
    Client, EncryptionContext, ErrorClass, KeyFailure, KeyFailureReason, MasterKey, MasterKeyProvider,
    MaterialsError, SecretBytes, async_trait, native,
};
use waxseal_examples::{Kms, refused};
use waxseal_kms::StrictAwsKmsMasterKeyProvider;

/// What messages call this provider.
const PROVIDER_ID: &str = "months";

/// The keys by month, `2026-11`, which is their order too. Clones share them.
#[derive(Clone, Debug, Default)]
struct Months(Arc<RwLock<BTreeMap<String, RawMasterKey>>>);

impl Months {
    /// Makes a month's key. Yours would come from where you keep secrets.
    fn begin(&self, month: &str) -> anyhow::Result<()> {
        let crypto = native::provider();
        let key = RawMasterKey::aes(crypto, PROVIDER_ID, month, SecretBytes::random(crypto.random, 32)?)?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(month.to_owned(), key);
        println!("{month}: a new key");
        Ok(())
    }

    fn throw_away(&self, month: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(month);
        println!("{month}: its key is thrown away");
    }
}

#[async_trait]
impl MasterKeyProvider for Months {
    fn can_provide(&self, provider_id: &str) -> bool {
        provider_id == PROVIDER_ID
    }

    /// The id may come from a stranger's message: it is looked up and nothing else.
    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).get(key_id) {
            Some(key) => Ok(Arc::new(key.clone())),
            None => Err(KeyFailure::new(format!("{PROVIDER_ID}/{key_id}"), KeyFailureReason::NotMine)
                .with_source("no key of that month is kept")),
        }
    }

    async fn master_keys_for_encryption(
        &self,
        _: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).last_key_value() {
            Some((_, newest)) => Ok(vec![Arc::new(newest.clone())]),
            None => Err(MaterialsError::Other("no month has begun".into())),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [recovery]) = Kms::from_args(|kms| kms.create_keys(["eu-west-1"])).await?;
    let months = Months::default();
    let client = Client::with_master_key_provider(native::provider(), months.clone());
    let refusal = refused(client.encrypt(b"too early").await, ErrorClass::Materials)?;
    println!("before the first month: {refusal}");

    // Two providers as one: the first makes the data key, both wrap it, either opens the message.
    let kms = StrictAwsKmsMasterKeyProvider::new(kms, [&recovery])?;
    let both = MultiMasterKeyProvider::new(months.clone()).with_provider(kms);
    let both = Client::with_master_key_provider(native::provider(), both);

    months.begin("2026-09")?;
    let note = client.encrypt(b"a note").await?.message;
    let contract = both.encrypt(b"a contract").await?.message;
    for month in ["2026-10", "2026-11"] {
        months.begin(month)?;
        let sealed = client.encrypt(b"news").await?;
        ensure!(names(&sealed.header, month), "a message of {month} is under another month's key");
        ensure!(client.decrypt(&note).await?.plaintext == b"a note", "another note came back");
    }
    println!("new messages are under the newest key, old ones open");

    months.throw_away("2026-09");
    let refusal = refused(client.decrypt(&note).await, ErrorClass::Key)?;
    println!("a note of 2026-09: {refusal}");
    ensure!(both.decrypt(&contract).await?.plaintext == b"a contract", "another contract came back");
    println!("a contract of 2026-09 opens by KMS");
    Ok(())
}

/// Whether the message's one data key names this month. Raw AES keys write more behind their name.
fn names(header: &waxseal::Header, month: &str) -> bool {
    let [key] = header.encrypted_data_keys.as_slice() else { return false };
    key.provider_id == PROVIDER_ID && key.provider_info.starts_with(month.as_bytes())
}

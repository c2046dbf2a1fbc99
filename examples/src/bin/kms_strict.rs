//! Encrypts under KMS keys of two regions, and decrypts with either.
//!
//! `cargo run -p waxseal-examples --bin kms_strict`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! A company keeps its backups readable even if one region is lost: each message's data key is
//! wrapped by a key in Oregon and by one in Ireland. A strict provider uses the keys that it is
//! told and no other, so the reader names the keys that it trusts. The program loses the first
//! region, opens the backup in the second, and shows that a reader which names a third key
//! is refused before KMS is even called.

use std::sync::Arc;

use anyhow::ensure;
use waxseal::{Client, ErrorClass, async_trait, native};
use waxseal_examples::{Kms, arn, refused};
use waxseal_kms::{ClientSupplier, KmsClient, KmsError, KmsErrorKind, StrictAwsKmsMasterKeyProvider};

const BOOKS: &[u8] = b"the books of 2026";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [oregon, ireland]) = Kms::from_args(|kms| kms.create_keys(["us-west-2", "eu-west-1"])).await?;
    let backup = client(&kms, &[&oregon, &ireland])?.encrypt(BOOKS).context("kind", "backup").await?;
    println!("encrypted under both");

    let outage = Outage { kms: kms.clone(), region: arn(&oregon)?.region().to_owned() };
    let lost = client(&outage, &[&oregon])?.decrypt(&backup.message).await;
    println!("{} is lost: {}", outage.region, refused(lost, ErrorClass::KeyService)?);

    let reader = client(&outage, &[&oregon, &ireland])?;
    let opened = reader.decrypt(&backup.message).context("kind", "backup").await?;
    ensure!(opened.plaintext == BOOKS, "another text came back");
    println!("{} opens it", arn(&ireland)?.region());

    let third = "arn:aws:kms:eu-west-1:111122223333:key/3333";
    let untrusted = client(&kms, &[third])?.decrypt(&backup.message).await;
    println!("a reader that trusts another key alone: {}", refused(untrusted, ErrorClass::Key)?);
    Ok(())
}

fn client(supplier: &(impl ClientSupplier + Clone + 'static), keys: &[&str]) -> anyhow::Result<Client> {
    let provider = StrictAwsKmsMasterKeyProvider::new(supplier.clone(), keys)?;
    Ok(Client::with_master_key_provider(native::provider(), provider))
}

/// KMS without one of its regions.
#[derive(Clone, Debug)]
struct Outage {
    kms: Kms,
    region: String,
}

#[async_trait]
impl ClientSupplier for Outage {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        if region == Some(&self.region) {
            return Err(KmsError::new(KmsErrorKind::Unreachable, format!("{} does not answer", self.region)));
        }
        self.kms.client(region).await
    }
}

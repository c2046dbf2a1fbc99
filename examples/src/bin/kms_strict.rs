//! Encrypts under KMS keys of two regions, and decrypts with either.
//!
//! `cargo run -p waxseal-examples --bin kms_strict`
//!
//! A company keeps its backups readable even if one region is lost: each message's data key is
//! wrapped by a key in Oregon and by one in Ireland. A strict provider uses the keys that it is
//! told and no other, so the reader names the keys that it trusts. The program loses Oregon by
//! disabling its key, opens the backup in Ireland, and shows that a reader which names a third key
//! is refused before KMS is even called. Against an account you would make the provider with
//! `AwsClientSupplier::from_env().await` instead of the embedded KMS's client.

use anyhow::{Context, ensure};
use serde_json::json;
use waxseal::{Client, native};
use waxseal_examples::{ALICE, EmbeddedKms};
use waxseal_kms::StrictAwsKmsMasterKeyProvider;

const OREGON: &str = "us-west-2";
const IRELAND: &str = "eu-west-1";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let kms = EmbeddedKms::default();
    let (oregon, ireland) = (kms.create_key(OREGON)?, kms.create_key(IRELAND)?);
    let client = |keys: &[&str]| -> anyhow::Result<Client> {
        let provider = StrictAwsKmsMasterKeyProvider::new(kms.client(ALICE, OREGON), keys)?;
        Ok(Client::with_master_key_provider(native::provider(), provider))
    };

    let backup =
        client(&[&oregon, &ireland])?.encrypt(b"the books of 2026").context("kind", "backup").await?;
    println!("encrypted under\n  {oregon}\n  {ireland}");

    kms.call(OREGON, "DisableKey", &json!({"KeyId": oregon}))?;
    let lost = client(&[&oregon])?.decrypt(&backup.message).await.err().context("Oregon still answers")?;
    println!("Oregon is lost: {lost}");

    let opened = client(&[&oregon, &ireland])?.decrypt(&backup.message).context("kind", "backup").await?;
    ensure!(opened.plaintext == b"the books of 2026", "another text came back");
    println!("Ireland opens it");

    let third = kms.create_key(IRELAND)?;
    let refused = client(&[&third])?.decrypt(&backup.message).await.err().context("a third key opened it")?;
    ensure!(
        refused.to_string().contains("not a key of this message"),
        "refused for another reason: {refused}"
    );
    println!("A reader that trusts another key alone is refused: {refused}");
    Ok(())
}

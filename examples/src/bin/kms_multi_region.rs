//! Encrypts in one region and decrypts in another, with a multi-Region key.
//!
//! `cargo run -p waxseal-examples --bin kms_multi_region`
//!
//! A multi-Region key is one key in several regions: same material, same id behind `mrk-`, another
//! region in the ARN. A message names the replica that wrapped its data key. A reader elsewhere
//! that compares ARNs as texts would say "not my key"; one that knows multi-Region keys calls the
//! replica of its own region, and no call crosses an ocean. The program writes in Virginia and
//! reads in Frankfurt, by name and by discovery, and shows what a reader sees who doesn't know.

use anyhow::{Context, ensure};
use waxseal::{Client, native};
use waxseal_examples::{ACCOUNT, ALICE, EmbeddedKms};
use waxseal_kms::{
    DiscoveryFilter, MrkAwareDiscoveryAwsKmsMasterKeyProvider, MrkAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
};

const VIRGINIA: &str = "us-east-1";
const FRANKFURT: &str = "eu-central-1";
const TEXT: &[u8] = b"written here, read there";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let kms = EmbeddedKms::default();
    let [primary, replica] = kms.create_multi_region_key(VIRGINIA, FRANKFURT)?;
    let crypto = native::provider();

    let writer = MrkAwareStrictAwsKmsMasterKeyProvider::new(kms.client(ALICE, VIRGINIA), [&primary])?;
    let sealed = Client::with_master_key_provider(crypto, writer).encrypt(TEXT).await?;
    println!("written under {primary}");

    let reader = MrkAwareStrictAwsKmsMasterKeyProvider::new(kms.client(ALICE, FRANKFURT), [&replica])?;
    let opened = Client::with_master_key_provider(crypto, reader).decrypt(&sealed.message).await?;
    ensure!(opened.plaintext == TEXT, "another text came back");
    println!("read under    {replica}");

    let supplier = kms.client(ALICE, FRANKFURT);
    let discovery = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(supplier, Some(FRANKFURT)).await?;
    let discovery = discovery.with_filter(DiscoveryFilter::new("aws", [ACCOUNT]));
    let opened = Client::with_master_key_provider(crypto, discovery).decrypt(&sealed.message).await?;
    ensure!(opened.plaintext == TEXT, "another text came back");
    println!("read by discovery in {FRANKFURT}");

    let unaware = StrictAwsKmsMasterKeyProvider::new(kms.client(ALICE, FRANKFURT), [&replica])?;
    let unaware = Client::with_master_key_provider(crypto, unaware);
    let refused = unaware.decrypt(&sealed.message).await.err().context("texts differ and it opened")?;
    ensure!(
        refused.to_string().contains("not a key of this message"),
        "refused for another reason: {refused}"
    );
    println!("a reader that compares ARNs alone: {refused}");
    Ok(())
}

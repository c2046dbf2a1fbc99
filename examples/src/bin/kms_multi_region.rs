//! Encrypts in one region and decrypts in another, with a multi-Region key.
//!
//! `cargo run -p waxseal-examples --bin kms_multi_region`, or on AWS `-- PRIMARY_ARN REPLICA_ARN`
//!
//! A multi-Region key is one key in several regions: same material, same id behind `mrk-`, another
//! region in the ARN. A message names the replica that wrapped its data key. A reader elsewhere
//! that compares ARNs as texts would say "not my key"; one that knows multi-Region keys calls the
//! replica of its own region, and no call crosses an ocean. The program writes in Virginia and
//! reads in Frankfurt, by name and by discovery, and shows what a reader sees who doesn't know.

use anyhow::ensure;
use waxseal::{Client, ErrorClass, MasterKeyProvider, native};
use waxseal_examples::{Kms, arn, refused};
use waxseal_kms::{
    DiscoveryFilter, MrkAwareDiscoveryAwsKmsMasterKeyProvider, MrkAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
};

const TEXT: &[u8] = b"written here, read there";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [primary, replica]) =
        Kms::from_args(|kms| kms.create_multi_region_key("us-east-1", "eu-central-1")).await?;

    let writer = MrkAwareStrictAwsKmsMasterKeyProvider::new(kms.clone(), [&primary])?;
    let message = client(writer).encrypt(TEXT).await?.message;
    println!("written under {primary}");

    let reader = MrkAwareStrictAwsKmsMasterKeyProvider::new(kms.clone(), [&replica])?;
    ensure!(client(reader).decrypt(&message).await?.plaintext == TEXT, "another text came back");
    println!("read under    {replica}");

    let frankfurt = arn(&replica)?;
    let filter = DiscoveryFilter::new(frankfurt.partition(), [frankfurt.account()]);
    let discovery =
        MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(kms.clone(), Some(frankfurt.region())).await?;
    let reader = client(discovery.with_filter(filter));
    ensure!(reader.decrypt(&message).await?.plaintext == TEXT, "another text came back");
    println!("read by discovery in {}", frankfurt.region());

    let unaware = StrictAwsKmsMasterKeyProvider::new(kms, [&replica])?;
    let refusal = refused(client(unaware).decrypt(&message).await, ErrorClass::Key)?;
    println!("a reader that compares ARNs alone: {refusal}");
    Ok(())
}

fn client(provider: impl MasterKeyProvider + 'static) -> Client {
    Client::with_master_key_provider(native::provider(), provider)
}

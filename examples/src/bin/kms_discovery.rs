//! Decrypts with whatever KMS key a message names, as far as a filter allows.
//!
//! `cargo run -p waxseal-examples --bin kms_discovery`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! A service reads messages of many writers, each with a key of its own, and doesn't want to be
//! told every key. Discovery takes the key's name from the message. That name is the writer's
//! word, though: a stranger could name a key of his own, and the service would call it. The filter
//! says whose keys count. The program opens messages of two regions of its own account, refuses
//! one that is under a stranger's key, without calling it, and shows that discovery never encrypts.

use anyhow::{Context, ensure};
use waxseal::format::EncryptedDataKey;
use waxseal::{
    Client, DecryptionMaterials, EncryptionContext, ErrorClass, Keyring, MasterKeyProviderKeyring, native,
};
use waxseal_examples::{Kms, arn, refused};
use waxseal_kms::{DiscoveryAwsKmsMasterKeyProvider, DiscoveryFilter, StrictAwsKmsMasterKeyProvider};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, keys) = Kms::from_args(|kms| kms.create_keys(["us-west-2", "eu-west-1"])).await?;
    let filter = own_accounts(&keys)?;
    let discovery = DiscoveryAwsKmsMasterKeyProvider::new(kms.clone()).with_filter(filter);
    let reader = Client::with_master_key_provider(native::provider(), discovery.clone());

    for key in &keys {
        let strict = StrictAwsKmsMasterKeyProvider::new(kms.clone(), [key])?;
        let writer = Client::with_master_key_provider(native::provider(), strict);
        let sealed = writer.encrypt(b"a reading").context("kind", "reading").await?;
        ensure!(reader.decrypt(&sealed.message).context("kind", "reading").await?.plaintext == b"a reading");
        println!("opened a message under {key}");
    }

    let stranger = "arn:aws:kms:us-west-2:444455556666:key/5555";
    let refusal = asked_for(discovery, stranger).await.err().context("a stranger's key was called")?;
    ensure!(refusal.to_string().contains("filter: partition"), "refused for another reason: {refusal}");
    println!("{refusal}");

    let refusal = refused(reader.encrypt(b"a reading").await, ErrorClass::Key)?;
    println!("discovery never encrypts: {refusal}");
    Ok(())
}

/// The accounts of these keys.
fn own_accounts(keys: &[String; 2]) -> anyhow::Result<DiscoveryFilter> {
    let [first, second] = [arn(&keys[0])?, arn(&keys[1])?];
    Ok(DiscoveryFilter::new(first.partition(), [first.account(), second.account()]))
}

/// What the provider does with a data key under `key`.
async fn asked_for(
    provider: DiscoveryAwsKmsMasterKeyProvider,
    key: &str,
) -> Result<DecryptionMaterials, waxseal::MaterialsError> {
    let suite = waxseal::AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    let materials = DecryptionMaterials::new(suite, EncryptionContext::new());
    let keyring = MasterKeyProviderKeyring::new(provider);
    keyring.on_decrypt(materials, &[EncryptedDataKey::new("aws-kms", key, "a ciphertext")]).await
}

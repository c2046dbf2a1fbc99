//! A client supplier of your own: which role calls KMS in which region.
//!
//! `cargo run -p waxseal-examples --bin kms_client_supplier`
//!
//! Providers and multi keyrings ask a `ClientSupplier` for the client of each region. Yours can
//! choose credentials and endpoints, and it can say no. Here every region has a role of its own
//! that is assumed before the first call, and regions without a role are refused: a message can't
//! make the program call KMS in places that it has no business in. The embedded KMS stands for
//! the account; its audit log would show the roles. Against an account, make a client with
//! `aws_config::sts::AssumeRoleProvider` where this one takes the embedded KMS's.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, ensure};
use waxseal::{Client, async_trait, native};
use waxseal_examples::{ALICE, EmbeddedKms};
use waxseal_kms::{
    AwsKmsKeys, ClientSupplier, DiscoveryAwsKmsMasterKeyProvider, KmsClient, KmsError, KmsErrorKind,
    multi_keyring,
};

/// The role that calls KMS in each region.
#[derive(Debug)]
struct Roles {
    kms: EmbeddedKms,
    roles: BTreeMap<&'static str, &'static str>,
}

#[async_trait]
impl ClientSupplier for Roles {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        let region = region.ok_or_else(|| KmsError::new(KmsErrorKind::InvalidRequest, "no region"))?;
        let role = self.roles.get(region).ok_or_else(|| {
            KmsError::new(KmsErrorKind::AccessDenied, format!("no role for the region {region}"))
        })?;
        println!("  in {region} as {role}");
        Ok(Arc::new(self.kms.client(role, region)))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let kms = EmbeddedKms::default();
    let roles = BTreeMap::from([
        ("us-west-2", "arn:aws:sts::111122223333:assumed-role/west/program"),
        ("eu-west-1", "arn:aws:sts::111122223333:assumed-role/ireland/program"),
    ]);
    let supplier = Arc::new(Roles { kms: kms.clone(), roles });

    println!("Encrypt under a key in each region:");
    let keys =
        AwsKmsKeys::with_generator(kms.create_key("us-west-2")?).with_child(kms.create_key("eu-west-1")?);
    let client = Client::new(native::provider(), multi_keyring(&supplier, keys).await?);
    let sealed = client.encrypt(b"with roles").await?;
    ensure!(client.decrypt(&sealed.message).await?.plaintext == b"with roles");

    println!("A message from a region without a role:");
    let sydney = kms.create_key("ap-southeast-2")?;
    let of_alice = kms.client(ALICE, "ap-southeast-2");
    let writer =
        Client::new(native::provider(), multi_keyring(&of_alice, AwsKmsKeys::with_generator(sydney)).await?);
    let sealed = writer.encrypt(b"from Sydney").await?;
    let reader = DiscoveryAwsKmsMasterKeyProvider::new(supplier);
    let reader = Client::with_master_key_provider(native::provider(), reader);
    let refused = reader.decrypt(&sealed.message).await.err().context("Sydney was called")?;
    ensure!(refused.to_string().contains("no role for the region ap-southeast-2"), "{refused}");
    println!("  {refused}");
    Ok(())
}

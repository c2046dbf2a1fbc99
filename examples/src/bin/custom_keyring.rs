//! A keyring of your own over KMS: the key of each message depends on its tenant.
//!
//! `cargo run -p waxseal-examples --bin custom_keyring`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! A service keeps the data of many tenants, and each tenant has a KMS key. One keyring for all
//! reads the tenant from the encryption context, which is authenticated with every message, and
//! hands the work to the keyring of that tenant's key. So code that encrypts and decrypts needs no
//! keys, and a tenant's message that claims to be another's doesn't open. A keyring is two
//! functions; whatever else it is made of is yours.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::ensure;
use waxseal::{
    Client, DecryptionMaterials, EncryptedDataKey, EncryptionContext, EncryptionMaterials, ErrorClass,
    Keyring, MaterialsError, async_trait, native,
};
use waxseal_examples::{Kms, refused};

/// The key of each tenant.
#[derive(Debug)]
struct Tenants(BTreeMap<String, Arc<dyn Keyring>>);

impl Tenants {
    fn keyring(&self, context: &EncryptionContext) -> Result<&Arc<dyn Keyring>, MaterialsError> {
        let missing = || MaterialsError::ContextKeyMissing("tenant".to_owned());
        let tenant = context.get("tenant").ok_or_else(missing)?;
        self.0.get(tenant).ok_or_else(|| MaterialsError::Other(format!("no tenant {tenant:?}").into()))
    }
}

#[async_trait]
impl Keyring for Tenants {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let keyring = self.keyring(materials.encryption_context())?;
        keyring.on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        let keyring = self.keyring(materials.encryption_context())?;
        keyring.on_decrypt(materials, encrypted_data_keys).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [blue, green]) = Kms::from_args(|kms| kms.create_keys(["eu-west-1"; 2])).await?;
    let mut tenants = BTreeMap::<String, Arc<dyn Keyring>>::new();
    for (tenant, key) in [("blue", blue), ("green", green)] {
        println!("{tenant} has {key}");
        tenants.insert(tenant.to_owned(), Arc::new(kms.keyring(&key).await?));
    }
    let client = Client::new(native::provider(), Tenants(tenants));

    let sealed = client.encrypt(b"blue's secret").context("tenant", "blue").await?;
    let opened = client.decrypt(&sealed.message).context("tenant", "blue").await?;
    ensure!(opened.plaintext == b"blue's secret", "another text came back");
    println!("blue's message opens as blue's");

    let as_green = client.decrypt(&sealed.message).context("tenant", "green").await;
    println!("as green's it is refused: {}", refused(as_green, ErrorClass::Context)?);

    let of_nobody = client.encrypt(b"whose?").await;
    println!("without a tenant nothing is encrypted: {}", refused(of_nobody, ErrorClass::Context)?);
    let of_red = client.encrypt(b"red's secret").context("tenant", "red").await;
    println!("for a tenant that has no key neither: {}", refused(of_red, ErrorClass::Materials)?);
    Ok(())
}

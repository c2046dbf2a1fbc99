//! A materials manager of your own: how a message is protected depends on what it says it is.
//!
//! `cargo run -p waxseal-examples --bin custom_cmm`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! In this house a document is internal or secret. Internal ones are under one KMS key and unsigned.
//! Secret ones are under another key, which fewer people may use, and signed. A keyring could choose the
//! key; the suite is chosen by a materials manager, which answers two questions: what is this message
//! to be encrypted with, and what is that one decrypted with? This one reads the pair `classification`,
//! sets the suite, and leaves the rest to the default manager of the key. Since the pair is
//! authenticated, nobody can change what a document says it is; and a document that was written past
//! the manager is refused if its protection is not the one that it should have.

use anyhow::ensure;
use waxseal::{
    AlgorithmSuite, Client, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials,
    DefaultCmm, EncryptionContext, EncryptionMaterials, EncryptionMaterialsRequest, ErrorClass,
    MaterialsError, async_trait, native,
};
use waxseal_examples::{Kms, refused};

const CLASSIFICATION: &str = "classification";
const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;

#[derive(Debug)]
struct ByClassification {
    internal: DefaultCmm,
    secret: DefaultCmm,
}

impl ByClassification {
    /// The manager and the suite of such a document.
    fn rule(
        &self,
        context: &EncryptionContext,
    ) -> Result<(&DefaultCmm, &'static AlgorithmSuite), MaterialsError> {
        match context.get(CLASSIFICATION).map(String::as_str) {
            Some("internal") => Ok((&self.internal, UNSIGNED)),
            Some("secret") => Ok((&self.secret, SIGNED)),
            Some(other) => Err(MaterialsError::Other(format!("no classification {other:?}").into())),
            None => Err(MaterialsError::ContextKeyMissing(CLASSIFICATION.to_owned())),
        }
    }
}

fn check(found: &AlgorithmSuite, rule: &AlgorithmSuite) -> Result<(), MaterialsError> {
    if found == rule {
        return Ok(());
    }
    Err(MaterialsError::Other(format!("such a document has the suite {rule}, not {found}").into()))
}

#[async_trait]
impl CryptographicMaterialsManager for ByClassification {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let (cmm, suite) = self.rule(&request.encryption_context)?;
        check(request.suite.unwrap_or(suite), suite)?;
        request.suite = Some(suite);
        cmm.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        let (cmm, suite) = self.rule(&request.encryption_context)?;
        check(request.suite, suite)?;
        cmm.decrypt_materials(request).await
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [internal, secret]) = Kms::from_args(|kms| kms.create_keys(["eu-west-1"; 2])).await?;
    let internal = DefaultCmm::new(native::provider(), kms.keyring(&internal).await?);
    let secret = DefaultCmm::new(native::provider(), kms.keyring(&secret).await?);
    let holder_of_secret_key = Client::with_cmm(native::provider(), secret.clone());
    let client = Client::with_cmm(native::provider(), ByClassification { internal, secret });

    for (classification, suite) in [("internal", UNSIGNED), ("secret", SIGNED)] {
        let sealed = client.encrypt(b"a document").context(CLASSIFICATION, classification).await?;
        ensure!(sealed.header.suite == suite, "another suite was written");
        ensure!(client.decrypt(&sealed.message).await?.plaintext == b"a document");
        println!("{classification}: {suite}");
    }
    undecided(&client).await?;
    written_past_it(&client, &holder_of_secret_key).await
}

/// What is no document of this house, and a call that wants less than the rule.
async fn undecided(client: &Client) -> anyhow::Result<()> {
    let refusal = refused(client.encrypt(b"a document").await, ErrorClass::Context)?;
    println!("without a classification: {refusal}");
    let public = client.encrypt(b"a document").context(CLASSIFICATION, "public").await;
    println!("public: {}", refused(public, ErrorClass::Materials)?);
    let unsigned = client.encrypt(b"a document").context(CLASSIFICATION, "secret").suite(UNSIGNED).await;
    println!("secret, unsigned: {}", refused(unsigned, ErrorClass::Materials)?);
    Ok(())
}

/// Messages of someone who may use the secret key and doesn't use the manager.
async fn written_past_it(client: &Client, holder: &Client) -> anyhow::Result<()> {
    let unsigned = holder.encrypt(b"a document").context(CLASSIFICATION, "secret").suite(UNSIGNED).await?;
    let refusal = refused(client.decrypt(&unsigned.message).await, ErrorClass::Materials)?;
    println!("a secret document that is not signed: {refusal}");
    let labelled = holder.encrypt(b"a document").context(CLASSIFICATION, "internal").suite(UNSIGNED).await?;
    let refusal = refused(client.decrypt(&labelled.message).await, ErrorClass::Key)?;
    println!("an internal document under the secret key: {refusal}");
    Ok(())
}

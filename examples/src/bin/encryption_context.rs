//! The EncryptionContext demo: Mallory swaps two rows of a table, and what it takes to notice.
//!
//! `cargo run -p waxseal-examples --bin encryption_context [-- --local | --aws]`
//!
//! A shop keeps its customers' addresses in the DynamoDB table EcDemoAddresses, encrypted under a KMS
//! key. Mallory can write the table and has no key. Example 1: she changes a byte of a ciphertext, and
//! KMS refuses it. Example 2: she changes nothing and swaps two rows; both decrypt, and Alice's parcels
//! go to Mallory. Example 3: each ciphertext is bound to its row by an encryption context, and the
//! swapped ones are refused, though KMS can't say why. Example 4: the same with waxseal messages,
//! which hold more than KMS's 4096 bytes, and whose reader requires the pairs and names the one that
//! differs. KMS is embedded and the table is on moto's server, unless you say `--aws`: see
//! `cloudformation/encryption-context.yaml`.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, ensure};
use aws_sdk_kms::primitives::Blob;
use waxseal::{Client, Error, ErrorClass, RequiredEncryptionContextCmm, native};
use waxseal_examples::aws::{Addresses, Cloud, Store, refused, set_up_key};
use waxseal_kms::AwsKmsKeyring;

const ALIAS: &str = "alias/waxseal-encryption-context";
/// The pair that says which table a message is of.
const TABLE: &str = "Table";

const CUSTOMERS: [&str; 2] = [ALICE, MALLORY];
const ALICE: &str = "alice@example.com";
const MALLORY: &str = "mallory@example.com";
const ALICES_ADDRESS: &str = "Alice Lovelace, 123 Anystreet Rd., Anytown, USA";
const MALLORYS_ADDRESS: &str = "Mallory Evesdotir, 321 Evilstreet Ave., Despair, USA";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cloud = Cloud::by_arguments(Store::DynamoDb).await?;
    let demo = Demo::set_up(&cloud).await?;
    let told = demo.tell().await;
    let cleaned = demo.table.clean_up(&CUSTOMERS).await;
    println!("The rows are deleted; in an account the key stays for the next run.");
    told.and(cleaned)
}

struct Demo {
    kms: aws_sdk_kms::Client,
    key: String,
    table: Addresses,
}

impl Demo {
    async fn set_up(cloud: &Cloud) -> anyhow::Result<Self> {
        println!("Set up");
        let kms = aws_sdk_kms::Client::new(&cloud.kms);
        let key = set_up_key(&kms, ALIAS).await?;
        let table = Addresses::set_up(aws_sdk_dynamodb::Client::new(&cloud.store)).await?;
        println!("  key {key}, table {}", Addresses::TABLE);
        Ok(Self { kms, key, table })
    }

    async fn tell(&self) -> anyhow::Result<()> {
        self.example_1().await?;
        self.example_2().await?;
        self.example_3().await?;
        self.example_4().await?;
        self.example_4_with_pairs_that_are_not_stored().await
    }

    /// KMS's own ciphertexts are authentic.
    async fn example_1(&self) -> anyhow::Result<()> {
        println!("Example 1: a byte of a ciphertext is changed");
        let mut ciphertext = self.encrypt("My very secret message", None).await?;
        ensure!(self.decrypt(&ciphertext, None).await? == "My very secret message", "another text");
        ciphertext.iter_mut().rev().skip(23).take(1).for_each(|byte| *byte ^= 0xff);
        println!("  KMS: {}", self.decryption_refused(ciphertext, None).await?);
        Ok(())
    }

    /// Nothing says whose address it is. Do not use.
    async fn example_2(&self) -> anyhow::Result<()> {
        println!("Example 2: without a context two rows are swapped");
        for (email, address) in rows() {
            self.table.put(email, self.encrypt(address, None).await?).await?;
        }
        self.table.swap(ALICE, MALLORY).await?;
        let alices = self.decrypt(&self.table.get(ALICE).await?, None).await?;
        let mallorys = self.decrypt(&self.table.get(MALLORY).await?, None).await?;
        ensure!(alices == MALLORYS_ADDRESS && mallorys == ALICES_ADDRESS, "the swap was noticed");
        println!("  Alice's parcels go to:     {alices}");
        println!("  Mallory knows where is:    {mallorys}");
        Ok(())
    }

    /// The row's key is the context.
    async fn example_3(&self) -> anyhow::Result<()> {
        println!("Example 3: the same with the row's key as context");
        for (email, address) in rows() {
            self.table.put(email, self.encrypt(address, Some(email)).await?).await?;
            let read = self.decrypt(&self.table.get(email).await?, Some(email)).await?;
            ensure!(read == address, "another address of {email}");
        }
        self.table.swap(ALICE, MALLORY).await?;
        for email in CUSTOMERS {
            let swapped = self.table.get(email).await?;
            println!("  KMS, as {email}: {}", self.decryption_refused(swapped, Some(email)).await?);
        }
        Ok(())
    }

    /// Messages that store their pairs, and a reader that requires them: it compares before it asks KMS.
    async fn example_4(&self) -> anyhow::Result<()> {
        println!("Example 4: the same with waxseal messages, whose reader requires two pairs");
        let (writer, reader) = (self.client()?, self.requiring_client()?);
        self.write_and_read(&writer, &reader).await?;
        self.table.swap(ALICE, MALLORY).await?;
        for email in CUSTOMERS {
            let error = self.read(&reader, email).await.err().context("a swapped row was read")?;
            println!("  as {email}: {}", names(error, Addresses::KEY)?);
        }

        let forgetful = reader.decrypt(&self.table.get(ALICE).await?).context(TABLE, Addresses::TABLE).await;
        let error = forgetful.err().context("a pair was forgotten, and it was read")?;
        println!("  a reader that forgets: {}", names(error, Addresses::KEY)?);

        let copied = writer.encrypt(ALICES_ADDRESS.as_bytes()).context(Addresses::KEY, ALICE);
        self.table.put(ALICE, copied.context(TABLE, "OldAddresses").await?.message).await?;
        let error = self.read(&reader, ALICE).await.err().context("a row of another table was read")?;
        println!("  a row of another table: {}", names(error, TABLE)?);
        Ok(())
    }

    /// Where the writer requires them too, the pairs are authenticated and not in the message: it does
    /// not tell whose it is, so that no pair can be named, and KMS refuses.
    async fn example_4_with_pairs_that_are_not_stored(&self) -> anyhow::Result<()> {
        println!("  The same by a writer that requires the pairs too, so that no message says whose it is");
        let client = self.requiring_client()?;
        self.write_and_read(&client, &client).await?;
        let message = self.table.get(ALICE).await?;
        ensure!(!message.windows(ALICE.len()).any(|bytes| bytes == ALICE.as_bytes()), "it says whose it is");
        self.table.swap(ALICE, MALLORY).await?;
        for email in CUSTOMERS {
            let error = self.read(&client, email).await.err().context("a swapped row was read")?;
            ensure!(error.to_string().contains("InvalidCiphertextException"), "{error}");
            println!("  as {email}: {}", error.to_string().replace('\n', "\n    "));
        }
        Ok(())
    }

    async fn write_and_read(&self, writer: &Client, reader: &Client) -> anyhow::Result<()> {
        for (email, address) in rows() {
            let sealed = writer.encrypt(address.as_bytes()).context(Addresses::KEY, email);
            self.table.put(email, sealed.context(TABLE, Addresses::TABLE).await?.message).await?;
            let read = self.read(reader, email).await?;
            ensure!(read == address.as_bytes(), "another address of {email}");
        }
        Ok(())
    }

    /// The row's address, with its key as the reader knows it.
    async fn read(&self, reader: &Client, email: &str) -> anyhow::Result<Vec<u8>> {
        let message = self.table.get(email).await?;
        let request = reader.decrypt(&message).context(Addresses::KEY, email);
        Ok(request.context(TABLE, Addresses::TABLE).await?.plaintext)
    }

    fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(native::provider(), self.keyring()?))
    }

    /// A client that does nothing without the two pairs.
    fn requiring_client(&self) -> anyhow::Result<Client> {
        let (crypto, pairs) = (native::provider(), [Addresses::KEY, TABLE]);
        let cmm = RequiredEncryptionContextCmm::with_keyring(pairs, crypto, self.keyring()?);
        Ok(Client::with_cmm(crypto, cmm))
    }

    fn keyring(&self) -> anyhow::Result<AwsKmsKeyring> {
        Ok(AwsKmsKeyring::new(Arc::new(self.kms.clone()), &self.key)?)
    }

    async fn encrypt(&self, text: &str, email: Option<&str>) -> anyhow::Result<Vec<u8>> {
        let request = self.kms.encrypt().key_id(&self.key).plaintext(Blob::new(text));
        let answer = request.set_encryption_context(context(email)).send().await?;
        Ok(answer.ciphertext_blob.context("no ciphertext")?.into_inner())
    }

    async fn decrypt(&self, ciphertext: &[u8], email: Option<&str>) -> anyhow::Result<String> {
        let request = self.kms.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(ciphertext));
        let answer = request.set_encryption_context(context(email)).send().await?;
        Ok(String::from_utf8(answer.plaintext.context("no plaintext")?.into_inner())?)
    }

    async fn decryption_refused(&self, ciphertext: Vec<u8>, email: Option<&str>) -> anyhow::Result<String> {
        let request = self.kms.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(ciphertext));
        refused(request.set_encryption_context(context(email)).send().await, "InvalidCiphertextException")
    }
}

fn rows() -> [(&'static str, &'static str); 2] {
    [(ALICE, ALICES_ADDRESS), (MALLORY, MALLORYS_ADDRESS)]
}

fn context(email: Option<&str>) -> Option<HashMap<String, String>> {
    email.map(|email| HashMap::from([(Addresses::KEY.to_owned(), email.to_owned())]))
}

/// The error, if it is of the context and names this key of it.
fn names(error: impl Into<anyhow::Error>, key: &str) -> anyhow::Result<Error> {
    let error = error.into().downcast::<Error>()?;
    ensure!(
        error.class() == ErrorClass::Context && error.to_string().contains(&format!("{key:?}")),
        "{error}"
    );
    Ok(error)
}

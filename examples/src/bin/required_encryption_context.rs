//! Pairs of the encryption context that are authenticated and not stored.
//!
//! `cargo run -p waxseal-examples --bin required_encryption_context`, or on AWS `-- KEY_ARN`
//!
//! An encryption context stands in the message for everybody to read. A clinic wants each record bound
//! to its patient, and doesn't want the patient's number in the files. With a
//! `RequiredEncryptionContextCmm` the pair `patient` is part of what is authenticated, by KMS and by the
//! message, and is not written down: the reader has to know whose record it opens, and gives the pair
//! again. The program looks for the number in the message and opens it with the pair. Without it the
//! manager refuses; with another number KMS does, and where the pair was stored the error says so. A
//! pair is no secret either way: KMS notes it in its log.

use anyhow::ensure;
use waxseal::{Client, DefaultCmm, ErrorClass, RequiredEncryptionContextCmm, native};
use waxseal_examples::{Kms, refused};

const RECORD: &[u8] = b"blood group 0, allergic to penicillin";
const PATIENT: &str = "740815-2231";
const OTHER: &str = "381122-7710";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [key]) = Kms::from_args(|kms| kms.create_keys(["eu-north-1"])).await?;
    let default = DefaultCmm::new(native::provider(), kms.keyring(&key).await?);
    let required = RequiredEncryptionContextCmm::new(["patient"], default.clone());
    let clinic = Client::with_cmm(native::provider(), required);

    let refusal = refused(clinic.encrypt(RECORD).context("ward", "7").await, ErrorClass::Context)?;
    println!("no record is written without its patient: {refusal}");

    let sealed = clinic.encrypt(RECORD).context("ward", "7").context("patient", PATIENT).await?;
    let stored = &sealed.header.encryption_context;
    ensure!(stored.contains_key("ward") && !stored.contains_key("patient"), "stored: {stored:?}");
    ensure!(!contains(&sealed.message, PATIENT), "the patient's number is in the message");
    println!("stored in the message: {:?}", stored.keys().collect::<Vec<_>>());
    println!("authenticated:         {:?}", sealed.encryption_context.keys().collect::<Vec<_>>());

    let opened = clinic.decrypt(&sealed.message).context("patient", PATIENT).await?;
    ensure!(opened.plaintext == RECORD, "another record came back");
    ensure!(opened.encryption_context.get("patient").is_some_and(|patient| patient == PATIENT));
    println!("with the patient's number it opens");

    wrong(&clinic, &sealed.message).await?;
    // A reader without the manager: the pair is needed all the same, since it is authenticated.
    let plain = Client::with_cmm(native::provider(), default);
    without_the_manager(&plain, &sealed.message).await
}

async fn wrong(clinic: &Client, message: &[u8]) -> anyhow::Result<()> {
    let missing = refused(clinic.decrypt(message).await, ErrorClass::Context)?;
    println!("without it: {missing}");
    let other = clinic.decrypt(message).context("patient", OTHER).await;
    println!("with another patient's: {}", refused(other, ErrorClass::Key)?);
    let ward = clinic.decrypt(message).context("patient", PATIENT).context("ward", "8").await;
    println!("with another ward, which is stored: {}", refused(ward, ErrorClass::Context)?);
    Ok(())
}

async fn without_the_manager(plain: &Client, message: &[u8]) -> anyhow::Result<()> {
    ensure!(plain.decrypt(message).context("patient", PATIENT).await?.plaintext == RECORD);
    let refusal = refused(plain.decrypt(message).await, ErrorClass::Key)?;
    println!("by a reader who doesn't know that a pair is missing: {refusal}");
    Ok(())
}

fn contains(message: &[u8], text: &str) -> bool {
    message.windows(text.len()).any(|window| window == text.as_bytes())
}

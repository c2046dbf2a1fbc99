//! The vectors of the decrypt oracle: messages under data keys that everybody knows.

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::Value;
use waxseal::AlgorithmSuite;

use super::key_description::unavailable;
use super::{decode_base64, text};
use crate::case::{Case, Decryption, Expected, KeyringSpec, Unready};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Test {
    key_type: String,
    algorithm_suite: String,
    ciphertext: String,
    plaintext: String,
}

/// Whether a document looks like such a list.
#[must_use]
pub fn is_one(document: &Value) -> bool {
    text(document, "/0/key-type").is_some() && text(document, "/0/algorithm-suite").is_some()
}

/// The cases of a list.
///
/// # Errors
/// If it is none.
pub fn cases(document: &Value) -> Result<Vec<Case>> {
    let tests = document.as_array().context("not a list of decrypt oracle vectors")?;
    let name = |test: &Value| {
        let part = |pointer| text(test, pointer).unwrap_or("?");
        format!("{} {}", part("/key-type"), part("/algorithm-suite"))
    };
    Ok(tests.iter().map(|test| Case::new(name(test), decryption(test))).collect())
}

fn decryption(test: &Value) -> Result<Decryption, Unready> {
    let test = Test::deserialize(test).context("a decrypt oracle vector")?;
    let suite = AlgorithmSuite::from_name(&test.algorithm_suite).context("an algorithm suite")?;
    let keyring = KeyringSpec::Static(Some(data_key(&test.key_type, suite.data_key_len())?));
    let plaintext = Expected::Plaintext(decode_base64(&test.plaintext)?);
    Ok(Decryption::new(decode_base64(&test.ciphertext)?, keyring, plaintext))
}

fn data_key(key_type: &str, len: usize) -> Result<Vec<u8>, Unready> {
    match key_type {
        "null" => Ok(vec![0; len]),
        "test_counting" => Ok((1..=u8::MAX).take(len).collect()),
        kms if kms.starts_with("aws-kms") => Err(Unready::Skip(unavailable(kms))),
        other => Err(anyhow!("a key of the type {other}").into()),
    }
}

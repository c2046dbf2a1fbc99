//! The ciphertext manifests of 2017, from before the manifests had versions.
//!
//! The keys are inside, by algorithm and size. A key's id is made of its algorithm, size and
//! padding, as in `AES.256..` or `RSA.2048.OAEP-MGF1.SHA-1`.

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::Value;
use waxseal::AlgorithmSuite;

use super::key_description::{padding, unavailable};
use super::{decode_base64, text};
use crate::case::{Case, Decryption, Expected, KeyringSpec, RsaPem, Unready};
use crate::source::Base;

#[derive(Deserialize)]
struct Manifest {
    test_cases: Vec<Value>,
    test_keys: Value,
}

#[derive(Deserialize)]
struct Test {
    ciphertext: File,
    plaintext: File,
    algorithm: String,
    master_keys: Vec<MasterKey>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
}

#[derive(Deserialize)]
struct MasterKey {
    provider_id: String,
    decryptable: bool,
    encryption_algorithm: Option<String>,
    key_bits: Option<u64>,
    padding_algorithm: Option<String>,
    padding_hash: Option<String>,
}

#[derive(Deserialize)]
struct TestKey {
    key: Vec<String>,
    #[serde(default)]
    line_separator: String,
}

/// The cases of a manifest. Its references are relative to the folder above its own.
///
/// # Errors
/// If the manifest can't be read.
pub fn cases(document: &Value, base: Base<'_>) -> Result<Vec<Case>> {
    let Manifest { test_cases, test_keys } =
        Manifest::deserialize(document).context("a ciphertext manifest of 2017")?;
    let case = |(index, test): (usize, Value)| {
        let name = text(&test, "/ciphertext/filename").map_or(format!("{index}"), str::to_owned);
        Case::new(name, decryption(&test, &test_keys, base.up()))
    };
    Ok(test_cases.into_iter().enumerate().map(case).collect())
}

fn decryption(test: &Value, test_keys: &Value, base: Base<'_>) -> Result<Decryption, Unready> {
    let test = Test::deserialize(test).context("a test of 2017")?;
    let suite = AlgorithmSuite::from_name(&test.algorithm).context("an algorithm suite")?;
    let openers = test.master_keys.iter().filter(|key| key.decryptable);
    let parts = openers.map(|key| keyring(key, suite, test_keys)).collect::<Result<_, _>>()?;
    let ciphertext = base.read(&test.ciphertext.filename)?;
    let plaintext = base.read(&test.plaintext.filename)?;
    Ok(Decryption::new(ciphertext, KeyringSpec::Multi(parts), Expected::Plaintext(plaintext)))
}

fn keyring(key: &MasterKey, suite: &AlgorithmSuite, test_keys: &Value) -> Result<KeyringSpec, Unready> {
    let namespace = key.provider_id.clone();
    match key.encryption_algorithm.as_deref() {
        Some("AES") => {
            let bits = 8 * suite.data_key_len();
            let material = decode_base64(&test_key(test_keys, "AES", bits)?)?;
            Ok(KeyringSpec::RawAes { namespace, name: format!("AES.{bits}.."), key: material })
        }
        Some("RSA") => {
            let bits = key.key_bits.context("an RSA key without its size")?;
            let algorithm = key.padding_algorithm.as_deref();
            let hash = key.padding_hash.as_deref();
            let padding = padding(algorithm, hash).context("a padding that is not known")?;
            let name = format!("RSA.{bits}.{}.{}", algorithm.unwrap_or_default(), hash.unwrap_or_default());
            let pem = RsaPem::Private(test_key(test_keys, "RSA", bits)?);
            Ok(KeyringSpec::RawRsa { namespace, name, padding, pem })
        }
        None if key.provider_id == "aws-kms" => Err(Unready::Skip(unavailable("aws-kms"))),
        other => Err(anyhow!("a key for {other:?}").into()),
    }
}

fn test_key(test_keys: &Value, algorithm: &str, bits: impl std::fmt::Display) -> Result<String> {
    let entry = test_keys.pointer(&format!("/{algorithm}/{bits}")).unwrap_or(&Value::Null);
    let key =
        TestKey::deserialize(entry).with_context(|| format!("no key for {algorithm} of {bits} bits"))?;
    Ok(key.key.join(&key.line_separator))
}

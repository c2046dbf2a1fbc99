//! Writes messages of all kinds, with a manifest, for other SDKs to open.
//!
//! The manifest is an `awses-decrypt` one of version 4, so the runner reads it too.

mod plan;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Value, json};
use waxseal::{Client, CommitmentPolicy, CryptoProvider, EncryptOptions};

use self::plan::Message;
use crate::forms::key_description::master_keys;
use crate::forms::keys_manifest::Keys;
use crate::keys::keyring;

/// The project's public test keys, as a keys manifest.
const TEST_KEYS: &str = include_str!("../vectors/keys.json");

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Test<'a> {
    ciphertext: String,
    master_keys: Vec<Value>,
    encryption_context: &'a BTreeMap<String, String>,
    result: Value,
}

/// Writes `manifest.json`, `keys.json`, `ciphertexts/` and `plaintexts/` into a folder, and
/// returns the number of messages.
///
/// # Errors
/// If a message can't be made or a file can't be written.
pub fn write(folder: &Path, crypto: &'static CryptoProvider) -> Result<usize> {
    let keys = Keys::parse(&serde_json::from_str(TEST_KEYS)?)?;
    for part in ["ciphertexts", "plaintexts"] {
        fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(folder.join("keys.json"), TEST_KEYS)?;
    let messages = plan::messages();
    for (index, message) in messages.iter().enumerate() {
        let plaintext = plaintext(message.plaintext_len);
        let client = client(message, &keys, crypto)?;
        let sealed = seal(&client, index, &plaintext).with_context(|| message.name.clone())?;
        fs::write(folder.join("ciphertexts").join(&message.name), sealed)?;
        fs::write(folder.join("plaintexts").join(message.plaintext_len.to_string()), plaintext)?;
    }
    fs::write(folder.join("manifest.json"), format!("{:#}\n", manifest(&messages)))?;
    Ok(messages.len())
}

/// Bytes that don't repeat where frames do.
fn plaintext(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// Encrypts one-shot, as a writer and as a reader, in turn.
fn seal(client: &Client, turn: usize, plaintext: &[u8]) -> Result<Vec<u8>> {
    let mut sealed = Vec::new();
    match turn % 3 {
        0 => drop(client.encrypt_into(plaintext, &mut sealed).wait()?),
        1 => {
            let mut writer = client.encrypt_writer(&mut sealed).wait()?;
            writer.write_all(plaintext)?;
            writer.finish()?;
        }
        _ => {
            client.encrypt_reader(plaintext).wait()?.read_to_end(&mut sealed)?;
        }
    }
    Ok(sealed)
}

/// A client that writes such messages.
fn client(message: &Message, keys: &Keys, crypto: &'static CryptoProvider) -> Result<Client> {
    let descriptions: Vec<Value> = message.wraps.iter().map(|wrap| wrap.description("public")).collect();
    let Ok(spec) = master_keys(&descriptions, keys) else { bail!("the test keys can't be read") };
    let mut options = EncryptOptions::default();
    options.suite = Some(message.suite);
    options.frame_length = message.frame_length;
    options.encryption_context = message.encryption_context.clone().into();
    let policy = if message.suite.commits() {
        CommitmentPolicy::default()
    } else {
        CommitmentPolicy::ForbidEncryptAllowDecrypt
    };
    Ok(Client::new(crypto, keyring(crypto, &spec, None)?).commitment_policy(policy).encrypt_options(options))
}

fn manifest(messages: &[Message]) -> Value {
    let tests: BTreeMap<&str, Test<'_>> =
        messages.iter().map(|message| (&*message.name, test(message))).collect();
    json!({
        "manifest": {"type": "awses-decrypt", "version": 4},
        "client": {"name": "waxseal", "version": env!("CARGO_PKG_VERSION")},
        "keys": "file://keys.json",
        "tests": tests,
    })
}

fn test(message: &Message) -> Test<'_> {
    Test {
        ciphertext: format!("file://ciphertexts/{}", message.name),
        master_keys: message.wraps.iter().map(|wrap| wrap.description("private")).collect(),
        encryption_context: &message.encryption_context,
        result: json!({"output": {"plaintext": format!("file://plaintexts/{}", message.plaintext_len)}}),
    }
}

//! Data keys that other implementations wrapped, from the public test vectors.
//!
//! The files are not part of this repository: they are looked for in the folder that
//! `WAXSEAL_SHARED_VECTORS` names, else in `shared/vectors` beside the workspace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use support::*;
use waxseal_crypto::{RsaPadding, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest, DefaultCmm, Keyring,
    MaterialsError, MultiKeyring, RawAesKeyring, RawRsaKeyring, RequiredEncryptionContextCmm,
};

#[derive(Default, Debug, PartialEq, Eq)]
struct Counts {
    opened: usize,
    refused: usize,
    skipped: usize,
}

#[test]
fn data_keys_of_the_python_client_open() {
    let expected = Counts { opened: 730, refused: 98, skipped: 730 };
    run("python", &expected);
}

#[test]
fn data_keys_of_the_go_client_open() {
    let expected = Counts { opened: 168, refused: 98, skipped: 384 };
    run("go", &expected);
}

fn run(client: &str, expected: &Counts) {
    let folder = vectors().join("mpl-decrypt").join(client);
    if !folder.is_dir() {
        eprintln!("SKIPPED: no public test vectors here; set WAXSEAL_SHARED_VECTORS to their folder");
        return;
    }
    let keys = read(&folder.join("keys.json"));
    let manifest = read(&folder.join("manifest.json"));
    each_provider(|crypto| {
        let mut counts = Counts::default();
        for (name, test) in manifest["tests"].as_object().unwrap() {
            check(crypto, name, test, &keys["keys"], &mut counts);
        }
        assert_eq!(counts, *expected);
    });
}

fn vectors() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    std::env::var_os("WAXSEAL_SHARED_VECTORS").map_or_else(beside, PathBuf::from)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn check(crypto: Crypto, name: &str, test: &Value, keys: &Value, counts: &mut Counts) {
    let cmm = manager(crypto, &test["keyDescription"], keys);
    let suite = AlgorithmSuite::from_name(text(&test["algorithmSuiteId"]));
    let (Some(cmm), Some(suite)) = (cmm, suite) else {
        counts.skipped += 1;
        return;
    };
    let answer = ready(cmm.decrypt_materials(request(test, suite)));
    if text(&test["type"]) == "negative-keyring" {
        let error = answer.expect_err(name);
        assert!(is_about_the_context(&error), "{name}: {error}");
        counts.refused += 1;
        return;
    }
    let materials = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
    let data_key = SecretBytes::from(bytes(&test["result"]["plaintextDataKey"]));
    assert!(materials.data_key().unwrap().ct_eq(&data_key), "{name}");
    let required = test["result"]["requiredEncryptionContextKeys"].as_array().unwrap();
    assert!(materials.required_context_keys().iter().map(String::as_str).eq(required.iter().map(text)));
    counts.opened += 1;
}

/// All negative tests of keys of this crate give a wrong context, or none.
fn is_about_the_context(error: &MaterialsError) -> bool {
    use MaterialsError::{ContextKeyMissing, ContextMismatch, Unwrap};
    matches!(error, ContextKeyMissing(_) | ContextMismatch(_) | Unwrap(_))
}

fn request(test: &Value, suite: &'static AlgorithmSuite) -> DecryptMaterialsRequest {
    let edks = test["encryptedDataKeys"].as_array().unwrap().iter().map(|edk| {
        let info = bytes(&edk["keyProviderInfo"]);
        EncryptedDataKey::new(text(&edk["keyProviderId"]), info, bytes(&edk["ciphertext"]))
    });
    let mut request = DecryptMaterialsRequest::new(suite, edks.collect(), pairs(&test["encryptionContext"]));
    request.reproduced_context = pairs(&test["reproducedEncryptionContext"]);
    request.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    request
}

/// The materials manager that the description names, if this crate has its parts.
fn manager(
    crypto: Crypto,
    description: &Value,
    keys: &Value,
) -> Option<Arc<dyn CryptographicMaterialsManager>> {
    if text(&description["type"]) != "required-encryption-context-cmm" {
        return Some(Arc::new(DefaultCmm::new(crypto, keyring(crypto, description, keys)?)));
    }
    let required = description["requiredEncryptionContextKeys"].as_array().unwrap().iter().map(text);
    let underlying = manager(crypto, &description["underlying"], keys)?;
    Some(Arc::new(RequiredEncryptionContextCmm::new(required, underlying)))
}

fn keyring(crypto: Crypto, description: &Value, keys: &Value) -> Option<Arc<dyn Keyring>> {
    match text(&description["type"]) {
        "raw" => Some(raw_keyring(crypto, description, &keys[text(&description["key"])])),
        "multi-keyring" => {
            let generator = keyring(crypto, &description["generator"], keys)?;
            let children = description["childKeyrings"].as_array().unwrap().iter();
            let children: Option<Vec<_>> = children.map(|child| keyring(crypto, child, keys)).collect();
            Some(shared(MultiKeyring::new(Some(generator), children?).unwrap()))
        }
        _ => None,
    }
}

fn raw_keyring(crypto: Crypto, description: &Value, key: &Value) -> Arc<dyn Keyring> {
    let (namespace, name) = (text(&description["provider-id"]), text(&key["key-id"]));
    if text(&description["encryption-algorithm"]) == "aes" {
        let wrapping_key = SecretBytes::from(bytes(&key["material"]));
        return shared(RawAesKeyring::new(crypto, namespace, name, wrapping_key).unwrap());
    }
    let pem = text(&key["material"]).as_bytes();
    let padding = padding(description);
    shared(RawRsaKeyring::with_private_key(crypto, namespace, name, padding, pem).unwrap())
}

fn padding(description: &Value) -> RsaPadding {
    match (text(&description["padding-algorithm"]), text(&description["padding-hash"])) {
        ("pkcs1", _) => RsaPadding::Pkcs1v15,
        (_, "sha1") => RsaPadding::OaepSha1,
        (_, "sha256") => RsaPadding::OaepSha256,
        (_, "sha384") => RsaPadding::OaepSha384,
        (_, "sha512") => RsaPadding::OaepSha512,
        other => panic!("{other:?}"),
    }
}

fn pairs(object: &Value) -> EncryptionContext {
    object.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), text(value))).collect()
}

fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(text(base64)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

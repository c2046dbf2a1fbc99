//! Manifests whose keys are in KMS: an embedded one has the keys, waxseal writes the messages,
//! the runner opens them by every kind of key description.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waxseal::{AlgorithmSuite, Client};
use waxseal_local_kms::{Caller, LocalKms};
use waxseal_vectors::case::{Case, MaterialsSpec};
use waxseal_vectors::forms::key_description::materials;
use waxseal_vectors::forms::keys_manifest::Keys;
use waxseal_vectors::keys::materials_manager;
use waxseal_vectors::kms::Kms;
use waxseal_vectors::load::load;
use waxseal_vectors::run::{Runner, Verdict};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const WEST: &str = "us-west-2";
const EAST: &str = "us-east-1";
const TEXT: &[u8] = b"known to all tests";

struct Service(LocalKms);

impl Service {
    fn call(&self, region: &str, operation: &str, input: &Value) -> Value {
        let reply = self.0.call(&Caller::new(ALICE, region), operation, input.to_string().as_bytes());
        serde_json::from_slice(reply.unwrap().expose()).unwrap_or_default()
    }

    fn key(&self, input: &Value) -> String {
        self.call(WEST, "CreateKey", input)["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    /// Base64 of DER.
    fn public_key(&self, arn: &str) -> String {
        self.call(WEST, "GetPublicKey", &json!({"KeyId": arn}))["PublicKey"].as_str().unwrap().to_owned()
    }

    /// A keys manifest of version 3 with a key of each kind.
    fn keys(&self) -> Value {
        let mrk = self.key(&json!({"MultiRegion": true}));
        self.call(WEST, "ReplicateKey", &json!({"KeyId": mrk, "ReplicaRegion": EAST}));
        let rsa = self.key(&json!({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}));
        let ec = || self.key(&json!({"KeySpec": "ECC_NIST_P384", "KeyUsage": "KEY_AGREEMENT"}));
        let (sender, recipient) = (ec(), ec());
        let kms = |arn: &str| json!({"type": "aws-kms", "encrypt": true, "decrypt": true, "key-id": arn});
        json!({"manifest": {"type": "keys", "version": 3}, "keys": {
            "single": kms(&self.key(&json!({}))),
            "west-mrk": kms(&mrk),
            "east-mrk": kms(&mrk.replace(WEST, EAST)),
            "rsa": {"type": "aws-kms-rsa", "key-id": rsa, "material": pem(&self.public_key(&rsa))},
            "ec": {
                "type": "aws-kms-ecdh",
                "sender-material": sender,
                "sender-material-public-key": self.public_key(&sender),
                "recipient-material": recipient,
                "recipient-material-public-key": self.public_key(&recipient),
            },
        }})
    }
}

fn pem(base64: &str) -> String {
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

fn symmetric(kind: &str, key: &str) -> Value {
    json!({"type": kind, "key": key})
}

fn ecdh(schema: &str) -> Value {
    let sender = if schema == "discovery" { schema } else { "ec" };
    json!({"type": "aws-kms-ecdh", "schema": schema, "sender": sender, "recipient": "ec"})
}

fn rsa() -> Value {
    json!({"type": "aws-kms-rsa", "key": "rsa", "encryption-algorithm": "RSAES_OAEP_SHA_256"})
}

fn discovery(region: &str, account: &str) -> Value {
    json!({"type": "aws-kms-mrk-aware-discovery", "default-mrk-region": region,
        "aws-kms-discovery-filter": {"partition": "aws", "account-ids": [account]}})
}

/// Who writes, who reads, and whether that opens.
fn pairs() -> Vec<(&'static str, Value, Value, bool)> {
    let (single, mrk) = (symmetric("aws-kms", "single"), symmetric("aws-kms-mrk-aware", "west-mrk"));
    let several =
        json!({"type": "multi-keyring", "generator": single, "childKeyrings": [rsa(), ecdh("static")]});
    vec![
        ("kms", single.clone(), single.clone(), true),
        ("kms-other", single.clone(), symmetric("aws-kms", "west-mrk"), false),
        ("mrk-replica", mrk.clone(), symmetric("aws-kms-mrk-aware", "east-mrk"), true),
        ("mrk-exact", mrk.clone(), symmetric("aws-kms", "east-mrk"), false),
        ("mrk-discovery", mrk.clone(), discovery(EAST, "111122223333"), true),
        ("discovery", single.clone(), discovery(EAST, "111122223333"), true),
        ("discovery-filtered", mrk, discovery(EAST, "444455556666"), false),
        ("rsa", rsa(), rsa(), true),
        ("ecdh-static", ecdh("static"), ecdh("static"), true),
        ("ecdh-discovery", ecdh("static"), ecdh("discovery"), true),
        ("multi", several.clone(), several.clone(), true),
        ("multi-by-rsa", several, rsa(), true),
    ]
}

fn spec(description: &Value, keys: &Keys) -> MaterialsSpec {
    materials(description, keys).unwrap()
}

/// Writes manifest, keys, messages and the plaintext.
fn written(folder: &Path, kms: &Kms, keys: &Value) {
    let crypto = waxseal::native::provider();
    let parsed = Keys::parse(keys).unwrap();
    fs::write(folder.join("keys.json"), keys.to_string()).unwrap();
    fs::write(folder.join("plaintext"), TEXT).unwrap();
    let mut tests = serde_json::Map::new();
    for (name, writer, reader, opens) in pairs() {
        let cmm = materials_manager(crypto, &spec(&writer, &parsed), Some(kms)).unwrap();
        let client = Client::with_cmm(crypto, cmm).runtime(kms.handle());
        let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
        let message = client.encrypt(TEXT).context("a", "b").suite(suite).wait().unwrap().message;
        fs::write(folder.join(name), message).unwrap();
        let result =
            if opens { json!({"output": {"plaintext": "file://plaintext"}}) } else { json!({"error": {}}) };
        let scenario = json!({"ciphertext": format!("file://{name}"), "result": result, "decryptKeyDescription": reader});
        tests.insert(name.to_owned(), json!({"type": "positive-esdk", "decryption-scenario": scenario}));
    }
    let manifest = json!({"manifest": {"type": "awses-decrypt", "version": 5}, "keys": "file://keys.json", "tests": tests});
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

fn verdicts(cases: &[Case], runner: &Runner) -> Vec<(String, Verdict)> {
    cases
        .iter()
        .map(|case| {
            let outcome = runner.run(case);
            eprintln!("{}: {:?} {:?}", case.name, outcome.verdict, outcome.reason);
            (case.name.clone(), outcome.verdict)
        })
        .collect()
}

#[test]
fn keys_of_kms_are_used_where_there_is_one_and_skipped_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service(LocalKms::volatile());
    let kms = Kms::new(service.0.client(ALICE, WEST)).unwrap();
    written(folder.path(), &kms, &service.keys());
    let sets = load(&folder.path().join("manifest.json")).unwrap();
    let cases = &sets[0].cases;
    assert_eq!(cases.len(), pairs().len());
    for crypto in [waxseal::native::provider(), waxseal::rustcrypto::provider()] {
        let with = Runner { crypto, net_v4_0_0_retry: false, kms: Some(kms.clone()) };
        for (name, verdict) in verdicts(cases, &with) {
            assert_eq!(verdict, Verdict::Passed, "{name}");
        }
        let without = Runner { crypto, net_v4_0_0_retry: false, kms: None };
        assert!(verdicts(cases, &without).iter().all(|(_, verdict)| *verdict == Verdict::Skipped));
    }
}

#[test]
fn a_public_key_is_written_in_lines() {
    let base64 = STANDARD.encode([7; 100]);
    assert!(pem(&base64).lines().all(|line| line.len() <= 64));
}

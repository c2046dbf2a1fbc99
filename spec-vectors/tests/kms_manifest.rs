//! Manifests whose keys are in KMS: an embedded one has the keys, waxseal writes the messages,
//! the runner opens them by every kind of key description.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waxseal::{AlgorithmSuite, Client, SecretBytes};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, Caller, LocalKms};
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
    rsa_by("RSAES_OAEP_SHA_256")
}

fn rsa_by(algorithm: &str) -> Value {
    json!({"type": "aws-kms-rsa", "key": "rsa", "encryption-algorithm": algorithm})
}

fn discovery(region: &str, account: &str) -> Value {
    json!({"type": "aws-kms-mrk-aware-discovery", "default-mrk-region": region,
        "aws-kms-discovery-filter": {"partition": "aws", "account-ids": [account]}})
}

fn discovery_of_any() -> Value {
    json!({"type": "aws-kms-mrk-aware-discovery", "default-mrk-region": WEST})
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
        ("discovery-any", single.clone(), discovery_of_any(), true),
        ("rsa", rsa(), rsa(), true),
        ("rsa-sha1", rsa_by("RSAES_OAEP_SHA_1"), rsa_by("RSAES_OAEP_SHA_1"), true),
        ("rsa-padding", rsa(), rsa_by("RSAES_OAEP_SHA_1"), false),
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

/// A manifest of one data key without its message, under the key `single`.
fn data_key(service: &Service, keys: &Value) -> Value {
    let arn = &keys["keys"]["single"]["key-id"];
    let context = json!({"a": "b"});
    let asked = json!({"KeyId": arn, "NumberOfBytes": 32, "EncryptionContext": context});
    let made = service.call(WEST, "GenerateDataKey", &asked);
    let info = STANDARD.encode(arn.as_str().unwrap());
    json!({"manifest": {"type": "awses-mpl-decrypt", "version": 4}, "keys": keys, "tests": {"one": {
        "type": "positive-keyring",
        "algorithmSuiteId": "0478",
        "keyDescription": symmetric("aws-kms", "single"),
        "encryptedDataKeys": [{"keyProviderId": "aws-kms", "keyProviderInfo": info, "ciphertext": made["CiphertextBlob"]}],
        "encryptionContext": context,
        "reproducedEncryptionContext": {},
        "result": {"plaintextDataKey": made["Plaintext"], "requiredEncryptionContextKeys": []},
    }}})
}

#[test]
fn the_command_asks_for_keys_where_the_environment_says() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service(LocalKms::volatile());
    let secret = Arc::new(SecretBytes::copy_of(b"secret"));
    let access_key = AccessKey { id: "AKIDEXAMPLE".to_owned(), secret, principal: ALICE.to_owned() };
    service.0.add_access_key(access_key).unwrap();
    let keys = service.keys();
    written(folder.path(), &Kms::new(service.0.client(ALICE, WEST)).unwrap(), &keys);
    let one = folder.path().join("data-key.json");
    fs::write(&one, data_key(&service, &keys).to_string()).unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bound = Server::bind("127.0.0.1:0".parse().unwrap(), service.0.clone(), ServerOptions::default());
    let server = runtime.block_on(bound).unwrap();
    let last_line = |arguments: [&str; 2], endpoint: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waxseal-vectors"));
        command.args(arguments).env_remove("AWS_PROFILE").envs([
            ("AWS_REGION", WEST),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL_KMS", endpoint.unwrap_or_default()),
        ]);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().last().unwrap_or_default().to_owned()
    };
    let manifest = folder.path().join("manifest.json");
    let (manifest, one) = (manifest.to_str().unwrap(), one.to_str().unwrap());
    let (count, endpoint) = (pairs().len(), server.endpoint());
    assert_eq!(
        last_line(["decrypt", manifest], Some(&endpoint)),
        format!("{count} passed, 0 failed, 0 skipped")
    );
    assert_eq!(last_line(["decrypt", manifest], None), format!("0 passed, 0 failed, {count} skipped"));
    assert_eq!(last_line(["keyring", one], Some(&endpoint)), "1 passed, 0 failed, 0 skipped");
    assert_eq!(last_line(["keyring", one], None), "0 passed, 0 failed, 1 skipped");
}

#[test]
fn a_public_key_is_written_in_lines() {
    let base64 = STANDARD.encode([7; 100]);
    assert!(pem(&base64).lines().all(|line| line.len() <= 64));
}

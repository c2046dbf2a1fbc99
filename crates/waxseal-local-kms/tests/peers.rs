//! AWS's own clients in other languages, over real sockets, with the server as KMS. Each opens what
//! waxseal wrote, and the other way round. Run by `peers/run.sh`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/programs.rs"]
mod programs;
#[path = "support/served.rs"]
mod served;

use std::sync::Arc;

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MacAlgorithmSpec, MessageType, SigningAlgorithmSpec};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use programs::{AwsCommand, PythonSdk};
use serde_json::{Value, json};
use served::{ACCOUNT, REGIONS, SECRET, Served};
use waxseal::{AlgorithmSuite, Client, EncryptOptions, Keyring, native};
use waxseal_crypto::RsaPublicDer;
use waxseal_kms::{AwsKmsRsaAlgorithm, AwsKmsRsaKeyring};

const TEXT: &[u8] = b"attack at dawn";

/// What waxseal and the Python SDK take the same key by.
struct Way {
    keyring: Arc<dyn Keyring>,
    /// Others that read what this keyring may read.
    readers: Vec<Arc<dyn Keyring>>,
    /// How the Python SDK reads; writing it does by the first.
    tasks: Vec<Value>,
    suite: Option<&'static AlgorithmSuite>,
}

impl Way {
    /// Each opens what the other wrote, in every way.
    async fn both_directions(&self, python: &mut PythonSdk) {
        let mut options = EncryptOptions::default();
        options.suite = self.suite;
        let client = Client::new(native::provider(), self.keyring.clone()).encrypt_options(options);
        let ours = client.encrypt(TEXT).context("tenant", "7").await.unwrap().message;
        let theirs = python.run("encrypt", self.tasks[0].clone(), TEXT).unwrap();
        for message in [&ours, &theirs] {
            for task in &self.tasks {
                let opened = python.run("decrypt", task.clone(), message);
                assert_eq!(opened.as_deref(), Ok(TEXT), "{task}");
            }
            for reader in self.readers.iter().chain([&self.keyring]) {
                let client = Client::new(native::provider(), reader.clone());
                let opened = client.decrypt(message).context("tenant", "7").await.unwrap();
                assert_eq!(opened.plaintext, TEXT);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_python_sdk_strict_and_discovery() {
    let served = Served::start().await;
    let mut python = PythonSdk::start(&served);
    let keys = [served.key(REGIONS[0]).await, served.key(REGIONS[1]).await];
    let task = |mode, keys: &[String]| json!({ "mode": mode, "keys": keys, "accounts": [ACCOUNT], "region": REGIONS[0] });
    let tasks = vec![
        task("strict", &keys),
        task("strict", &keys[1..]),
        task("discovery", &[]),
        task("keyring", &keys),
        task("discovery-keyring", &[]),
    ];
    let readers = vec![served.strict(&keys[1..])];
    let way = Way { keyring: served.strict(&keys), readers, tasks, suite: None };
    way.both_directions(&mut python).await;
    let ours = Client::new(native::provider(), served.strict(&keys)).encrypt(TEXT).await.unwrap().message;
    let elsewhere = json!({ "mode": "discovery", "accounts": ["444455556666"] });
    assert!(python.run("decrypt", elsewhere, &ours).is_err());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_python_sdk_with_multi_region_keys() {
    let served = Served::start().await;
    let mut python = PythonSdk::start(&served);
    let [primary, replica] = served.multi_region_key().await;
    let task = |mode, key: &str, region| json!({ "mode": mode, "keys": [key], "accounts": [ACCOUNT], "region": region });
    let tasks = vec![
        task("mrk-strict", &primary, REGIONS[0]),
        task("mrk-strict", &replica, REGIONS[1]),
        task("mrk-discovery", &replica, REGIONS[1]),
        task("mrk-keyring", &replica, REGIONS[1]),
    ];
    let keyring = served.mrk_keyring(REGIONS[0], &primary).await;
    let readers = vec![served.mrk_keyring(REGIONS[1], &replica).await];
    Way { keyring, readers, tasks, suite: None }.both_directions(&mut python).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_python_sdk_with_rsa_keys_of_kms() {
    let served = Served::start().await;
    let mut python = PythonSdk::start(&served);
    let (key, public) = served.key_pair(KeySpec::Rsa2048, KeyUsageType::EncryptDecrypt).await;
    let pem = RsaPublicDer::from_pem_or_der(&public).unwrap().to_pem().unwrap();
    let keyring = AwsKmsRsaKeyring::new(native::provider(), &key, AwsKmsRsaAlgorithm::OaepSha256).unwrap();
    let keyring = keyring.with_public_key(&public).unwrap();
    let keyring = Arc::new(keyring.with_client(served.client(REGIONS[0]).await, Vec::new()));
    let tasks = vec![json!({ "mode": "rsa", "keys": [key], "public_keys": [pem], "region": REGIONS[0] })];
    let suite = AlgorithmSuite::from_name("0x0478");
    Way { keyring, readers: Vec::new(), tasks, suite }.both_directions(&mut python).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_python_sdk_with_key_agreement_in_kms() {
    let served = Served::start().await;
    let mut python = PythonSdk::start(&served);
    let [(sender, sender_public), (recipient, recipient_public)] =
        [served.agreement_key().await, served.agreement_key().await];
    let public_keys = [&sender_public, &recipient_public].map(|key| STANDARD.encode(key));
    let tasks = vec![
        json!({ "mode": "ecdh", "keys": [sender], "public_keys": public_keys, "region": REGIONS[0] }),
        json!({ "mode": "ecdh-discovery", "keys": [recipient], "region": REGIONS[0] }),
    ];
    let keyring = served.ecdh(&sender, &recipient_public).await;
    let readers = vec![served.ecdh_discovery(&recipient).await];
    Way { keyring, readers, tasks, suite: None }.both_directions(&mut python).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_aws_command_encrypts_for_waxseal_and_the_other_way_round() {
    let served = Served::start().await;
    let folder = tempfile::tempdir().unwrap();
    let aws = AwsCommand { served: &served, folder: folder.path() };
    let created = aws.kms(&["create-key", "--description", "orders"]).unwrap();
    let key = created["KeyMetadata"]["Arn"].as_str().unwrap();
    let other = served.key(REGIONS[0]).await;
    let context = ["--encryption-context", "tenant=7"];
    let text = aws.file("text", TEXT);

    let theirs = aws.bytes(
        "CiphertextBlob",
        &[&["encrypt", "--key-id", key, "--plaintext", &text], &context[..]].concat(),
    );
    let sdk = served.aws(REGIONS[0]);
    let opened = sdk.decrypt().ciphertext_blob(Blob::new(theirs.clone())).encryption_context("tenant", "7");
    assert_eq!(opened.send().await.unwrap().plaintext.unwrap().as_ref(), TEXT);

    let ours = sdk.encrypt().key_id(key).plaintext(Blob::new(TEXT)).encryption_context("tenant", "7");
    let ours = aws.file("ours", ours.send().await.unwrap().ciphertext_blob.unwrap().as_ref());
    let decrypt = ["decrypt", "--ciphertext-blob", &ours];
    assert_eq!(aws.bytes("Plaintext", &[&decrypt, &context[..]].concat()), TEXT);
    let refused = aws.kms(&decrypt).unwrap_err();
    assert!(refused.contains("(InvalidCiphertextException)"), "{refused}");

    let theirs = aws.file("theirs", &theirs);
    let moved = aws.bytes(
        "CiphertextBlob",
        &[
            "re-encrypt",
            "--ciphertext-blob",
            &theirs,
            "--source-encryption-context",
            "tenant=7",
            "--destination-key-id",
            &other,
            "--destination-encryption-context",
            "tenant=8",
        ],
    );
    let opened =
        sdk.decrypt().key_id(&other).ciphertext_blob(Blob::new(moved)).encryption_context("tenant", "8");
    assert_eq!(opened.send().await.unwrap().plaintext.unwrap().as_ref(), TEXT);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_aws_command_signs_and_verifies() {
    let served = Served::start().await;
    let folder = tempfile::tempdir().unwrap();
    let aws = AwsCommand { served: &served, folder: folder.path() };
    let (key, _) = served.key_pair(KeySpec::EccNistP256, KeyUsageType::SignVerify).await;
    let (text, changed) = (aws.file("text", TEXT), aws.file("changed", b"attack at dusk"));
    let algorithm = ["--signing-algorithm", "ECDSA_SHA_256", "--message-type", "RAW"];

    let theirs =
        aws.bytes("Signature", &[&["sign", "--key-id", &key, "--message", &text], &algorithm[..]].concat());
    let sdk = served.aws(REGIONS[0]);
    let verify = sdk.verify().key_id(&key).message(Blob::new(TEXT)).message_type(MessageType::Raw);
    let verify = verify.signature(Blob::new(theirs)).signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
    assert!(verify.send().await.unwrap().signature_valid);

    let sign = sdk.sign().key_id(&key).message(Blob::new(TEXT)).message_type(MessageType::Raw);
    let ours = sign.signing_algorithm(SigningAlgorithmSpec::EcdsaSha256).send().await.unwrap();
    let ours = aws.file("ours", ours.signature.unwrap().as_ref());
    let verify = |message| {
        aws.kms(
            &[&["verify", "--key-id", &key, "--message", message, "--signature", &ours], &algorithm[..]]
                .concat(),
        )
    };
    assert_eq!(verify(&text).unwrap()["SignatureValid"], json!(true));
    let refused = verify(&changed).unwrap_err();
    assert!(refused.contains("(KMSInvalidSignatureException)"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_aws_command_makes_and_verifies_codes() {
    let served = Served::start().await;
    let folder = tempfile::tempdir().unwrap();
    let aws = AwsCommand { served: &served, folder: folder.path() };
    let created =
        aws.kms(&["create-key", "--key-spec", "HMAC_256", "--key-usage", "GENERATE_VERIFY_MAC"]).unwrap();
    let key = created["KeyMetadata"]["Arn"].as_str().unwrap();
    let (text, changed) = (aws.file("text", TEXT), aws.file("changed", b"attack at dusk"));
    let algorithm = ["--mac-algorithm", "HMAC_SHA_256"];

    let theirs =
        aws.bytes("Mac", &[&["generate-mac", "--key-id", key, "--message", &text], &algorithm[..]].concat());
    let sdk = served.aws(REGIONS[0]);
    let ours =
        sdk.generate_mac().key_id(key).message(Blob::new(TEXT)).mac_algorithm(MacAlgorithmSpec::HmacSha256);
    assert_eq!(ours.send().await.unwrap().mac.unwrap().as_ref(), theirs);
    let mac = aws.file("mac", &theirs);
    let verify = |message| {
        aws.kms(
            &[&["verify-mac", "--key-id", key, "--message", message, "--mac", &mac], &algorithm[..]].concat(),
        )
    };
    assert_eq!(verify(&text).unwrap()["MacValid"], json!(true));
    let refused = verify(&changed).unwrap_err();
    assert!(refused.contains("(KMSInvalidMacException)"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_aws_command_schedules_deletion_and_thinks_better_of_it() {
    let served = Served::start().await;
    let folder = tempfile::tempdir().unwrap();
    let aws = AwsCommand { served: &served, folder: folder.path() };
    let key = served.key(REGIONS[0]).await;
    let state = || aws.kms(&["describe-key", "--key-id", &key]).unwrap()["KeyMetadata"]["KeyState"].clone();
    let text = aws.file("text", TEXT);
    let encrypt = || aws.kms(&["encrypt", "--key-id", &key, "--plaintext", &text]);
    aws.kms(&["schedule-key-deletion", "--key-id", &key, "--pending-window-in-days", "7"]).unwrap();
    assert_eq!(state(), "PendingDeletion");
    let refused = encrypt().unwrap_err();
    assert!(refused.contains("(KMSInvalidStateException)"), "{refused}");
    aws.kms(&["cancel-key-deletion", "--key-id", &key]).unwrap();
    assert_eq!(state(), "Disabled");
    assert!(encrypt().unwrap_err().contains("(DisabledException)"));
    aws.kms(&["enable-key", "--key-id", &key]).unwrap();
    encrypt().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the peers' packages: peers/run.sh"]
async fn the_aws_command_is_told_that_its_secret_is_wrong() {
    let served = Served::start().await;
    let folder = tempfile::tempdir().unwrap();
    let aws = AwsCommand { served: &served, folder: folder.path() };
    aws.kms_as(SECRET, &["list-keys"]).unwrap();
    let refused = aws.kms_as("another secret", &["list-keys"]).unwrap_err();
    let words = "An error occurred (InvalidSignatureException) when calling the ListKeys operation: The request \
        signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
        signing method. Consult the service documentation for details.";
    assert!(refused.contains(words), "{refused}");
}

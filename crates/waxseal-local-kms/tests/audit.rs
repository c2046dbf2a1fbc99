//! The audit log: every call, also the refused ones, and no secret.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "support/log.rs"]
mod log;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{call, code, ok, symmetric, text, user};
use log::Log;
use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms};

impl Log {
    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn logged() -> (LocalKms, Log) {
    let (kms, log) = (LocalKms::volatile(), Log::default());
    kms.audit_to(log.clone());
    (kms, log)
}

#[test]
fn every_call_is_a_line() {
    let (kms, log) = logged();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let request = json!({"KeyId": key, "NumberOfBytes": 32, "EncryptionContext": {"tenant": "7\n"}});
    ok(&kms, &alice, "GenerateDataKey", request.clone());
    let mallory = Caller::new("arn:aws:iam::999988887777:user/m", "eu-west-1");
    code(&kms, &mallory, "GenerateDataKey", request);
    code(&kms, &alice, "Decrypt", json!({"CiphertextBlob": "AAAA"}));
    code(&kms, &alice, "Fly", json!({}));
    kms.call(&alice, "Encrypt", b"{").unwrap_err();
    code(&kms, &alice, "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 1, "DryRun": true}));
    let lines = log.lines();
    let outcomes: Vec<(String, String)> =
        lines.iter().map(|line| (text(&line["operation"]), text(&line["outcome"]))).collect();
    let outcomes: Vec<(&str, &str)> = outcomes.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        outcomes,
        [
            ("CreateKey", "Success"),
            ("GenerateDataKey", "Success"),
            ("GenerateDataKey", "AccessDeniedException"),
            ("Decrypt", "InvalidCiphertextException"),
            ("Fly", "UnknownOperationException"),
            ("Encrypt", "SerializationException"),
            ("GenerateDataKey", "DryRunOperationException"),
        ]
    );
    assert_eq!((&lines[0]["keys"], &lines[1]["keys"]), (&json!([key]), &json!([key])));
    assert_eq!(lines[1]["encryption_contexts"], json!([{"tenant": "7\n"}]));
    assert_eq!((&lines[1]["principal"], &lines[1]["region"]), (&json!(alice.principal), &json!("eu-west-1")));
    assert_eq!((&lines[2]["principal"], &lines[2]["keys"]), (&json!(mallory.principal), &json!([key])));
    assert!(text(&lines[1]["time"]).ends_with('Z') && lines[6]["dry_run"] == true);
}

#[test]
fn no_secret_is_in_it() {
    let (kms, log) = logged();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let plaintext = STANDARD.encode("a secret of the caller's");
    let sealed = ok(&kms, &alice, "Encrypt", json!({"KeyId": key, "Plaintext": plaintext}));
    ok(&kms, &alice, "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]}));
    let data_key = ok(&kms, &alice, "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 32}));
    let pair = ok(&kms, &alice, "GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}));
    let random = ok(&kms, &alice, "GenerateRandom", json!({"NumberOfBytes": 32}));
    let malformed = json!({"KeyId": 7, "Plaintext": plaintext}).to_string();
    kms.call(&alice, "Encrypt", malformed.as_bytes()).unwrap_err();
    assert_eq!(log.lines().len(), 7);
    let secrets =
        [&json!(plaintext), &data_key["Plaintext"], &pair["PrivateKeyPlaintext"], &random["Plaintext"]];
    for secret in secrets.map(text) {
        let bytes = STANDARD.decode(&secret).unwrap();
        let plain = String::from_utf8_lossy(&bytes).into_owned();
        for form in [secret, hex::encode(&bytes), format!("{bytes:?}"), plain] {
            assert!(!log.text().contains(&form));
        }
    }
}

#[test]
fn a_call_that_cannot_be_logged_fails() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let kms = LocalKms::volatile();
    kms.audit_to(Full);
    let error = call(&kms, &user("alice"), "GenerateRandom", json!({"NumberOfBytes": 1})).unwrap_err();
    assert_eq!((error.code, error.status), ("KMSInternalException", 500));
}

#[test]
fn a_key_that_is_not_there_is_named_as_it_was_asked_for() {
    let (kms, log) = logged();
    let alice = user("alice");
    let request = json!({"KeyId": "alias/nobody", "NumberOfBytes": 32, "EncryptionContext": {"tenant": "7"}});
    assert_eq!(code(&kms, &alice, "GenerateDataKey", request), "NotFoundException");
    code(&kms, &alice, "EnableKey", json!({"KeyId": "alias/nobody"}));
    code(&kms, &alice, "DescribeKey", json!({"KeyId": "ü".repeat(1000)}));
    let lines = log.lines();
    assert_eq!(lines[0]["requested_keys"], json!(["alias/nobody"]));
    assert_eq!(lines[0]["encryption_contexts"], json!([{"tenant": "7"}]));
    assert_eq!((&lines[0]["keys"], &lines[1]["requested_keys"]), (&json!([]), &json!(["alias/nobody"])));
    assert!(lines[2].to_string().len() < 1000, "{}", lines[2]);
}

#[test]
fn both_contexts_of_a_re_encryption_are_noted_by_their_names() {
    let (kms, log) = logged();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let encrypt = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": {"tenant": "7"}});
    let blob = ok(&kms, &alice, "Encrypt", encrypt)["CiphertextBlob"].clone();
    let mut request = json!({
        "CiphertextBlob": blob, "DestinationKeyId": key,
        "SourceEncryptionContext": {"tenant": "7"}, "DestinationEncryptionContext": {"tenant": "8"}
    });
    ok(&kms, &alice, "ReEncrypt", request.clone());
    request["DestinationKeyId"] = json!("alias/nobody");
    code(&kms, &alice, "ReEncrypt", request);
    for line in &log.lines()[2..] {
        assert_eq!(line["source_encryption_context"], json!({"tenant": "7"}));
        assert_eq!(line["destination_encryption_context"], json!({"tenant": "8"}));
        assert_eq!(line["encryption_contexts"], Value::Null);
    }
    assert_eq!(log.lines()[2]["keys"], json!([key, key]));
}

/// Takes a few bytes of the second line, then none for once.
struct Torn(Log, usize);

impl Write for Torn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1 += 1;
        match self.1 {
            2 => self.0.write(&bytes[..10]),
            3 => Err(io::ErrorKind::StorageFull.into()),
            _ => self.0.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_torn_line_spoils_no_other() {
    let (kms, log) = (LocalKms::volatile(), Log::default());
    kms.audit_to(Torn(log.clone(), 0));
    let random = || call(&kms, &user("alice"), "GenerateRandom", json!({"NumberOfBytes": 1}));
    random().unwrap();
    assert_eq!(random().unwrap_err().code, "KMSInternalException");
    random().unwrap();
    let text = log.text();
    let whole: Vec<bool> = text.lines().map(|line| serde_json::from_str::<Value>(line).is_ok()).collect();
    assert_eq!(whole, [true, false, true]);
}

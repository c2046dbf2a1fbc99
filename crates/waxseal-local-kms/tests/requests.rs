//! Requests that are not as they should be, and dry runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{code, ok, symmetric, user, user_in};
use serde_json::json;
use waxseal_local_kms::{Caller, LocalKms};

#[test]
fn malformed_requests_are_refused() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let call = |operation: &str, body: &[u8]| kms.call(&alice, operation, body).unwrap_err().code;
    for body in [&b"{"[..], b"[]", b"\"\"", b"{\"KeyId\": 7}", b"{\"Plaintext\": \"*\"}", b"\xff", b"{}{}"] {
        assert_eq!(call("Encrypt", body), "SerializationException", "{body:?}");
    }
    assert_eq!(call("Encrypt", b""), "ValidationException");
    assert_eq!(call("Encrypt", b"{\"KeyId\": \"alias/x\", \"Plaintext\": \"\"}"), "ValidationException");
    assert_eq!(call("Fly", b"{}"), "UnknownOperationException");
    for operation in ["CreateCustomKeyStore", "GetKeyLastUsage"] {
        assert_eq!(call(operation, b"{}"), "UnsupportedOperationException");
    }
}

#[test]
fn what_is_left_out_says_so() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    for request in [
        json!({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "SIGN_VERIFY"}),
        json!({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}),
        json!({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}),
        json!({"Origin": "EXTERNAL", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}),
    ] {
        assert_eq!(code(&kms, &alice, "CreateKey", request), "UnsupportedOperationException");
    }
    let recipient = json!({"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": ""});
    let request = json!({"KeyId": key, "NumberOfBytes": 32, "Recipient": recipient});
    assert_eq!(code(&kms, &alice, "GenerateDataKey", request), "UnsupportedOperationException");
    let request = json!({"KeySpec": "AES_256"});
    assert_eq!(code(&kms, &alice, "CreateKey", request), "ValidationException");
}

#[test]
fn sizes_have_limits() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    for request in [
        json!({"KeyId": key}),
        json!({"KeyId": key, "NumberOfBytes": 0}),
        json!({"KeyId": key, "NumberOfBytes": 1025}),
        json!({"KeyId": key, "NumberOfBytes": -1}),
        json!({"KeyId": key, "NumberOfBytes": 32, "KeySpec": "AES_256"}),
        json!({"KeyId": key, "KeySpec": "AES_192"}),
        json!({"KeyId": key, "NumberOfBytes": 32, "EncryptionContext": {"a": "x".repeat(8192)}}),
        json!({"KeyId": key, "NumberOfBytes": 32, "GrantTokens": vec!["x"; 11]}),
    ] {
        assert_eq!(code(&kms, &alice, "GenerateDataKey", request), "ValidationException");
    }
    for bytes in [json!(0), json!(1025), json!(null)] {
        let request = json!({"NumberOfBytes": bytes});
        assert_eq!(code(&kms, &alice, "GenerateRandom", request), "ValidationException");
    }
    let random = ok(&kms, &alice, "GenerateRandom", json!({"NumberOfBytes": 3}));
    assert_eq!(random["Plaintext"].as_str().unwrap().len(), 4);
    let nowhere = Caller::new(alice.principal.clone(), "moon");
    assert_eq!(code(&kms, &nowhere, "ListKeys", json!({})), "ValidationException");
}

#[test]
fn a_dry_run_does_nothing_and_tells_what_would_come() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let request = json!({"KeyId": key, "NumberOfBytes": 32, "DryRun": true});
    assert_eq!(code(&kms, &alice, "GenerateDataKey", request.clone()), "DryRunOperationException");
    let mallory = Caller::new("arn:aws:iam::999988887777:user/m", "eu-west-1");
    assert_eq!(code(&kms, &mallory, "GenerateDataKey", request.clone()), "AccessDeniedException");
    let there = user_in("alice", "us-east-1");
    assert_eq!(code(&kms, &there, "GenerateDataKey", request), "NotFoundException");
    let grant =
        json!({"KeyId": key, "GranteePrincipal": alice.principal, "Operations": ["Encrypt"], "DryRun": true});
    assert_eq!(code(&kms, &alice, "CreateGrant", grant), "DryRunOperationException");
    assert_eq!(ok(&kms, &alice, "ListGrants", json!({"KeyId": key}))["Grants"], json!([]));
}

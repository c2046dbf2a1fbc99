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

#[test]
fn no_member_is_passed_over() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let grant = json!({"KeyId": key, "GranteePrincipal": alice.principal, "Operations": ["Encrypt"]});
    for (member, value) in [
        ("Constraints", json!({"SourceArn": "arn:aws:s3:::bucket"})),
        ("GranteeServicePrincipal", json!("s3.amazonaws.com")),
        ("RetiringServicePrincipal", json!("s3.amazonaws.com")),
    ] {
        let mut request = grant.clone();
        request[member] = value;
        assert_eq!(code(&kms, &alice, "CreateGrant", request), "UnsupportedOperationException", "{member}");
    }
    for (operation, request) in [
        ("ListGrants", json!({"KeyId": key, "GranteeServicePrincipal": "s3.amazonaws.com"})),
        ("ListRetirableGrants", json!({"RetiringServicePrincipal": "s3.amazonaws.com"})),
        ("ImportKeyMaterial", json!({"KeyId": key, "KeyMaterialDescription": "x"})),
        ("Encrypt", json!({"KeyId": key, "Plaintext": "aGk=", "encryptionContext": {}})),
        ("CreateKey", json!({"Tags": [{"TagKey": "a", "TagValue": "b", "Extra": ""}]})),
        ("ListKeys", json!({"Extra": null})),
        ("Sign", json!({"KeyId": key, "Signature": ""})),
        ("EnableKey", json!({"KeyId": key, "DryRun": true})),
    ] {
        assert_eq!(code(&kms, &alice, operation, request), "UnsupportedOperationException", "{operation}");
    }
}

#[test]
fn every_member_is_there_once_and_structs_are_objects() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let call = |operation: &str, body: &str| kms.call(&alice, operation, body.as_bytes()).unwrap_err().code;
    let encrypt = |rest: &str| format!("{{\"KeyId\": \"{key}\", \"Plaintext\": \"aGk=\", {rest}}}");
    let twice = encrypt("\"EncryptionContext\": {\"a\": \"1\", \"\\u0061\": \"2\"}");
    assert_eq!(call("Encrypt", &twice), "SerializationException");
    assert_eq!(call("Encrypt", &encrypt("\"KeyId\": \"x\"")), "SerializationException");
    assert_eq!(call("Encrypt", &encrypt("\"EncryptionContext\": []")), "SerializationException");
    let principal = &alice.principal;
    for constraints in
        ["{\"EncryptionContextSubset\": {\"a\": \"1\", \"a\": \"1\"}}", "[{\"a\": \"1\"}, null]"]
    {
        let body = format!(
            "{{\"KeyId\": \"{key}\", \"GranteePrincipal\": \"{principal}\", \"Operations\": [\"Encrypt\"], \
             \"Constraints\": {constraints}}}"
        );
        assert_eq!(call("CreateGrant", &body), "SerializationException", "{constraints}");
    }
    assert_eq!(call("CreateKey", "{\"Tags\": [[\"a\", \"b\"]]}"), "SerializationException");
}

/// Every name that the AWS SDK knows is done or left out, and never unknown.
#[test]
fn what_the_sdk_knows_is_done_or_left_out() {
    use aws_sdk_kms::types::{
        AlgorithmSpec, DataKeyPairSpec, EncryptionAlgorithmSpec, GrantOperation, KeySpec, KeyUsageType,
        MacAlgorithmSpec, MessageType, OriginType, SigningAlgorithmSpec, WrappingKeySpec,
    };
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let try_all = |operation: &str, member: &str, values: &[&str], rest: serde_json::Value| {
        for value in values {
            let mut request = rest.clone();
            request[member] = match member {
                "Operations" => json!([value]),
                _ => json!(value),
            };
            if let Err(error) = common::call(&kms, &alice, operation, request) {
                let unknown =
                    error.code == "SerializationException" || error.message.contains("enum value set");
                assert!(!unknown && !error.message.contains("knows no"), "{operation} {value}: {error}");
            }
        }
    };
    try_all("CreateKey", "KeySpec", KeySpec::values(), json!({}));
    try_all("CreateKey", "KeyUsage", KeyUsageType::values(), json!({}));
    try_all("CreateKey", "Origin", OriginType::values(), json!({}));
    let plain = json!({"KeyId": key, "Plaintext": "aGk="});
    try_all("Encrypt", "EncryptionAlgorithm", EncryptionAlgorithmSpec::values(), plain);
    let message = json!({"KeyId": key, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_256"});
    try_all("Sign", "SigningAlgorithm", SigningAlgorithmSpec::values(), message.clone());
    try_all("Sign", "MessageType", MessageType::values(), message);
    let mac = json!({"KeyId": key, "Message": "aGk="});
    try_all("GenerateMac", "MacAlgorithm", MacAlgorithmSpec::values(), mac);
    let disabled = symmetric(&kms);
    ok(&kms, &alice, "DisableKey", json!({"KeyId": disabled}));
    let pair = json!({"KeyId": disabled});
    try_all("GenerateDataKeyPair", "KeyPairSpec", DataKeyPairSpec::values(), pair);
    let import =
        json!({"KeyId": key, "WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_1"});
    try_all("GetParametersForImport", "WrappingAlgorithm", AlgorithmSpec::values(), import.clone());
    try_all("GetParametersForImport", "WrappingKeySpec", WrappingKeySpec::values(), import);
    let grant = json!({"KeyId": key, "GranteePrincipal": alice.principal});
    try_all("CreateGrant", "Operations", GrantOperation::values(), grant);
    for spec in ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024", "ML_DSA_44", "HMAC_224"] {
        assert_eq!(
            code(&kms, &alice, "CreateKey", json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"})),
            "UnsupportedOperationException"
        );
    }
    for operation in ["Encapsulate", "Decapsulate"] {
        assert_eq!(code(&kms, &alice, operation, json!({})), "UnsupportedOperationException");
    }
}

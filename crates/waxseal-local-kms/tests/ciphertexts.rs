//! Symmetric ciphertexts: what opens them, and what each wrong try is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{call, code, create, ok, symmetric, text, user, user_in};
use serde_json::json;
use waxseal_local_kms::LocalKms;

#[test]
fn the_context_is_exact() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let context = json!({"a": "bc", "x": ""});
    let sealed = ok(
        &kms,
        &alice,
        "Encrypt",
        json!({"KeyId": key, "Plaintext": "c2VjcmV0", "EncryptionContext": context}),
    );
    let blob = &sealed["CiphertextBlob"];
    let open = |context| {
        call(&kms, &alice, "Decrypt", json!({"CiphertextBlob": blob, "EncryptionContext": context}))
    };
    let opened = open(context).unwrap();
    assert_eq!(opened["Plaintext"], "c2VjcmV0");
    assert_eq!(opened["KeyId"], key);
    assert_eq!(opened["EncryptionAlgorithm"], "SYMMETRIC_DEFAULT");
    for wrong in [
        json!({}),
        json!({"a": "bc"}),
        json!({"ab": "c", "x": ""}),
        json!({"a": "bc", "x": "", "y": ""}),
        json!({"A": "bc", "x": ""}),
        json!({"a": "bcx", "": ""}),
    ] {
        assert_eq!(open(wrong).unwrap_err().code, "InvalidCiphertextException");
    }
}

#[test]
fn a_ciphertext_that_was_changed_anywhere_is_invalid() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let data_key = ok(&kms, &alice, "GenerateDataKey", json!({"KeyId": key, "KeySpec": "AES_256"}));
    let blob = STANDARD.decode(text(&data_key["CiphertextBlob"])).unwrap();
    assert!(blob.len() <= 512);
    for at in 0..blob.len() {
        for bit in [0x01, 0x80] {
            let mut changed = blob.clone();
            changed[at] ^= bit;
            for key in [None, Some(&key)] {
                let request = json!({"CiphertextBlob": STANDARD.encode(&changed), "KeyId": key});
                assert_eq!(code(&kms, &alice, "Decrypt", request), "InvalidCiphertextException", "{at}");
            }
        }
    }
    for len in 1..blob.len() {
        let request = json!({"CiphertextBlob": STANDARD.encode(&blob[..len])});
        assert_eq!(code(&kms, &alice, "Decrypt", request), "InvalidCiphertextException");
    }
}

#[test]
fn another_key_is_an_incorrect_key() {
    let kms = LocalKms::volatile();
    let (alice, key, other) = (user("alice"), symmetric(&kms), symmetric(&kms));
    let data_key = ok(&kms, &alice, "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 24}));
    let request = json!({"CiphertextBlob": data_key["CiphertextBlob"], "KeyId": other});
    assert_eq!(code(&kms, &alice, "Decrypt", request), "IncorrectKeyException");
    let request = json!({"CiphertextBlob": data_key["CiphertextBlob"], "KeyId": key});
    assert_eq!(ok(&kms, &alice, "Decrypt", request)["Plaintext"], data_key["Plaintext"]);
}

#[test]
fn re_encrypting_changes_key_and_context() {
    let kms = LocalKms::volatile();
    let (alice, key, other) = (user("alice"), symmetric(&kms), symmetric(&kms));
    let request = json!({"KeyId": key, "NumberOfBytes": 24, "EncryptionContext": {"a": "b"}});
    let data_key = ok(&kms, &alice, "GenerateDataKey", request);
    let moved = ok(
        &kms,
        &alice,
        "ReEncrypt",
        json!({
            "CiphertextBlob": data_key["CiphertextBlob"],
            "SourceEncryptionContext": {"a": "b"},
            "DestinationKeyId": other,
            "DestinationEncryptionContext": {"c": "d"},
        }),
    );
    assert_eq!((&moved["SourceKeyId"], &moved["KeyId"]), (&json!(key), &json!(other)));
    let request = json!({"CiphertextBlob": moved["CiphertextBlob"], "EncryptionContext": {"c": "d"}});
    assert_eq!(ok(&kms, &alice, "Decrypt", request)["Plaintext"], data_key["Plaintext"]);
}

#[test]
fn replicas_open_what_the_primary_sealed_and_answer_their_own_arn() {
    let kms = LocalKms::volatile();
    let (here, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &here, json!({"MultiRegion": true}));
    let replica = ok(&kms, &here, "ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
    let replica = text(&replica["ReplicaKeyMetadata"]["Arn"]);
    assert!(primary.starts_with("arn:aws:kms:eu-west-1:111122223333:key/mrk-"));
    assert_eq!(replica, primary.replace("eu-west-1", "us-east-1"));
    let data_key = ok(&kms, &here, "GenerateDataKey", json!({"KeyId": primary, "KeySpec": "AES_128"}));
    let request = json!({"CiphertextBlob": data_key["CiphertextBlob"], "KeyId": replica});
    let opened = ok(&kms, &there, "Decrypt", request);
    assert_eq!((&opened["KeyId"], &opened["Plaintext"]), (&json!(replica), &data_key["Plaintext"]));
    assert_eq!(code(&kms, &there, "DescribeKey", json!({"KeyId": primary})), "NotFoundException");
}

#[test]
fn a_key_of_one_region_does_not_open_elsewhere() {
    let kms = LocalKms::volatile();
    let (here, there) = (user("alice"), user_in("alice", "us-east-1"));
    let data_key = ok(&kms, &here, "GenerateDataKey", json!({"KeyId": symmetric(&kms), "NumberOfBytes": 1}));
    let request = json!({"CiphertextBlob": data_key["CiphertextBlob"]});
    assert_eq!(code(&kms, &there, "Decrypt", request), "InvalidCiphertextException");
}

#[test]
fn aliases_name_keys() {
    let kms = LocalKms::volatile();
    let (alice, first, second) = (user("alice"), symmetric(&kms), symmetric(&kms));
    let named = json!({"AliasName": "alias/demo", "TargetKeyId": first});
    ok(&kms, &alice, "CreateAlias", named.clone());
    assert_eq!(code(&kms, &alice, "CreateAlias", named), "AlreadyExistsException");
    let used = |identifier: &str| {
        let request = json!({"KeyId": identifier, "NumberOfBytes": 32});
        text(&ok(&kms, &alice, "GenerateDataKeyWithoutPlaintext", request)["KeyId"])
    };
    assert_eq!(used("alias/demo"), first);
    ok(&kms, &alice, "UpdateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": second}));
    assert_eq!(used("arn:aws:kms:eu-west-1:111122223333:alias/demo"), second);
    ok(&kms, &alice, "DeleteAlias", json!({"AliasName": "alias/demo"}));
    let gone = json!({"KeyId": "alias/demo", "NumberOfBytes": 32});
    assert_eq!(code(&kms, &alice, "GenerateDataKey", gone), "NotFoundException");
}

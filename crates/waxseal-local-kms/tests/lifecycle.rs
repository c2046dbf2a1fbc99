//! Keys over time: states, deletion, rotation. The clock is turned by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use common::{call, code, create, ok, symmetric, text, user, user_in};
use serde_json::{Value, json};
use waxseal_local_kms::{LocalKms, LocalKmsOptions, ManualClock};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn with_clock() -> (LocalKms, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + 20_000 * DAY));
    let options = LocalKmsOptions { clock: clock.clone(), ..LocalKmsOptions::default() };
    (LocalKms::volatile_with(options).unwrap(), clock)
}

fn encrypt(kms: &LocalKms, key: &str) -> Value {
    let request = json!({"KeyId": key, "Plaintext": "c2VjcmV0"});
    ok(kms, &user("alice"), "Encrypt", request)["CiphertextBlob"].clone()
}

#[test]
fn a_new_key_is_described_as_aws_does() {
    let (kms, _clock) = with_clock();
    let request = json!({"Description": "orders", "Tags": [{"TagKey": "team", "TagValue": "a"}]});
    let metadata = &ok(&kms, &user("alice"), "CreateKey", request)["KeyMetadata"];
    for (member, value) in [
        ("AWSAccountId", json!("111122223333")),
        ("CreationDate", json!(1_728_000_000.0)),
        ("Description", json!("orders")),
        ("Enabled", json!(true)),
        ("KeyManager", json!("CUSTOMER")),
        ("KeySpec", json!("SYMMETRIC_DEFAULT")),
        ("CustomerMasterKeySpec", json!("SYMMETRIC_DEFAULT")),
        ("KeyState", json!("Enabled")),
        ("KeyUsage", json!("ENCRYPT_DECRYPT")),
        ("Origin", json!("AWS_KMS")),
        ("MultiRegion", json!(false)),
        ("EncryptionAlgorithms", json!(["SYMMETRIC_DEFAULT"])),
    ] {
        assert_eq!(metadata[member], value, "{member}");
    }
    assert_eq!(metadata["CurrentKeyMaterialId"].as_str().unwrap().len(), 64);
    assert_eq!(metadata.get("SigningAlgorithms"), None);
    let again = ok(&kms, &user("alice"), "DescribeKey", json!({"KeyId": metadata["KeyId"]}));
    assert_eq!(again["KeyMetadata"], *metadata);
}

#[test]
fn a_disabled_key_does_nothing_until_it_is_enabled() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let blob = encrypt(&kms, &key);
    ok(&kms, &alice, "DisableKey", json!({"KeyId": key}));
    let decrypt = json!({"CiphertextBlob": blob});
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt.clone()), "DisabledException");
    for (operation, request) in [
        ("GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 32})),
        ("RotateKeyOnDemand", json!({"KeyId": key})),
        ("EnableKeyRotation", json!({"KeyId": key})),
    ] {
        assert_eq!(code(&kms, &alice, operation, request), "DisabledException", "{operation}");
    }
    let error = call(&kms, &alice, "Decrypt", decrypt.clone()).unwrap_err();
    assert_eq!((error.status, error.message), (400, format!("{key} is disabled.")));
    ok(&kms, &alice, "EnableKey", json!({"KeyId": key}));
    assert_eq!(ok(&kms, &alice, "Decrypt", decrypt)["Plaintext"], "c2VjcmV0");
}

#[test]
fn a_key_that_waits_for_its_deletion_can_be_saved_and_goes_when_it_is_not() {
    let (kms, clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let blob = encrypt(&kms, &key);
    ok(&kms, &alice, "CreateAlias", json!({"AliasName": "alias/a", "TargetKeyId": key}));
    let schedule = json!({"KeyId": key, "PendingWindowInDays": 7});
    let answer = ok(&kms, &alice, "ScheduleKeyDeletion", schedule.clone());
    assert_eq!((&answer["KeyId"], &answer["KeyState"]), (&json!(key), &json!("PendingDeletion")));
    assert_eq!(answer["DeletionDate"], json!(1_728_604_800.0));
    let decrypt = json!({"CiphertextBlob": blob});
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt.clone()), "KMSInvalidStateException");
    assert_eq!(code(&kms, &alice, "EnableKey", json!({"KeyId": key})), "KMSInvalidStateException");
    assert_eq!(code(&kms, &alice, "ScheduleKeyDeletion", schedule.clone()), "KMSInvalidStateException");
    ok(&kms, &alice, "CancelKeyDeletion", json!({"KeyId": key}));
    assert_eq!(code(&kms, &alice, "CancelKeyDeletion", json!({"KeyId": key})), "KMSInvalidStateException");
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt.clone()), "DisabledException");
    ok(&kms, &alice, "ScheduleKeyDeletion", schedule);
    clock.advance(7 * DAY - Duration::from_secs(1));
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt.clone()), "KMSInvalidStateException");
    clock.advance(Duration::from_secs(1));
    assert_eq!(code(&kms, &alice, "DescribeKey", json!({"KeyId": key})), "NotFoundException");
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt), "InvalidCiphertextException");
    assert_eq!(ok(&kms, &alice, "ListAliases", json!({}))["Aliases"], json!([]));
    assert_eq!(ok(&kms, &alice, "ListKeys", json!({}))["Keys"], json!([]));
}

#[test]
fn the_waiting_period_has_bounds() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    for days in [-1, 0, 6, 31] {
        let request = json!({"KeyId": key, "PendingWindowInDays": days});
        assert_eq!(code(&kms, &alice, "ScheduleKeyDeletion", request), "ValidationException");
    }
    let alias = json!({"AliasName": "alias/a", "TargetKeyId": key});
    ok(&kms, &alice, "CreateAlias", alias);
    assert_eq!(code(&kms, &alice, "DisableKey", json!({"KeyId": "alias/a"})), "NotFoundException");
}

#[test]
fn a_primary_key_waits_for_its_replicas() {
    let (kms, clock) = with_clock();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &alice, json!({"MultiRegion": true}));
    let replicate = json!({"KeyId": primary, "ReplicaRegion": "us-east-1"});
    let answer = ok(&kms, &alice, "ReplicateKey", replicate.clone());
    let replica = text(&answer["ReplicaKeyMetadata"]["Arn"]);
    assert_eq!(code(&kms, &alice, "ReplicateKey", replicate), "AlreadyExistsException");
    let regions = &answer["ReplicaKeyMetadata"]["MultiRegionConfiguration"];
    assert_eq!(regions["MultiRegionKeyType"], "REPLICA");
    assert_eq!(regions["PrimaryKey"], json!({"Arn": primary, "Region": "eu-west-1"}));
    assert_eq!(regions["ReplicaKeys"], json!([{"Arn": replica, "Region": "us-east-1"}]));
    let answer =
        ok(&kms, &alice, "ScheduleKeyDeletion", json!({"KeyId": primary, "PendingWindowInDays": 10}));
    assert_eq!(answer["KeyState"], "PendingReplicaDeletion");
    clock.advance(20 * DAY);
    ok(&kms, &there, "ScheduleKeyDeletion", json!({"KeyId": replica, "PendingWindowInDays": 7}));
    clock.advance(8 * DAY);
    let described = ok(&kms, &alice, "DescribeKey", json!({"KeyId": primary}));
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingDeletion");
    clock.advance(9 * DAY);
    assert_eq!(code(&kms, &alice, "DescribeKey", json!({"KeyId": primary})), "NotFoundException");
}

#[test]
fn a_replica_can_become_the_primary() {
    let (kms, _clock) = with_clock();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &alice, json!({"MultiRegion": true}));
    ok(&kms, &alice, "ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
    let replica = primary.replace("eu-west-1", "us-east-1");
    let request = json!({"KeyId": replica, "ReplicaRegion": "ap-south-1"});
    assert_eq!(code(&kms, &there, "ReplicateKey", request), "UnsupportedOperationException");
    ok(&kms, &alice, "UpdatePrimaryRegion", json!({"KeyId": primary, "PrimaryRegion": "us-east-1"}));
    let described = ok(&kms, &there, "DescribeKey", json!({"KeyId": replica}));
    let regions = &described["KeyMetadata"]["MultiRegionConfiguration"];
    assert_eq!(
        (&regions["MultiRegionKeyType"], &regions["PrimaryKey"]["Arn"]),
        (&json!("PRIMARY"), &json!(replica))
    );
    ok(&kms, &there, "ReplicateKey", json!({"KeyId": replica, "ReplicaRegion": "ap-south-1"}));
}

#[test]
fn what_a_key_encrypted_before_a_rotation_opens_after_it() {
    let (kms, clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let first = encrypt(&kms, &key);
    ok(&kms, &alice, "RotateKeyOnDemand", json!({"KeyId": key}));
    let second = encrypt(&kms, &key);
    ok(&kms, &alice, "EnableKeyRotation", json!({"KeyId": key, "RotationPeriodInDays": 90}));
    clock.advance(200 * DAY);
    let third = encrypt(&kms, &key);
    let mut materials = Vec::new();
    for blob in [first, second, third] {
        let opened = ok(&kms, &alice, "Decrypt", json!({"CiphertextBlob": blob}));
        assert_eq!(opened["Plaintext"], "c2VjcmV0");
        materials.push(opened["KeyMaterialId"].clone());
    }
    assert!(materials[0] != materials[1] && materials[1] != materials[2]);
    let status = ok(&kms, &alice, "GetKeyRotationStatus", json!({"KeyId": key}));
    assert_eq!((&status["KeyRotationEnabled"], &status["RotationPeriodInDays"]), (&json!(true), &json!(90)));
    assert_eq!(status["NextRotationDate"], json!((20_000.0 + 270.0) * 86_400.0));
    let list = json!({"KeyId": key, "IncludeKeyMaterial": "ALL_KEY_MATERIAL"});
    let rotations = ok(&kms, &alice, "ListKeyRotations", list)["Rotations"].clone();
    let listed = |member: &str| -> Vec<Value> {
        rotations.as_array().unwrap().iter().map(|rotation| rotation[member].clone()).collect()
    };
    assert_eq!(listed("KeyMaterialId"), materials);
    assert_eq!(listed("RotationType"), [json!(null), json!("ON_DEMAND"), json!("AUTOMATIC")]);
    assert_eq!(listed("KeyMaterialState"), [json!("NON_CURRENT"), json!("NON_CURRENT"), json!("CURRENT")]);
}

#[test]
fn replicas_share_a_rotation_and_disabled_keys_have_none() {
    let (kms, clock) = with_clock();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &alice, json!({"MultiRegion": true}));
    ok(&kms, &alice, "ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
    let replica = primary.replace("eu-west-1", "us-east-1");
    let before = encrypt(&kms, &primary);
    ok(&kms, &alice, "EnableKeyRotation", json!({"KeyId": primary}));
    assert_eq!(
        code(&kms, &there, "RotateKeyOnDemand", json!({"KeyId": replica})),
        "UnsupportedOperationException"
    );
    ok(&kms, &alice, "DisableKey", json!({"KeyId": primary}));
    clock.advance(400 * DAY);
    let count = || {
        let answer = ok(&kms, &there, "ListKeyRotations", json!({"KeyId": replica}));
        answer["Rotations"].as_array().unwrap().len()
    };
    assert_eq!(count(), 0);
    ok(&kms, &alice, "EnableKey", json!({"KeyId": primary}));
    assert_eq!(count(), 1);
    let after = encrypt(&kms, &primary);
    for blob in [before, after] {
        ok(&kms, &there, "Decrypt", json!({"CiphertextBlob": blob, "KeyId": replica}));
    }
}

#[test]
fn rotations_on_demand_are_limited_and_for_symmetric_keys() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    for _ in 0..25 {
        ok(&kms, &alice, "RotateKeyOnDemand", json!({"KeyId": key}));
    }
    assert_eq!(code(&kms, &alice, "RotateKeyOnDemand", json!({"KeyId": key})), "LimitExceededException");
    let hmac = create(&kms, &alice, json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}));
    let request = json!({"KeyId": hmac});
    assert_eq!(code(&kms, &alice, "RotateKeyOnDemand", request.clone()), "UnsupportedOperationException");
    assert_eq!(code(&kms, &alice, "GetKeyRotationStatus", request), "UnsupportedOperationException");
}

#[test]
fn descriptions_and_tags_change() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), symmetric(&kms));
    ok(&kms, &alice, "UpdateKeyDescription", json!({"KeyId": key, "Description": "new"}));
    let described = ok(&kms, &alice, "DescribeKey", json!({"KeyId": key}));
    assert_eq!(described["KeyMetadata"]["Description"], "new");
    let tags = json!([{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}]);
    ok(&kms, &alice, "TagResource", json!({"KeyId": key, "Tags": tags}));
    ok(&kms, &alice, "UntagResource", json!({"KeyId": key, "TagKeys": ["a"]}));
    let listed = ok(&kms, &alice, "ListResourceTags", json!({"KeyId": key}));
    assert_eq!(listed, json!({"Tags": [{"TagKey": "b", "TagValue": ""}], "Truncated": false}));
    let request = json!({"KeyId": key, "Tags": [{"TagKey": "aws:x", "TagValue": ""}]});
    assert_eq!(code(&kms, &alice, "TagResource", request), "TagException");
}

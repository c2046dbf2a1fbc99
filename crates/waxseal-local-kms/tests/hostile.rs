//! Requests made of anything: each is answered or refused, none is the service's own failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{create, ok, symmetric, user};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use waxseal_local_kms::LocalKms;

const OPERATIONS: &[&str] = &[
    "CancelKeyDeletion",
    "CreateAlias",
    "CreateGrant",
    "CreateKey",
    "Decrypt",
    "DeleteAlias",
    "DeleteImportedKeyMaterial",
    "DeriveSharedSecret",
    "DescribeKey",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GenerateRandom",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
    "GetParametersForImport",
    "GetPublicKey",
    "ImportKeyMaterial",
    "ListAliases",
    "ListGrants",
    "ListKeyPolicies",
    "ListKeyRotations",
    "ListKeys",
    "ListResourceTags",
    "ListRetirableGrants",
    "PutKeyPolicy",
    "ReEncrypt",
    "ReplicateKey",
    "RetireGrant",
    "RevokeGrant",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "Sign",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
    "Verify",
    "VerifyMac",
];

const MEMBERS: &[&str] = &[
    "AliasName",
    "CiphertextBlob",
    "Constraints",
    "Description",
    "DestinationKeyId",
    "EncryptedKeyMaterial",
    "EncryptionAlgorithm",
    "EncryptionContext",
    "ExpirationModel",
    "GrantId",
    "GrantToken",
    "GrantTokens",
    "GranteePrincipal",
    "ImportToken",
    "KeyAgreementAlgorithm",
    "KeyId",
    "KeyPairSpec",
    "KeySpec",
    "KeyUsage",
    "Limit",
    "Mac",
    "MacAlgorithm",
    "Marker",
    "Message",
    "MessageType",
    "MultiRegion",
    "NumberOfBytes",
    "Operations",
    "Origin",
    "PendingWindowInDays",
    "Plaintext",
    "Policy",
    "PolicyName",
    "PrimaryRegion",
    "PublicKey",
    "ReplicaRegion",
    "RetiringPrincipal",
    "RotationPeriodInDays",
    "Signature",
    "SigningAlgorithm",
    "SourceKeyId",
    "TagKeys",
    "Tags",
    "TargetKeyId",
    "ValidTo",
];

const WORDS: &[&str] = &[
    "",
    "*",
    "AAAA",
    "AES_256",
    "ECC_NIST_P256",
    "ECDH",
    "ECDSA_SHA_256",
    "EXTERNAL",
    "Encrypt",
    "HMAC_256",
    "HMAC_SHA_256",
    "KEY_AGREEMENT",
    "KEY_MATERIAL_DOES_NOT_EXPIRE",
    "SIGN_VERIFY",
    "alias/demo",
    "alias/other",
    "arn:aws:iam::111122223333:user/alice",
    "arn:aws:kms:eu-west-1:111122223333:key/",
    "arn:::::",
    "default",
    "us-east-1",
];

/// The keys of a KMS that the requests are made to.
fn kms() -> (LocalKms, Vec<String>) {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let mut words = vec![symmetric(&kms), create(&kms, &alice, json!({"MultiRegion": true}))];
    words.push(create(&kms, &alice, json!({"Origin": "EXTERNAL"})));
    words.push(create(&kms, &alice, json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"})));
    words.push(create(&kms, &alice, json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"})));
    words.push(create(&kms, &alice, json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"})));
    ok(&kms, &alice, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": words[0]}));
    let sealed = ok(&kms, &alice, "Encrypt", json!({"KeyId": words[0], "Plaintext": "aGk="}));
    words.push(common::text(&sealed["CiphertextBlob"]));
    (kms, words)
}

fn value(keys: usize) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => (0..keys).prop_map(|key| json!({"a key": key})),
        4 => select(WORDS).prop_map(|word| json!(word)),
        1 => ".{0,40}".prop_map(|text| json!(text)),
        2 => (-2_i64..3000).prop_map(|number| json!(number)),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(|flag| json!(flag)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let member = prop_oneof![select(MEMBERS).prop_map(str::to_owned), "[a-zA-Z]{0,10}"];
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::Array),
            btree_map(member, inner, 0..3).prop_map(|pairs| json!(pairs)),
        ]
    })
}

/// Puts the names of real keys where the strategy said so: they are random.
fn with_keys(value: Value, words: &[String]) -> Value {
    match value {
        Value::Object(pairs) => match pairs.get("a key").and_then(Value::as_u64) {
            Some(key) => json!(words[usize::try_from(key).unwrap()]),
            None => pairs.into_iter().map(|(name, inner)| (name, with_keys(inner, words))).collect(),
        },
        Value::Array(values) => values.into_iter().map(|inner| with_keys(inner, words)).collect(),
        other => other,
    }
}

type Request = (&'static str, std::collections::BTreeMap<&'static str, Value>);

fn request() -> impl Strategy<Value = Request> {
    (select(OPERATIONS), btree_map(select(MEMBERS), value(7), 0..8))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_is_asked_breaks_it(requests in vec(request(), 100)) {
        let (kms, words) = kms();
        for (operation, members) in requests {
            let body = with_keys(json!(members), &words).to_string();
            if let Err(error) = kms.call(&user("alice"), operation, body.as_bytes()) {
                prop_assert_eq!(error.status, 400, "{} {}: {}", operation, body, error);
            }
        }
        let sound = json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
        create(&kms, &user("alice"), sound);
    }

    #[test]
    fn no_ciphertext_breaks_it(blob in vec(any::<u8>(), 1..120), version in 0_u8..3) {
        use base64::Engine as _;
        let (kms, words) = kms();
        let blob = [&[version], blob.as_slice()].concat();
        let blob = base64::engine::general_purpose::STANDARD.encode(blob);
        for request in [json!({"CiphertextBlob": blob}), json!({"CiphertextBlob": blob, "KeyId": words[0]})] {
            let error = common::call(&kms, &user("alice"), "Decrypt", request).unwrap_err();
            prop_assert_eq!(error.code, "InvalidCiphertextException");
        }
    }

    #[test]
    fn no_policy_breaks_it(policy in value(7), text in ".{0,200}") {
        let (kms, words) = kms();
        let statement = with_keys(policy, &words);
        for text in [text, json!({"Statement": statement}).to_string(), statement.to_string()] {
            let error = common::call(&kms, &user("alice"), "CreateKey", json!({"Policy": text})).unwrap_err();
            prop_assert_eq!(error.code, "MalformedPolicyDocumentException");
        }
    }
}

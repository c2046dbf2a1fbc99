//! Calls of any name with any body, and of every operation with JSON that is right or nearly so, each in
//! the state that those before have left. What is refused changes nothing.

use serde_json::{Map, Value, json};
use waxseal_local_kms::LocalKms;

use super::{base64, call, ok};
use crate::Choices;
use crate::edits::edited;

/// Calls that one input makes at most.
const MOST_CALLS: usize = 8;

/// Operations and their members.
const OPERATIONS: &[(&str, &[&str])] = &[
    ("CancelKeyDeletion", &["KeyId"]),
    ("CreateAlias", &["AliasName", "TargetKeyId"]),
    ("CreateCustomKeyStore", &[]),
    ("CreateGrant", &["KeyId", "GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints", "Name"]),
    ("CreateKey", &["KeySpec", "KeyUsage", "Origin", "MultiRegion", "Description", "Tags", "Policy"]),
    ("Decrypt", &["CiphertextBlob", "KeyId", "EncryptionContext", "GrantTokens", "DryRun"]),
    ("DeleteAlias", &["AliasName"]),
    ("DeleteImportedKeyMaterial", &["KeyId"]),
    ("DeriveSharedSecret", &["KeyId", "KeyAgreementAlgorithm", "PublicKey"]),
    ("DescribeKey", &["KeyId", "GrantTokens"]),
    ("DisableKey", &["KeyId"]),
    ("DisableKeyRotation", &["KeyId"]),
    ("EnableKey", &["KeyId"]),
    ("EnableKeyRotation", &["KeyId", "RotationPeriodInDays"]),
    ("Encrypt", &["KeyId", "Plaintext", "EncryptionContext", "GrantTokens", "DryRun"]),
    ("GenerateDataKey", &["KeyId", "NumberOfBytes", "EncryptionContext"]),
    ("GenerateDataKeyPair", &["KeyId", "KeyPairSpec", "EncryptionContext"]),
    ("GenerateDataKeyWithoutPlaintext", &["KeyId", "NumberOfBytes", "EncryptionContext"]),
    ("GenerateMac", &["KeyId", "Message", "MacAlgorithm"]),
    ("GenerateRandom", &["NumberOfBytes"]),
    ("GetKeyPolicy", &["KeyId", "PolicyName"]),
    ("GetKeyRotationStatus", &["KeyId"]),
    ("GetParametersForImport", &["KeyId", "WrappingAlgorithm", "WrappingKeySpec"]),
    ("GetPublicKey", &["KeyId"]),
    ("ImportKeyMaterial", &["KeyId", "ImportToken", "EncryptedKeyMaterial", "ExpirationModel"]),
    ("ListAliases", &["KeyId", "Limit", "Marker"]),
    ("ListGrants", &["KeyId", "GrantId", "GranteePrincipal", "Limit", "Marker"]),
    ("ListKeyPolicies", &["KeyId"]),
    ("ListKeyRotations", &["KeyId", "Limit", "Marker"]),
    ("ListKeys", &["Limit", "Marker"]),
    ("ListResourceTags", &["KeyId", "Limit", "Marker"]),
    ("ListRetirableGrants", &["RetiringPrincipal", "Limit", "Marker"]),
    ("PutKeyPolicy", &["KeyId", "Policy", "BypassPolicyLockoutSafetyCheck"]),
    ("ReEncrypt", &["CiphertextBlob", "SourceEncryptionContext", "DestinationKeyId"]),
    ("ReplicateKey", &["KeyId", "ReplicaRegion", "Description"]),
    ("RetireGrant", &["KeyId", "GrantId", "DryRun"]),
    ("RevokeGrant", &["KeyId", "GrantId"]),
    ("RotateKeyOnDemand", &["KeyId"]),
    ("ScheduleKeyDeletion", &["KeyId", "PendingWindowInDays"]),
    ("Sign", &["KeyId", "Message", "SigningAlgorithm"]),
    ("TagResource", &["KeyId", "Tags"]),
    ("UntagResource", &["KeyId", "TagKeys"]),
    ("UpdateAlias", &["AliasName", "TargetKeyId"]),
    ("UpdateKeyDescription", &["KeyId", "Description"]),
    ("UpdatePrimaryRegion", &["KeyId", "PrimaryRegion"]),
    ("Verify", &["KeyId", "Message", "SigningAlgorithm", "Signature"]),
    ("VerifyMac", &["KeyId", "Message", "MacAlgorithm", "Mac"]),
];

/// Keys of every kind that is quick to make.
const KEYS: &[&str] = &[
    r#"{}"#,
    r#"{"MultiRegion":true}"#,
    r#"{"KeySpec":"ECC_NIST_P256","KeyUsage":"SIGN_VERIFY"}"#,
    r#"{"KeySpec":"ECC_NIST_P256","KeyUsage":"KEY_AGREEMENT"}"#,
    r#"{"KeySpec":"HMAC_256","KeyUsage":"GENERATE_VERIFY_MAC"}"#,
    r#"{"Origin":"EXTERNAL"}"#,
];

/// A few calls about one key.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let kms = LocalKms::volatile();
    let make: Value = serde_json::from_str(choices.pick(KEYS)).unwrap();
    let key = ok(&kms, "CreateKey", &make)["KeyMetadata"]["Arn"].clone();
    let mut seen = Map::from_iter([("KeyId".to_owned(), key)]);
    for _ in 0..=choices.below(MOST_CALLS) {
        let (operation, request) = match choices.below(8) {
            0 => any(&mut choices),
            _ => nearly_right(&mut choices, &seen),
        };
        // RSA keys take too long to make.
        if !request.windows(3).any(|window| window == b"RSA") {
            one_call(&kms, &operation, &request, &mut seen);
        }
    }
}

fn one_call(kms: &LocalKms, operation: &str, request: &[u8], seen: &mut Map<String, Value>) {
    let before = state(kms, seen);
    match call(kms, operation, request) {
        Ok(Value::Object(reply)) => seen.extend(reply.into_iter().filter(|(name, _)| name != "KeyId")),
        Ok(_) => {}
        Err(error) => {
            assert_eq!(before, state(kms, seen), "{operation} was refused and did something: {error}")
        }
    }
}

/// What a caller can see of the state.
fn state(kms: &LocalKms, seen: &Map<String, Value>) -> [Value; 5] {
    let key = json!({"KeyId": seen.get("KeyId")});
    let ask = |(operation, request): (&str, &Value)| {
        let answer = call(kms, operation, request.to_string().as_bytes());
        answer.unwrap_or_else(|error| json!(error.to_string()))
    };
    let nothing = json!({});
    [
        ("ListKeys", &nothing),
        ("ListAliases", &nothing),
        ("DescribeKey", &key),
        ("GetKeyPolicy", &key),
        ("ListGrants", &key),
    ]
    .map(ask)
}

fn any(choices: &mut Choices<'_>) -> (String, Vec<u8>) {
    let len = choices.below(40);
    let name = String::from_utf8_lossy(choices.bytes(len)).into_owned();
    let operation = if choices.one_in(2) { name } else { choices.pick(OPERATIONS).0.to_owned() };
    (operation, choices.rest().to_vec())
}

/// Members left out by choice, and every fourth request edited.
fn nearly_right(choices: &mut Choices<'_>, seen: &Map<String, Value>) -> (String, Vec<u8>) {
    let (operation, members) = choices.pick(OPERATIONS);
    let left_out = choices.u8();
    let kept = members.iter().enumerate().filter(|(at, _)| left_out & (1 << (at % 8)) == 0);
    let pairs: Vec<_> = kept.map(|(_, name)| ((*name).to_owned(), value(choices, name, seen))).collect();
    let request = Value::Object(pairs.into_iter().collect()).to_string().into_bytes();
    let request = if choices.one_in(4) { edited(choices, request, 4) } else { request };
    (operation.to_owned(), request)
}

/// A member: what an earlier reply had under its name, or something of its own.
fn value(choices: &mut Choices<'_>, name: &str, seen: &Map<String, Value>) -> Value {
    match seen.get(name) {
        Some(value) if !choices.one_in(4) => value.clone(),
        _ => fresh(choices, name, seen),
    }
}

fn fresh(choices: &mut Choices<'_>, name: &str, seen: &Map<String, Value>) -> Value {
    let text = |choices: &mut Choices<'_>| String::from_utf8_lossy(choices.bytes(6)).into_owned();
    match name {
        "KeyId" | "TargetKeyId" | "DestinationKeyId" if !choices.one_in(4) => json!(seen.get("KeyId")),
        "KeyId" | "TargetKeyId" | "DestinationKeyId" => json!(choices.pick(&["alias/a", "", "mrk-1"])),
        "AliasName" => json!(format!("alias/{}", text(choices))),
        "NumberOfBytes" | "Limit" | "PendingWindowInDays" | "RotationPeriodInDays" => number(choices),
        "EncryptionContext" | "SourceEncryptionContext" => json!({"a": text(choices)}),
        "Constraints" => {
            json!({choices.pick(&["EncryptionContextSubset", "EncryptionContextEquals"]): {"a": text(choices)}})
        }
        "Tags" => json!([{"TagKey": text(choices), "TagValue": text(choices)}]),
        "TagKeys" | "GrantTokens" => json!([text(choices)]),
        "Operations" => json!([choices.pick(&["Decrypt", "Encrypt", "RetireGrant", "CreateGrant"])]),
        "GranteePrincipal" | "RetiringPrincipal" => json!("arn:aws:iam::111122223333:user/b"),
        "MultiRegion" | "DryRun" | "BypassPolicyLockoutSafetyCheck" => json!(choices.one_in(2)),
        "Policy" => json!(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, text(choices))),
        "Description" | "Name" | "PolicyName" | "Marker" | "GrantId" => json!(text(choices)),
        _ => named_or_bytes(choices, name),
    }
}

fn named_or_bytes(choices: &mut Choices<'_>, name: &str) -> Value {
    json!(match name {
        "KeySpec" => choices.pick(&["SYMMETRIC_DEFAULT", "HMAC_512", "ECC_NIST_P384", "SM2"]),
        "KeyUsage" =>
            choices.pick(&["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"]),
        "Origin" => choices.pick(&["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM"]),
        "KeyPairSpec" => choices.pick(&["ECC_NIST_P256", "ECC_NIST_P521", "ECC_SECG_P256K1"]),
        "MacAlgorithm" => choices.pick(&["HMAC_SHA_256", "HMAC_SHA_512", "HMAC_SHA_1"]),
        "SigningAlgorithm" => choices.pick(&["ECDSA_SHA_256", "ECDSA_SHA_384", ""]),
        "KeyAgreementAlgorithm" => "ECDH",
        "ExpirationModel" => "KEY_MATERIAL_DOES_NOT_EXPIRE",
        "ReplicaRegion" | "PrimaryRegion" => choices.pick(&["us-east-1", "eu-west-1", "x"]),
        _ => return json!(base64(choices.bytes(40))),
    })
}

fn number(choices: &mut Choices<'_>) -> Value {
    match choices.below(8) {
        0 => json!(choices.u64().cast_signed()),
        1 => json!(-1),
        _ => json!(choices.u8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With members that no request knows, nothing behind the reader of JSON would ever be reached.
    #[test]
    fn every_operation_knows_its_members() {
        let kms = LocalKms::volatile();
        let seen = Map::from_iter([("KeyId".to_owned(), json!(super::super::create_key(&kms)))]);
        for (operation, members) in OPERATIONS {
            let pairs =
                members.iter().map(|name| ((*name).to_owned(), value(&mut Choices::new(&[]), name, &seen)));
            let request = Value::Object(pairs.collect()).to_string();
            if let Err(error) = call(&kms, operation, request.as_bytes()) {
                let is_unread = error.code == "SerializationException" || error.message.contains("a member");
                assert!(!is_unread, "{operation}: {error}");
            }
        }
    }
}

//! Calls of any name with any body, and of every operation with JSON that is nearly right.

use serde_json::json;
use waxseal_local_kms::LocalKms;

use super::{base64, call, create_key};
use crate::Choices;
use crate::edits::edited;

/// Calls that one input makes at most, each in the state that those before have left.
const MOST_CALLS: usize = 4;

/// Operations, each with fields that most requests of it need.
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
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GenerateRandom",
    "GetKeyPolicy",
    "GetKeyRotationStatus",
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
    "CreateCustomKeyStore",
];

/// A few calls.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let kms = LocalKms::volatile();
    let key = create_key(&kms);
    for _ in 0..=choices.below(MOST_CALLS) {
        let (operation, request) = match choices.below(4) {
            0 => any(&mut choices),
            _ => nearly_right(&mut choices, &key),
        };
        // RSA keys take too long to make.
        if !request.windows(3).any(|window| window == b"RSA") {
            let _ = call(&kms, &operation, &request);
        }
    }
}

fn any(choices: &mut Choices<'_>) -> (String, Vec<u8>) {
    let len = choices.below(40);
    let name = String::from_utf8_lossy(choices.bytes(len)).into_owned();
    let operation = if choices.one_in(2) { name } else { choices.pick(OPERATIONS).to_owned() };
    (operation, choices.rest().to_vec())
}

fn nearly_right(choices: &mut Choices<'_>, key: &str) -> (String, Vec<u8>) {
    let blob = base64(choices.bytes(40));
    let number = choices.below(70);
    let request = json!({
        "KeyId": key, "TargetKeyId": key, "DestinationKeyId": key, "AliasName": "alias/a",
        "CiphertextBlob": blob, "Plaintext": blob, "Message": blob, "Mac": blob, "Signature": blob,
        "PublicKey": blob, "ImportToken": blob, "EncryptedKeyMaterial": blob,
        "NumberOfBytes": number, "Limit": number, "PendingWindowInDays": number,
        "EncryptionContext": {"a": blob}, "MacAlgorithm": "HMAC_SHA_256", "SigningAlgorithm": "ECDSA_SHA_256",
        "KeyPairSpec": "ECC_NIST_P256", "KeyAgreementAlgorithm": "ECDH", "ReplicaRegion": "us-east-1",
        "PrimaryRegion": "us-east-1", "Tags": [{"TagKey": "t", "TagValue": blob}], "TagKeys": ["t"],
        "Description": blob, "GranteePrincipal": "arn:aws:iam::111122223333:user/b",
        "RetiringPrincipal": "arn:aws:iam::111122223333:user/b", "Operations": ["Decrypt"],
        "Policy": blob, "Marker": blob,
    });
    let operation = choices.pick(OPERATIONS).to_owned();
    let edits = choices.bytes(24);
    let request = edited(&mut Choices::new(edits), request.to_string().into_bytes(), 4);
    (operation, request)
}

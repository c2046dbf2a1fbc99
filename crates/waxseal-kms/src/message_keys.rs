//! Which of a message's data keys a keyring of KMS keys asks for, and one after the other the asking.
//!
//! Source: `framework/aws-kms/aws-kms-keyring.md`, "OnDecrypt", and its twins.

use waxseal_format::EncryptedDataKey;
use waxseal_materials::{DecryptionMaterials, KeyFailure, KeyFailureReason, KeyFailures, MaterialsError};

use crate::AwsKmsArn;
use crate::calls::Calls;

/// No more keys of a message are named in one error.
const MAX_NAMED: usize = 5;

/// No more characters of a key's name.
const MAX_NAME_LEN: usize = 200;

/// A data key of a message, and the key to ask for it.
pub(crate) struct Candidate<'a> {
    pub(crate) encrypted: &'a EncryptedDataKey,
    pub(crate) key_id: String,
}

/// The data keys of provider id `provider_id` for which `choose` names a key to ask.
///
/// Fails for one that names no key ARN, as the specification wants.
pub(crate) fn candidates<'a>(
    provider_id: &str,
    encrypted_data_keys: &'a [EncryptedDataKey],
    choose: impl Fn(&AwsKmsArn) -> Option<String>,
) -> Result<Vec<Candidate<'a>>, MaterialsError> {
    let mut candidates = Vec::new();
    for encrypted in encrypted_data_keys.iter().filter(|key| key.provider_id == provider_id) {
        let arn = key_arn(encrypted).map_err(|failure| MaterialsError::Unwrap(failure.into()))?;
        candidates.extend(choose(&arn).map(|key_id| Candidate { encrypted, key_id }));
    }
    Ok(candidates)
}

/// The key ARN that a data key names.
pub(crate) fn key_arn(encrypted: &EncryptedDataKey) -> Result<AwsKmsArn, KeyFailure> {
    let malformed = |source: String| {
        KeyFailure::new(encrypted.provider_id.as_str(), KeyFailureReason::Malformed).with_source(source)
    };
    let name = std::str::from_utf8(&encrypted.provider_info)
        .map_err(|_| malformed("its key's name is not UTF-8".to_owned()))?;
    let arn: AwsKmsArn =
        name.parse().map_err(|error| malformed(format!("{:?}: {error}", shortened(name))))?;
    if !arn.is_key() {
        let name = shortened(name);
        return Err(malformed(format!("{name:?} is an alias; messages name keys by key ARN")));
    }
    Ok(arn)
}

/// Asks for each candidate until one is a data key of the materials' suite.
pub(crate) async fn decrypt_first(
    calls: &Calls,
    mut materials: DecryptionMaterials,
    candidates: Vec<Candidate<'_>>,
    not_mine: impl Fn() -> KeyFailure + Send,
) -> Result<DecryptionMaterials, MaterialsError> {
    if candidates.is_empty() {
        return Err(MaterialsError::Unwrap(not_mine().into()));
    }
    let mut failures = KeyFailures::default();
    for Candidate { encrypted, key_id } in candidates {
        let (suite, context) = (materials.suite(), materials.encryption_context());
        match calls.decrypt(&key_id, suite, context, encrypted).await {
            Ok(data_key) => {
                materials.set_data_key(data_key)?;
                return Ok(materials);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Err(MaterialsError::Unwrap(failures))
}

/// "Not mine" of the keyring `label`, with the keys of its kind that the message does have.
pub(crate) fn not_mine(
    provider_id: &str,
    label: &str,
    encrypted_data_keys: &[EncryptedDataKey],
) -> KeyFailure {
    KeyFailure::new(label, KeyFailureReason::NotMine).with_source(named(provider_id, encrypted_data_keys))
}

/// The beginning of a name that a message says: it can be long.
pub(crate) fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME_LEN).collect()
}

fn named(provider_id: &str, encrypted_data_keys: &[EncryptedDataKey]) -> String {
    let mine = |key: &&EncryptedDataKey| key.provider_id == provider_id;
    let name = |key: &EncryptedDataKey| {
        shortened(&String::from_utf8_lossy(&key.provider_info)).escape_debug().to_string()
    };
    let mut names: Vec<String> = encrypted_data_keys.iter().filter(mine).take(MAX_NAMED).map(name).collect();
    if encrypted_data_keys.iter().filter(mine).count() > MAX_NAMED {
        names.push("...".to_owned());
    }
    match names.is_empty() {
        true => "the message has no data key under a key of this kind".to_owned(),
        false => format!("the message's KMS keys are {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::PROVIDER_ID;

    fn edk(info: &str) -> EncryptedDataKey {
        EncryptedDataKey::new(PROVIDER_ID, info, "c")
    }

    #[test]
    fn the_keys_that_a_message_has_are_told_and_not_all_of_thousands() {
        let few = not_mine(PROVIDER_ID, "k", &[edk("arn:one"), EncryptedDataKey::new("other", "x", "c")])
            .source
            .unwrap();
        assert_eq!(few.to_string(), "the message's KMS keys are arn:one");
        let none = not_mine(PROVIDER_ID, "k", &[]).source.unwrap();
        assert!(none.to_string().contains("no data key under a key of this kind"));
        let many = not_mine(PROVIDER_ID, "k", &vec![edk("a\nb"); 1000]).source.unwrap().to_string();
        assert!(many.ends_with("a\\nb, ...") && many.len() < 200, "{many}");
    }

    #[test]
    fn a_data_key_of_kms_that_names_no_key_arn_fails_all() {
        let good = "arn:aws:kms:r:1:key/k";
        let all = |_: &AwsKmsArn| Some(String::new());
        assert_eq!(candidates(PROVIDER_ID, &[edk(good), edk(good)], all).unwrap().len(), 2);
        for bad in ["", "alias/a", "k", "arn:aws:kms:r:1:alias/a", "arn:aws:kms:r:1:key/k:1"] {
            assert!(candidates(PROVIDER_ID, &[edk(good), edk(bad)], all).is_err(), "{bad}");
        }
    }
}

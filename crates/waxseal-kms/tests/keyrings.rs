//! Keyrings and master key providers on an embedded KMS: one suite for all that use symmetric
//! keys, then what is special to each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/embedded.rs"]
mod embedded;

use std::sync::Arc;

use embedded::*;
use serde_json::json;
use waxseal::format::AlgorithmSuite;
use waxseal::{
    DecryptionMaterials, EncryptedDataKey, EncryptionContext, EncryptionMaterials, KeyFailureReason, Keyring,
    MasterKeyProvider, MaterialsError, SecretBytes,
};
use waxseal_kms::{
    AwsKmsDiscoveryKeyring, AwsKmsError, AwsKmsKeyring, AwsKmsKeys, AwsKmsMasterKey,
    AwsKmsMrkDiscoveryKeyring, AwsKmsMrkKeyring, DiscoveryAwsKmsMasterKeyProvider, DiscoveryFilter,
    DiscoveryRegions, MrkAwareDiscoveryAwsKmsMasterKeyProvider, MrkAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider, discovery_multi_keyring, mrk_discovery_multi_keyring, mrk_multi_keyring,
    multi_keyring,
};

const SUITE: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// All that encrypts and decrypts with the key `east`.
async fn encrypting(place: &Place) -> Vec<(&'static str, Arc<dyn Keyring>)> {
    let (east, client) = (place.east.as_str(), || place.shared(EAST));
    let keys = || AwsKmsKeys::with_generator(east).with_child(&place.west);
    let strict = StrictAwsKmsMasterKeyProvider::new(place.supplier(), [east]).unwrap();
    let aware =
        MrkAwareStrictAwsKmsMasterKeyProvider::new(place.supplier(), [east, &place.mrk_west]).unwrap();
    vec![
        ("keyring", Arc::new(AwsKmsKeyring::new(client(), east).unwrap())),
        ("MRK keyring", Arc::new(AwsKmsMrkKeyring::new(client(), east).unwrap())),
        ("multi keyring", Arc::new(multi_keyring(&place.supplier(), keys()).await.unwrap())),
        ("MRK multi keyring", Arc::new(mrk_multi_keyring(&place.supplier(), keys()).await.unwrap())),
        ("strict provider", from_provider(strict)),
        ("MRK-aware strict provider", from_provider(aware)),
        ("master key", from_provider(AwsKmsMasterKey::new(client(), east).unwrap())),
    ]
}

/// All that finds the key by itself.
async fn discovering(
    place: &Place,
    filter: Option<DiscoveryFilter>,
) -> Vec<(&'static str, Arc<dyn Keyring>)> {
    let mut regions = DiscoveryRegions::new([WEST, EAST]);
    regions.filter = filter.clone();
    let keyring = AwsKmsDiscoveryKeyring::new(place.shared(EAST));
    let mrk_keyring = AwsKmsMrkDiscoveryKeyring::new(place.shared(EAST), EAST).unwrap();
    let provider = DiscoveryAwsKmsMasterKeyProvider::new(place.supplier());
    let aware = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(place.supplier(), None).await.unwrap();
    let supplier = place.supplier();
    let mut all: Vec<(&'static str, Arc<dyn Keyring>)> = vec![
        ("discovery multi", Arc::new(discovery_multi_keyring(&supplier, regions.clone()).await.unwrap())),
        ("MRK discovery multi", Arc::new(mrk_discovery_multi_keyring(&supplier, regions).await.unwrap())),
    ];
    match filter {
        None => all.extend([
            ("discovery keyring", Arc::new(keyring) as Arc<dyn Keyring>),
            ("MRK discovery keyring", Arc::new(mrk_keyring)),
            ("discovery provider", from_provider(provider)),
            ("MRK-aware discovery provider", from_provider(aware)),
        ]),
        Some(filter) => all.extend([
            ("discovery keyring", Arc::new(keyring.with_filter(filter.clone())) as Arc<dyn Keyring>),
            ("MRK discovery keyring", Arc::new(mrk_keyring.with_filter(filter.clone()))),
            ("discovery provider", from_provider(provider.with_filter(filter.clone()))),
            ("MRK-aware discovery provider", from_provider(aware.with_filter(filter))),
        ]),
    }
    all
}

fn reasons<T: std::fmt::Debug>(result: Result<T, MaterialsError>) -> Vec<KeyFailureReason> {
    match result {
        Err(MaterialsError::Unwrap(failures)) => failures.as_slice().iter().map(|f| f.reason).collect(),
        other => panic!("expected key failures, found {other:?}"),
    }
}

async fn wrapped(keyring: &Arc<dyn Keyring>, suite: &'static AlgorithmSuite) -> EncryptionMaterials {
    keyring.on_encrypt(EncryptionMaterials::new(suite, context())).await.unwrap()
}

async fn unwrapped(
    keyring: &Arc<dyn Keyring>,
    context: EncryptionContext,
    edks: &[EncryptedDataKey],
) -> Result<DecryptionMaterials, MaterialsError> {
    keyring.on_decrypt(DecryptionMaterials::new(SUITE, context), edks).await
}

#[tokio::test]
async fn data_keys_of_every_suite_are_made_and_found_again_by_all() {
    let place = Place::new();
    for (name, keyring) in encrypting(&place).await {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let made = wrapped(&keyring, suite).await;
            assert_eq!(made.data_key().unwrap().len(), suite.data_key_len());
            let first = &made.encrypted_data_keys()[0];
            assert_eq!(
                (first.provider_id.as_str(), &*first.provider_info),
                ("aws-kms", place.east.as_bytes())
            );
            let materials = DecryptionMaterials::new(suite, context());
            let found = keyring.on_decrypt(materials, made.encrypted_data_keys()).await.unwrap();
            assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()), "{name}");
        }
    }
}

#[tokio::test]
async fn whatever_one_writes_all_others_open() {
    let place = Place::new();
    let filter = || Some(DiscoveryFilter::new("aws", [ACCOUNT]));
    let mut openers = encrypting(&place).await;
    openers.extend(discovering(&place, None).await);
    openers.extend(discovering(&place, filter()).await);
    for (writer, keyring) in encrypting(&place).await {
        let message = sealed(&keyring).await;
        for (opener, keyring) in &openers {
            assert_eq!(opened(keyring, &message).await, Ok(()), "{writer} to {opener}");
        }
    }
}

#[tokio::test]
async fn a_filter_that_has_not_the_account_or_partition_opens_nothing_and_calls_nothing() {
    let place = Place::new();
    let message = sealed(&encrypting(&place).await[0].1).await;
    for filter in [DiscoveryFilter::new("aws", ["999999999999"]), DiscoveryFilter::new("aws-cn", [ACCOUNT])] {
        for (name, keyring) in discovering(&place, Some(filter.clone())).await {
            let error = opened(&keyring, &message).await.unwrap_err();
            assert!(error.contains("not a key of this message"), "{name}: {error}");
            assert!(error.contains("the message's KMS keys are arn:aws:kms:"), "{name}: {error}");
        }
        let watched = Watched::new(&place, EAST);
        let keyring = AwsKmsDiscoveryKeyring::new(Arc::new(watched.clone())).with_filter(filter);
        opened(&(Arc::new(keyring) as Arc<dyn Keyring>), &message).await.unwrap_err();
        assert!(watched.calls.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn discovery_never_encrypts() {
    let place = Place::new();
    for (name, keyring) in discovering(&place, None).await {
        let materials = EncryptionMaterials::new(SUITE, context());
        let error = keyring.on_encrypt(materials).await.unwrap_err();
        assert!(
            error.to_string().contains("see below what the key can do and what it needs"),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn strict_keyrings_refuse_other_keys_without_a_call() {
    let place = Place::new();
    let message = sealed(&encrypting(&place).await[0].1).await;
    let watched = Watched::new(&place, WEST);
    let shared: Arc<dyn waxseal_kms::KmsClient> = Arc::new(watched.clone());
    let strict = StrictAwsKmsMasterKeyProvider::new(watched.clone(), [&place.west]).unwrap();
    let aware = MrkAwareStrictAwsKmsMasterKeyProvider::new(watched.clone(), [&place.west]).unwrap();
    let others: [Arc<dyn Keyring>; 4] = [
        Arc::new(AwsKmsKeyring::new(shared.clone(), &place.west).unwrap()),
        Arc::new(AwsKmsMrkKeyring::new(shared, &place.west).unwrap()),
        from_provider(strict),
        from_provider(aware),
    ];
    for keyring in others {
        let error = opened(&keyring, &message).await.unwrap_err();
        assert!(error.contains("give a key that the message was encrypted for"), "{error}");
        assert!(error.contains(&place.east) && error.contains(&place.west), "{error}");
    }
    assert!(watched.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_context_and_changed_ciphertexts_are_rejected_by_kms() {
    let place = Place::new();
    let mut all = encrypting(&place).await;
    all.extend(discovering(&place, None).await);
    let made = wrapped(&all[0].1, SUITE).await;
    for (name, keyring) in all {
        let other = EncryptionContext::from([("tenant", "8")]);
        let found = unwrapped(&keyring, other, made.encrypted_data_keys()).await;
        assert!(reasons(found).contains(&KeyFailureReason::Rejected), "{name}");
        let mut changed = made.encrypted_data_keys().to_vec();
        *changed[0].ciphertext.last_mut().unwrap() ^= 1;
        let found = unwrapped(&keyring, context(), &changed).await;
        assert!(reasons(found).contains(&KeyFailureReason::Rejected), "{name}");
        changed.push(made.encrypted_data_keys()[0].clone());
        let found = unwrapped(&keyring, context(), &changed).await.unwrap();
        assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()), "{name}: the next one opens");
    }
}

#[tokio::test]
async fn a_data_key_of_another_length_is_refused() {
    let place = Place::new();
    let all = encrypting(&place).await;
    let made = wrapped(&all[0].1, AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256).await;
    for (name, keyring) in all.into_iter().chain(discovering(&place, None).await) {
        let found = unwrapped(&keyring, context(), made.encrypted_data_keys()).await;
        assert!(reasons(found).contains(&KeyFailureReason::Failed), "{name}");
    }
}

#[tokio::test]
async fn materials_with_a_data_key_are_not_decrypted_again() {
    let place = Place::new();
    for (name, keyring) in encrypting(&place).await.into_iter().chain(discovering(&place, None).await) {
        let mut materials = DecryptionMaterials::new(SUITE, context());
        materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
        let answer = keyring.on_decrypt(materials, &[]).await;
        assert!(matches!(answer, Err(MaterialsError::Illegal(_))), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_data_key_that_is_there_is_wrapped_and_not_replaced() {
    let place = Place::new();
    for (name, keyring) in encrypting(&place).await.into_iter().filter(|(name, _)| !name.contains("multi")) {
        let mut materials = EncryptionMaterials::new(SUITE, context());
        materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
        let answer = keyring.on_encrypt(materials).await.unwrap();
        let found = unwrapped(&keyring, context(), answer.encrypted_data_keys()).await.unwrap();
        assert!(found.data_key().unwrap().ct_eq(&SecretBytes::from([9; 32])), "{name}");
    }
}

#[tokio::test]
async fn data_keys_that_name_no_key_arn_fail_keyrings_and_are_passed_over_by_providers() {
    let place = Place::new();
    let all = encrypting(&place).await;
    let made = wrapped(&all[0].1, SUITE).await;
    for bad in ["", "alias/a", "arn:aws:kms:us-east-1:1:alias/a", "arn:aws:kms:us-east-1:1:key/", "\u{e4}"] {
        let edks = [EncryptedDataKey::new("aws-kms", bad, [1; 8]), made.encrypted_data_keys()[0].clone()];
        for (name, keyring) in all.iter().cloned().chain(discovering(&place, None).await) {
            let found = unwrapped(&keyring, context(), &edks).await;
            match name.contains("keyring") || name.contains("multi") {
                true => assert!(reasons(found).contains(&KeyFailureReason::Malformed), "{name} {bad:?}"),
                false => assert!(found.is_ok(), "{name} {bad:?}: {found:?}"),
            }
        }
    }
}

#[tokio::test]
async fn multi_region_keys_open_where_the_replica_is() {
    let place = Place::new();
    let east: Arc<dyn Keyring> =
        Arc::new(AwsKmsMrkKeyring::new(place.shared(EAST), &place.mrk_east).unwrap());
    let message = sealed(&east).await;
    let strict = |id: &str| MrkAwareStrictAwsKmsMasterKeyProvider::new(place.supplier(), [id]).unwrap();
    let discovery =
        MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(place.supplier(), Some(WEST)).await.unwrap();
    let regions = DiscoveryRegions::new([WEST]);
    let in_west: [(&str, Arc<dyn Keyring>); 5] = [
        ("keyring", Arc::new(AwsKmsMrkKeyring::new(place.shared(WEST), &place.mrk_west).unwrap())),
        ("strict", from_provider(strict(&place.mrk_west))),
        ("discovery", from_provider(discovery)),
        ("discovery keyring", Arc::new(AwsKmsMrkDiscoveryKeyring::new(place.shared(WEST), WEST).unwrap())),
        ("multi", Arc::new(mrk_discovery_multi_keyring(&place.supplier(), regions).await.unwrap())),
    ];
    for (name, keyring) in in_west {
        assert_eq!(opened(&keyring, &message).await, Ok(()), "{name}");
    }
    let exact: [Arc<dyn Keyring>; 2] = [
        Arc::new(AwsKmsKeyring::new(place.shared(WEST), &place.mrk_west).unwrap()),
        from_provider(StrictAwsKmsMasterKeyProvider::new(place.supplier(), [&place.mrk_west]).unwrap()),
    ];
    for keyring in exact {
        assert!(opened(&keyring, &message).await.unwrap_err().contains("not a key of this message"));
    }
}

#[tokio::test]
async fn a_multi_region_discovery_calls_only_its_region_for_other_keys() {
    let place = Place::new();
    let watched = Watched::new(&place, WEST);
    let keyring = AwsKmsMrkDiscoveryKeyring::new(Arc::new(watched.clone()), WEST).unwrap();
    let message = sealed(&encrypting(&place).await[0].1).await;
    let error = opened(&(Arc::new(keyring) as Arc<dyn Keyring>), &message).await.unwrap_err();
    assert!(error.contains("KMS discovery in us-west-2"), "{error}");
    assert!(watched.calls.lock().unwrap().is_empty());
    let mismatch = AwsKmsMrkDiscoveryKeyring::new(place.shared(EAST), WEST);
    assert!(matches!(mismatch, Err(AwsKmsError::RegionMismatch { .. })));
    assert!(matches!(AwsKmsMrkDiscoveryKeyring::new(place.shared(EAST), ""), Err(AwsKmsError::EmptyRegion)));
}

#[tokio::test]
async fn aliases_and_bare_ids_encrypt_and_say_why_they_do_not_decrypt() {
    let place = Place::new();
    let bare = place.east.rsplit('/').next().unwrap();
    let alias_arn = format!("arn:aws:kms:{EAST}:{ACCOUNT}:alias/east");
    for (id, form) in [("alias/east", "an alias"), (bare, "a bare key id"), (&alias_arn, "an alias ARN")] {
        let strict = StrictAwsKmsMasterKeyProvider::new(place.supplier(), [id]).unwrap();
        let keyrings: [Arc<dyn Keyring>; 3] = [
            Arc::new(AwsKmsKeyring::new(place.shared(EAST), id).unwrap()),
            Arc::new(AwsKmsMrkKeyring::new(place.shared(EAST), id).unwrap()),
            from_provider(strict),
        ];
        for keyring in keyrings {
            let message = sealed(&keyring).await;
            let error = opened(&keyring, &message).await.unwrap_err();
            assert!(
                error.contains(&format!("{id} is {form}")) && error.contains("give the key ARN"),
                "{error}"
            );
            assert_eq!(opened(&encrypting(&place).await[0].1, &message).await, Ok(()));
        }
    }
}

#[tokio::test]
async fn grant_tokens_go_with_every_call() {
    let place = Place::new();
    let tokens = vec!["a-token".to_owned()];
    let watched = Watched::new(&place, EAST);
    let shared: Arc<dyn waxseal_kms::KmsClient> = Arc::new(watched.clone());
    let strict = StrictAwsKmsMasterKeyProvider::new(watched.clone(), [&place.east, &place.west]).unwrap();
    let discovery = DiscoveryAwsKmsMasterKeyProvider::new(watched.clone());
    let mut keys = AwsKmsKeys::with_generator(&place.east).with_child(&place.west);
    keys.grant_tokens = tokens.clone();
    let writers: [Arc<dyn Keyring>; 3] = [
        Arc::new(AwsKmsKeyring::new(shared.clone(), &place.east).unwrap().with_grant_tokens(tokens.clone())),
        Arc::new(multi_keyring(&watched, keys).await.unwrap()),
        from_provider(strict.with_grant_tokens(tokens.clone())),
    ];
    let readers: [Arc<dyn Keyring>; 2] = [
        Arc::new(AwsKmsDiscoveryKeyring::new(shared).with_grant_tokens(tokens.clone())),
        from_provider(discovery.with_grant_tokens(tokens.clone())),
    ];
    for writer in &writers {
        let message = sealed(writer).await;
        for reader in writers.iter().take(1).chain(&readers) {
            assert_eq!(opened(reader, &message).await, Ok(()));
        }
    }
    let calls = watched.calls.lock().unwrap();
    for operation in ["GenerateDataKey", "Encrypt", "Decrypt"] {
        assert!(calls.iter().any(|(call, _)| call.starts_with(operation)), "{calls:?}");
    }
    assert!(calls.iter().all(|(_, sent)| *sent == tokens), "{calls:?}");
}

#[tokio::test]
async fn every_keys_own_failure_is_kept_and_the_first_line_says_what_to_do() {
    let place = Place::new();
    let keys = || AwsKmsKeys::with_generator(&place.east).with_child(&place.west);
    let both: Arc<dyn Keyring> = Arc::new(multi_keyring(&place.supplier(), keys()).await.unwrap());
    let message = sealed(&both).await;
    let nobody = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "kms:Decrypt", "Resource": "*"}]});
    place.call(WEST, "DisableKey", &json!({"KeyId": place.west}));
    let policy = json!({"KeyId": place.east, "PolicyName": "default", "Policy": nobody.to_string(),
        "BypassPolicyLockoutSafetyCheck": true});
    place.call(EAST, "PutKeyPolicy", &policy);
    let error = opened(&both, &message).await.unwrap_err();
    let lines: Vec<&str> = error.lines().collect();
    assert!(lines[0].ends_with("check the permissions on the key"), "{error}");
    assert!(lines[1].contains(&place.east) && lines[1].contains("AccessDeniedException"), "{error}");
    assert!(lines[2].contains(&place.west) && lines[2].contains("DisabledException"), "{error}");
}

#[tokio::test]
async fn providers_are_asked_for_keys_by_id_too() {
    let place = Place::new();
    let strict =
        StrictAwsKmsMasterKeyProvider::new(place.supplier(), [place.east.as_str(), "alias/east"]).unwrap();
    assert!(strict.can_provide("aws-kms") && !strict.can_provide("aws-kms-rsa"));
    assert_eq!(strict.master_key(&place.east).await.unwrap().key_id(), place.east);
    assert_eq!(strict.master_key("alias/east").await.unwrap().key_id(), "alias/east");
    assert!(strict.master_key(&place.west).await.is_err() && strict.master_key("not a key/").await.is_err());

    let aware = MrkAwareStrictAwsKmsMasterKeyProvider::new(place.supplier(), [&place.mrk_west]).unwrap();
    assert_eq!(aware.master_key(&place.mrk_east).await.unwrap().key_id(), place.mrk_west);

    let discovery = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(place.supplier(), None).await.unwrap();
    assert_eq!(discovery.master_key(&place.mrk_west).await.unwrap().key_id(), place.mrk_east);
    assert_eq!(discovery.master_key(&place.west).await.unwrap().key_id(), place.west);
    assert!(discovery.master_key("alias/east").await.is_err());
    assert!(discovery.master_keys_for_encryption(&context()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_set_up_says_why() {
    let place = Place::new();
    let supplier = place.supplier();
    let keys = |id: &str| AwsKmsKeys::with_generator(id);
    assert!(matches!(
        multi_keyring(&supplier, AwsKmsKeys::default()).await,
        Err(AwsKmsError::Nothing("key"))
    ));
    let error = multi_keyring(&supplier, keys("alias/east")).await.unwrap_err();
    assert!(error.to_string().contains("\"alias/east\" is an alias; a multi keyring needs ARNs"), "{error}");
    let replicas = keys(&place.mrk_east).with_child(&place.mrk_west);
    let related = mrk_multi_keyring(&supplier, replicas.clone()).await;
    assert!(matches!(related, Err(AwsKmsError::RelatedMultiRegionKeys(_))));
    assert!(multi_keyring(&supplier, replicas).await.is_ok());
    let regions = |regions: &[&str]| DiscoveryRegions::new(regions.iter().copied());
    let none = discovery_multi_keyring(&supplier, regions(&[])).await;
    assert!(matches!(none, Err(AwsKmsError::Nothing("region"))));
    let empty = mrk_discovery_multi_keyring(&supplier, regions(&[EAST, ""])).await;
    assert!(matches!(empty, Err(AwsKmsError::EmptyRegion)));
    let wrong = AwsKmsKeyring::new(place.shared(EAST), "arn:aws:kms:us-east-1:1:grant/1").unwrap_err();
    assert!(wrong.to_string().contains("neither \"key\" nor \"alias\""), "{wrong}");
}

//! The default materials manager, and the one that requires context keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::*;
use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials,
    DefaultCmm, EncryptionMaterials, EncryptionMaterialsRequest, Keyring, MaterialsError,
    PUBLIC_KEY_CONTEXT_KEY, RawMasterKey, RequiredEncryptionContextCmm, async_trait,
};

const SIGNING: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;

fn cmm(crypto: Crypto) -> DefaultCmm {
    DefaultCmm::new(crypto, aes(crypto, "ns", "key", 1))
}

fn request(suite: Option<&'static AlgorithmSuite>) -> EncryptionMaterialsRequest {
    let mut request = EncryptionMaterialsRequest::default();
    request.encryption_context = context();
    request.suite = suite;
    if suite.is_some_and(|suite| !suite.commits()) {
        request.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
    }
    request
}

/// What a message that was encrypted with `materials` asks for.
fn message_request(materials: &EncryptionMaterials) -> DecryptMaterialsRequest {
    let mut stored = materials.encryption_context().clone();
    stored.retain(|key, _| !materials.required_context_keys().contains(key));
    let edks = materials.encrypted_data_keys().to_vec();
    let mut request = DecryptMaterialsRequest::new(materials.suite(), edks, stored);
    if !materials.suite().commits() {
        request.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    }
    request
}

fn keys(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

#[test]
fn every_suite_goes_there_and_back() {
    each_provider(|crypto| {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let encrypted = ready(cmm(crypto).get_encryption_materials(request(Some(suite)))).unwrap();
            encrypted.check_complete().unwrap();
            assert_eq!(encrypted.suite(), suite);
            let found = ready(cmm(crypto).decrypt_materials(message_request(&encrypted))).unwrap();
            found.check_complete().unwrap();
            assert!(found.data_key().unwrap().ct_eq(encrypted.data_key().unwrap()));
            assert_eq!(found.encryption_context(), encrypted.encryption_context());
            let public = encrypted.signing_key().map(|key| key.public_key());
            assert_eq!(found.verification_key(), public.as_deref());
        }
    });
}

#[test]
fn the_public_key_stands_in_the_context_of_signing_suites_alone() {
    each_provider(|crypto| {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let encrypted = ready(cmm(crypto).get_encryption_materials(request(Some(suite)))).unwrap();
            let stored = encrypted.encryption_context().get(PUBLIC_KEY_CONTEXT_KEY);
            assert_eq!(stored.is_some(), suite.signs());
            if let (Some(text), Some(algorithm)) = (stored, suite.signature) {
                let point = STANDARD.decode(text).unwrap();
                assert_eq!(point.len(), algorithm.compressed_point_len());
                assert_eq!(point, encrypted.signing_key().unwrap().public_key());
            }
        }
    });
}

#[test]
fn every_message_has_a_signing_key_of_its_own() {
    each_provider(|crypto| {
        let public = || {
            let made = ready(cmm(crypto).get_encryption_materials(request(Some(SIGNING)))).unwrap();
            made.signing_key().unwrap().public_key()
        };
        assert_ne!(public(), public());
    });
}

#[test]
fn without_a_suite_the_policy_chooses() {
    each_provider(|crypto| {
        for policy in CommitmentPolicy::ALL {
            let mut request = request(None);
            request.commitment_policy = policy;
            let made = ready(cmm(crypto).get_encryption_materials(request)).unwrap();
            assert_eq!(made.suite(), policy.default_suite());
        }
    });
}

#[test]
fn the_policy_refuses_suites_both_ways() {
    let plain = AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256;
    each_provider(|crypto| {
        for (suite, policy) in [
            (plain, CommitmentPolicy::RequireEncryptRequireDecrypt),
            (plain, CommitmentPolicy::RequireEncryptAllowDecrypt),
            (SUITE, CommitmentPolicy::ForbidEncryptAllowDecrypt),
        ] {
            let mut request = request(Some(suite));
            request.commitment_policy = policy;
            let refused = ready(cmm(crypto).get_encryption_materials(request));
            assert!(matches!(refused, Err(MaterialsError::CommitmentPolicy { .. })));
        }
        let encrypted = ready(cmm(crypto).get_encryption_materials(request(Some(plain)))).unwrap();
        let mut message = message_request(&encrypted);
        message.commitment_policy = CommitmentPolicy::RequireEncryptRequireDecrypt;
        let refused = ready(cmm(crypto).decrypt_materials(message));
        assert!(matches!(refused, Err(MaterialsError::CommitmentPolicy { .. })));
    });
}

#[test]
fn reserved_context_keys_are_refused() {
    each_provider(|crypto| {
        for key in [PUBLIC_KEY_CONTEXT_KEY, "aws-crypto-", "aws-crypto-anything"] {
            for suite in [SUITE, SIGNING] {
                let mut request = request(Some(suite));
                request.encryption_context.insert(key.to_owned(), "value".to_owned());
                let refused = ready(cmm(crypto).get_encryption_materials(request));
                assert!(matches!(refused, Err(MaterialsError::ReservedContextKey(found)) if found == key));
            }
        }
        let mut request = request(Some(SIGNING));
        request.encryption_context.insert("aws-cryptography".to_owned(), "value".to_owned());
        ready(cmm(crypto).get_encryption_materials(request)).unwrap();
    });
}

#[test]
fn required_keys_come_with_the_materials_and_must_be_in_the_context() {
    each_provider(|crypto| {
        let mut asked = request(Some(SIGNING));
        asked.required_context_keys = keys(&["tenant"]);
        let made = ready(cmm(crypto).get_encryption_materials(asked.clone())).unwrap();
        assert_eq!(*made.required_context_keys(), keys(&["tenant"]));
        for missing in ["absent", PUBLIC_KEY_CONTEXT_KEY] {
            asked.required_context_keys = keys(&["tenant", missing]);
            let refused = ready(cmm(crypto).get_encryption_materials(asked.clone()));
            assert!(matches!(refused, Err(MaterialsError::ContextKeyMissing(key)) if key == missing));
        }
    });
}

#[test]
fn pairs_that_were_not_stored_must_be_given_again() {
    each_provider(|crypto| {
        let mut asked = request(Some(SIGNING));
        asked.required_context_keys = keys(&["tenant"]);
        let made = ready(cmm(crypto).get_encryption_materials(asked)).unwrap();
        let without = message_request(&made);
        assert!(!reasons(ready(cmm(crypto).decrypt_materials(without.clone()))).is_empty());

        let mut with = without.clone();
        with.reproduced_context = EncryptionContext::from([("tenant", "7"), ("purpose", "backup")]);
        let found = ready(cmm(crypto).decrypt_materials(with)).unwrap();
        assert_eq!(found.encryption_context(), made.encryption_context());
        assert_eq!(*found.required_context_keys(), keys(&["tenant"]));

        let mut wrong = without;
        wrong.reproduced_context = EncryptionContext::from([("tenant", "8")]);
        assert!(!reasons(ready(cmm(crypto).decrypt_materials(wrong))).is_empty());
    });
}

#[test]
fn a_mismatch_names_the_key() {
    each_provider(|crypto| {
        let made = ready(cmm(crypto).get_encryption_materials(request(Some(SUITE)))).unwrap();
        let mut message = message_request(&made);
        message.reproduced_context = EncryptionContext::from([("purpose", "backup"), ("tenant", "8")]);
        let refused = ready(cmm(crypto).decrypt_materials(message));
        assert!(matches!(refused, Err(MaterialsError::ContextMismatch(key)) if key == "tenant"));
    });
}

#[test]
fn a_reproduced_pair_may_not_bring_a_reserved_key_in() {
    each_provider(|crypto| {
        let made = ready(cmm(crypto).get_encryption_materials(request(Some(SUITE)))).unwrap();
        let mut message = message_request(&made);
        message.reproduced_context = EncryptionContext::from([(PUBLIC_KEY_CONTEXT_KEY, "x")]);
        let refused = ready(cmm(crypto).decrypt_materials(message));
        assert!(matches!(refused, Err(MaterialsError::ReservedContextKey(_))));

        let signed = ready(cmm(crypto).get_encryption_materials(request(Some(SIGNING)))).unwrap();
        let mut message = message_request(&signed);
        message.reproduced_context = signed.encryption_context().clone();
        assert!(ready(cmm(crypto).decrypt_materials(message)).unwrap().required_context_keys().is_empty());
    });
}

#[test]
fn a_public_key_that_is_missing_or_out_of_place_is_refused() {
    each_provider(|crypto| {
        let plain = ready(cmm(crypto).get_encryption_materials(request(Some(SUITE)))).unwrap();
        let mut out_of_place = message_request(&plain);
        let text = STANDARD.encode([2; 49]);
        out_of_place.encryption_context.insert(PUBLIC_KEY_CONTEXT_KEY.to_owned(), text);
        let signed = ready(cmm(crypto).get_encryption_materials(request(Some(SIGNING)))).unwrap();
        let mut missing = message_request(&signed);
        let taken = missing.encryption_context.remove(PUBLIC_KEY_CONTEXT_KEY).unwrap();
        let mut only_reproduced = missing.clone();
        only_reproduced.reproduced_context.insert(PUBLIC_KEY_CONTEXT_KEY.to_owned(), taken);
        for message in [out_of_place, missing, only_reproduced] {
            let refused = ready(cmm(crypto).decrypt_materials(message));
            assert!(matches!(refused, Err(MaterialsError::VerificationKey(_))), "{refused:?}");
        }
    });
}

#[test]
fn a_public_key_that_is_none_is_refused() {
    let uncompressed = [vec![4], vec![1; 96]].concat();
    let wrong = [STANDARD.encode([2; 33]), STANDARD.encode([4; 49]), STANDARD.encode(uncompressed)];
    each_provider(|crypto| {
        let signed = ready(cmm(crypto).get_encryption_materials(request(Some(SIGNING)))).unwrap();
        for text in wrong.iter().map(String::as_str).chain(["", "no base64!", "AgIC"]) {
            let mut message = message_request(&signed);
            message.encryption_context.insert(PUBLIC_KEY_CONTEXT_KEY.to_owned(), text.to_owned());
            let refused = ready(cmm(crypto).decrypt_materials(message));
            assert!(matches!(refused, Err(MaterialsError::VerificationKey(_))), "{text}: {refused:?}");
        }
    });
}

/// A keyring that returns materials of its own making.
struct Careless {
    encrypt: fn(EncryptionMaterials) -> Result<EncryptionMaterials, MaterialsError>,
    decrypt: fn(DecryptionMaterials) -> Result<DecryptionMaterials, MaterialsError>,
}

impl std::fmt::Debug for Careless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Careless")
    }
}

#[async_trait]
impl Keyring for Careless {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        (self.encrypt)(materials)
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        _encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        (self.decrypt)(materials)
    }
}

fn filled(mut materials: EncryptionMaterials) -> EncryptionMaterials {
    materials.set_data_key(SecretBytes::zeroed(32)).unwrap();
    materials.add_encrypted_data_key(EncryptedDataKey::new("p", "i", "c")).unwrap();
    materials
}

fn encrypt_with(
    crypto: Crypto,
    encrypt: fn(EncryptionMaterials) -> Result<EncryptionMaterials, MaterialsError>,
) -> Result<EncryptionMaterials, MaterialsError> {
    let cmm = DefaultCmm::new(crypto, Careless { encrypt, decrypt: Ok });
    let mut request = request(Some(SIGNING));
    request.required_context_keys = keys(&["tenant"]);
    ready(cmm.get_encryption_materials(request))
}

#[test]
fn a_keyring_that_changes_or_forgets_something_on_encrypt_is_caught() {
    each_provider(|crypto| {
        encrypt_with(crypto, |materials| Ok(filled(materials))).unwrap();
        let same = |m: &EncryptionMaterials| (m.suite(), m.encryption_context().clone());
        let careless: [fn(EncryptionMaterials) -> Result<EncryptionMaterials, MaterialsError>; 7] = [
            Ok,
            |mut materials| materials.set_data_key(SecretBytes::zeroed(32)).map(|()| materials),
            |materials| Ok(filled(EncryptionMaterials::new(SUITE, materials.encryption_context().clone()))),
            |materials| Ok(filled(EncryptionMaterials::new(materials.suite(), EncryptionContext::new()))),
            |materials| {
                let bare =
                    EncryptionMaterials::new(materials.suite(), materials.encryption_context().clone());
                bare.with_signing_key(materials.signing_key().unwrap().clone()).map(filled)
            },
            |materials| {
                let bare =
                    EncryptionMaterials::new(materials.suite(), materials.encryption_context().clone());
                bare.with_required_context_keys(materials.required_context_keys().clone()).map(filled)
            },
            |materials| {
                let other =
                    EncryptionMaterials::new(materials.suite(), materials.encryption_context().clone());
                let key =
                    waxseal_native::provider().signatures.generate(materials.suite().signature.unwrap());
                let other = other.with_signing_key(Arc::from(key?))?;
                other.with_required_context_keys(materials.required_context_keys().clone()).map(filled)
            },
        ];
        for (index, encrypt) in careless.into_iter().enumerate() {
            let refused = encrypt_with(crypto, encrypt);
            assert!(matches!(refused, Err(MaterialsError::Illegal(_))), "{index}: {refused:?}");
        }
        let rebuilt = encrypt_with(crypto, |materials| {
            let copy = EncryptionMaterials::new(materials.suite(), materials.encryption_context().clone());
            let copy = copy.with_signing_key(materials.signing_key().unwrap().clone())?;
            copy.with_required_context_keys(materials.required_context_keys().clone()).map(filled)
        });
        assert_eq!(same(&rebuilt.unwrap()).0, SIGNING, "the same materials made anew are fine");
    });
}

#[test]
fn a_keyring_that_changes_or_forgets_something_on_decrypt_is_caught() {
    let careless: [fn(DecryptionMaterials) -> Result<DecryptionMaterials, MaterialsError>; 6] = [
        Ok,
        |materials| {
            let context = materials.encryption_context().clone();
            let mut bare = DecryptionMaterials::new(materials.suite(), context);
            bare.set_data_key(SecretBytes::zeroed(32)).map(|()| bare)
        },
        |materials| {
            let mut other = DecryptionMaterials::new(SUITE, materials.encryption_context().clone());
            other.set_data_key(SecretBytes::zeroed(32)).map(|()| other)
        },
        |materials| {
            let other = DecryptionMaterials::new(materials.suite(), EncryptionContext::new());
            let mut other = other.with_verification_key(materials.verification_key().unwrap().to_vec())?;
            other.set_data_key(SecretBytes::zeroed(32)).map(|()| other)
        },
        |materials| {
            let other = DecryptionMaterials::new(materials.suite(), materials.encryption_context().clone());
            let mut other = other.with_verification_key(vec![2; 49])?;
            other.set_data_key(SecretBytes::zeroed(32)).map(|()| other)
        },
        |materials| {
            let mut other = materials.with_required_context_keys(keys(&["tenant"]))?;
            other.set_data_key(SecretBytes::zeroed(32)).map(|()| other)
        },
    ];
    each_provider(|crypto| {
        let signed = ready(cmm(crypto).get_encryption_materials(request(Some(SIGNING)))).unwrap();
        for (index, decrypt) in careless.into_iter().enumerate() {
            let cmm = DefaultCmm::new(crypto, Careless { encrypt: Ok, decrypt });
            let refused = ready(cmm.decrypt_materials(message_request(&signed)));
            assert!(matches!(refused, Err(MaterialsError::Illegal(_))), "{index}: {refused:?}");
        }
    });
}

#[test]
fn required_context_is_asked_for_both_ways_and_not_stored() {
    each_provider(|crypto| {
        let keyring = aes(crypto, "ns", "key", 1);
        let cmm = RequiredEncryptionContextCmm::with_keyring(["tenant"], crypto, keyring);
        let made = ready(cmm.get_encryption_materials(request(Some(SIGNING)))).unwrap();
        assert_eq!(*made.required_context_keys(), keys(&["tenant"]));

        let mut message = message_request(&made);
        assert!(!message.encryption_context.contains_key("tenant"));
        let refused = ready(cmm.decrypt_materials(message.clone()));
        assert!(matches!(refused, Err(MaterialsError::ContextKeyMissing(key)) if key == "tenant"));
        message.reproduced_context = EncryptionContext::from([("tenant", "7")]);
        let found = ready(cmm.decrypt_materials(message)).unwrap();
        assert_eq!(found.encryption_context(), made.encryption_context());

        let mut without = request(Some(SIGNING));
        without.encryption_context.remove("tenant");
        let refused = ready(cmm.get_encryption_materials(without));
        assert!(matches!(refused, Err(MaterialsError::ContextKeyMissing(key)) if key == "tenant"));
    });
}

#[test]
fn context_is_required_over_a_master_key_provider_too() {
    each_provider(|crypto| {
        let key = RawMasterKey::aes(crypto, "ns", "key", [1; 32].into()).unwrap();
        let over_provider = RequiredEncryptionContextCmm::with_master_key_provider(["tenant"], crypto, key);
        let made = ready(over_provider.get_encryption_materials(request(Some(SIGNING)))).unwrap();
        let mut message = message_request(&made);
        assert!(ready(over_provider.decrypt_materials(message.clone())).is_err());
        message.reproduced_context = EncryptionContext::from([("tenant", "7")]);
        let keyring = aes(crypto, "ns", "key", 1);
        let over_keyring = RequiredEncryptionContextCmm::with_keyring(["tenant"], crypto, keyring);
        for cmm in [&over_provider, &over_keyring] {
            let found = ready(cmm.decrypt_materials(message.clone())).unwrap();
            assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()));
        }
    });
}

/// Forgets the caller's required keys and pairs.
#[derive(Debug)]
struct Forgetful(Arc<dyn CryptographicMaterialsManager>);

#[async_trait]
impl CryptographicMaterialsManager for Forgetful {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        request.required_context_keys.clear();
        self.0.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        mut request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        request.reproduced_context = EncryptionContext::new();
        self.0.decrypt_materials(request).await
    }
}

#[test]
fn a_manager_underneath_that_forgets_required_keys_is_caught() {
    each_provider(|crypto| {
        let over = RequiredEncryptionContextCmm::new(["tenant"], Forgetful(Arc::new(cmm(crypto))));
        let refused = ready(over.get_encryption_materials(request(Some(SUITE))));
        assert!(matches!(refused, Err(MaterialsError::Illegal(_))));

        let mut asked = request(Some(SUITE));
        asked.encryption_context.remove("tenant");
        let refused = ready(over.get_encryption_materials(asked.clone()));
        assert!(matches!(refused, Err(MaterialsError::ContextKeyMissing(_))));
        let made = ready(cmm(crypto).get_encryption_materials(asked)).unwrap();
        let mut message = message_request(&made);
        message.reproduced_context = EncryptionContext::from([("tenant", "7")]);
        let refused = ready(over.decrypt_materials(message));
        assert!(matches!(refused, Err(MaterialsError::ContextKeyMissing(_))));
    });
}

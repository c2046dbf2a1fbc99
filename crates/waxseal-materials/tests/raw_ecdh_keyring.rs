//! The raw ECDH keyring: its schemas, its keys, and what stands in its data keys.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use support::*;
use waxseal_crypto::{EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyError, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{KeyFailureReason, MaterialsError, RawEcdhKeyring, RawEcdhSchema};

use EcdhCurveSpec::{P256, P384};

fn static_keyring(
    crypto: Crypto,
    sender_private_key: EcPrivateKey,
    recipient_public_key: EcPublicKey,
) -> RawEcdhKeyring {
    let curve = sender_private_key.curve();
    let schema = RawEcdhSchema::RawPrivateKeyToStaticPublicKey { sender_private_key, recipient_public_key };
    RawEcdhKeyring::new(crypto, curve, schema).unwrap()
}

fn ephemeral(crypto: Crypto, recipient_public_key: EcPublicKey) -> RawEcdhKeyring {
    let curve = recipient_public_key.curve();
    let schema = RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key };
    RawEcdhKeyring::new(crypto, curve, schema).unwrap()
}

fn discovery(crypto: Crypto, recipient_private_key: EcPrivateKey) -> RawEcdhKeyring {
    let curve = recipient_private_key.curve();
    RawEcdhKeyring::new(crypto, curve, RawEcdhSchema::PublicKeyDiscovery { recipient_private_key }).unwrap()
}

fn copy(key: &EcPrivateKey) -> EcPrivateKey {
    EcPrivateKey::from_der(key.to_der().unwrap().expose()).unwrap()
}

/// The other provider.
fn other(crypto: Crypto) -> Crypto {
    let native = waxseal_native::provider();
    if crypto.name == native.name { waxseal_rustcrypto::provider() } else { native }
}

#[test]
fn what_one_party_sends_both_and_the_recipients_discovery_open() {
    each_provider(|crypto| {
        for curve in EcdhCurveSpec::ALL.iter().copied() {
            let (alice, bob) = (ecdh_key(crypto, curve), ecdh_key(crypto, curve));
            let (alices, bobs) = (ecdh_public(crypto, &alice), ecdh_public(crypto, &bob));
            let from_alice = static_keyring(crypto, copy(&alice), bobs);
            let from_bob = static_keyring(other(crypto), copy(&bob), alices);
            let (to_alice, to_bob) = (discovery(crypto, alice), discovery(other(crypto), bob));

            let sent = encrypt(&from_alice, SUITE);
            for keyring in [&from_alice, &from_bob, &to_bob] {
                assert_opens(keyring, &sent);
            }
            let found = decrypt(&to_alice, SUITE, context(), sent.encrypted_data_keys());
            assert_eq!(reasons(found), [KeyFailureReason::NotMine]);
        }
    });
}

#[test]
fn a_fresh_sender_is_opened_by_the_recipient_alone() {
    each_provider(|crypto| {
        let (bob, eve) = (ecdh_key(crypto, P384), ecdh_key(crypto, P384));
        let bobs = ecdh_public(crypto, &bob);
        let keyring = ephemeral(crypto, bobs.clone());
        let (first, second) = (encrypt(&keyring, SUITE), encrypt(&keyring, SUITE));
        let infos = [&first, &second].map(|sent| &sent.encrypted_data_keys()[0].provider_info);
        assert_ne!(infos[0], infos[1], "the same sender twice");
        assert_opens(&discovery(other(crypto), copy(&bob)), &first);
        for stranger in [discovery(crypto, copy(&eve)), static_keyring(crypto, eve, bobs)] {
            let found = decrypt(&stranger, SUITE, context(), first.encrypted_data_keys());
            assert_eq!(reasons(found), [KeyFailureReason::NotMine]);
        }
    });
}

#[test]
fn a_data_key_of_aws_kms_is_opened_too() {
    each_provider(|crypto| {
        let bob = ecdh_key(crypto, P256);
        let sent = encrypt(&ephemeral(crypto, ecdh_public(crypto, &bob)), SUITE);
        let mut edks = sent.encrypted_data_keys().to_vec();
        edks[0].provider_id = "aws-kms-ecdh".into();
        let found = decrypt(&discovery(crypto, bob), SUITE, context(), &edks).unwrap();
        assert!(found.data_key().unwrap().ct_eq(sent.data_key().unwrap()));
    });
}

#[test]
fn a_schema_does_its_half_alone() {
    each_provider(|crypto| {
        let bob = ecdh_key(crypto, P256);
        let encrypts = ephemeral(crypto, ecdh_public(crypto, &bob));
        let decrypts = discovery(crypto, bob);
        let sent = encrypt(&encrypts, SUITE);
        let found = decrypt(&encrypts, SUITE, context(), sent.encrypted_data_keys());
        assert_eq!(reasons(found), [KeyFailureReason::Unsupported]);
        let materials = waxseal_materials::EncryptionMaterials::new(SUITE, context());
        let error = ready(waxseal_materials::Keyring::on_encrypt(&decrypts, materials)).unwrap_err();
        assert!(
            matches!(error, MaterialsError::Wrap(failure) if failure.reason == KeyFailureReason::Unsupported)
        );
    });
}

#[test]
fn a_data_key_has_the_published_layout() {
    each_provider(|crypto| {
        for curve in EcdhCurveSpec::ALL.iter().copied() {
            let recipient = ecdh_public(crypto, &ecdh_key(crypto, curve));
            let edk = encrypt(&ephemeral(crypto, recipient.clone()), SUITE).encrypted_data_keys()[0].clone();
            let len = curve.compressed_point_len();
            let info = &edk.provider_info;
            assert_eq!(edk.provider_id, "raw-ecdh");
            assert_eq!(info.len(), 1 + 4 + len + 4 + len);
            assert_eq!(info[..5], [&[1, 0, 0, 0], [u8::try_from(len).unwrap()].as_slice()].concat());
            assert_eq!(info[5..5 + len], recipient.to_compressed());
            assert_eq!(edk.ciphertext.len(), 32 + 32 + SUITE.data_key_len() + 16);
        }
    });
}

/// Data keys of each schema and curve, wrapped by the Python material providers library.
#[test]
fn data_keys_of_the_python_library_open() {
    let answers: serde_json::Value = serde_json::from_str(include_str!("answers/ecdh.json")).unwrap();
    each_provider(|crypto| {
        for answer in answers.as_array().unwrap() {
            let text = |name: &str| answer[name].as_str().unwrap();
            let key = EcPrivateKey::from_pem(text("privateKey").as_bytes()).unwrap();
            let keyring = match answer["otherPublicKey"].as_str() {
                Some(public) => static_keyring(crypto, key, EcPublicKey::from_der(&base64(public)).unwrap()),
                None => discovery(crypto, key),
            };
            let suite = AlgorithmSuite::from_name(text("algorithmSuiteId")).unwrap();
            let context: EncryptionContext = serde_json::from_value::<
                std::collections::BTreeMap<String, String>,
            >(answer["encryptionContext"].clone())
            .unwrap()
            .into();
            let edk = EncryptedDataKey::new(
                text("keyProviderId"),
                base64(text("keyProviderInfo")),
                base64(text("ciphertext")),
            );
            let found = decrypt(&keyring, suite, context, &[edk]).unwrap();
            let expected = SecretBytes::from(base64(text("plaintextDataKey")));
            assert!(found.data_key().unwrap().ct_eq(&expected), "{}", text("name"));
        }
    });
}

#[test]
fn a_sender_that_is_no_point_is_told() {
    each_provider(|crypto| {
        let bob = ecdh_key(crypto, P256);
        let mut edk =
            encrypt(&ephemeral(crypto, ecdh_public(crypto, &bob)), SUITE).encrypted_data_keys()[0].clone();
        let keyring = discovery(crypto, bob);
        for start in [0, 4, 2] {
            edk.provider_info[42] = start;
            edk.provider_info[43..].fill(0xff);
            let found = decrypt(&keyring, SUITE, context(), &[edk.clone()]);
            assert_eq!(reasons(found), [KeyFailureReason::Malformed], "{start}");
        }
    });
}

#[test]
fn keys_of_another_curve_and_no_keys_are_refused() {
    each_provider(|crypto| {
        let (bob, alice) = (ecdh_key(crypto, P384), ecdh_key(crypto, P256));
        let bobs = ecdh_public(crypto, &bob);
        let curve = KeyError::Curve { found: P384, expected: P256 };
        let off = EcPublicKey::from_sec1(P256, &[[4].as_slice(), &[7; 64]].concat()).unwrap();
        let zero = EcPrivateKey::from_scalar(P256, SecretBytes::zeroed(32)).unwrap();
        let schemas = [
            (RawEcdhSchema::PublicKeyDiscovery { recipient_private_key: bob }, &curve),
            (
                RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key: bobs.clone() },
                &curve,
            ),
            (
                RawEcdhSchema::RawPrivateKeyToStaticPublicKey {
                    sender_private_key: alice,
                    recipient_public_key: bobs,
                },
                &curve,
            ),
            (
                RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key: off },
                &KeyError::EcRefused,
            ),
            (RawEcdhSchema::PublicKeyDiscovery { recipient_private_key: zero }, &KeyError::EcRefused),
        ];
        for (schema, expected) in schemas {
            let error = RawEcdhKeyring::new(crypto, P256, schema).unwrap_err();
            assert!(matches!(&error, MaterialsError::Key(found) if found == expected), "{error}");
        }
    });
}

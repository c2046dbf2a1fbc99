//! Raw keyrings: what they accept, and that one opens what another form of it wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::collections::BTreeSet;

use support::*;
use waxseal_crypto::{KeyError, RsaPadding, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey};
use waxseal_materials::{
    EncryptionMaterials, KeyFailureReason, Keyring, MaterialsError, RawAesKeyring, RawMasterKey,
    RawRsaKeyring,
};

const OAEP: RsaPadding = RsaPadding::OaepSha256;

#[test]
fn aes_keys_have_three_lengths() {
    each_provider(|crypto| {
        for len in 0..=64 {
            let made = RawAesKeyring::new(crypto, "ns", "key", SecretBytes::zeroed(len));
            match made {
                Ok(_) => assert!([16, 24, 32].contains(&len)),
                Err(MaterialsError::WrappingKeyLength(found)) => assert_eq!(found, len),
                Err(other) => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn the_namespace_of_a_key_service_is_refused() {
    each_provider(|crypto| {
        for namespace in ["aws-kms", "aws-kms-rsa", "aws-kmsx"] {
            let aes = RawAesKeyring::new(crypto, namespace, "key", SecretBytes::zeroed(32)).map(drop);
            let rsa = RawRsaKeyring::with_public_key(crypto, namespace, "key", OAEP, ONE_SPKI).map(drop);
            let master = RawMasterKey::aes(crypto, namespace, "key", SecretBytes::zeroed(32)).map(drop);
            for made in [aes, rsa, master] {
                assert!(matches!(made, Err(MaterialsError::ReservedNamespace(found)) if found == namespace));
            }
        }
        aes(crypto, "aws-raw", "key", 1);
    });
}

#[test]
fn names_that_no_message_can_hold_are_refused() {
    each_provider(|crypto| {
        let made = |namespace: usize, name: usize| {
            let key = SecretBytes::zeroed(32);
            RawAesKeyring::new(crypto, "n".repeat(namespace), "k".repeat(name), key).is_ok()
        };
        assert!(made(65_535, 65_515) && made(0, 0));
        assert!(!made(65_536, 1) && !made(1, 65_516));
    });
}

#[test]
fn a_raw_aes_data_key_has_the_form_of_the_specification() {
    each_provider(|crypto| {
        let encrypted = encrypt(&aes(crypto, "ns", "key", 1), SUITE);
        let edk = &encrypted.encrypted_data_keys()[0];
        assert_eq!(edk.provider_id, "ns");
        assert_eq!(edk.provider_info[..11], *b"key\0\0\0\x80\0\0\0\x0c");
        assert_eq!(edk.provider_info.len(), 23);
        assert_eq!(edk.ciphertext.len(), 48);
    });
}

#[test]
fn every_wrapping_of_one_data_key_has_an_iv_of_its_own() {
    each_provider(|crypto| {
        let keyring = aes(crypto, "ns", "key", 1);
        let wrapped = || {
            let mut materials = EncryptionMaterials::new(SUITE, context());
            materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
            let answer = ready(keyring.on_encrypt(materials)).unwrap();
            let edk = answer.encrypted_data_keys()[0].clone();
            (edk.provider_info[11..].to_vec(), edk.ciphertext)
        };
        let all: Vec<_> = (0..8).map(|_| wrapped()).collect();
        let ivs: BTreeSet<_> = all.iter().map(|(iv, _)| iv).collect();
        let ciphertexts: BTreeSet<_> = all.iter().map(|(_, ciphertext)| ciphertext).collect();
        assert_eq!((ivs.len(), ciphertexts.len()), (8, 8));
    });
}

#[test]
fn a_key_whose_name_only_starts_alike_is_not_mine() {
    each_provider(|crypto| {
        let encrypted = encrypt(&aes(crypto, "ns", "key-2", 1), SUITE);
        for name in ["key", "key-", "key-22", ""] {
            let keyring = aes(crypto, "ns", name, 1);
            let found = reasons(decrypt(&keyring, SUITE, context(), encrypted.encrypted_data_keys()));
            assert_eq!(found, [KeyFailureReason::NotMine], "{name:?}");
        }
        let other_namespace = aes(crypto, "ns2", "key-2", 1);
        let found = reasons(decrypt(&other_namespace, SUITE, context(), encrypted.encrypted_data_keys()));
        assert_eq!(found, [KeyFailureReason::NotMine]);
    });
}

#[test]
fn malformed_is_apart_from_rejected() {
    each_provider(|crypto| {
        let keyring = aes(crypto, "ns", "key", 1);
        let good = encrypt(&keyring, SUITE).encrypted_data_keys()[0].clone();
        let mut short_iv = good.clone();
        short_iv.provider_info.pop();
        let mut short_tag = good.clone();
        short_tag.provider_info[6] = 0x60;
        let mut cut = good.clone();
        cut.ciphertext.truncate(15);
        let shorter = encrypt(&keyring, AlgorithmSuite::AES_128_GCM_IV12_TAG16_NO_KDF);
        let shorter = shorter.encrypted_data_keys()[0].clone();
        let mut flipped = good;
        flipped.ciphertext[47] ^= 1;
        let edks = [short_iv, short_tag, cut, shorter, flipped];
        for edk in &edks[..4] {
            let alone = std::slice::from_ref(edk);
            assert_eq!(reasons(decrypt(&keyring, SUITE, context(), alone)), [KeyFailureReason::Malformed]);
        }
        use KeyFailureReason::{Malformed, Rejected};
        let found = reasons(decrypt(&keyring, SUITE, context(), &edks));
        assert_eq!(found, [Malformed, Rejected], "what is said again is counted");
    });
}

#[test]
fn every_padding_opens_across_providers_and_under_itself_alone() {
    each_provider(|wrapping| {
        each_provider(|unwrapping| {
            for padding in PADDINGS {
                let encrypted = encrypt(&rsa(wrapping, padding), SUITE);
                assert_eq!(encrypted.encrypted_data_keys()[0].provider_info, b"rsa");
                assert_eq!(encrypted.encrypted_data_keys()[0].ciphertext.len(), 256);
                assert_opens(&rsa(unwrapping, padding), &encrypted);
                for other in PADDINGS.into_iter().filter(|other| *other != padding) {
                    let keyring = rsa(unwrapping, other);
                    let found = decrypt(&keyring, SUITE, context(), encrypted.encrypted_data_keys());
                    assert_eq!(reasons(found), [KeyFailureReason::Rejected], "{padding:?} as {other:?}");
                }
            }
        });
    });
}

#[test]
fn every_form_of_a_key_is_the_same_key() {
    let (pkcs8, pkcs1) = (der(ONE_PKCS8), der(ONE_PKCS1));
    let (spki, public_pkcs1) = (der(ONE_SPKI), der(ONE_PUBLIC_PKCS1));
    each_provider(|crypto| {
        for public in [ONE_SPKI, ONE_PUBLIC_PKCS1, &spki, &public_pkcs1] {
            let encrypting = RawRsaKeyring::with_public_key(crypto, "ns", "rsa", OAEP, public).unwrap();
            let encrypted = encrypt(&encrypting, SUITE);
            for private in [ONE_PKCS8, ONE_PKCS1, &pkcs8, &pkcs1] {
                let decrypting = RawRsaKeyring::with_private_key(crypto, "ns", "rsa", OAEP, private).unwrap();
                assert_opens(&decrypting, &encrypted);
                RawRsaKeyring::with_key_pair(crypto, "ns", "rsa", OAEP, public, private).unwrap();
            }
        }
    });
}

#[test]
fn a_public_key_encrypts_only_and_a_private_key_decrypts_only() {
    each_provider(|crypto| {
        let public = RawRsaKeyring::with_public_key(crypto, "ns", "rsa", OAEP, ONE_SPKI).unwrap();
        let private = RawRsaKeyring::with_private_key(crypto, "ns", "rsa", OAEP, ONE_PKCS8).unwrap();
        let encrypted = encrypt(&public, SUITE);
        assert_opens(&private, &encrypted);
        let found = decrypt(&public, SUITE, context(), encrypted.encrypted_data_keys());
        assert_eq!(reasons(found), [KeyFailureReason::Unsupported]);
        let foreign = [EncryptedDataKey::new("ns", "other", [1; 256])];
        assert_eq!(reasons(decrypt(&public, SUITE, context(), &foreign)), [KeyFailureReason::NotMine]);
        let refused = ready(private.on_encrypt(EncryptionMaterials::new(SUITE, context())));
        let Err(MaterialsError::Wrap(failure)) = refused else { panic!("{refused:?}") };
        assert_eq!((failure.key.as_str(), failure.reason), ("ns/rsa", KeyFailureReason::Unsupported));
    });
}

#[test]
fn keys_that_are_none_are_refused_by_name() {
    each_provider(|crypto| {
        let public = |key: &[u8]| RawRsaKeyring::with_public_key(crypto, "ns", "rsa", OAEP, key).map(drop);
        let private = |key: &[u8]| RawRsaKeyring::with_private_key(crypto, "ns", "rsa", OAEP, key).map(drop);
        for refused in [public(ONE_PKCS8), private(ONE_SPKI), private(EC_PKCS8), public(EC_PKCS8)] {
            assert!(matches!(refused, Err(MaterialsError::Key(KeyError::Kind { .. }))), "{refused:?}");
        }
        for refused in [public(b""), private(b"no key"), private(&ONE_PKCS8[..900])] {
            assert!(matches!(refused, Err(MaterialsError::Key(KeyError::Encoding(_)))), "{refused:?}");
        }
        let short = private(SHORT_PKCS8);
        assert!(matches!(short, Err(MaterialsError::Key(KeyError::Refused))), "{short:?}");
        let pair = RawRsaKeyring::with_key_pair(crypto, "ns", "rsa", OAEP, TWO_SPKI, ONE_PKCS8);
        assert!(matches!(pair, Err(MaterialsError::KeyPair)));
    });
}

#[test]
fn a_rejected_rsa_data_key_says_the_same_whatever_is_wrong_with_it() {
    each_provider(|crypto| {
        let keyring = rsa(crypto, RsaPadding::Pkcs1v15);
        let short = encrypt(&keyring, AlgorithmSuite::AES_128_GCM_IV12_TAG16_NO_KDF);
        let mut bad_padding = short.encrypted_data_keys()[0].clone();
        bad_padding.ciphertext[200] ^= 1;
        let bad_length = short.encrypted_data_keys()[0].clone();
        let text = |edk| decrypt(&keyring, SUITE, context(), &[edk]).unwrap_err().to_string();
        assert_eq!(text(bad_padding), text(bad_length));
    });
}

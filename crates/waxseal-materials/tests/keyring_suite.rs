//! One suite that every keyring of this crate passes, with every provider.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;

use support::*;
use waxseal_crypto::{EcdhCurveSpec, RsaPadding, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailureReason, Keyring, MasterKeyProvider,
    MasterKeyProviderKeyring, MaterialsError, MultiKeyring, MultiMasterKeyProvider, RawAesKeyring,
    RawEcdhKeyring, RawEcdhSchema, RawMasterKey, RawMasterKeyProvider, RawRsaKeyring, async_trait,
};

/// A keyring, and another of the same names with other keys.
struct Case {
    name: String,
    keyring: Arc<dyn Keyring>,
    impostor: Arc<dyn Keyring>,
    authenticates_context: bool,
    takes_existing_data_key: bool,
    /// Whether the key itself is the name that finds it.
    is_its_name: bool,
}

impl Case {
    fn new(name: impl Into<String>, keyring: Arc<dyn Keyring>, impostor: Arc<dyn Keyring>) -> Self {
        let name = name.into();
        let (authenticates_context, takes_existing_data_key) = (true, true);
        Self { name, keyring, impostor, authenticates_context, takes_existing_data_key, is_its_name: false }
    }

    /// RSA wraps the data key alone.
    fn without_context(mut self) -> Self {
        self.authenticates_context = false;
        self
    }

    /// Public keys are the names of ECDH.
    fn named_by_itself(mut self) -> Self {
        self.is_its_name = true;
        self
    }

    /// A generator has nothing to generate then (`framework/multi-keyring.md`, "OnEncrypt").
    fn generating(mut self) -> Self {
        self.takes_existing_data_key = false;
        self
    }
}

fn cases(crypto: Crypto) -> Vec<Case> {
    let mut cases = vec![multi_case(crypto)];
    cases.extend([16, 24, 32].map(|len| aes_case(crypto, len)));
    cases.extend(PADDINGS.map(|padding| rsa_case(crypto, padding)));
    cases.extend(EcdhCurveSpec::ALL.iter().flat_map(|curve| ecdh_cases(crypto, *curve)));
    cases.extend(master_key_cases(crypto));
    cases
}

fn aes_case(crypto: Crypto, len: usize) -> Case {
    let keyring =
        |byte| shared(RawAesKeyring::new(crypto, "ns", "key", SecretBytes::from(vec![byte; len])).unwrap());
    Case::new(format!("raw AES, {len} bytes"), keyring(1), keyring(2))
}

fn rsa_case(crypto: Crypto, padding: RsaPadding) -> Case {
    let other = RawRsaKeyring::with_key_pair(crypto, "ns", "rsa", padding, TWO_SPKI, TWO_PKCS8).unwrap();
    Case::new(format!("raw RSA, {padding:?}"), shared(rsa(crypto, padding)), shared(other)).without_context()
}

fn ecdh_cases(crypto: Crypto, curve: EcdhCurveSpec) -> [Case; 2] {
    let static_keys = || {
        let recipient_public_key = ecdh_public(crypto, &ecdh_key(crypto, curve));
        let sender_private_key = ecdh_key(crypto, curve);
        let schema =
            RawEcdhSchema::RawPrivateKeyToStaticPublicKey { sender_private_key, recipient_public_key };
        shared(RawEcdhKeyring::new(crypto, curve, schema).unwrap())
    };
    let ephemeral = || {
        let recipient_private_key = ecdh_key(crypto, curve);
        let recipient_public_key = ecdh_public(crypto, &recipient_private_key);
        let encrypts = RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key };
        let decrypts = RawEcdhSchema::PublicKeyDiscovery { recipient_private_key };
        let [encrypts, decrypts] =
            [encrypts, decrypts].map(|schema| RawEcdhKeyring::new(crypto, curve, schema).unwrap());
        shared(Pair { encrypts, decrypts })
    };
    [
        Case::new(format!("raw ECDH, static, {curve}"), static_keys(), static_keys()).named_by_itself(),
        Case::new(format!("raw ECDH, ephemeral, {curve}"), ephemeral(), ephemeral()).named_by_itself(),
    ]
}

/// Two keyrings of which each does one half.
#[derive(Debug)]
struct Pair {
    encrypts: RawEcdhKeyring,
    decrypts: RawEcdhKeyring,
}

#[async_trait]
impl Keyring for Pair {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.encrypts.on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        edks: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        self.decrypts.on_decrypt(materials, edks).await
    }
}

fn multi_case(crypto: Crypto) -> Case {
    let keyring = |byte: u8| {
        let generator = MultiKeyring::with_generator(aes(crypto, "ns", "first", byte));
        shared(generator.with_child(aes(crypto, "ns", "second", byte)))
    };
    Case::new("multi", keyring(1), keyring(2)).generating()
}

fn master_key_cases(crypto: Crypto) -> [Case; 4] {
    let aes = move |id: &str, byte: u8| RawMasterKey::aes(crypto, "ns", id, [byte; 32].into()).unwrap();
    let rsa = move |pem| RawMasterKey::rsa_private(crypto, "ns", "r", RsaPadding::OaepSha256, pem).unwrap();
    let several = move |byte| {
        let provider = RawMasterKeyProvider::new("ns").with_key(aes("a", byte)).unwrap();
        provider.with_key(aes("b", byte)).unwrap()
    };
    let multi = move |byte| MultiMasterKeyProvider::new(several(byte)).with_provider(aes("c", byte));
    [
        Case::new("AES master key", from_provider(aes("a", 1)), from_provider(aes("a", 2))),
        Case::new("RSA master key", from_provider(rsa(ONE_PKCS8)), from_provider(rsa(TWO_PKCS8)))
            .without_context(),
        Case::new("raw master key provider", from_provider(several(1)), from_provider(several(2))),
        Case::new("several providers", from_provider(multi(1)), from_provider(multi(2))),
    ]
}

fn from_provider(provider: impl MasterKeyProvider + 'static) -> Arc<dyn Keyring> {
    shared(MasterKeyProviderKeyring::new(provider))
}

fn each_case(body: impl Fn(&Case)) {
    each_provider(|crypto| {
        for case in cases(crypto) {
            eprintln!("  {}", case.name);
            body(&case);
        }
    });
}

fn foreign_data_keys() -> Vec<EncryptedDataKey> {
    vec![
        EncryptedDataKey::new("aws-kms", "arn:aws:kms:us-west-2:1:key/2", [1; 184]),
        EncryptedDataKey::new("ns", "another name", [1; 48]),
        EncryptedDataKey::new("ns", [0xff; 32], [1; 48]),
        EncryptedDataKey::new("another namespace", "key", [1; 48]),
        EncryptedDataKey::new("raw-ecdh", "key", [1; 48]),
    ]
}

#[test]
fn a_data_key_of_the_suite_is_made_and_found_again() {
    each_case(|case| {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let encrypted = encrypt(&*case.keyring, suite);
            assert_eq!(encrypted.data_key().unwrap().len(), suite.data_key_len());
            assert!(!encrypted.encrypted_data_keys().is_empty());
            assert_opens(&*case.keyring, &encrypted);
        }
    });
}

#[test]
fn no_two_data_keys_and_no_two_wrappings_are_alike() {
    each_case(|case| {
        let (first, second) = (encrypt(&*case.keyring, SUITE), encrypt(&*case.keyring, SUITE));
        assert!(!first.data_key().unwrap().ct_eq(second.data_key().unwrap()));
        assert_ne!(first.encrypted_data_keys(), second.encrypted_data_keys());
    });
}

#[test]
fn each_wrapped_data_key_opens_alone() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        for edk in encrypted.encrypted_data_keys() {
            let found = decrypt(&*case.keyring, SUITE, context(), std::slice::from_ref(edk)).unwrap();
            assert!(found.data_key().unwrap().ct_eq(encrypted.data_key().unwrap()));
        }
    });
}

#[test]
fn another_context_is_rejected() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        let other = EncryptionContext::from([("tenant", "8"), ("purpose", "backup")]);
        for context in [other, EncryptionContext::new()] {
            let found = decrypt(&*case.keyring, SUITE, context, encrypted.encrypted_data_keys());
            if case.authenticates_context {
                assert!(reasons(found).contains(&KeyFailureReason::Rejected));
            } else {
                assert!(found.is_ok(), "RSA authenticates no context");
            }
        }
    });
}

#[test]
fn another_key_of_the_same_name_is_rejected() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        let found = decrypt(&*case.impostor, SUITE, context(), encrypted.encrypted_data_keys());
        let said = if case.is_its_name { KeyFailureReason::NotMine } else { KeyFailureReason::Rejected };
        assert!(reasons(found).contains(&said));
    });
}

#[test]
fn a_changed_data_key_is_refused_wherever_it_was_changed() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        for at in 0..48 {
            let mut edks = encrypted.encrypted_data_keys().to_vec();
            edks.iter_mut().for_each(|edk| edk.ciphertext[at] ^= 0x40);
            let found = decrypt(&*case.keyring, SUITE, context(), &edks);
            assert!(reasons(found).contains(&KeyFailureReason::Rejected), "ciphertext byte {at}");
        }
    });
}

#[test]
fn changed_provider_information_is_refused_wherever_it_was_changed() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        let len = encrypted.encrypted_data_keys().iter().map(|edk| edk.provider_info.len()).min().unwrap();
        for at in 0..len {
            let mut edks = encrypted.encrypted_data_keys().to_vec();
            edks.iter_mut().for_each(|edk| edk.provider_info[at] ^= 0x20);
            assert!(!reasons(decrypt(&*case.keyring, SUITE, context(), &edks)).is_empty(), "byte {at}");
        }
    });
}

#[test]
fn a_cut_data_key_is_refused() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        for len in [0, 1, 15, 16, 47] {
            let mut edks = encrypted.encrypted_data_keys().to_vec();
            edks.iter_mut().for_each(|edk| edk.ciphertext.truncate(len));
            assert!(!reasons(decrypt(&*case.keyring, SUITE, context(), &edks)).is_empty(), "{len} bytes");
        }
    });
}

#[test]
fn a_data_key_of_another_suite_is_refused() {
    let shorter = AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256;
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, shorter);
        let found = decrypt(&*case.keyring, SUITE, context(), encrypted.encrypted_data_keys());
        let said = [KeyFailureReason::Malformed, KeyFailureReason::Rejected];
        assert!(reasons(found).iter().any(|reason| said.contains(reason)));
    });
}

#[test]
fn foreign_data_keys_are_not_mine() {
    each_case(|case| {
        for edks in [foreign_data_keys(), vec![foreign_data_keys()[0].clone()], Vec::new()] {
            let found = reasons(decrypt(&*case.keyring, SUITE, context(), &edks));
            assert!(!found.is_empty());
            let foreign = [KeyFailureReason::NotMine, KeyFailureReason::Malformed];
            assert!(found.iter().all(|reason| foreign.contains(reason)), "{found:?}");
        }
    });
}

#[test]
fn broken_and_foreign_data_keys_in_front_are_passed_over() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        let mut edks = foreign_data_keys();
        edks.extend_from_slice(encrypted.encrypted_data_keys());
        edks.last_mut().unwrap().ciphertext[0] ^= 1;
        edks.extend_from_slice(encrypted.encrypted_data_keys());
        let found = decrypt(&*case.keyring, SUITE, context(), &edks).unwrap();
        assert!(found.data_key().unwrap().ct_eq(encrypted.data_key().unwrap()));
    });
}

#[test]
fn materials_with_a_data_key_are_not_decrypted_again() {
    each_case(|case| {
        let encrypted = encrypt(&*case.keyring, SUITE);
        for edks in [encrypted.encrypted_data_keys(), &foreign_data_keys()] {
            let mut materials = DecryptionMaterials::new(SUITE, context());
            materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
            let kept = materials.clone();
            let answer = ready(case.keyring.on_decrypt(materials, edks));
            assert!(matches!(answer, Err(MaterialsError::Illegal(_))), "{answer:?}");
            assert!(kept.data_key().unwrap().ct_eq(&SecretBytes::from([9; 32])));
        }
    });
}

#[test]
fn a_data_key_that_is_there_is_wrapped_and_not_replaced() {
    each_case(|case| {
        let mut materials = EncryptionMaterials::new(SUITE, context());
        materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
        let answer = ready(case.keyring.on_encrypt(materials));
        if !case.takes_existing_data_key {
            assert!(matches!(answer, Err(MaterialsError::Illegal(_))));
            return;
        }
        let answer = answer.unwrap();
        assert!(answer.data_key().unwrap().ct_eq(&SecretBytes::from([9; 32])));
        assert_opens(&*case.keyring, &answer);
    });
}

#[test]
fn what_was_wrapped_before_stays_in_front() {
    each_case(|case| {
        let first = EncryptedDataKey::new("p", "i", "c");
        let mut materials = EncryptionMaterials::new(SUITE, context());
        materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
        materials.add_encrypted_data_key(first.clone()).unwrap();
        if let Ok(answer) = ready(case.keyring.on_encrypt(materials)) {
            assert_eq!(answer.encrypted_data_keys()[0], first);
            assert!(answer.encrypted_data_keys().len() > 1);
        } else {
            assert!(!case.takes_existing_data_key);
        }
    });
}

#[test]
fn a_context_that_no_message_can_hold_is_refused() {
    each_case(|case| {
        let context = EncryptionContext::from([("k", "v".repeat(65_536))]);
        let answer = ready(case.keyring.on_encrypt(EncryptionMaterials::new(SUITE, context)));
        assert_eq!(answer.is_err(), case.authenticates_context);
    });
}

#[test]
fn no_keyring_prints_its_key() {
    each_case(|case| {
        let text = format!("{:?}", case.keyring);
        assert!(!text.contains("1, 1, 1") && !text.contains("0101") && !text.contains("PRIVATE"), "{text}");
    });
}

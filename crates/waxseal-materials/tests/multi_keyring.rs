//! The rules of `framework/multi-keyring.md`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use support::*;
use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey};
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailureReason, Keyring, MaterialsError, MultiKeyring,
    RawRsaKeyring, async_trait,
};

/// Gives back what it is told to, in both directions.
#[derive(Debug)]
struct Stub(Behaviour);

#[derive(Debug)]
enum Behaviour {
    Nothing,
    OtherDataKey,
    OtherContext,
    OtherSuite,
    DropsOthers,
}

#[async_trait]
impl Keyring for Stub {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let suite = match self.0 {
            Behaviour::Nothing => return Ok(materials),
            Behaviour::OtherSuite => AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256,
            _ => materials.suite(),
        };
        let mut context = materials.encryption_context().clone();
        if matches!(self.0, Behaviour::OtherContext) {
            context.insert("added".into(), "pair".into());
        }
        let mut answer = EncryptionMaterials::new(suite, context);
        let byte = if matches!(self.0, Behaviour::OtherDataKey) { 8 } else { 9 };
        answer.set_data_key(SecretBytes::from([byte; 32]))?;
        if !matches!(self.0, Behaviour::DropsOthers) {
            for edk in materials.encrypted_data_keys() {
                answer.add_encrypted_data_key(edk.clone())?;
            }
        }
        answer.add_encrypted_data_key(EncryptedDataKey::new("stub", "key", "wrapped"))?;
        Ok(answer)
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        _encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        Ok(materials)
    }
}

fn with_data_key() -> EncryptionMaterials {
    let mut materials = EncryptionMaterials::new(SUITE, context());
    materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
    materials.add_encrypted_data_key(EncryptedDataKey::new("p", "first", "c")).unwrap();
    materials
}

#[test]
fn a_keyring_of_nothing_is_refused() {
    assert!(matches!(MultiKeyring::new(None, Vec::new()), Err(MaterialsError::Illegal(_))));
}

#[test]
fn any_part_opens_what_the_whole_wrote_and_the_order_is_kept() {
    each_provider(|crypto| {
        let rsa_child = rsa(crypto, waxseal_crypto::RsaPadding::OaepSha1);
        let whole = MultiKeyring::with_generator(aes(crypto, "ns", "generator", 1))
            .with_child(aes(crypto, "ns", "child", 2))
            .with_child(rsa_child);
        let encrypted = encrypt(&whole, SUITE);
        assert_eq!(encrypted.encrypted_data_keys().len(), 3);
        assert!(encrypted.encrypted_data_keys()[0].provider_info.starts_with(b"generator"));
        assert!(encrypted.encrypted_data_keys()[1].provider_info.starts_with(b"child"));
        assert_opens(&aes(crypto, "ns", "generator", 1), &encrypted);
        assert_opens(&aes(crypto, "ns", "child", 2), &encrypted);
        assert_opens(&rsa(crypto, waxseal_crypto::RsaPadding::OaepSha1), &encrypted);
        let only_child = encrypt(&aes(crypto, "ns", "child", 2), SUITE);
        assert_opens(&whole, &only_child);
    });
}

#[test]
fn without_a_generator_a_data_key_must_be_there() {
    each_provider(|crypto| {
        let children = MultiKeyring::new(None, vec![shared(aes(crypto, "ns", "child", 1))]).unwrap();
        let nothing = ready(children.on_encrypt(EncryptionMaterials::new(SUITE, context())));
        let Err(MaterialsError::Wrap(failure)) = nothing else { panic!("{nothing:?}") };
        assert_eq!(failure.reason, waxseal_materials::KeyFailureReason::Unsupported);
        let answer = ready(children.on_encrypt(with_data_key())).unwrap();
        assert_eq!(answer.encrypted_data_keys().len(), 2);
        assert_opens(&children, &answer);
    });
}

#[test]
fn a_generator_refuses_a_data_key_that_is_there() {
    each_provider(|crypto| {
        let whole = MultiKeyring::with_generator(aes(crypto, "ns", "generator", 1));
        assert!(matches!(ready(whole.on_encrypt(with_data_key())), Err(MaterialsError::Illegal(_))));
    });
}

#[test]
fn a_generator_must_make_a_data_key() {
    each_provider(|crypto| {
        let whole =
            MultiKeyring::with_generator(Stub(Behaviour::Nothing)).with_child(aes(crypto, "ns", "child", 1));
        let answer = ready(whole.on_encrypt(EncryptionMaterials::new(SUITE, context())));
        assert!(matches!(answer, Err(MaterialsError::Illegal(_))));
    });
}

#[test]
fn one_part_that_cannot_encrypt_fails_the_whole() {
    each_provider(|crypto| {
        let oaep = waxseal_crypto::RsaPadding::OaepSha256;
        let decrypt_only = || RawRsaKeyring::with_private_key(crypto, "ns", "rsa", oaep, ONE_PKCS8).unwrap();
        let as_child = MultiKeyring::with_generator(aes(crypto, "ns", "a", 1)).with_child(decrypt_only());
        let as_generator = MultiKeyring::with_generator(decrypt_only()).with_child(aes(crypto, "ns", "a", 1));
        for whole in [as_child, as_generator] {
            let answer = ready(whole.on_encrypt(EncryptionMaterials::new(SUITE, context())));
            assert!(matches!(answer, Err(MaterialsError::Wrap(_))), "{answer:?}");
        }
    });
}

#[test]
fn a_child_that_changes_the_materials_is_caught() {
    use Behaviour::{DropsOthers, OtherContext, OtherDataKey, OtherSuite};
    for behaviour in [OtherDataKey, OtherContext, OtherSuite, DropsOthers] {
        let name = format!("{behaviour:?}");
        let whole = MultiKeyring::new(None, vec![shared(Stub(behaviour))]).unwrap();
        let answer = ready(whole.on_encrypt(with_data_key()));
        assert!(matches!(answer, Err(MaterialsError::Illegal(_))), "{name}: {answer:?}");
    }
}

#[test]
fn every_failure_is_kept_in_order() {
    each_provider(|crypto| {
        let whole = MultiKeyring::with_generator(aes(crypto, "ns", "a", 1))
            .with_child(aes(crypto, "ns", "b", 1))
            .with_child(Stub(Behaviour::Nothing))
            .with_child(aes(crypto, "ns", "c", 1));
        let encrypted = encrypt(&aes(crypto, "ns", "b", 2), SUITE);
        let answer = decrypt(&whole, SUITE, context(), encrypted.encrypted_data_keys());
        let Err(MaterialsError::Unwrap(failures)) = &answer else { panic!("{answer:?}") };
        let keys: Vec<&str> = failures.as_slice().iter().map(|failure| failure.key.as_str()).collect();
        assert_eq!(keys, ["ns/a", "ns/b", "child keyring 1", "ns/c"]);
        use KeyFailureReason::{Failed, NotMine, Rejected};
        assert_eq!(reasons(answer), [NotMine, Rejected, Failed, NotMine]);
    });
}

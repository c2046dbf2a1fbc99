//! Master keys and providers: who is asked, in which order, and what they say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::sync::Arc;

use support::*;
use waxseal_crypto::RsaPadding;
use waxseal_format::{EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    EncryptionMaterials, KeyFailureReason, Keyring, MasterKey, MasterKeyProvider, MasterKeyProviderKeyring,
    MaterialsError, MultiMasterKeyProvider, RawKeyLookup, RawMasterKey, RawMasterKeyProvider, async_trait,
};

fn master(crypto: Crypto, provider: &str, id: &str, byte: u8) -> RawMasterKey {
    RawMasterKey::aes(crypto, provider, id, [byte; 32].into()).unwrap()
}

fn provider(crypto: Crypto, ids: &[&str]) -> RawMasterKeyProvider {
    let empty = RawMasterKeyProvider::new("ns");
    ids.iter().fold(empty, |provider, id| provider.with_key(master(crypto, "ns", id, 1)).unwrap())
}

fn names(encrypted: &EncryptionMaterials) -> Vec<String> {
    let name = |edk: &EncryptedDataKey| {
        let len = edk.provider_info.len() - 20;
        format!("{}/{}", edk.provider_id, std::str::from_utf8(&edk.provider_info[..len]).unwrap())
    };
    encrypted.encrypted_data_keys().iter().map(name).collect()
}

#[test]
fn a_master_key_and_a_keyring_of_the_same_key_open_each_other() {
    each_provider(|crypto| {
        let keyring = aes(crypto, "ns", "key", 1);
        let adapter = MasterKeyProviderKeyring::new(master(crypto, "ns", "key", 1));
        assert_opens(&adapter, &encrypt(&keyring, SUITE));
        assert_opens(&keyring, &encrypt(&adapter, SUITE));
        for padding in PADDINGS {
            let key = RawMasterKey::rsa_private(crypto, "ns", "rsa", padding, ONE_PKCS1).unwrap();
            let adapter = MasterKeyProviderKeyring::new(key);
            assert_opens(&adapter, &encrypt(&rsa(crypto, padding), SUITE));
            assert_opens(&rsa(crypto, padding), &encrypt(&adapter, SUITE));
        }
    });
}

#[test]
fn the_first_key_makes_the_data_key_and_all_wrap_it() {
    each_provider(|crypto| {
        let encrypted = encrypt(&MasterKeyProviderKeyring::new(provider(crypto, &["b", "a", "c"])), SUITE);
        assert_eq!(names(&encrypted), ["ns/b", "ns/a", "ns/c"]);
        for id in ["a", "b", "c"] {
            assert_opens(&aes(crypto, "ns", id, 1), &encrypted);
        }
    });
}

#[test]
fn keys_are_had_by_their_id() {
    each_provider(|crypto| {
        let provider = provider(crypto, &["a", "b"]);
        assert_eq!(ready(provider.master_key("b")).unwrap().key_id(), "b");
        assert_eq!(ready(provider.master_key("c")).unwrap_err().reason, KeyFailureReason::NotMine);
        assert!(provider.can_provide("ns") && !provider.can_provide("other"));
    });
}

#[test]
fn a_provider_refuses_strangers_and_doubles() {
    each_provider(|crypto| {
        let one = || provider(crypto, &["a"]);
        let stranger = one().with_key(master(crypto, "other", "b", 1));
        let double = one().with_key(master(crypto, "ns", "a", 2));
        for refused in [stranger, double] {
            assert!(matches!(refused, Err(MaterialsError::Illegal(_))));
        }
    });
}

#[test]
fn a_provider_without_keys_cannot_encrypt() {
    each_provider(|_| {
        let keyring = MasterKeyProviderKeyring::new(RawMasterKeyProvider::new("ns"));
        let refused = ready(keyring.on_encrypt(EncryptionMaterials::new(SUITE, context())));
        let Err(MaterialsError::Wrap(failure)) = refused else { panic!("{refused:?}") };
        assert_eq!(failure.reason, KeyFailureReason::Unsupported);
    });
}

#[test]
fn a_closure_finds_keys_that_were_not_added() {
    each_provider(|crypto| {
        let lookup = move |id: &str| match id {
            "error" => Err("the store is shut".into()),
            "rsa" => {
                let padding = RsaPadding::OaepSha256;
                Ok(Some(RawMasterKey::rsa_private(crypto, "ns", "rsa", padding, ONE_PKCS8)?))
            }
            id => Ok(id.starts_with("known").then(|| master(crypto, "ns", id, 1))),
        };
        let keyring = MasterKeyProviderKeyring::new(provider(crypto, &["a"]).with_lookup(lookup));
        assert_opens(&keyring, &encrypt(&aes(crypto, "ns", "a", 1), SUITE));
        assert_opens(&keyring, &encrypt(&aes(crypto, "ns", "known-7", 1), SUITE));
        assert_opens(&keyring, &encrypt(&rsa(crypto, RsaPadding::OaepSha256), SUITE));
        for (id, reason) in [("error", KeyFailureReason::Unreachable), ("unknown", KeyFailureReason::NotMine)]
        {
            let foreign = encrypt(&aes(crypto, "ns", id, 1), SUITE);
            let answer = decrypt(&keyring, SUITE, context(), foreign.encrypted_data_keys());
            let text = answer.as_ref().unwrap_err().to_string();
            assert!(text.contains(&format!("ns/{id}")), "{text}");
            assert_eq!(text.contains("the store is shut"), id == "error", "{text}");
            assert_eq!(reasons(answer), [reason]);
        }
    });
}

/// A look-up of the user's own type, which gives every key the same bytes.
struct AnyName(Crypto);

#[async_trait]
impl RawKeyLookup for AnyName {
    async fn raw_key(&self, key_id: &str) -> Result<Option<RawMasterKey>, waxseal_materials::BoxError> {
        Ok(Some(master(self.0, "ns", key_id, 1)))
    }
}

#[test]
fn a_look_up_can_be_a_type_of_the_users() {
    each_provider(|crypto| {
        let provider = RawMasterKeyProvider::new("ns").with_lookup(AnyName(crypto));
        assert_eq!(ready(provider.master_key("x")).unwrap().key_id(), "x");
        let keyring = MasterKeyProviderKeyring::new(provider);
        assert_opens(&keyring, &encrypt(&aes(crypto, "ns", "a name", 1), SUITE));
    });
}

#[test]
fn a_key_that_the_look_up_finds_by_mistake_opens_nothing() {
    each_provider(|crypto| {
        let lookup = move |_: &str| Ok(Some(master(crypto, "ns", "the wrong one", 1)));
        let keyring = MasterKeyProviderKeyring::new(RawMasterKeyProvider::new("ns").with_lookup(lookup));
        let encrypted = encrypt(&aes(crypto, "ns", "a", 1), SUITE);
        let answer = decrypt(&keyring, SUITE, context(), encrypted.encrypted_data_keys());
        assert_eq!(reasons(answer), [KeyFailureReason::NotMine]);
    });
}

#[test]
fn a_master_key_is_a_provider_of_itself_alone() {
    each_provider(|crypto| {
        let key = master(crypto, "ns", "a", 1);
        assert!(key.can_provide("ns") && !key.can_provide("other"));
        assert_eq!(ready(key.master_key("a")).unwrap().key_id(), "a");
        assert_eq!(ready(key.master_key("b")).unwrap_err().reason, KeyFailureReason::NotMine);
        let all = ready(key.master_keys_for_encryption(&context())).unwrap();
        assert_eq!(all.iter().map(|key| key.key_id()).collect::<Vec<_>>(), ["a"]);
        let dynamic: Arc<dyn MasterKey> = Arc::new(key);
        assert_opens(&MasterKeyProviderKeyring::new(dynamic), &encrypt(&aes(crypto, "ns", "a", 1), SUITE));
    });
}

#[test]
fn providers_add_up() {
    each_provider(|crypto| {
        let shared: Arc<dyn MasterKeyProvider> = Arc::new(master(crypto, "other", "x", 3));
        let all = MultiMasterKeyProvider::new(provider(crypto, &["a", "b"]))
            .with_provider(master(crypto, "ns", "c", 1))
            .with_shared(Arc::clone(&shared));
        assert!(all.can_provide("ns") && all.can_provide("other") && !all.can_provide("third"));
        assert_eq!(ready(all.master_key("x")).unwrap().provider_id(), "other");
        assert_eq!(ready(all.master_key("y")).unwrap_err().reason, KeyFailureReason::NotMine);

        let keyring = MasterKeyProviderKeyring::new(all.clone());
        let encrypted = encrypt(&keyring, SUITE);
        assert_eq!(names(&encrypted), ["ns/a", "ns/b", "ns/c", "other/x"]);
        for edk in encrypted.encrypted_data_keys() {
            let named = ready(all.master_key_for_decrypt(edk)).unwrap();
            ready(named.decrypt_data_key(SUITE, &context(), edk)).unwrap();
        }
        assert_opens(&MasterKeyProviderKeyring::from(shared), &encrypted);
    });
}

#[test]
fn a_provider_that_only_decrypts_adds_no_key_to_encrypt_with() {
    each_provider(|crypto| {
        let decrypts = RawMasterKeyProvider::new("ns").with_lookup(AnyName(crypto));
        let both = MultiMasterKeyProvider::new(decrypts).with_provider(master(crypto, "ns", "a", 1));
        let keyring = MasterKeyProviderKeyring::new(both);
        assert_eq!(names(&encrypt(&keyring, SUITE)), ["ns/a"]);
        assert_opens(&keyring, &encrypt(&aes(crypto, "ns", "old", 1), SUITE));
    });
}

#[test]
fn every_provider_failure_is_kept() {
    each_provider(|crypto| {
        let all = MultiMasterKeyProvider::new(master(crypto, "ns", "a", 1))
            .with_provider(master(crypto, "ns", "a", 2))
            .with_provider(master(crypto, "other", "a", 1));
        let encrypted = encrypt(&aes(crypto, "ns", "a", 3), SUITE);
        let answer =
            decrypt(&MasterKeyProviderKeyring::new(all), SUITE, context(), encrypted.encrypted_data_keys());
        use KeyFailureReason::{NotMine, Rejected};
        assert_eq!(reasons(answer), [Rejected, Rejected, NotMine]);
    });
}

#[test]
fn of_several_providers_the_one_that_says_most_is_heard() {
    each_provider(|crypto| {
        let shut = RawMasterKeyProvider::new("ns").with_lookup(|_: &str| Err("the store is shut".into()));
        let all = MultiMasterKeyProvider::new(master(crypto, "ns", "a", 1))
            .with_provider(shut)
            .with_provider(master(crypto, "ns", "b", 1));
        assert_eq!(ready(all.master_key("c")).unwrap_err().reason, KeyFailureReason::Unreachable);
        let foreign = encrypt(&aes(crypto, "ns", "c", 1), SUITE);
        let named = ready(all.master_key_for_decrypt(&foreign.encrypted_data_keys()[0]));
        assert_eq!(named.unwrap_err().reason, KeyFailureReason::Unreachable);
    });
}

#[test]
fn two_keys_of_one_name_in_two_providers_are_both_tried() {
    each_provider(|crypto| {
        let all = MultiMasterKeyProvider::new(master(crypto, "ns", "a", 1))
            .with_provider(master(crypto, "ns", "a", 2));
        assert_opens(&MasterKeyProviderKeyring::new(all), &encrypt(&aes(crypto, "ns", "a", 2), SUITE));
    });
}

#[test]
fn the_answer_says_which_data_key_was_opened() {
    each_provider(|crypto| {
        let key = master(crypto, "ns", "b", 1);
        let encrypted = encrypt(&MasterKeyProviderKeyring::new(provider(crypto, &["a", "b"])), SUITE);
        let edks = encrypted.encrypted_data_keys();
        let found = ready(key.decrypt_data_key_from_list(SUITE, &context(), edks)).unwrap();
        assert_eq!(found.encrypted, edks[1]);
        let other = EncryptionContext::from([("k", "v")]);
        let refused = reasons(ready(key.decrypt_data_key_from_list(SUITE, &other, edks)));
        assert!(refused.contains(&KeyFailureReason::Rejected));
    });
}

#[test]
fn a_public_rsa_master_key_encrypts_only() {
    each_provider(|crypto| {
        let key = RawMasterKey::rsa_public(crypto, "ns", "rsa", RsaPadding::OaepSha256, ONE_SPKI).unwrap();
        let keyring = MasterKeyProviderKeyring::new(key);
        let encrypted = encrypt(&keyring, SUITE);
        assert_opens(&rsa(crypto, RsaPadding::OaepSha256), &encrypted);
        let answer = decrypt(&keyring, SUITE, context(), encrypted.encrypted_data_keys());
        assert_eq!(reasons(answer), [KeyFailureReason::Unsupported]);
    });
}

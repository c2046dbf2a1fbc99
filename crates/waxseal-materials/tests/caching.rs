//! The caching materials manager: what it uses again, and what it does not.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use caching::{Cmm, Local, MINUTE, Service, cached, cmm, encrypt, limits, to_decrypt, to_encrypt};
use waxseal_format::AlgorithmSuite;
use waxseal_materials::{
    CacheLimits, CommitmentPolicy, CryptographicMaterialsManager, DefaultCmm, EncryptionMaterials,
    EncryptionMaterialsRequest, MaterialsError, NullCryptographicMaterialsCache,
    RequiredEncryptionContextCmm,
};

fn same_key(a: &EncryptionMaterials, b: &EncryptionMaterials) -> bool {
    Arc::ptr_eq(a.data_key().unwrap(), b.data_key().unwrap())
}

#[tokio::test]
async fn messages_of_one_context_share_a_data_key_and_other_contexts_do_not() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let (a, b, other) = (encrypt(&cmm, "7").await, encrypt(&cmm, "7").await, encrypt(&cmm, "8").await);
    assert!(same_key(&a, &b) && !same_key(&a, &other));
    assert_eq!(a.encrypted_data_keys(), b.encrypted_data_keys());
    assert_eq!(service.calls(), 2);
    assert_eq!((cmm.metrics().hits, cmm.metrics().misses), (1, 2));
}

#[tokio::test]
async fn another_suite_or_none_is_another_entry() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let mut request = to_encrypt("7", 1);
    for suite in [None, Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384)] {
        request.suite = suite;
        cmm.get_encryption_materials(request.clone()).await.unwrap();
    }
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cmm.metrics().misses), (3, 3));
}

#[tokio::test]
async fn messages_of_a_signing_suite_share_the_signing_key() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let mut request = to_encrypt("7", 1);
    request.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384);
    let a = cmm.get_encryption_materials(request.clone()).await.unwrap();
    let b = cmm.get_encryption_materials(request).await.unwrap();
    assert!(Arc::ptr_eq(a.signing_key().unwrap(), b.signing_key().unwrap()));
    assert_eq!(a.encryption_context(), b.encryption_context());
}

#[tokio::test]
async fn a_message_is_decrypted_again_from_the_cache() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let request = to_decrypt(&encrypt(&cmm, "7").await);
    let a = cmm.decrypt_materials(request.clone()).await.unwrap();
    let b = cmm.decrypt_materials(request).await.unwrap();
    assert!(Arc::ptr_eq(a.data_key().unwrap(), b.data_key().unwrap()));
    assert_eq!(service.calls(), 2);
    assert_eq!((cmm.metrics().hits, cmm.metrics().misses), (1, 2));
}

#[tokio::test]
async fn a_data_key_is_for_so_many_messages() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_messages = 3));
    for _ in 0..10 {
        encrypt(&cmm, "7").await;
    }
    assert_eq!(service.calls(), 4);
    assert_eq!(cmm.metrics().exhausted, 3);
}

#[tokio::test]
async fn a_data_key_is_for_so_many_bytes() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_bytes = 25));
    for _ in 0..6 {
        encrypt(&cmm, "7").await; // Of 10 bytes: two fit.
    }
    assert_eq!(service.calls(), 3);
}

#[tokio::test]
async fn an_entry_is_used_until_its_time_is_over() {
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    encrypt(&cmm, "7").await;
    clock.turn(MINUTE * 2 / 3);
    encrypt(&cmm, "7").await;
    assert_eq!(service.calls(), 1);
    clock.turn(MINUTE / 3);
    encrypt(&cmm, "7").await;
    assert_eq!(service.calls(), 2);
    assert_eq!(cmm.metrics().evictions.expired, 1);
}

#[tokio::test]
async fn of_two_managers_with_one_cache_the_stricter_age_holds_for_its_own() {
    let service = Service::new();
    let shared = |age: Duration| {
        limits(|limits| {
            limits.max_age = age;
            limits.partition_id = Some("shared".into());
        })
    };
    let (patient, cache, clock) = cached(&service, shared(MINUTE));
    let strict = cmm(&service, &cache, shared(MINUTE / 6));
    encrypt(&patient, "7").await;
    encrypt(&strict, "7").await;
    assert_eq!((service.calls(), strict.metrics().hits), (1, 1));
    clock.turn(MINUTE / 6);
    // One that the strict manager can't replace is left to the other.
    service.deny(true);
    assert!(strict.get_encryption_materials(to_encrypt("7", 1)).await.is_err());
    encrypt(&patient, "7").await;
    assert_eq!((service.calls(), patient.metrics().hits), (2, 1));
    service.deny(false);
    encrypt(&strict, "7").await;
    encrypt(&patient, "7").await;
    assert_eq!((service.calls(), patient.metrics().hits), (3, 2));
    assert_eq!(patient.metrics().evictions.replaced, 1);
}

#[tokio::test]
async fn a_clock_that_is_turned_back_keeps_nothing_in_flight_and_expires_as_before() {
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    clock.turn(MINUTE);
    encrypt(&cmm, "7").await;
    clock.turn_back(MINUTE);
    encrypt(&cmm, "7").await;
    assert_eq!(service.calls(), 1);
    clock.turn(MINUTE * 2);
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cmm.metrics().evictions.expired), (2, 1));
}

/// Else it would stand in the way of requests that differ until it expires.
#[tokio::test]
async fn an_entry_that_is_used_up_is_replaced_by_any_request() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_messages = 2));
    encrypt(&cmm, "7").await;
    encrypt(&cmm, "7").await;
    let mut other = to_encrypt("7", 10);
    other.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    cmm.get_encryption_materials(other.clone()).await.unwrap();
    cmm.get_encryption_materials(other).await.unwrap();
    assert_eq!((service.calls(), cmm.metrics().bypasses.unlike, cmm.metrics().hits), (2, 0, 2));
}

#[tokio::test]
async fn managers_share_entries_if_and_only_if_their_partition_is_the_same() {
    let service = Service::new();
    let (first, cache, _) = cached(&service, limits(|_| ()));
    let second = cmm(&service, &cache, limits(|_| ()));
    assert_ne!(first.partition_id(), second.partition_id());
    encrypt(&first, "7").await;
    encrypt(&second, "7").await;
    assert_eq!(service.calls(), 2);
    let id = first.partition_id().to_owned();
    let third = cmm(&service, &cache, limits(|limits| limits.partition_id = Some(id)));
    encrypt(&third, "7").await;
    assert_eq!((service.calls(), third.metrics().hits), (2, 1));
}

#[tokio::test]
async fn the_least_recently_used_entry_goes_when_there_is_no_room() {
    let service = Service::new();
    let cache = Arc::new(Local::new(2));
    let cmm = cmm(&service, &cache, limits(|_| ()));
    for tenant in ["a", "b", "a", "c"] {
        encrypt(&cmm, tenant).await;
        assert!(cache.len() <= 2);
    }
    assert_eq!((service.calls(), cmm.metrics().evictions.capacity), (3, 1));
    encrypt(&cmm, "a").await;
    assert_eq!(service.calls(), 3, "a was used after b");
    encrypt(&cmm, "b").await;
    assert_eq!(service.calls(), 4);
}

#[tokio::test]
async fn a_cache_without_room_keeps_nothing() {
    let service = Service::new();
    let cache = Arc::new(Local::new(0));
    let cmm = cmm(&service, &cache, limits(|_| ()));
    encrypt(&cmm, "7").await;
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cache.len()), (2, 0));
}

/// The limits of use are those of encryption.
#[tokio::test]
async fn decryption_is_kept_whatever_the_limits_of_use() {
    let changes: [fn(&mut CacheLimits); 2] =
        [|limits| limits.max_messages = 1, |limits| limits.max_bytes = 0];
    for change in changes {
        let service = Service::new();
        let (cmm, cache, _) = cached(&service, limits(change));
        let made = cmm.get_encryption_materials(to_encrypt("7", 10)).await.unwrap();
        let before = service.calls();
        for _ in 0..3 {
            cmm.decrypt_materials(to_decrypt(&made)).await.unwrap();
        }
        assert_eq!((service.calls() - before, cache.len()), (1, 1));
    }
}

#[tokio::test]
async fn what_passes_the_cache_by_is_counted_by_its_reason() {
    let service = Service::new();
    let (cmm, cache, _) = cached(&service, limits(|limits| limits.max_bytes = 100));
    for _ in 0..2 {
        let mut unknown = to_encrypt("7", 0);
        unknown.max_plaintext_len = None;
        cmm.get_encryption_materials(unknown).await.unwrap();
        cmm.get_encryption_materials(to_encrypt("7", 101)).await.unwrap();
        let made = cmm.get_encryption_materials(identity()).await.unwrap();
        let mut request = to_decrypt(&made);
        request.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
        cmm.decrypt_materials(request).await.unwrap();
    }
    assert_eq!((service.calls(), cache.len()), (8, 0));
    let bypasses = cmm.metrics().bypasses;
    assert_eq!((bypasses.unknown_length, bypasses.beyond_limits, bypasses.identity_kdf), (2, 2, 4));
    assert_eq!(bypasses.total(), 8);
    let one = caching::cmm(&service, &cache, limits(|limits| limits.max_messages = 1));
    encrypt(&one, "7").await;
    assert_eq!(one.metrics().bypasses.beyond_limits, 1);
}

fn identity() -> EncryptionMaterialsRequest {
    let mut request = to_encrypt("7", 1);
    request.suite = Some(AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF);
    request.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
    request
}

/// Chooses a suite without key derivation where none was asked for.
#[derive(Debug)]
struct Careless(DefaultCmm);

#[waxseal_materials::async_trait]
impl CryptographicMaterialsManager for Careless {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        request.suite.get_or_insert(AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF);
        self.0.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: waxseal_materials::DecryptMaterialsRequest,
    ) -> Result<waxseal_materials::DecryptionMaterials, MaterialsError> {
        self.0.decrypt_materials(request).await
    }
}

#[tokio::test]
async fn materials_without_key_derivation_are_never_shared_even_if_no_suite_was_asked_for() {
    let (service, crypto) = (Service::gated(), waxseal_native::provider());
    let underlying = Careless(DefaultCmm::new(crypto, service.clone()));
    let cache = Arc::new(Local::new(10));
    let cmm = Cmm::new(crypto, underlying, Arc::clone(&cache) as _, limits(|_| ())).unwrap();
    let mut request = identity();
    request.suite = None;
    let both = [cmm.get_encryption_materials(request.clone()), cmm.get_encryption_materials(request)];
    let tasks = futures_util::future::join_all(both);
    let (made, ()) = tokio::join!(tasks, async {
        service.begun(1).await;
        service.let_through(2);
    });
    let [a, b] = made.try_into().unwrap();
    assert!(!same_key(&a.unwrap(), &b.unwrap()));
    assert_eq!((service.calls(), cache.len()), (2, 0));
    assert_eq!(cmm.metrics().bypasses.identity_kdf, 1);
}

#[tokio::test]
async fn a_null_cache_keeps_nothing() {
    let (service, crypto) = (Service::new(), waxseal_native::provider());
    let cache = Arc::new(NullCryptographicMaterialsCache::new());
    let cmm = Cmm::with_keyring(crypto, service.clone(), cache, limits(|_| ())).unwrap();
    let made = encrypt(&cmm, "7").await;
    assert!(!same_key(&made, &encrypt(&cmm, "7").await));
    cmm.decrypt_materials(to_decrypt(&made)).await.unwrap();
    assert_eq!((service.calls(), cmm.metrics().bypasses.no_cache), (3, 3));
}

/// The formulas know nothing of required keys and reproduced pairs.
#[tokio::test]
async fn a_pair_that_is_not_stored_must_be_given_each_time_whatever_is_cached() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let above = RequiredEncryptionContextCmm::new(["tenant"], cmm.clone());
    let made = above.get_encryption_materials(to_encrypt("7", 1)).await.unwrap();
    let mut given = to_decrypt(&made);
    assert!(given.encryption_context.is_empty());
    let bare = given.clone();
    given.reproduced_context.insert("tenant".into(), "7".into());
    above.decrypt_materials(given.clone()).await.unwrap();
    above.decrypt_materials(given.clone()).await.unwrap();
    assert_eq!((service.calls(), cmm.metrics().hits), (2, 1), "the same request is cached");

    // Without the pair, and with another value: the cached materials must not help.
    assert!(above.decrypt_materials(bare.clone()).await.is_err());
    assert!(cmm.decrypt_materials(bare).await.is_err());
    given.reproduced_context.insert("tenant".into(), "8".into());
    assert!(cmm.decrypt_materials(given).await.is_err());
    assert_eq!(cmm.metrics().bypasses.unlike, 2);
}

#[tokio::test]
async fn requests_with_other_required_keys_or_policies_do_not_share() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let stored = encrypt(&cmm, "7").await;
    let mut request = to_encrypt("7", 1);
    request.required_context_keys = BTreeSet::from(["tenant".to_owned()]);
    let kept_out = cmm.get_encryption_materials(request).await.unwrap();
    assert!(stored.required_context_keys().is_empty() && kept_out.required_context_keys().len() == 1);
    let mut request = to_encrypt("7", 1);
    request.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    cmm.get_encryption_materials(request).await.unwrap();
    assert_eq!((service.calls(), cmm.metrics().bypasses.unlike), (3, 2));
}

#[tokio::test]
async fn limits_beyond_the_specification_are_refused() {
    let crypto = waxseal_native::provider();
    let cache = Arc::new(Local::new(1));
    let wrong = limits(|limits| limits.max_age = Duration::ZERO);
    let refused = Cmm::with_keyring(crypto, Service::new(), cache, wrong);
    assert!(matches!(refused, Err(MaterialsError::CacheLimits(_))));
}

/// 64 threads, and each data key's messages and bytes counted apart from the cache's own count.
#[test]
fn limits_are_never_passed_by_one_under_64_threads() {
    const THREADS: usize = 64;
    const EACH: usize = 500;
    let service = Service::new();
    for (max_messages, max_bytes, calls) in
        [(100, 1 << 40, Some(320)), (1 << 32, 1000, Some(320)), (97, 939, None)]
    {
        let (cmm, ..) = cached(
            &service,
            limits(|limits| {
                limits.max_messages = max_messages;
                limits.max_bytes = max_bytes;
            }),
        );
        let before = service.calls();
        let uses = hammer(&cmm, THREADS, EACH);
        assert_eq!(uses.values().sum::<u64>(), (THREADS * EACH) as u64);
        let most = max_messages.min(max_bytes / 10);
        assert!(uses.values().all(|messages| *messages <= most), "{:?}", uses.values().max());
        assert_eq!(uses.len() as u64, service.calls() - before);
        if let Some(calls) = calls {
            assert_eq!(uses.len(), calls, "every key was used to its limit");
        }
    }
}

/// Messages of 10 bytes by data key.
fn hammer(cmm: &Cmm, threads: usize, each: usize) -> HashMap<Vec<u8>, u64> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let uses = Mutex::new(HashMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    let made = runtime.block_on(encrypt(cmm, "7"));
                    let key = made.encrypted_data_keys()[0].ciphertext.clone();
                    *uses.lock().unwrap().entry(key).or_insert(0) += 1;
                }
            });
        }
    });
    uses.into_inner().unwrap()
}

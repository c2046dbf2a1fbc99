//! Keys of a cache are wiped within the bounds that it states. The process looks for them in its
//! own memory, apart from the stack.
#![cfg(all(feature = "cache", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
// Each test has a runtime of one thread, its own.
#![allow(clippy::await_holding_lock)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;
#[path = "../../waxseal-crypto/tests/memory/mod.rs"]
mod memory;

use std::sync::Arc;

use caching::{Cmm, Local, MINUTE, Noting, Service, cached, cmm, encrypt, limits, to_decrypt, to_encrypt};
use memory::{Needle, alone};
use waxseal_format::AlgorithmSuite;
use waxseal_materials::{CryptographicMaterialsCache, CryptographicMaterialsManager};

/// Fills an entry and keeps nothing but what to look for: its data key.
async fn filled(cmm: &Cmm, tenant: &str) -> Needle {
    let made = cmm.get_encryption_materials(to_encrypt(tenant, 10)).await.unwrap();
    Needle::of(made.data_key().unwrap().expose())
}

async fn begin(
    change: impl FnOnce(&mut waxseal_materials::CacheLimits),
) -> (Cmm, Arc<Local>, caching::Clock, Needle) {
    let (cmm, cache, clock) = cached(&Service::new(), limits(change));
    let needle = filled(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 1, "not found while it is cached");
    (cmm, cache, clock, needle)
}

#[tokio::test]
async fn an_expired_entry_at_the_next_look_for_another() {
    let _alone = alone();
    let (cmm, _, clock, needle) = begin(|_| ()).await;
    clock.turn(MINUTE);
    encrypt(&cmm, "other").await;
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_expired_entry_by_a_purge() {
    let _alone = alone();
    let (_cmm, cache, clock, needle) = begin(|_| ()).await;
    cache.purge();
    assert_eq!(needle.count_off_stack(), 1, "it has not expired");
    clock.turn(MINUTE);
    cache.purge();
    assert_eq!((needle.count_off_stack(), cache.len()), (0, 0));
}

#[tokio::test]
async fn an_entry_that_is_used_up_with_its_last_message() {
    let _alone = alone();
    let (cmm, _, _, needle) = begin(|limits| limits.max_messages = 2).await;
    let last = encrypt(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 1, "the last message has it");
    drop(last);
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_entry_that_makes_room() {
    let _alone = alone();
    let cache = Arc::new(Local::new(1));
    let cmm = cmm(&Service::new(), &cache, limits(|_| ()));
    let needle = filled(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 1);
    encrypt(&cmm, "other").await;
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_entry_that_is_deleted() {
    let _alone = alone();
    let cache = Noting::new(Arc::new(Local::new(10)));
    let crypto = waxseal_native::provider();
    let cmm = Cmm::with_keyring(crypto, Service::new(), cache.clone(), limits(|_| ())).unwrap();
    let needle = filled(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 1);
    let id = cache.put.lock().unwrap()[0];
    cache.local.delete_cache_entry(&id);
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn all_entries_when_the_cache_is_cleared() {
    let _alone = alone();
    let (_cmm, cache, _, needle) = begin(|_| ()).await;
    cache.clear();
    assert_eq!((needle.count_off_stack(), cache.len()), (0, 0));
}

#[tokio::test]
async fn all_entries_when_the_cache_is_dropped() {
    let _alone = alone();
    let (cmm, cache, _, needle) = begin(|_| ()).await;
    drop((cmm, cache));
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_entry_that_was_renewed() {
    let _alone = alone();
    let (cmm, _, clock, needle) = begin(|_| ()).await;
    clock.turn(MINUTE * 11 / 12);
    encrypt(&cmm, "7").await;
    assert_eq!(cmm.metrics().evictions.replaced, 1);
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn a_message_under_way_keeps_the_key_and_no_one_else() {
    let _alone = alone();
    let (cmm, cache, _, needle) = begin(|_| ()).await;
    let under_way = encrypt(&cmm, "7").await;
    cache.clear();
    assert_eq!(needle.count_off_stack(), 1);
    let next = encrypt(&cmm, "7").await;
    assert!(!next.data_key().unwrap().ct_eq(under_way.data_key().unwrap()));
    drop(under_way);
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_entry_for_which_there_never_is_room() {
    let _alone = alone();
    let cache = Arc::new(Local::new(0));
    let cmm = cmm(&Service::new(), &cache, limits(|_| ()));
    let needle = filled(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 0);
}

#[tokio::test]
async fn an_entry_that_is_used_up_with_its_last_byte() {
    let _alone = alone();
    let (cmm, _, _, needle) = begin(|limits| limits.max_bytes = 20).await;
    let last = encrypt(&cmm, "7").await;
    assert_eq!(needle.count_off_stack(), 1, "the last message has it");
    drop(last);
    assert_eq!(needle.count_off_stack(), 0);
}

/// What is left of the entry's bytes is too little for the message.
#[tokio::test]
async fn an_entry_that_is_given_up_by_a_message_that_does_not_fit() {
    let _alone = alone();
    let (cmm, _, _, needle) = begin(|limits| limits.max_bytes = 19).await;
    let next = encrypt(&cmm, "7").await;
    assert_eq!((needle.count_off_stack(), cmm.metrics().exhausted), (0, 1));
    drop(next);
}

/// The other's next entry takes its place.
#[tokio::test]
async fn an_entry_that_is_too_old_for_another_manager_of_its_partition() {
    let _alone = alone();
    let service = Service::new();
    let shared = |age| {
        limits(|limits| {
            limits.max_age = age;
            limits.partition_id = Some("shared".into());
        })
    };
    let (patient, cache, clock) = cached(&service, shared(MINUTE));
    let strict = cmm(&service, &cache, shared(MINUTE / 6));
    let needle = filled(&patient, "7").await;
    clock.turn(MINUTE / 6);
    assert_eq!(needle.count_off_stack(), 1);
    encrypt(&strict, "7").await;
    assert_eq!((needle.count_off_stack(), strict.metrics().evictions.replaced), (0, 1));
}

/// The key to decrypt is another copy.
#[tokio::test]
async fn what_messages_were_decrypted_with() {
    let _alone = alone();
    let (cmm, cache, clock) = cached(&Service::new(), limits(|_| ()));
    let (request, needle) = {
        let made = encrypt(&cmm, "7").await;
        (to_decrypt(&made), Needle::of(made.data_key().unwrap().expose()))
    };
    cache.clear();
    assert_eq!(needle.count_off_stack(), 0);
    cmm.decrypt_materials(request.clone()).await.unwrap();
    assert_eq!(needle.count_off_stack(), 1, "not found while it is cached");
    clock.turn(MINUTE);
    cache.purge();
    assert_eq!(needle.count_off_stack(), 0);
    cmm.decrypt_materials(request).await.unwrap();
    cache.clear();
    assert_eq!(needle.count_off_stack(), 0);
}

/// A signing key shows itself by nothing but its use: whoever drops the last hold on it wipes it.
#[tokio::test]
async fn the_signing_key_goes_with_its_entry() {
    let mut request = to_encrypt("7", 10);
    request.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384);
    for clears in [true, false] {
        let (cmm, cache, clock) = cached(&Service::new(), limits(|_| ()));
        let made = cmm.get_encryption_materials(request.clone()).await.unwrap();
        let key = Arc::downgrade(made.signing_key().unwrap());
        drop(made);
        assert_eq!(key.strong_count(), 1, "the entry has it");
        if clears {
            cache.clear();
        } else {
            clock.turn(MINUTE);
            cache.purge();
        }
        assert_eq!(key.strong_count(), 0, "clears: {clears}");
    }
}

#[tokio::test]
async fn the_signing_key_goes_with_the_last_message() {
    let (cmm, ..) = cached(&Service::new(), limits(|limits| limits.max_messages = 2));
    let mut request = to_encrypt("7", 10);
    request.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384);
    cmm.get_encryption_materials(request.clone()).await.unwrap();
    let last = cmm.get_encryption_materials(request).await.unwrap();
    let key = Arc::downgrade(last.signing_key().unwrap());
    assert_eq!(key.strong_count(), 1, "the message alone has it");
    drop(last);
    assert_eq!(key.strong_count(), 0);
}

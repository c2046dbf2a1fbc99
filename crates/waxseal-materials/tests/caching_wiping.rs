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

use caching::{Cmm, Local, MINUTE, Service, cached, cmm, encrypt, limits, to_encrypt};
use memory::{Needle, alone};
use waxseal_materials::CryptographicMaterialsManager;

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

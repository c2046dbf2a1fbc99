//! What is deleted stays away.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::sync::Arc;

use caching::{Cmm, Local, Noting, Service, cached, encrypt, limits, to_encrypt, waiting};
use tokio::task::JoinHandle;
use waxseal_materials::{
    CacheEntry, CacheIdentifier, CachedMaterials, CryptographicMaterialsCache, CryptographicMaterialsManager,
    EncryptionMaterials,
};

fn spawn(cmm: &Cmm) -> JoinHandle<EncryptionMaterials> {
    let cmm = cmm.clone();
    tokio::spawn(async move { encrypt(&cmm, "7").await })
}

fn same_key(a: &EncryptionMaterials, b: &EncryptionMaterials) -> bool {
    Arc::ptr_eq(a.data_key().unwrap(), b.data_key().unwrap())
}

/// A manager over a cache whose entry's name is known.
async fn noted(service: &Service) -> (Cmm, Arc<Local>, CacheIdentifier) {
    let cache = Noting::new(Arc::new(Local::new(10)));
    let local = Arc::clone(&cache.local);
    let cmm = Cmm::with_keyring(waxseal_native::provider(), service.clone(), cache.clone(), limits(|_| ()))
        .unwrap();
    encrypt(&cmm, "7").await;
    let id = cache.put.lock().unwrap()[0];
    (cmm, local, id)
}

#[tokio::test]
async fn an_entry_that_is_deleted_is_asked_for_anew() {
    let service = Service::new();
    let (cmm, cache, id) = noted(&service).await;
    let entry = cache.get_cache_entry(&id).unwrap();
    cache.delete_cache_entry(&id);
    assert!(entry.materials().is_none() && cache.get_cache_entry(&id).is_none() && cache.is_empty());
    assert_eq!(cache.evictions().deleted, 1);
    cache.delete_cache_entry(&id);
    assert_eq!(cache.evictions().deleted, 1, "there was none");
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cache.len()), (2, 1));
}

/// Neither is the entry of such a call kept, nor may a later request wait for it.
#[tokio::test]
async fn a_call_from_before_a_deletion_brings_nothing_back_and_is_shared_with_nobody_later() {
    for clears in [true, false] {
        let service = Service::gated();
        service.let_through(1);
        let (cmm, cache, id) = noted(&service).await;
        cache.delete_cache_entry(&id);
        let before = spawn(&cmm);
        service.begun(2).await;
        if clears {
            cache.clear()
        } else {
            cache.delete_cache_entry(&id)
        }
        let after = spawn(&cmm);
        service.begun(3).await;
        service.let_through(1);
        let before = before.await.unwrap();
        assert!(cache.is_empty(), "clears: {clears}");
        service.let_through(1);
        let after = after.await.unwrap();
        assert!(!same_key(&before, &after));
        assert!(same_key(&after, &encrypt(&cmm, "7").await));
        assert_eq!((service.calls(), cache.len()), (3, 1));
    }
}

#[tokio::test]
async fn clearing_wipes_and_counts_each_entry_once() {
    let service = Service::new();
    let (cmm, cache, _) = cached(&service, limits(|_| ()));
    for tenant in ["a", "b", "c"] {
        encrypt(&cmm, tenant).await;
    }
    cache.clear();
    cache.clear();
    assert_eq!((cmm.metrics().evictions.deleted, cache.len()), (3, 0));
}

/// Threads put entries while others clear: whoever sees that nothing was deleted since the call
/// began has put an entry that a later clearing finds.
#[test]
fn nothing_is_left_of_puts_and_clearings_at_once() {
    const THREADS: u8 = 8;
    let cache = Local::new(1000);
    let entries = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let cache = &cache;
                    move || put_each(cache, thread)
                })
            })
            .collect();
        for _ in 0..500 {
            cache.clear();
        }
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    cache.clear();
    assert_eq!(cache.len(), 0);
    assert!(entries.iter().all(|entry| entry.materials().is_none()));
}

fn put_each(cache: &Local, thread: u8) -> Vec<Arc<CacheEntry>> {
    let entries = (0..500_u16).map(|number| {
        let mut id = [thread; 48];
        id[1..3].copy_from_slice(&number.to_be_bytes());
        let entry = Arc::new(CacheEntry::new(
            CachedMaterials::Other(Arc::new(number)),
            cache.now(),
            cache.now() + caching::MINUTE,
        ));
        cache.put_cache_entry(id.into(), Arc::clone(&entry));
        entry
    });
    entries.collect()
}

/// With more puts at once than there is room for, what is above the capacity is wiped when the
/// last of them returns, by none but the puts.
#[test]
fn puts_at_once_leave_no_more_than_there_is_room_for() {
    const CAPACITY: usize = 10;
    let cache = Local::new(CAPACITY);
    let entries: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|thread| {
                scope.spawn({
                    let cache = &cache;
                    move || put_each(cache, thread)
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let left = entries.iter().filter(|entry| entry.materials().is_some()).count();
    assert!(left <= CAPACITY, "{left}");
}

#[tokio::test]
async fn a_request_that_waits_when_the_cache_is_cleared_is_answered() {
    let service = Service::gated();
    let (cmm, cache, _) = cached(&service, limits(|_| ()));
    let tasks: Vec<_> = (0..8).map(|_| spawn(&cmm)).collect();
    waiting(&cmm, 7).await;
    cache.clear();
    service.let_through(1);
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((service.calls(), cache.len()), (1, 0));
    cmm.get_encryption_materials({
        service.let_through(1);
        to_encrypt("7", 1)
    })
    .await
    .unwrap();
    assert_eq!(service.calls(), 2);
}

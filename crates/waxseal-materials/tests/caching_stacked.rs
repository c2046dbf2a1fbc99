//! One caching manager above another, over one cache and in one partition.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use caching::{Cmm, Local, Service, cmm, encrypt, limits, storm, to_decrypt, to_encrypt};
use futures_util::future::join_all;
use tokio::time::timeout;
use waxseal_materials::{CacheLimits, CryptographicMaterialsManager};

/// The upper, the lower, and their cache, with a single slot for calls in flight.
fn stacked(service: &Service) -> (Cmm, Cmm, Arc<Local>) {
    let shared = || -> CacheLimits { limits(|limits| limits.partition_id = Some("shared".into())) };
    let options = storm(|options| options.fan_out = NonZeroUsize::MIN);
    let cache = Arc::new(Local::new(100).with_storm_tracking(options).unwrap());
    let lower = cmm(service, &cache, shared());
    let upper =
        Cmm::new(waxseal_native::provider(), lower.clone(), Arc::clone(&cache) as _, shared()).unwrap();
    (upper, lower, cache)
}

/// What hangs here would hang for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future).await.expect("it hangs")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upper_does_not_wait_for_itself_through_the_lower() {
    let service = Service::new();
    service.give_way();
    let (upper, lower, _) = stacked(&service);
    let made = soon(encrypt(&upper, "7")).await;
    let tasks = (0..64).map(|_| {
        let (upper, request) = (upper.clone(), to_decrypt(&made));
        tokio::spawn(async move { upper.decrypt_materials(request).await.unwrap() })
    });
    for opened in soon(join_all(tasks)).await {
        assert!(opened.unwrap().data_key().unwrap().ct_eq(made.data_key().unwrap()));
    }
    assert_eq!(service.calls(), 2);
    assert_eq!((upper.metrics().misses, lower.metrics().misses), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_contexts_at_once_do_not_wait_for_each_others_slots() {
    let service = Service::new();
    service.give_way();
    let (upper, _, cache) = stacked(&service);
    let tasks = (0..64).map(|tenant| {
        let upper = upper.clone();
        tokio::spawn(async move {
            let made = encrypt(&upper, &tenant.to_string()).await;
            upper.decrypt_materials(to_decrypt(&made)).await.unwrap();
        })
    });
    soon(join_all(tasks)).await.into_iter().for_each(Result::unwrap);
    assert_eq!((service.calls(), cache.len()), (128, 100));
}

/// The lower can't count the messages that the upper's data keys will encrypt, so they are not
/// its entries.
#[tokio::test]
async fn to_encrypt_the_upper_passes_the_lower_by() {
    let service = Service::new();
    let (upper, lower, _) = stacked(&service);
    for _ in 0..3 {
        upper.get_encryption_materials(to_encrypt("7", 10)).await.unwrap();
    }
    assert_eq!((service.calls(), lower.metrics().bypasses.unknown_length), (1, 1));
    assert_eq!((upper.metrics().hits, lower.metrics().misses), (2, 0));
}

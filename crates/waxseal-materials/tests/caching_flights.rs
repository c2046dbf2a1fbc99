//! Calls in flight: one for many tasks, whatever becomes of them.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use caching::{
    Cmm, Local, MINUTE, RuntimeClock, Service, cached, cmm, encrypt, limits, storm, to_decrypt, to_encrypt,
    waiting,
};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use waxseal_materials::{
    CryptographicMaterialsManager, EncryptionMaterials, KeyFailureReason, MaterialsError,
};

type Made = Result<EncryptionMaterials, MaterialsError>;

fn spawn(cmm: &Cmm, tenant: &'static str) -> JoinHandle<Made> {
    let cmm = cmm.clone();
    tokio::spawn(async move { cmm.get_encryption_materials(to_encrypt(tenant, 10)).await })
}

fn denied(error: &MaterialsError) -> bool {
    matches!(error, MaterialsError::Wrap(failure) if failure.reason == KeyFailureReason::Denied)
        && error.to_string().contains("tests/key")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_miss_of_64_tasks_makes_one_call() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let tasks: Vec<_> = (0..64).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 63).await;
    service.let_through(1);
    let made: Vec<_> = join_all(tasks).await.into_iter().map(|made| made.unwrap().unwrap()).collect();
    let first = made[0].data_key().unwrap();
    assert!(made.iter().all(|made| Arc::ptr_eq(made.data_key().unwrap(), first)));
    assert_eq!(service.calls(), 1);
    assert_eq!((cmm.metrics().misses, cmm.metrics().in_flight_waits, cmm.metrics().hits), (1, 63, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_waited_count_as_uses_too() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_messages = 10));
    let tasks: Vec<_> = (0..64).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 63).await;
    service.let_through(64);
    join_all(tasks).await.into_iter().for_each(|made| drop(made.unwrap().unwrap()));
    assert_eq!(service.calls(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn clones_of_a_manager_share_the_call_and_managers_of_one_partition_its_entry() {
    let service = Service::gated();
    let shared = || limits(|limits| limits.partition_id = Some("shared".into()));
    let (first, cache, _) = cached(&service, shared());
    let (a, b) = (spawn(&first, "7"), spawn(&first.clone(), "7"));
    waiting(&first, 1).await;
    service.let_through(1);
    a.await.unwrap().unwrap();
    b.await.unwrap().unwrap();
    let second = cmm(&service, &cache, shared());
    encrypt(&second, "7").await;
    assert_eq!((service.calls(), second.metrics().hits), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_told_to_all_and_kept_by_none() {
    let service = Service::gated();
    service.deny(true);
    let (cmm, cache, _) = cached(&service, limits(|_| ()));
    let tasks: Vec<_> = (0..64).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 63).await;
    service.let_through(1);
    for made in join_all(tasks).await {
        let error = made.unwrap().unwrap_err();
        assert!(denied(&error), "{error}");
        let source = std::error::Error::source(&error).unwrap().source().unwrap();
        assert_eq!(source.to_string(), "not today");
    }
    assert_eq!((service.calls(), cache.len()), (1, 0));

    // The next request calls again, and gets what the service says then.
    service.let_through(2);
    assert!(spawn(&cmm, "7").await.unwrap().is_err());
    service.deny(false);
    spawn(&cmm, "7").await.unwrap().unwrap();
    assert_eq!(service.calls(), 3);
}

/// Decryption too: one call, and its error told to all, with what each key said.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_many_decrypt_at_once_are_one_call_too() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    service.let_through(1);
    let request = to_decrypt(&encrypt(&cmm, "7").await);
    for (denies, calls) in [(true, 2), (false, 3)] {
        service.deny(denies);
        let waits = cmm.metrics().in_flight_waits;
        let tasks = (0..64).map(|_| {
            let (cmm, request) = (cmm.clone(), request.clone());
            tokio::spawn(async move { cmm.decrypt_materials(request).await })
        });
        let tasks: Vec<_> = tasks.collect();
        waiting(&cmm, waits + 63).await;
        service.let_through(1);
        for opened in join_all(tasks).await {
            match opened.unwrap() {
                Ok(opened) => assert!(!denies && opened.data_key().is_some()),
                Err(MaterialsError::Unwrap(failures)) => {
                    assert!(denies);
                    assert_eq!(failures.as_slice()[0].reason, KeyFailureReason::Denied);
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(service.calls(), calls);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_differs_does_not_get_anothers_error() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    service.let_through(1);
    let request = to_decrypt(&encrypt(&cmm, "7").await);
    let mut wrong = request.clone();
    wrong.reproduced_context.insert("tenant".into(), "7".into());
    let (first, second) = (cmm.clone(), cmm.clone());
    let first = tokio::spawn(async move { first.decrypt_materials(wrong).await });
    service.begun(2).await;
    let second = tokio::spawn(async move { second.decrypt_materials(request).await });
    service.begun(3).await;
    service.deny(true);
    service.let_through(1);
    service.let_through(1);
    assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
    assert_eq!(cmm.metrics().bypasses.unlike, 1, "it made a call of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_task_that_called_is_cancelled_another_goes_on_with_the_call() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let first = spawn(&cmm, "7");
    service.begun(1).await;
    let others: Vec<_> = (0..8).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 8).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    service.let_through(1);
    for made in join_all(others).await {
        made.unwrap().unwrap();
    }
    assert_eq!(service.calls(), 1);
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cmm.metrics().hits), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_are_cancelled_the_call_is_dropped_and_the_next_request_calls() {
    let service = Service::gated();
    let (cmm, ..) = cached(&service, limits(|_| ()));
    let tasks: Vec<_> = (0..8).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 7).await;
    tasks.iter().for_each(JoinHandle::abort);
    join_all(tasks).await;
    service.let_through(1);
    encrypt(&cmm, "7").await;
    assert_eq!(service.calls(), 2);
}

#[tokio::test]
async fn near_its_expiry_one_task_renews_an_entry_while_others_use_it() {
    let service = Service::gated();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    service.let_through(1);
    let old = encrypt(&cmm, "7").await;
    clock.turn(MINUTE - Duration::from_secs(10));
    let renewing = spawn(&cmm, "7");
    service.begun(2).await;
    for _ in 0..10 {
        let used = encrypt(&cmm, "7").await;
        assert!(Arc::ptr_eq(used.data_key().unwrap(), old.data_key().unwrap()));
    }
    service.let_through(1);
    let new = renewing.await.unwrap().unwrap();
    assert!(!Arc::ptr_eq(new.data_key().unwrap(), old.data_key().unwrap()));
    let used = encrypt(&cmm, "7").await;
    assert!(Arc::ptr_eq(used.data_key().unwrap(), new.data_key().unwrap()));
    assert_eq!(service.calls(), 2);
    let metrics = cmm.metrics();
    assert_eq!((metrics.refreshes, metrics.hits, metrics.evictions.replaced), (1, 11, 1));
}

/// The entry is another manager's, of a longer age: this one renews it in time for its own.
#[tokio::test]
async fn a_manager_of_a_shorter_age_renews_before_it_has_to_wait() {
    let service = Service::new();
    let shared = |age| {
        limits(|limits| {
            limits.partition_id = Some("shared".into());
            limits.max_age = Duration::from_secs(age);
        })
    };
    let (long, cache, clock) = cached(&service, shared(60));
    let short = cmm(&service, &cache, shared(40));
    encrypt(&long, "7").await;
    clock.turn(Duration::from_secs(30));
    encrypt(&long, "7").await;
    assert_eq!(service.calls(), 1);
    encrypt(&short, "7").await;
    assert_eq!((service.calls(), short.metrics().refreshes), (2, 1));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_the_entry_in_use_until_it_expires() {
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    encrypt(&cmm, "7").await;
    service.deny(true);
    clock.turn(MINUTE - Duration::from_secs(5));
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cmm.metrics().refresh_failures), (2, 1));
    clock.turn(Duration::from_secs(5));
    assert!(denied(&cmm.get_encryption_materials(to_encrypt("7", 1)).await.unwrap_err()));
}

#[tokio::test]
async fn a_short_life_has_a_short_grace() {
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|limits| limits.max_age = Duration::from_secs(4)));
    encrypt(&cmm, "7").await;
    clock.turn(Duration::from_millis(2999));
    encrypt(&cmm, "7").await;
    assert_eq!(service.calls(), 1);
    clock.turn(Duration::from_millis(1));
    encrypt(&cmm, "7").await;
    assert_eq!((service.calls(), cmm.metrics().refreshes), (2, 1));
}

#[tokio::test]
async fn a_call_that_takes_longer_than_the_grace_interval_is_not_waited_for_by_new_requests() {
    let service = Service::gated();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    let lost = spawn(&cmm, "7");
    service.begun(1).await;
    clock.turn(Duration::from_secs(1));
    let next = spawn(&cmm, "7");
    service.begun(2).await;
    service.let_through(2);
    lost.await.unwrap().unwrap();
    next.await.unwrap().unwrap();
    assert_eq!((service.calls(), cmm.metrics().misses), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_entries_than_the_fan_out_are_in_flight() {
    let service = Service::gated();
    let options = storm(|options| options.fan_out = NonZeroUsize::new(3).unwrap());
    let cache = Arc::new(Local::new(100).with_storm_tracking(options).unwrap());
    let cmm = cmm(&service, &cache, limits(|_| ()));
    let tenants = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let tasks: Vec<_> = tenants.map(|tenant| spawn(&cmm, tenant)).into();
    service.begun(3).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(service.calls(), 3);
    service.let_through(8);
    join_all(tasks).await.into_iter().for_each(|made| drop(made.unwrap().unwrap()));
    assert_eq!((service.calls(), service.most_at_once()), (8, 3));
}

#[tokio::test(start_paused = true)]
async fn with_a_clock_that_sleeps_who_waits_calls_after_the_interval_and_all_give_up_in_time() {
    let service = Service::gated();
    let options = storm(|options| options.in_flight_ttl = Duration::from_secs(3));
    let cache = Local::new(100).with_clock(RuntimeClock::new()).with_storm_tracking(options).unwrap();
    let cmm = cmm(&service, &Arc::new(cache), limits(|_| ()));
    let tasks: Vec<_> = (0..10).map(|_| spawn(&cmm, "7")).collect();
    tokio::time::sleep(Duration::from_millis(2999)).await;
    assert_eq!(service.calls(), 3, "at 0, 1 and 2 seconds");
    assert!(tasks.iter().all(|task| !task.is_finished()));
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(tasks.iter().all(JoinHandle::is_finished), "those who called, too");
    for made in join_all(tasks).await {
        let error = made.unwrap().unwrap_err();
        let MaterialsError::Wrap(failure) = &error else { panic!("{error}") };
        assert_eq!(failure.reason, KeyFailureReason::Unreachable);
    }
}

#[test]
fn times_that_do_not_fit_each_other_are_refused() {
    let second = Duration::from_secs(1);
    for options in [
        storm(|options| options.grace_interval = Duration::ZERO),
        storm(|options| options.grace_interval = 11 * second),
        storm(|options| options.in_flight_ttl = 11 * second),
    ] {
        let refused = Local::new(1).with_storm_tracking(options);
        assert!(matches!(refused, Err(MaterialsError::CacheLimits(_))));
    }
}

//! Calls that are never answered, that panic, or whose answer comes too late.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use caching::{
    Cmm, Local, MINUTE, RuntimeClock, Service, cached, cached_with, cmm, encrypt, limits, poll_once, storm,
    to_decrypt, to_encrypt, waiting,
};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use waxseal_materials::{
    CacheClock, CacheLimits, CryptographicMaterialsManager, EncryptionMaterials, KeyFailureReason,
    MaterialsError, StormTracking,
};

type Made = Result<EncryptionMaterials, MaterialsError>;

const SECOND: Duration = Duration::from_secs(1);

fn spawn(cmm: &Cmm, tenant: &'static str) -> JoinHandle<Made> {
    let cmm = cmm.clone();
    tokio::spawn(async move { cmm.get_encryption_materials(to_encrypt(tenant, 10)).await })
}

/// What hangs here would hang for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(10 * SECOND, future).await.expect("it hangs")
}

fn fan_out(most: usize) -> impl FnOnce(&mut StormTracking) {
    move |options| options.fan_out = NonZeroUsize::new(most).unwrap()
}

fn shared() -> CacheLimits {
    limits(|limits| limits.partition_id = Some("shared".into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_in_the_manager_below_is_an_error_for_all_64_who_wait() {
    let service = Service::gated();
    service.panic(true);
    let (cmm, cache, _) = cached(&service, limits(|_| ()));
    let tasks: Vec<_> = (0..65).map(|_| spawn(&cmm, "7")).collect();
    waiting(&cmm, 64).await;
    service.let_through(1);
    for made in soon(join_all(tasks)).await {
        let error = made.unwrap().unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    assert_eq!((service.calls(), cache.len()), (1, 0));

    // And the next request calls again.
    service.panic(false);
    service.let_through(1);
    soon(encrypt(&cmm, "7")).await;
    assert_eq!(service.calls(), 2);
}

/// Times of a call begin with its slot.
#[tokio::test]
async fn a_call_that_waits_for_its_turn_is_not_lost_and_is_made_once() {
    let service = Service::gated();
    let (cmm, _, clock) = cached_with(&service, fan_out(1), limits(|_| ()));
    let first = spawn(&cmm, "a");
    service.begun(1).await;
    let waits: Vec<_> = (0..2).map(|_| spawn(&cmm, "b")).collect();
    waiting(&cmm, 1).await;
    clock.turn(5 * SECOND);
    let later = spawn(&cmm, "b");
    waiting(&cmm, 2).await;
    service.let_through(1);
    first.await.unwrap().unwrap();
    service.begun(2).await;
    let joins = spawn(&cmm, "b");
    waiting(&cmm, 3).await;
    service.let_through(1);
    for task in waits.into_iter().chain([later, joins]) {
        soon(task).await.unwrap().unwrap();
    }
    assert_eq!((service.calls(), cmm.metrics().misses), (2, 2));
}

#[tokio::test]
async fn a_call_that_waited_for_its_turn_looks_into_the_cache_first() {
    let service = Service::new();
    let (busy, cache, _) = cached_with(&service, fan_out(1), shared());
    service.hang("a", 1);
    let hung = spawn(&busy, "a");
    service.begun(1).await;
    let waits = spawn(&busy, "b");
    tokio::task::yield_now().await;
    encrypt(&cmm(&service, &cache, shared()), "b").await;
    assert!(!waits.is_finished());
    hung.abort();
    soon(waits).await.unwrap().unwrap();
    assert_eq!((service.calls(), busy.metrics().hits, busy.metrics().misses), (2, 1, 1));
}

#[tokio::test]
async fn an_entry_whose_calls_all_hang_takes_one_slot() {
    let service = Service::new();
    let (cmm, _, clock) = cached_with(&service, fan_out(2), limits(|_| ()));
    service.hang("a", u64::MAX);
    let mut hung = Vec::new();
    for calls in 1..=5 {
        hung.push(spawn(&cmm, "a"));
        service.begun(calls).await;
        clock.turn(SECOND);
    }
    soon(encrypt(&cmm, "b")).await;
    assert_eq!(service.calls(), 6);
    assert!(hung.iter().all(|task| !task.is_finished()));
}

#[tokio::test]
async fn a_call_leaves_its_slot_to_others_after_the_in_flight_ttl() {
    let service = Service::new();
    let (cmm, _, clock) = cached_with(&service, fan_out(1), limits(|_| ()));
    service.hang("a", u64::MAX);
    let hung = spawn(&cmm, "a");
    service.begun(1).await;
    clock.turn(10 * SECOND - Duration::from_millis(1));
    let waits = spawn(&cmm, "b");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waits.is_finished());
    clock.turn(Duration::from_millis(1));
    soon(encrypt(&cmm, "c")).await;
    soon(waits).await.unwrap().unwrap();
    assert!(!hung.is_finished());
}

#[tokio::test]
async fn those_who_wait_for_a_lost_call_get_what_a_later_one_brings() {
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    service.hang("7", 2);
    let mut lost = vec![spawn(&cmm, "7")];
    service.begun(1).await;
    lost.extend((0..8).map(|_| spawn(&cmm, "7")));
    waiting(&cmm, 8).await;
    clock.turn(SECOND);
    lost.push(spawn(&cmm, "7"));
    service.begun(2).await;
    clock.turn(SECOND);
    let new = encrypt(&cmm, "7").await;
    for made in soon(join_all(lost)).await {
        let made = made.unwrap().unwrap();
        assert!(Arc::ptr_eq(made.data_key().unwrap(), new.data_key().unwrap()));
    }
    assert_eq!((service.calls(), cmm.metrics().misses, cmm.metrics().hits), (3, 3, 10));
}

#[tokio::test]
async fn a_lost_call_that_is_answered_first_answers_the_later_one_too() {
    let service = Service::gated();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    let first = spawn(&cmm, "7");
    service.begun(1).await;
    clock.turn(SECOND);
    let second = spawn(&cmm, "7");
    service.begun(2).await;
    service.let_through(1);
    let (a, b) = (soon(first).await.unwrap().unwrap(), soon(second).await.unwrap().unwrap());
    assert!(Arc::ptr_eq(a.data_key().unwrap(), b.data_key().unwrap()));
}

/// The runtime's clock, with times of one and three seconds.
fn sleeping(service: &Service, limits: CacheLimits) -> Cmm {
    let options = storm(|options| options.in_flight_ttl = 3 * SECOND);
    let cache = Local::new(100).with_clock(RuntimeClock::new()).with_storm_tracking(options).unwrap();
    cmm(service, &Arc::new(cache), limits)
}

fn is_too_long(error: &MaterialsError) -> bool {
    let failure = match error {
        MaterialsError::Wrap(failure) => failure,
        MaterialsError::Unwrap(failures) => &failures.as_slice()[0],
        other => panic!("{other}"),
    };
    failure.reason == KeyFailureReason::Unreachable
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_nobody_but_its_own_call_gives_up_in_time() {
    let service = Service::new();
    let cmm = sleeping(&service, limits(|_| ()));
    let made = encrypt(&cmm, "7").await;
    service.hang("7", u64::MAX);
    let begun = tokio::time::Instant::now();
    let error = cmm.decrypt_materials(to_decrypt(&made)).await.unwrap_err();
    assert!(is_too_long(&error), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_falls_back_on_the_entry_while_that_counts() {
    let service = Service::new();
    let cmm = sleeping(&service, limits(|_| ()));
    let old = encrypt(&cmm, "7").await;
    service.hang("7", 1);
    tokio::time::sleep(MINUTE - 5 * SECOND).await;
    let begun = tokio::time::Instant::now();
    let used = encrypt(&cmm, "7").await;
    assert!(Arc::ptr_eq(used.data_key().unwrap(), old.data_key().unwrap()));
    assert_eq!((begun.elapsed().as_secs(), cmm.metrics().refresh_failures), (1, 1));

    // The next renews it.
    let new = encrypt(&cmm, "7").await;
    assert!(!Arc::ptr_eq(new.data_key().unwrap(), old.data_key().unwrap()));
    assert_eq!(service.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_beyond_the_expiry_is_followed_by_another_call() {
    let service = Service::new();
    let cmm = sleeping(&service, limits(|_| ()));
    let old = encrypt(&cmm, "7").await;
    service.hang("7", 1);
    tokio::time::sleep(MINUTE - SECOND / 2).await;
    let new = encrypt(&cmm, "7").await;
    assert!(!Arc::ptr_eq(new.data_key().unwrap(), old.data_key().unwrap()));
    assert_eq!((service.calls(), cmm.metrics().refresh_failures), (3, 1));
}

/// A call that waits for its turn is waited for no longer than any other.
#[tokio::test(start_paused = true)]
async fn waiting_for_a_slot_ends_in_time_too() {
    let service = Service::new();
    let options = storm(|options| options.fan_out = NonZeroUsize::MIN);
    let cache = Local::new(100).with_clock(RuntimeClock::new()).with_storm_tracking(options).unwrap();
    let cmm = cmm(&service, &Arc::new(cache), limits(|_| ()));
    service.hang("a", u64::MAX);
    let hung = spawn(&cmm, "a");
    service.begun(1).await;
    tokio::time::sleep(SECOND).await;
    let waits = spawn(&cmm, "b");
    tokio::time::sleep(9 * SECOND).await;
    assert!(is_too_long(&hung.await.unwrap().unwrap_err()));
    waits.await.unwrap().unwrap();
}

/// Whoever begins the call, and whoever joins it: neither may use what has expired since.
#[tokio::test]
async fn an_answer_that_a_task_takes_after_its_expiry_is_followed_by_another_call() {
    for late_joins in [false, true] {
        let service = Service::gated();
        let (cmm, _, clock) = cached(&service, limits(|_| ()));
        let request = || Box::pin(cmm.get_encryption_materials(to_encrypt("7", 10)));
        let (mut begins, mut joins) = (request(), request());
        assert!(poll_once(&mut begins).is_pending() && poll_once(&mut joins).is_pending());
        service.let_through(1);
        let (prompt, late) = if late_joins { (begins, joins) } else { (joins, begins) };
        let expired = soon(prompt).await.unwrap();
        clock.turn(MINUTE);
        service.let_through(1);
        let made = soon(late).await.unwrap();
        assert!(!Arc::ptr_eq(made.data_key().unwrap(), expired.data_key().unwrap()));
        assert_eq!((service.calls(), cmm.metrics().bypasses.total()), (2, 0));
    }
}

/// A clock on which a second passes with each look.
#[derive(Debug, Default)]
struct Running(std::sync::atomic::AtomicU64);

impl CacheClock for Running {
    fn now(&self) -> Duration {
        Duration::from_secs(self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
    }
}

#[tokio::test]
async fn an_age_that_is_shorter_than_a_task_takes_ends_past_the_cache() {
    let service = Service::new();
    let cache = Arc::new(Local::new(100).with_clock(Running::default()));
    let cmm = cmm(&service, &cache, limits(|limits| limits.max_age = Duration::from_millis(1)));
    soon(encrypt(&cmm, "7")).await;
    assert_eq!((service.calls(), cmm.metrics().bypasses.late), (3, 1));
}

/// Each answer serves two of them. The time to give up is that of one call.
#[tokio::test(start_paused = true)]
async fn tasks_that_find_answers_used_up_wait_for_the_next_ones() {
    let service = Service::new();
    service.delay(Duration::from_millis(900));
    let cmm = sleeping(&service, limits(|limits| limits.max_messages = 2));
    let begun = tokio::time::Instant::now();
    let tasks: Vec<_> = (0..20).map(|_| spawn(&cmm, "7")).collect();
    for made in join_all(tasks).await {
        made.unwrap().unwrap();
    }
    assert_eq!((service.calls(), begun.elapsed().as_secs()), (10, 9));
}

/// The call that a deletion made obsolete while it waited for its slot gives it back in time too.
#[tokio::test]
async fn a_superseded_call_keeps_no_slot() {
    let service = Service::new();
    let (cmm, cache, clock) = cached_with(&service, fan_out(1), limits(|_| ()));
    service.hang("a", u64::MAX);
    service.hang("b", u64::MAX);
    let mut hung = vec![spawn(&cmm, "a")];
    service.begun(1).await;
    hung.push(spawn(&cmm, "b"));
    tokio::task::yield_now().await;
    cache.clear();
    hung.push(spawn(&cmm, "b"));
    let other = spawn(&cmm, "c");
    // Whoever comes by takes the slot from the call that is over its time, and the next hangs in it.
    for (calls, passing) in [(3, "d"), (5, "e")] {
        tokio::task::yield_now().await;
        assert!(!other.is_finished());
        clock.turn(10 * SECOND);
        soon(encrypt(&cmm, passing)).await;
        soon(service.begun(calls)).await;
    }
    clock.turn(10 * SECOND);
    soon(encrypt(&cmm, "f")).await;
    soon(other).await.unwrap().unwrap();
    hung.iter().for_each(JoinHandle::abort);
}

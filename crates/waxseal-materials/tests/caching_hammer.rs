//! Limits hold whatever happens at once.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use caching::{Clock, Cmm, Service, cached, cmm, encrypt, limits, poll_once, to_encrypt};
use waxseal_materials::{CacheLimits, CryptographicMaterialsManager, EncryptionMaterials};

const THREADS: usize = 64;
const EACH: usize = 200;

/// Messages and bytes by data key.
type Uses = HashMap<Vec<u8>, (u64, u64)>;

fn shared(max_messages: u64, max_bytes: u64) -> CacheLimits {
    limits(|limits| {
        limits.max_messages = max_messages;
        limits.max_bytes = max_bytes;
        limits.partition_id = Some("shared".into());
    })
}

/// Two managers of one partition, messages of many lengths, a clock that runs so that entries are
/// renewed and expire, and every fifth request dropped after it was polled once, most of them
/// while they drive a call.
#[test]
fn two_managers_64_threads_a_running_clock_and_cancelled_calls_pass_no_limit() {
    let service = Service::new();
    service.give_way();
    let (strict_limits, loose_limits) = (shared(40, 1500), shared(90, 4000));
    let (strict, cache, clock) = cached(&service, strict_limits);
    let loose = cmm(&service, &cache, loose_limits);
    let (of_strict, of_both) = (Mutex::new(Uses::new()), Mutex::new(Uses::new()));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let is_strict = thread % 8 == 0;
            let cmm = if is_strict { &strict } else { &loose };
            let mut counts = vec![&of_both];
            counts.extend(is_strict.then_some(&of_strict));
            let clock = clock.clone();
            scope.spawn(move || hammer(cmm, thread, &clock, &counts));
        }
    });
    let (of_strict, of_both) = (of_strict.into_inner().unwrap(), of_both.into_inner().unwrap());
    let messages: u64 = of_both.values().map(|(messages, _)| messages).sum();
    assert_eq!(messages, (THREADS * EACH * 4 / 5) as u64, "every request that was not dropped is answered");
    assert!(of_strict.values().all(|(messages, bytes)| *messages <= 40 && *bytes <= 1500));
    assert!(of_both.values().all(|(messages, bytes)| *messages <= 90 && *bytes <= 4000));
    assert!((of_both.len() as u64) <= service.calls() && service.calls() < messages, "it did cache");
    let metrics = loose.metrics();
    assert!(metrics.exhausted > 0 && metrics.refreshes > 0, "{metrics:?}");
}

fn hammer(cmm: &Cmm, thread: usize, clock: &Clock, counts: &[&Mutex<Uses>]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for number in 0..EACH {
        let bytes = ((thread * 31 + number * 7) % 97) as u64;
        // Slowly, so that entries are used up, then fast, so that they grow old.
        clock.turn(Duration::from_millis(if number < EACH / 2 { 100 } else { 2000 }));
        let mut request = Box::pin(cmm.get_encryption_materials(to_encrypt("7", bytes)));
        if number % 5 == 0 {
            drop(runtime.block_on(async { poll_once(&mut request) }));
        } else {
            let made = runtime.block_on(request).unwrap();
            counts.iter().for_each(|uses| count(&mut uses.lock().unwrap(), &made, bytes));
        }
    }
}

fn count(uses: &mut Uses, made: &EncryptionMaterials, bytes: u64) {
    let key = made.encrypted_data_keys()[0].ciphertext.clone();
    let (messages, sum) = uses.entry(key).or_default();
    *messages += 1;
    *sum += bytes;
}

/// One data key's messages are many threads' at once, and every one's bytes count.
#[test]
fn each_data_key_is_used_to_its_last_byte() {
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_bytes = 1000));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..100).for_each(|_| drop(runtime.block_on(encrypt(&cmm, "7")))));
        }
    });
    assert_eq!(service.calls(), 64, "6400 messages of 10 bytes, 100 a key");
}

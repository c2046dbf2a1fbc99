//! The bench of the cache in small: what it counts, the embedded KMS counts itself.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use waxseal::{CacheLimits, Client, LocalCryptographicMaterialsCache, native};
use waxseal_benches::UNSIGNED;
use waxseal_benches::cache_keys::Counted;

const MESSAGES: u64 = 500;
const TASKS: u64 = 50;

async fn encrypt_all(client: &Client) {
    let tasks = (0..TASKS).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            for _ in 0..MESSAGES / TASKS {
                client.encrypt(b"a message").context("tenant", "7").suite(UNSIGNED).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_context_make_one_call_to_kms() {
    let keys = Counted::local_kms(Duration::from_millis(5)).unwrap();
    let client = Client::new(native::provider(), Arc::clone(&keys.keyring));
    encrypt_all(&client).await;
    assert_eq!(keys.take_calls(), MESSAGES);

    let cache = Arc::new(LocalCryptographicMaterialsCache::new(10));
    let cached = client.clone().with_cache(cache, CacheLimits::new(Duration::from_secs(3600))).unwrap();
    encrypt_all(&cached).await;
    assert_eq!(keys.take_calls(), 1);

    let message = cached.encrypt(b"a message").context("tenant", "7").suite(UNSIGNED).await.unwrap().message;
    for _ in 0..10 {
        assert_eq!(cached.decrypt(&message).await.unwrap().plaintext, b"a message");
    }
    assert_eq!(keys.take_calls(), 1);
}

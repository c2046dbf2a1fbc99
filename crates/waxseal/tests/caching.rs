//! Every way into the client uses the cache of its materials.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs
)]

use std::io::{Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Handle;
use waxseal::aio::RangeSource;
use waxseal::{
    AlgorithmSuite, CacheLimits, CachingCryptographicMaterialsManager, Client, DecryptMaterialsRequest,
    DecryptionMaterials, DefaultCmm, EncryptionMaterials, EncryptionMaterialsRequest, ErrorClass,
    LocalCryptographicMaterialsCache, MaterialsError, Parking, RawAesKeyring, StormTracking, TokioClock,
    async_trait, native,
};
use waxseal::{CryptographicMaterialsManager, KeyFailure, KeyFailureReason};

/// Counts calls, and refuses them when it is told to.
#[derive(Debug)]
struct Counted {
    cmm: DefaultCmm,
    calls: Arc<AtomicU64>,
    denies: bool,
    time: Duration,
}

impl Counted {
    async fn call(&self) -> Result<(), MaterialsError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        // Like a keyring that blocks its thread rather than being awaited.
        std::thread::sleep(self.time);
        let denied = KeyFailure::new("key", KeyFailureReason::Denied);
        if self.denies { Err(MaterialsError::Wrap(denied)) } else { Ok(()) }
    }
}

#[async_trait]
impl CryptographicMaterialsManager for Counted {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.call().await?;
        self.cmm.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        self.call().await?;
        self.cmm.decrypt_materials(request).await
    }
}

struct Setup {
    client: Client,
    cmm: CachingCryptographicMaterialsManager,
    calls: Arc<AtomicU64>,
}

fn setup(denies: bool, time: Duration) -> Setup {
    let crypto = native::provider();
    let keyring = RawAesKeyring::new(crypto, "tests", "key", [7; 32].into()).unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = Counted { cmm: DefaultCmm::new(crypto, keyring), calls: Arc::clone(&calls), denies, time };
    let cache = Arc::new(LocalCryptographicMaterialsCache::new(100));
    let limits = CacheLimits::new(Duration::from_secs(300));
    let cmm = CachingCryptographicMaterialsManager::new(crypto, counted, cache, limits).unwrap();
    Setup { client: Client::with_cmm(crypto, cmm.clone()), cmm, calls }
}

const TEXT: &[u8] = b"a plaintext of no importance";

#[test]
fn synchronous_calls_and_streams_with_a_length_share_a_data_key() {
    let Setup { client, cmm, calls } = setup(false, Duration::ZERO);
    let message = client.encrypt(TEXT).wait().unwrap().message;
    client.encrypt_into(TEXT, &mut Vec::new()).wait().unwrap();
    let bound = TEXT.len() as u64;
    let mut writer = client.encrypt_writer(Vec::new()).plaintext_len_bound(bound).wait().unwrap();
    writer.write_all(TEXT).unwrap();
    writer.finish().unwrap();
    let mut reader = client.encrypt_reader(TEXT).plaintext_len_bound(bound).wait().unwrap();
    let mut streamed = Vec::new();
    reader.read_to_end(&mut streamed).unwrap();
    assert_eq!((calls.load(Ordering::SeqCst), cmm.metrics().hits), (1, 3));

    assert_eq!(client.decrypt(&message).wait().unwrap().plaintext, TEXT);
    assert_eq!(client.decrypt(&streamed).wait().unwrap().plaintext, TEXT);
    let mut plaintext = Vec::new();
    client.decrypt_reader(streamed.as_slice()).wait().unwrap().read_to_end(&mut plaintext).unwrap();
    assert_eq!(plaintext, TEXT);
    assert_eq!((calls.load(Ordering::SeqCst), cmm.metrics().hits), (2, 5));
}

#[test]
fn a_stream_of_unknown_length_goes_past_the_cache_and_is_counted() {
    let Setup { client, cmm, calls } = setup(false, Duration::ZERO);
    for _ in 0..2 {
        client.encrypt_writer(Vec::new()).wait().unwrap().finish().unwrap();
    }
    assert_eq!((calls.load(Ordering::SeqCst), cmm.metrics().bypasses.unknown_length), (2, 2));
}

#[test]
fn a_stream_that_is_longer_than_it_said_fails() {
    let Setup { client, .. } = setup(false, Duration::ZERO);
    let bound = TEXT.len() as u64 - 1;
    let mut reader = client.encrypt_reader(TEXT).plaintext_len_bound(bound).wait().unwrap();
    let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(waxseal::Error::behind(&error).unwrap().class(), ErrorClass::Limit);
    let mut writer = client.encrypt_writer(Vec::new()).plaintext_len_bound(bound).wait().unwrap();
    writer.write_all(TEXT).unwrap();
    assert_eq!(writer.finish().unwrap_err().class(), ErrorClass::Limit);
}

#[test]
fn a_range_and_a_writer_that_decrypt_use_the_cache() {
    let Setup { client, cmm, .. } = setup(false, Duration::ZERO);
    let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    let message = client.encrypt(TEXT).suite(suite).wait().unwrap().message;
    let source = || std::io::Cursor::new(&message);
    let part = || client.decrypt_range(source()).wait().unwrap().read_range(2..11).unwrap();
    assert_eq!((part(), part()), (TEXT[2..11].to_vec(), TEXT[2..11].to_vec()));
    let mut writer = client.decrypt_writer(Vec::new()).wait().unwrap();
    writer.write_all(&message).unwrap();
    assert_eq!(writer.finish().unwrap(), TEXT);
    assert_eq!((cmm.metrics().misses, cmm.metrics().hits), (2, 2));
}

#[tokio::test]
async fn asynchronous_calls_and_streams_use_the_cache() {
    let Setup { client, cmm, .. } = setup(false, Duration::ZERO);
    let bound = TEXT.len() as u64;
    let message = client.encrypt(TEXT).await.unwrap().message;
    let mut writer = client.aio().encrypt_writer(Vec::new()).plaintext_len_bound(bound).await.unwrap();
    writer.write_all(TEXT).await.unwrap();
    writer.shutdown().await.unwrap();
    let items = futures_util::stream::iter([std::io::Result::Ok(bytes::Bytes::from_static(TEXT))]);
    let stream = client.aio().encrypt_stream(items).plaintext_len_bound(bound).await.unwrap();
    assert!(stream.collect::<Vec<_>>().await.into_iter().all(|item| item.is_ok()));
    assert_eq!((cmm.metrics().misses, cmm.metrics().hits), (1, 2));
    for _ in 0..2 {
        let mut reader = client.aio().decrypt_reader(message.as_slice()).open();
        let mut plaintext = Vec::new();
        reader.read_to_end(&mut plaintext).await.unwrap();
        assert_eq!(plaintext, TEXT);
    }
    assert_eq!((cmm.metrics().misses, cmm.metrics().hits), (2, 3));
}

struct Remote(Vec<u8>);

#[async_trait]
impl RangeSource for &Remote {
    async fn size(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    async fn read(&self, range: Range<u64>) -> std::io::Result<bytes::Bytes> {
        Ok(bytes::Bytes::copy_from_slice(&self.0[range.start as usize..range.end as usize]))
    }
}

#[tokio::test]
async fn an_asynchronous_range_uses_the_cache() {
    let Setup { client, cmm, .. } = setup(false, Duration::ZERO);
    let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    let message = client.encrypt(TEXT).suite(suite).await.unwrap().message;
    let remote = Remote(message);
    for _ in 0..3 {
        let range = client.aio().decrypt_range(&remote).await.unwrap();
        assert_eq!(range.read_range(2..11).await.unwrap(), TEXT[2..11]);
    }
    assert_eq!((cmm.metrics().misses, cmm.metrics().hits), (2, 2));
}

#[test]
fn streams_of_several_threads_use_the_cache() {
    let Setup { client, cmm, .. } = setup(false, Duration::ZERO);
    let text = TEXT.repeat(1000);
    for _ in 0..3 {
        let bound = text.len() as u64;
        let request = client.encrypt_reader(text.as_slice()).frame_length(512).threads(4);
        let mut message = Vec::new();
        request.plaintext_len_bound(bound).wait().unwrap().read_to_end(&mut message).unwrap();
        let mut plaintext = Vec::new();
        let opened = client.decrypt_reader(message.as_slice()).threads(4).wait();
        opened.unwrap().read_to_end(&mut plaintext).unwrap();
        assert_eq!(plaintext, text);
    }
    assert_eq!((cmm.metrics().misses, cmm.metrics().hits), (2, 4));
}

/// A key service that never answers.
#[derive(Debug)]
struct Hangs;

#[async_trait]
impl CryptographicMaterialsManager for Hangs {
    async fn get_encryption_materials(
        &self,
        _: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        std::future::pending().await
    }

    async fn decrypt_materials(
        &self,
        _: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        std::future::pending().await
    }
}

fn hanging(change: impl FnOnce(&mut StormTracking)) -> Client {
    let mut options = StormTracking::default();
    change(&mut options);
    let cache = LocalCryptographicMaterialsCache::new(100).with_clock(TokioClock::new(Handle::current()));
    let cache = Arc::new(cache.with_storm_tracking(options).unwrap());
    let limits = CacheLimits::new(Duration::from_secs(300));
    Client::with_cmm(native::provider(), Hangs).with_cache(cache, limits).unwrap()
}

#[tokio::test(start_paused = true)]
async fn by_tokios_clock_waiting_for_a_key_service_ends_in_time() {
    let client = hanging(|_| ());
    let begun = tokio::time::Instant::now();
    let both = tokio::join!(client.encrypt(TEXT), client.encrypt(TEXT));
    for ended in [both.0, both.1] {
        assert_eq!(ended.unwrap_err().class(), ErrorClass::KeyService);
    }
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_tokios_clock_threads_outside_the_runtime_stop_waiting_too() {
    let client = hanging(|options| {
        options.grace_interval = Duration::from_millis(20);
        options.in_flight_ttl = Duration::from_millis(50);
    });
    let waits = || client.clone().runtime(Parking).encrypt(TEXT).wait();
    let ended = std::thread::scope(|scope| scope.spawn(waits).join().unwrap());
    assert_eq!(ended.unwrap_err().class(), ErrorClass::KeyService);
}

#[test]
#[should_panic(expected = "timers are disabled")]
fn a_runtime_without_timers_is_told_when_the_clock_is_made() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = TokioClock::new(runtime.handle().clone());
}

#[test]
fn an_error_keeps_its_class_through_the_cache() {
    let Setup { client, calls, .. } = setup(true, Duration::ZERO);
    for _ in 0..2 {
        assert_eq!(client.encrypt(TEXT).wait().unwrap_err().class(), ErrorClass::KeyService);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn threads_that_wait_for_each_others_call_need_no_more_than_parking() {
    let Setup { client, calls, .. } = setup(false, Duration::from_millis(20));
    let client = client.runtime(Parking);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| client.encrypt(TEXT).wait().unwrap());
        }
    });
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

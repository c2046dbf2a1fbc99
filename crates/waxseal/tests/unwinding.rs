//! What a panic of a provider or a source leaves behind: no plaintext, and threads that go on.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use common::asynchronous::block_on;
use common::panicking::PanicsAt;
use common::{client_for, plaintext};
use futures_util::AsyncReadExt;
use waxseal::aio::Pool;
use waxseal::crypto::CryptoProvider;
use waxseal::{AlgorithmSuite, Client, Error, native};

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const FRAME: u32 = 2000;
const LARGE: u32 = 300_000;

/// One whose provider panics at the second frame, and one where a source was read ahead by then.
fn panicking() -> [Client; 2] {
    static AT_2: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 2 }, ..waxseal_native::PROVIDER };
    static LATE: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 150 }, ..waxseal_native::PROVIDER };
    [&AT_2, &LATE].map(|crypto| client_for(crypto, UNSIGNED))
}

fn panics(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it came to no panic");
}

/// No 16 bytes of `plain` in a row stand in `out`, at whatever place.
fn holds_none(out: &[u8], plain: &[u8]) -> bool {
    let known: std::collections::HashSet<_> = plain.windows(16).collect();
    out.windows(16).all(|bytes| !known.contains(bytes))
}

#[test]
fn a_panic_while_sealing_leaves_no_plaintext_in_the_callers_buffer() {
    let (plain, mut out) = (plaintext(600_000), vec![0xee; 1 << 20]);
    for client in panicking() {
        let request = client.encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(FRAME);
        let mut reader = request.wait().unwrap();
        panics(|| while Read::read(&mut reader, &mut out).unwrap() > 0 {});
        assert!(holds_none(&out, &plain));

        out.fill(0xee);
        let request = client.aio().encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(FRAME);
        let mut reader = block_on(request.into_future()).unwrap();
        panics(|| block_on(async { while AsyncReadExt::read(&mut reader, &mut out).await.unwrap() > 0 {} }));
        assert!(holds_none(&out, &plain));

        let mut message = vec![0xee; 100];
        let request = client.encrypt_into(&plain, &mut message).suite(UNSIGNED).frame_length(FRAME);
        panics(|| drop(request.wait()));
        assert!(message.is_empty());
    }
}

#[test]
fn a_panic_while_opening_leaves_no_plaintext_in_the_callers_buffer() {
    let (plain, mut out) = (plaintext(600_000), vec![0xee; 1 << 20]);
    let sealing = client_for(native::provider(), UNSIGNED);
    let message = sealing.encrypt(&plain).suite(UNSIGNED).frame_length(FRAME).wait().unwrap().message;
    for client in panicking() {
        let mut reader = client.decrypt_reader(message.as_slice()).wait().unwrap();
        panics(|| while reader.read(&mut out).unwrap() > 0 {});
        assert!(holds_none(&out, &plain));
    }
}

/// A source that writes all of its room, then panics.
struct Panicking;

impl Read for Panicking {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        out.copy_from_slice(&plaintext(out.len()));
        panic!("a fault of this test's")
    }
}

impl futures_util::AsyncRead for Panicking {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Read::read(&mut *self, out))
    }
}

#[test]
fn a_source_that_panics_leaves_no_plaintext_in_the_callers_buffer() {
    let (client, plain) = (client_for(native::provider(), UNSIGNED), plaintext(5000));
    for frame_length in [FRAME, 20_000] {
        let mut out = vec![0xee; 1 << 20];
        let request = client.encrypt_reader(Panicking).suite(UNSIGNED).frame_length(frame_length);
        let mut reader = request.wait().unwrap();
        panics(|| while Read::read(&mut reader, &mut out).unwrap() > 0 {});
        assert!(holds_none(&out, &plain));

        out.fill(0xee);
        let request = client.aio().encrypt_reader(Panicking).suite(UNSIGNED).frame_length(frame_length);
        let mut reader = block_on(request.into_future()).unwrap();
        panics(|| block_on(async { while AsyncReadExt::read(&mut reader, &mut out).await.unwrap() > 0 {} }));
        assert!(holds_none(&out, &plain));
    }
}

/// Counts jobs, and those that panicked.
#[derive(Clone, Debug, Default)]
struct Watching {
    jobs: Arc<AtomicUsize>,
    panics: Arc<AtomicUsize>,
}

impl Pool for Watching {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.jobs.fetch_add(1, Ordering::Relaxed);
        let panics = Arc::clone(&self.panics);
        std::thread::spawn(move || {
            let panicked = catch_unwind(AssertUnwindSafe(job)).is_err();
            panics.fetch_add(usize::from(panicked), Ordering::Relaxed);
        });
    }
}

#[test]
fn a_panic_on_the_pool_is_an_error_of_the_stream_alone() {
    static CRYPTO: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: LARGE, number: 2 }, ..waxseal_native::PROVIDER };
    let (client, plain, pool) = (client_for(&CRYPTO, UNSIGNED), plaintext(1_000_000), Watching::default());
    let aio = client.aio().pool(pool.clone());
    let request = aio.encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(LARGE);
    block_on(async {
        let (mut reader, mut out) = (request.await.unwrap(), Vec::new());
        let error = AsyncReadExt::read_to_end(&mut reader, &mut out).await.unwrap_err();
        assert!(matches!(Error::behind(&error), Some(Error::Message(_))), "{error}");
        let error = AsyncReadExt::read(&mut reader, &mut [0; 10]).await.unwrap_err();
        assert!(matches!(Error::behind(&error), Some(Error::StreamEnded)), "{error}");
    });
    assert_eq!(pool.panics.load(Ordering::Relaxed), 0, "no thread of the pool");
}

#[test]
fn what_completes_no_frame_costs_no_job() {
    let (client, plain) = (client_for(native::provider(), UNSIGNED), plaintext(1_000_000));
    let sealed = client.encrypt(&plain).suite(UNSIGNED).frame_length(LARGE).wait().unwrap().message;
    let pool = Watching::default();
    let source = common::asynchronous::Hesitant::source(&sealed, 1000);
    block_on(async {
        let (mut reader, mut out) =
            (client.aio().pool(pool.clone()).decrypt_reader(source).open(), Vec::new());
        AsyncReadExt::read_to_end(&mut reader, &mut out).await.unwrap();
        assert_eq!(out, plain);
    });
    // Four frames, and what their heads and the end cost.
    let jobs = pool.jobs.load(Ordering::Relaxed);
    assert!((4..=16).contains(&jobs), "{jobs}");
}

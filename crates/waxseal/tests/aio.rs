//! What is asynchronous alone: cancelling, dropping, pools, many streams on few threads.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::asynchronous::{Hesitant, block_on};
use common::{client, client_for, plaintext, providers, reading_all};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use waxseal::aio::Pool;
use waxseal::{AlgorithmSuite, ErrorClass};

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// Polls `future` so many times; `None` if it was cancelled before its end.
fn poll_times<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let (mut future, mut context) = (pin!(future), Context::from_waker(Waker::noop()));
    (0..times).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

/// A sink whose bytes can be seen when the writer over it is gone.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Hesitant>>);

impl Shared {
    fn new(max: usize) -> Self {
        Self(Arc::new(Mutex::new(Hesitant::sink(max))))
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().bytes.clone()
    }
}

impl tokio::io::AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        tokio::io::AsyncWrite::poll_write(Pin::new(&mut *self.0.lock().unwrap()), cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        tokio::io::AsyncWrite::poll_shutdown(Pin::new(&mut *self.0.lock().unwrap()), cx)
    }
}

#[test]
fn cancelling_a_write_at_any_await_leaves_no_short_message_that_opens() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(500);
        let mut whole = 0;
        for polls in 0..400 {
            let sink = Shared::new(50);
            let done = poll_times(
                async {
                    let request = client.aio().encrypt_writer(sink.clone()).suite(UNSIGNED).frame_length(100);
                    let mut writer = request.await.unwrap();
                    writer.write_all(&plain).await.unwrap();
                    writer.shutdown().await.unwrap();
                },
                polls,
            );
            let opened = client.decrypt(&sink.bytes()).wait();
            match done {
                Some(()) => assert_eq!(opened.unwrap().plaintext, plain),
                // The last byte may have been written when the closing of the sink was cancelled.
                None => match opened {
                    Ok(opened) => assert_eq!(opened.plaintext, plain, "whole or nothing"),
                    Err(error) => assert_eq!(error.class(), ErrorClass::Truncated),
                },
            }
            whole += usize::from(done.is_some());
        }
        assert!(whole > 100, "the later rounds come to their end");
    }
}

/// Notes the length of each write.
#[derive(Debug, Default)]
struct Writes(Vec<usize>);

impl tokio::io::AsyncWrite for Writes {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.push(bytes.len());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn the_header_leaves_with_the_first_frames_or_when_it_is_flushed() {
    let client = client(waxseal_native::provider());
    block_on(async {
        let open = || {
            let request = client.aio().encrypt_writer(Writes::default());
            request.suite(UNSIGNED).frame_length(100)
        };
        let mut writer = open().await.unwrap();
        let header = writer.header().encoded_len() + writer.header().suite.header_auth_len();
        writer.write_all(&[0; 120]).await.unwrap();
        writer.shutdown().await.unwrap();
        assert_eq!(writer.into_inner().0, [header + 132, 24 + 20 + 16]);
        let mut writer = open().await.unwrap();
        writer.shutdown().await.unwrap();
        assert_eq!(writer.into_inner().0, [header + 24 + 16], "an empty message is one write");
        let mut writer = open().await.unwrap();
        writer.write_all(&[0; 20]).await.unwrap();
        writer.flush().await.unwrap();
        assert_eq!(writer.into_inner().0, [header]);

        let source = futures_util::stream::iter([Ok::<_, io::Error>(bytes::Bytes::from(vec![0; 120]))]);
        let request = client.aio().encrypt_stream(source).suite(UNSIGNED).frame_length(100);
        let items: Vec<bytes::Bytes> = request.await.unwrap().try_collect().await.unwrap();
        assert_eq!(items.iter().map(bytes::Bytes::len).collect::<Vec<_>>(), [header + 132, 60]);
    });
}

#[test]
fn a_read_that_is_cancelled_and_tried_again_loses_nothing() {
    for crypto in providers() {
        let client = client(crypto);
        let plain = plaintext(3000);
        let message = client.encrypt(&plain).frame_length(100).wait().unwrap().message;
        let mut reader =
            client.aio().decrypt_reader(Hesitant::source(&message, 37)).options(reading_all()).open();
        let (mut opened, mut buffer) = (Vec::new(), [0; 64]);
        loop {
            // Each read is dropped after one poll, as a `select!` would.
            match poll_times(reader.read(&mut buffer), 1) {
                None => {}
                Some(Ok(0)) => break,
                Some(Ok(len)) => opened.extend_from_slice(&buffer[..len]),
                Some(Err(error)) => panic!("{error}"),
            }
        }
        assert_eq!(opened, plain);
    }
}

#[test]
fn a_writer_dropped_half_way_leaves_a_truncated_message() {
    for crypto in providers() {
        let client = client(crypto);
        let sink = Shared::new(1000);
        block_on(async {
            let mut writer = client.aio().encrypt_writer(sink.clone()).frame_length(100).await.unwrap();
            writer.write_all(&plaintext(350)).await.unwrap();
            writer.flush().await.unwrap();
        });
        assert!(sink.bytes().len() > 300);
        assert_eq!(client.decrypt(&sink.bytes()).wait().unwrap_err().class(), ErrorClass::Truncated);
    }
}

#[test]
fn sixty_four_streams_at_once_finish_on_two_threads() {
    for crypto in providers() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let client = client(crypto);
        runtime.block_on(async {
            let tasks: Vec<_> = (0..64_usize)
                .map(|number| {
                    let client = client.clone();
                    tokio::spawn(async move { through_a_pipe(&client, &plaintext(100_000 + number)).await })
                })
                .collect();
            let all = async {
                for task in tasks {
                    task.await.unwrap();
                }
            };
            tokio::time::timeout(Duration::from_secs(60), all).await.unwrap();
        });
    }
}

/// Encrypts at one end of a small pipe and decrypts at the other, both at once.
async fn through_a_pipe(client: &waxseal::Client, plain: &[u8]) {
    let (near, far) = tokio::io::duplex(1000);
    let mut writer = client.aio().encrypt_writer(near).frame_length(1024).await.unwrap();
    let mut reader = client.aio().decrypt_reader(far).open();
    let mut opened = Vec::new();
    let send = async {
        writer.write_all(plain).await.unwrap();
        writer.shutdown().await.unwrap();
        drop(writer);
    };
    let receive = async { reader.read_to_end(&mut opened).await.unwrap() };
    tokio::join!(send, receive);
    assert_eq!(opened, plain);
}

/// Counts what runs on it.
#[derive(Debug, Default)]
struct CountingPool(Arc<AtomicUsize>);

impl Pool for CountingPool {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.0.fetch_add(1, Ordering::Relaxed);
        std::thread::spawn(job);
    }
}

#[test]
fn large_frames_go_to_the_pool_and_small_ones_do_not() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(1_500_000);
        for (frame_length, on_pool) in [(500_000, true), (100_000, false)] {
            let jobs = Arc::new(AtomicUsize::new(0));
            let aio = client.aio().pool(CountingPool(Arc::clone(&jobs)));
            block_on(async {
                let request = aio.encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(frame_length);
                let mut by_reader = Vec::new();
                request.await.unwrap().read_to_end(&mut by_reader).await.unwrap();
                let request = aio.encrypt_writer(Vec::new()).suite(UNSIGNED).frame_length(frame_length);
                let mut writer = request.await.unwrap();
                writer.write_all(&plain).await.unwrap();
                writer.shutdown().await.unwrap();
                let source = Hesitant::source(&plain, 70_000);
                let request = aio.encrypt_stream(source).suite(UNSIGNED).frame_length(frame_length);
                let items: Vec<bytes::Bytes> = request.await.unwrap().try_collect().await.unwrap();
                for message in [by_reader, writer.into_inner(), items.concat()] {
                    let mut opened = Vec::new();
                    aio.decrypt_reader(message.as_slice()).open().read_to_end(&mut opened).await.unwrap();
                    assert_eq!(opened, plain);
                    let mut writer = aio.decrypt_writer(Vec::new()).open();
                    writer.write_all(&message).await.unwrap();
                    writer.shutdown().await.unwrap();
                    assert_eq!(writer.into_inner(), plain);
                    let stream = aio.decrypt_stream(Hesitant::source(&message, 70_000)).open();
                    let items: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
                    assert_eq!(items.concat(), plain);
                }
            });
            assert_eq!(jobs.load(Ordering::Relaxed) > 0, on_pool, "{frame_length}");
        }
    }
}

/// Who logs an error and goes on must come to an end.
#[test]
fn streams_end_behind_an_error_of_their_own() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(10_000);
        let mut message = client.encrypt(&plain).frame_length(1000).wait().unwrap().message;
        let last = message.len() - 1;
        message[last] ^= 1;
        block_on(async {
            let opening = client.aio().decrypt_stream(Hesitant::source(&message, 700)).open();
            let items: Vec<_> = opening.take(100).collect().await;
            let (errors, at): (Vec<_>, _) =
                (items.iter().filter(|item| item.is_err()).collect(), items.len());
            assert!(errors.len() == 1 && items[at - 1].is_err(), "{at} items");
            let request = client.aio().encrypt_stream(Hesitant::source(&plain, 700));
            let sealing = request.suite(UNSIGNED).frame_length(1000).plaintext_len_bound(5000).await.unwrap();
            let items: Vec<_> = sealing.take(100).collect().await;
            assert!(items.iter().filter(|item| item.is_err()).count() == 1 && items.len() < 100);
        });
    }
}

/// Who looks at `flush` alone must not take the data as sent.
#[test]
fn a_writer_that_failed_does_not_flush() {
    let client = client_for(waxseal::native::provider(), UNSIGNED);
    block_on(async {
        let request = client.aio().encrypt_writer(Vec::new()).suite(UNSIGNED).frame_length(4);
        let mut writer = request.plaintext_len_bound(4).await.unwrap();
        tokio::io::AsyncWriteExt::flush(&mut writer).await.unwrap();
        let written = writer.write_all(&[0; 8]).await;
        let error = match written {
            Ok(()) => tokio::io::AsyncWriteExt::flush(&mut writer).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(waxseal::Error::behind(&error).unwrap().class(), ErrorClass::Limit);
        for _ in 0..2 {
            let error = tokio::io::AsyncWriteExt::flush(&mut writer).await.unwrap_err();
            assert!(matches!(waxseal::Error::behind(&error), Some(waxseal::Error::StreamEnded)), "{error}");
        }
    });
}

/// Drops every job.
#[derive(Debug)]
struct BrokenPool;

impl Pool for BrokenPool {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        drop(job);
    }
}

#[test]
fn a_pool_that_drops_its_jobs_is_an_error_and_no_wait_for_ever() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(600_000);
        let error = block_on(async {
            let aio = client.aio().pool(BrokenPool);
            let request = aio.encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(500_000);
            request.await.unwrap().read_to_end(&mut Vec::new()).await.unwrap_err()
        });
        assert_eq!(waxseal::Error::behind(&error).unwrap().class(), ErrorClass::Usage);
    }
}

#[test]
fn tokios_own_blocking_threads_are_a_pool() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(1_000_000);
        block_on(async {
            let aio = client.aio().pool(tokio::runtime::Handle::current());
            let request = aio.encrypt_reader(plain.as_slice()).suite(UNSIGNED).frame_length(300_000);
            let mut message = Vec::new();
            request.await.unwrap().read_to_end(&mut message).await.unwrap();
            assert_eq!(client.decrypt(&message).await.unwrap().plaintext, plain);
        });
    }
}

#[test]
fn a_stream_takes_from_its_source_only_what_its_consumer_asks_for() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let source = futures_util::stream::iter(0..1000_u32).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(bytes::Bytes::from(vec![7; 1000]))
        });
        block_on(async {
            let request = client.aio().encrypt_stream(source).suite(UNSIGNED).frame_length(1000);
            let mut stream = request.await.unwrap();
            for _ in 0..5 {
                stream.next().await.unwrap().unwrap();
            }
            assert!(taken.load(Ordering::Relaxed) <= 5);
            let rest: Vec<bytes::Bytes> = stream.try_collect().await.unwrap();
            assert!(rest.concat().len() > 995_000);
        });
    }
}

#[test]
fn an_error_of_the_source_passes_and_the_stream_can_go_on() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let items = vec![Ok(bytes::Bytes::from("one")), Err("lost"), Ok(bytes::Bytes::from("two"))];
        block_on(async {
            let request = client.aio().encrypt_stream(futures_util::stream::iter(items)).suite(UNSIGNED);
            let items: Vec<_> = request.await.unwrap().collect().await;
            let errors: Vec<_> = items.iter().filter_map(|item| item.as_ref().err()).collect();
            assert_eq!(errors.len(), 1);
            assert_eq!(errors[0].to_string(), "lost");
            let message: Vec<u8> = items.iter().flatten().flatten().copied().collect();
            assert_eq!(client.decrypt(&message).await.unwrap().plaintext, b"onetwo");
        });
    }
}

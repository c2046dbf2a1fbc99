//! Several threads on one message: order, faults, panics and ends.
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

use common::panicking::PanicsAt;
use common::{client, client_for, plaintext, providers};
use waxseal::crypto::CryptoProvider;
use waxseal::io::EncryptingWriter;
use waxseal::parallel::Threads;
use waxseal::{AlgorithmSuite, Client, Error, ErrorClass};

const FRAME: u32 = 64;
const BLOCK: usize = 16 + FRAME as usize + 16;

/// Threads are counted: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn messages_of_many_full_batches_go_both_ways() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let plain = plaintext((3 << 20) + 77);
    for suite in AlgorithmSuite::ALL.iter().copied() {
        let client = client_for(waxseal_native::provider(), suite);
        let message = client.encrypt(&plain).suite(suite).threads(4).wait().unwrap().message;
        let mut writer = client.decrypt_writer(Vec::new()).threads(2).wait().unwrap();
        writer.write_all(&message).unwrap();
        assert_eq!(writer.finish().unwrap(), plain, "{suite}");

        let reader = client.encrypt_reader(plain.as_slice()).suite(suite).threads(3).wait().unwrap();
        let mut opened = Vec::new();
        client.decrypt_reader(reader).threads(3).wait().unwrap().read_to_end(&mut opened).unwrap();
        assert_eq!(opened, plain, "{suite}");
    }
}

/// What a reader gives out, and how it ends.
fn read(client: &Client, message: &[u8], threads: Threads) -> (Vec<u8>, Option<ErrorClass>) {
    let mut reader = client.decrypt_reader(message).threads(threads).wait().unwrap();
    let mut out = Vec::new();
    let end = reader.read_to_end(&mut out).err();
    (out, end.map(|error| Error::behind(&error).unwrap().class()))
}

/// One thread alone may keep back what it opened by the same call.
#[test]
fn of_several_faults_the_first_in_the_message_counts_and_all_in_front_of_it_comes_out() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for crypto in providers() {
        let client = client(crypto);
        let plain = plaintext(20 * FRAME as usize);
        let sealed = client.encrypt(&plain).frame_length(FRAME).wait().unwrap();
        let body = sealed.header.encoded_len() + sealed.header.suite.header_auth_len();
        // A tag and a sequence number.
        let (tag, number) =
            (|frame: usize| body + frame * BLOCK - 1, |frame: usize| body + (frame - 1) * BLOCK);
        for (first, second, class) in [
            (tag(5), number(8), ErrorClass::BodyTag),
            (number(5), tag(8), ErrorClass::Sequence),
            (tag(5), tag(8), ErrorClass::BodyTag),
        ] {
            let mut message = sealed.message.clone();
            message[first] ^= 1;
            message[second] ^= 1;
            for threads in common::crews().into_iter().chain([1.into()]) {
                let (out, end) = read(&client, &message, threads.clone());
                assert_eq!(end, Some(class), "{threads:?}");
                assert!(plain[..4 * FRAME as usize].starts_with(&out), "{threads:?}");
                assert!(threads.count() == 1 || out.len() == 4 * FRAME as usize, "{threads:?}");
                let request = client.decrypt(&message).threads(threads);
                assert_eq!(request.wait().unwrap_err().class(), class);
            }
        }
    }
}

#[test]
fn a_panic_on_any_thread_is_an_error_or_a_panic_and_no_wait_for_ever() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    static CRYPTO: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 30 }, ..waxseal_native::PROVIDER };
    let client = client(&CRYPTO);
    let plain = plaintext(100 * FRAME as usize);
    for threads in common::crews() {
        for _ in 0..20 {
            let one_shot = || client.encrypt(&plain).frame_length(FRAME).threads(threads.clone()).wait();
            let outcome = catch_unwind(AssertUnwindSafe(one_shot));
            assert!(!matches!(outcome, Ok(Ok(_))), "a message that misses a frame");
            let stream = || {
                let request = client.encrypt_writer(Vec::new()).frame_length(FRAME);
                let mut writer = request.threads(threads.clone()).wait()?;
                writer.write_all(&plain)?;
                writer.finish()
            };
            let outcome = catch_unwind(AssertUnwindSafe(stream));
            assert!(!matches!(outcome, Ok(Ok(_))), "a message that misses a frame");
        }
    }
}

/// Not even a provider that panics leaves plaintext behind that is not verified to the end.
#[test]
fn a_panic_while_opening_leaves_no_plaintext() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    static CRYPTO: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 30 }, ..waxseal_native::PROVIDER };
    let plain = plaintext(100 * FRAME as usize);
    let message =
        client(waxseal_native::provider()).encrypt(&plain).frame_length(FRAME).wait().unwrap().message;
    let client = client(&CRYPTO);
    for threads in common::crews().into_iter().chain([1.into()]) {
        let mut out = vec![7; 200];
        let opening = || client.decrypt_into(&message, &mut out).threads(threads.clone()).wait();
        let outcome = catch_unwind(AssertUnwindSafe(opening));
        assert!(!matches!(outcome, Ok(Ok(_))), "a frame is missing");
        assert!(out.is_empty(), "{threads:?}");
    }
}

/// Whoever catches a panic and goes on must not come to an end without the frame.
#[test]
fn no_message_ends_behind_a_frame_that_panicked() {
    static AT_2: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 2 }, ..waxseal_native::PROVIDER };
    static AT_4: CryptoProvider =
        CryptoProvider { aead: &PanicsAt { frame: FRAME, number: 4 }, ..waxseal_native::PROVIDER };
    let (_alone, plain) =
        (ALONE.lock().unwrap_or_else(PoisonError::into_inner), plaintext(4 * FRAME as usize));
    let quiet = |run: &mut dyn FnMut() -> std::io::Result<()>| catch_unwind(AssertUnwindSafe(run)).ok();
    for (crypto, suite) in [&AT_2, &AT_4].into_iter().flat_map(|crypto| {
        [
            AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
            AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
        ]
        .map(|suite| (crypto, suite))
    }) {
        let sealing = client_for(waxseal_native::provider(), suite);
        let sealed = sealing.encrypt(&plain).suite(suite).frame_length(FRAME).wait().unwrap();
        let head = sealed.header.encoded_len() + sealed.header.suite.header_auth_len();
        let (head, blocks) = sealed.message.split_at(head);
        let client = client_for(crypto, suite);
        let mut writer = client.decrypt_writer(Vec::new()).wait().unwrap();
        writer.write_all(head).unwrap();
        let (full, rest) = blocks.split_at(3 * BLOCK);
        let pieces = full.chunks(BLOCK).chain([rest]);
        let panics = pieces.filter(|piece| quiet(&mut || writer.write_all(piece)).is_none()).count();
        assert_eq!(panics, 1, "{suite}");
        assert!(writer.finish().is_err(), "{suite}: a frame is missing");

        let request = client.encrypt_writer(Vec::new()).suite(suite).frame_length(FRAME);
        let mut writer = request.wait().unwrap();
        let pieces = plain.chunks(FRAME as usize);
        let panics = pieces.filter(|piece| quiet(&mut || writer.write_all(piece)).is_none()).count();
        assert_eq!(panics, 1, "{suite}");
        assert!(writer.finish().is_err(), "{suite}: a frame is missing");
    }
}

/// The number of the next thread of this process.
#[cfg(target_os = "linux")]
fn next_thread() -> usize {
    let id = std::thread::spawn(|| format!("{:?}", std::thread::current().id())).join().unwrap();
    id.trim_matches(|other: char| !other.is_ascii_digit()).parse().unwrap()
}

/// Anybody can make the signature's field long.
#[cfg(target_os = "linux")]
#[test]
fn no_threads_are_started_for_each_piece_of_a_long_last_block() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let client = client(waxseal_native::provider());
    let sealed = client.encrypt(&plaintext(1000)).frame_length(FRAME).wait().unwrap();
    let body = sealed.header.encoded_len() + sealed.header.suite.header_auth_len();
    let end = body + 1000 / FRAME as usize * BLOCK + 24 + 1000 % FRAME as usize + 16;
    let message = [&sealed.message[..end], &[0xff; 2], &[0; 65_535]].concat();
    let mut writer = client.decrypt_writer(Vec::new()).threads(Threads::from(3).batch(1)).wait().unwrap();
    let before = next_thread();
    let error = message.chunks(16).try_for_each(|piece| writer.write_all(piece)).unwrap_err();
    assert_eq!(Error::behind(&error).unwrap().class(), ErrorClass::Signature);
    assert!(next_thread() - before < 50);
}

#[cfg(target_os = "linux")]
#[test]
fn threads_end_with_their_stream() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let ours = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
        names.filter(|name| name.as_ref().is_ok_and(|name| name.trim() == "waxseal")).count()
    };
    let client = client(waxseal_native::provider());
    let threads = || Threads::from(3).batch(1);
    let mut writer = client.encrypt_writer(Vec::new()).frame_length(FRAME).threads(threads()).wait().unwrap();
    // A thread names itself once it runs, and the system lists it for a moment after it was joined.
    let become_so = |many| (0..1000).any(|_| ours() == many || (sleep(Duration::from_millis(5)), false).1);
    assert!(become_so(0), "none before there is something to do");
    writer.write_all(&plaintext(1000)).unwrap();
    assert!(become_so(2));
    drop(writer);
    assert!(become_so(0));

    let message = client.encrypt(&plaintext(1000)).frame_length(FRAME).threads(threads()).wait().unwrap();
    assert!(become_so(0));
    let mut reader = client.decrypt_reader(message.message.as_slice()).threads(threads()).wait().unwrap();
    reader.read_exact(&mut [0; 200]).unwrap();
    assert!(become_so(2));
    drop(reader);
    assert!(become_so(0));
}

/// Ends its stream while its thread unwinds.
struct EndsLate<'a>(Option<EncryptingWriter<Vec<u8>>>, &'a mut Option<Vec<u8>>);

impl Drop for EndsLate<'_> {
    fn drop(&mut self) {
        let mut writer = self.0.take().unwrap();
        *self.1 = writer.write_all(&plaintext(5000)).and_then(|()| Ok(writer.finish()?)).ok();
    }
}

#[test]
fn a_panic_beside_the_stream_is_not_the_streams() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let client = client(waxseal_native::provider());
    for threads in common::crews() {
        for _ in 0..20 {
            let mut message = None;
            let request = client.encrypt_writer(Vec::new()).frame_length(FRAME).threads(threads.clone());
            let late = EndsLate(Some(request.wait().unwrap()), &mut message);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let _late = late;
                panic!("a fault beside it");
            }));
            assert!(outcome.is_err());
            let opened = client.decrypt(&message.unwrap()).wait().unwrap().plaintext;
            assert_eq!(opened, plaintext(5000));
        }
    }
}

#[test]
fn a_bound_holds_for_several_threads_as_for_one() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let client = client(waxseal_native::provider());
    for threads in common::crews() {
        let request = client.encrypt_writer(Vec::new()).frame_length(FRAME).plaintext_len_bound(500);
        let mut writer = request.threads(threads).wait().unwrap();
        let outcome = writer.write_all(&plaintext(501)).map_err(Error::from).and_then(|()| writer.finish());
        assert_eq!(outcome.unwrap_err().class(), ErrorClass::Limit);
    }
}

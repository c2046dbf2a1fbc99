//! Ranges of a message are the ranges of its plaintext, and cost what they say.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use std::future::poll_fn;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};

use common::asynchronous::block_on;
use common::{client_for, plaintext, providers};
use proptest::prelude::*;
use waxseal::aio::RangeSource;
use waxseal::{AlgorithmSuite, Client, Error, ErrorClass, async_trait};

const FRAME: u64 = 64;
const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const SIGNED: [&AlgorithmSuite; 2] = [
    AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
    AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256,
];

fn message(client: &Client, suite: &'static AlgorithmSuite, plain: &[u8]) -> Vec<u8> {
    client.encrypt(plain).suite(suite).frame_length(FRAME as u32).wait().unwrap().message
}

/// A message far away, which counts the bytes that it is asked for.
struct Remote {
    bytes: Vec<u8>,
    asked: AtomicU64,
}

#[async_trait]
impl RangeSource for &Remote {
    async fn size(&self) -> std::io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    async fn read(&self, range: Range<u64>) -> std::io::Result<bytes::Bytes> {
        tokio::task::yield_now().await;
        self.asked.fetch_add(range.end - range.start, Ordering::Relaxed);
        Ok(bytes::Bytes::copy_from_slice(&self.bytes[range.start as usize..range.end as usize]))
    }
}

fn remote(bytes: Vec<u8>) -> Remote {
    Remote { bytes, asked: AtomicU64::new(0) }
}

#[test]
fn every_range_of_small_messages_is_the_plaintexts_own() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        for len in [0, 1, 63, 64, 65, 128, 200] {
            let plain = plaintext(len);
            let mut reader =
                client.decrypt_range(Cursor::new(message(&client, UNSIGNED, &plain))).wait().unwrap();
            assert_eq!(reader.plaintext_len(), len as u64);
            for start in 0..=len {
                for end in start..=len {
                    let range = start as u64..end as u64;
                    assert_eq!(
                        reader.read_range(range).unwrap(),
                        &plain[start..end],
                        "{start}..{end} of {len}"
                    );
                }
            }
            for (start, end) in [(0, len as u64 + 1), (1, 0)] {
                assert_eq!(reader.read_range(start..end).unwrap_err().class(), ErrorClass::Io);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_range_asked_for_asynchronously_equals_the_slice_of_a_full_decrypt(
        len in 0_usize..5000, ranges in proptest::collection::vec((any::<u64>(), any::<u64>()), 1..20)
    ) {
        for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(len);
        let remote = remote(message(&client, UNSIGNED, &plain));
        let full = client.decrypt(&remote.bytes).wait().unwrap().plaintext;
        block_on(async {
            let reader = client.aio().decrypt_range(&remote).await.unwrap();
            for (a, b) in ranges.clone() {
                let (a, b) = (a % (len as u64 + 1), b % (len as u64 + 1));
                let range = a.min(b)..a.max(b);
                remote.asked.store(0, Ordering::Relaxed);
                let opened = reader.read_range(range.clone()).await.unwrap();
                assert_eq!(opened, &full[range.start as usize..range.end as usize]);
                let cost = reader.message_range(&range);
                assert_eq!(remote.asked.load(Ordering::Relaxed), cost.end - cost.start);
                assert!(cost.end - cost.start <= (range.end - range.start) * 3 / 2 + 3 * (FRAME + 32) + 8);
            }
        });
        }
    }

    #[test]
    fn seeking_and_reading_is_like_a_cursor(
        len in 0_usize..2000, steps in proptest::collection::vec((any::<i64>(), 0_usize..300, 0_u8..3), 1..20)
    ) {
        for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let mut plain = Cursor::new(plaintext(len));
        let message = message(&client, UNSIGNED, plain.get_ref());
        let mut reader = client.decrypt_range(Cursor::new(message)).wait().unwrap();
        for (offset, take, kind) in steps.clone() {
            let offset = offset % 3000;
            let to = match kind {
                0 => SeekFrom::Start(offset.unsigned_abs()),
                1 => SeekFrom::End(offset),
                _ => SeekFrom::Current(offset),
            };
            prop_assert_eq!(reader.seek(to).ok(), plain.seek(to).ok());
            let (mut ours, mut theirs) = (Vec::new(), Vec::new());
            (&mut reader).take(take as u64).read_to_end(&mut ours).unwrap();
            (&mut plain).take(take as u64).read_to_end(&mut theirs).unwrap();
            prop_assert_eq!(ours, theirs);
        }
        }
    }
}

#[test]
fn signed_messages_take_the_option_that_names_the_danger() {
    for crypto in providers() {
        for suite in SIGNED {
            let client = client_for(crypto, suite);
            for len in [0, 1, 64, 200, 10_000] {
                let plain = plaintext(len);
                let sealed = message(&client, suite, &plain);
                let refused = client.decrypt_range(Cursor::new(&sealed)).wait();
                assert_eq!(refused.unwrap_err().class(), ErrorClass::Policy);
                let request = client.decrypt_range(Cursor::new(&sealed)).danger_without_message_signature();
                let mut reader = request.wait().unwrap();
                assert_eq!(reader.read_range(0..len as u64).unwrap(), plain);
                let remote = remote(sealed);
                block_on(async {
                    let refused = client.aio().decrypt_range(&remote).await;
                    assert_eq!(refused.unwrap_err().class(), ErrorClass::Policy);
                    let request = client.aio().decrypt_range(&remote).danger_without_message_signature();
                    assert_eq!(request.await.unwrap().read_range(0..len as u64).await.unwrap(), plain);
                });
            }
        }
    }
}

#[test]
fn cut_grown_and_changed_messages_do_not_open() {
    for crypto in providers() {
        let client = client_for(crypto, UNSIGNED);
        let plain = plaintext(1000);
        let sealed = message(&client, UNSIGNED, &plain);
        let open = |bytes: &[u8]| client.decrypt_range(Cursor::new(bytes.to_vec())).wait();
        for cut in 0..sealed.len() {
            assert!(open(&sealed[..cut]).is_err(), "cut at {cut}");
        }
        for grown in [1, 40, 95, 96, 97, 192] {
            assert!(open(&[sealed.as_slice(), &vec![0; grown]].concat()).is_err(), "grown by {grown}");
        }
        let frame = |number: usize| {
            let start = sealed.len() - (24 + 40 + 16) - (15 - number) * 96;
            start..start + 96
        };
        let mut changed = sealed.clone();
        changed[frame(3).start + 50] ^= 1;
        let mut reader = open(&changed).unwrap();
        assert_eq!(reader.read_range(3 * 64..4 * 64).unwrap_err().class(), ErrorClass::BodyTag);
        assert_eq!(reader.read_range(0..3 * 64).unwrap(), &plain[..3 * 64], "the others are good");
        let mut swapped = sealed.clone();
        swapped[frame(3)].copy_from_slice(&sealed[frame(4)]);
        swapped[frame(4)].copy_from_slice(&sealed[frame(3)]);
        let mut reader = open(&swapped).unwrap();
        assert_eq!(reader.read_range(3 * 64..4 * 64).unwrap_err().class(), ErrorClass::Sequence);
        reader.seek(SeekFrom::Start(3 * 64)).unwrap();
        let error = reader.read(&mut [0; 10]).unwrap_err();
        assert_eq!(Error::behind(&error).unwrap().class(), ErrorClass::Sequence);
    }
}

#[test]
fn a_source_that_gives_another_number_of_bytes_is_an_error() {
    for crypto in providers() {
        struct Short(Vec<u8>);
        #[async_trait]
        impl RangeSource for Short {
            async fn size(&self) -> std::io::Result<u64> {
                Ok(self.0.len() as u64)
            }
            async fn read(&self, range: Range<u64>) -> std::io::Result<bytes::Bytes> {
                Ok(bytes::Bytes::copy_from_slice(&self.0[range.start as usize..range.end as usize - 1]))
            }
        }
        let client = client_for(crypto, UNSIGNED);
        let source = Short(message(&client, UNSIGNED, &plaintext(100)));
        let outcome = block_on(client.aio().decrypt_range(source).into_future());
        assert_eq!(outcome.unwrap_err().class(), ErrorClass::Io);
    }
}

#[test]
fn an_async_range_lets_others_have_the_thread() {
    let client = client_for(waxseal_native::provider(), UNSIGNED);
    let plain = plaintext((1 << 20) + 5);
    for frame_length in [5000, 300_000] {
        let sealed = client.encrypt(&plain).suite(UNSIGNED).frame_length(frame_length).wait().unwrap();
        let remote = Remote { bytes: sealed.message, asked: AtomicU64::new(0) };
        for range in [0..plain.len() as u64, 4999..plain.len() as u64 - 6, 299_999..600_001, 7..7] {
            block_on(async {
                let reader = client.aio().decrypt_range(&remote).await.unwrap();
                let (mut reading, mut polls) = (pin!(reader.read_range(range.clone())), 0);
                let opened = poll_fn(|context| {
                    polls += 1;
                    reading.as_mut().poll(context)
                });
                assert_eq!(opened.await.unwrap(), plain[range.start as usize..range.end as usize]);
                assert!(polls > (range.end - range.start) / 300_000, "{polls} polls for {range:?}");
            });
        }
    }
}

//! What is encrypted by any path decrypts by every path, under every suite and provider.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use std::io::{Read, Write};

use common::{Dribble, client_for, decrypt_by_every_path, plaintext, providers, reading_all};
use waxseal::format::{MessageLengths, SignatureAlgorithm};
use waxseal::parallel::Threads;
use waxseal::{AlgorithmSuite, Client};

const FRAME: u32 = 64;

/// Every way to encrypt: the name of the path and the message.
fn encrypt_by_every_path(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
) -> Vec<(String, Vec<u8>)> {
    let mut messages = vec![("one-shot".to_owned(), one_shot(client, suite, plain))];
    let mut buffer = vec![0xee; 5000];
    client
        .encrypt_into(plain, &mut buffer)
        .suite(suite)
        .frame_length(FRAME)
        .context("a", "b")
        .wait()
        .unwrap();
    messages.push(("into a dirty buffer".to_owned(), buffer));
    for threads in common::crews().into_iter().chain([Threads::default()]) {
        let count = threads.count();
        let request = client.encrypt(plain).suite(suite).frame_length(FRAME).context("a", "b");
        let message = request.threads(threads.clone()).wait().unwrap().message;
        messages.push((format!("one-shot, {count} threads"), message));
        for cut in [1, 63, 64, 200] {
            let name = format!("{cut} in, {count} threads");
            messages.push((format!("writer, {name}"), by_writer(client, suite, plain, &threads, cut)));
            messages.push((
                format!("flushed writer, {name}"),
                by_flushed_writer(client, suite, plain, &threads, cut),
            ));
            messages.push((format!("reader, {name}"), by_reader(client, suite, plain, &threads, cut)));
        }
    }
    for cut in [1, 64, 200] {
        messages.extend(common::asynchronous::encrypt(client, suite, plain, cut));
    }
    messages
}

fn one_shot(client: &Client, suite: &'static AlgorithmSuite, plain: &[u8]) -> Vec<u8> {
    let request = client.encrypt(plain).suite(suite).frame_length(FRAME).context("a", "b");
    request.wait().unwrap().message
}

fn by_flushed_writer(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    threads: &Threads,
    cut: usize,
) -> Vec<u8> {
    let request = client.encrypt_writer(Vec::new()).suite(suite).frame_length(FRAME).context("a", "b");
    let mut writer = request.threads(threads.clone()).wait().unwrap();
    for piece in plain.chunks(cut) {
        writer.write_all(piece).unwrap();
        writer.flush().unwrap();
    }
    writer.finish().unwrap()
}

fn by_writer(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    threads: &Threads,
    cut: usize,
) -> Vec<u8> {
    let request = client.encrypt_writer(Vec::new()).suite(suite).frame_length(FRAME).context("a", "b");
    let mut writer = request.threads(threads.clone()).wait().unwrap();
    for piece in plain.chunks(cut) {
        writer.write_all(piece).unwrap();
    }
    writer.finish().unwrap()
}

fn by_reader(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    threads: &Threads,
    cut: usize,
) -> Vec<u8> {
    let source = Dribble { bytes: plain, max: cut };
    let request = client.encrypt_reader(source).suite(suite).frame_length(FRAME).context("a", "b");
    let reader = request.threads(threads.clone()).wait().unwrap();
    let (mut reader, mut message, mut buffer) = (reader, Vec::new(), vec![0; cut + 40]);
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return message,
            len => message.extend_from_slice(&buffer[..len]),
        }
    }
}

#[test]
fn every_path_reads_what_every_path_writes() {
    for crypto in providers() {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let client = client_for(crypto, suite);
            for len in [0, 1, 63, 64, 65, 128, 1000] {
                let plain = plaintext(len);
                let messages = encrypt_by_every_path(&client, suite, &plain);
                for (written, message) in &messages {
                    assert_eq!(message.len(), messages[0].1.len(), "{suite}, {len} by {written}");
                }
                // All decryption paths for one message of each kind, one path for the others.
                for (read, outcome) in decrypt_by_every_path(&client, &reading_all(), &messages[0].1) {
                    assert_eq!(outcome.as_ref(), Ok(&plain), "{} {suite}, {len} by {read}", crypto.name);
                }
                for (written, message) in messages {
                    let opened = client.decrypt(&message).wait().unwrap();
                    assert_eq!(opened.plaintext, plain, "{} {suite}, {len} by {written}", crypto.name);
                    assert_eq!(opened.header.suite, suite);
                    assert_eq!(opened.header.encryption_context.get("a").unwrap(), "b");
                }
            }
        }
    }
}

#[test]
fn lengths_are_known_before_a_byte_is_encrypted() {
    for crypto in providers() {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            let client = client_for(crypto, suite);
            for round in 0..200 {
                let plain = plaintext(round * 7);
                let sealed = client.encrypt(&plain).suite(suite).frame_length(100).wait().unwrap();
                let lengths = MessageLengths::of(&sealed.header, plain.len() as u64).unwrap();
                assert_eq!(sealed.message.len() as u64, lengths.total().unwrap());
                let signature = suite.signature.map_or(0, |signature| match signature {
                    SignatureAlgorithm::EcdsaP256Sha256 => 2 + 71,
                    _ => 2 + 103,
                });
                assert_eq!(lengths.footer, signature);
            }
        }
    }
}

#[test]
fn what_one_provider_writes_the_other_reads() {
    let [native, rustcrypto] = providers();
    for suite in AlgorithmSuite::ALL.iter().copied() {
        for (writer, reader) in [(native, rustcrypto), (rustcrypto, native)] {
            let message = one_shot(&client_for(writer, suite), suite, &plaintext(300));
            let opened = client_for(reader, suite).decrypt(&message).wait().unwrap();
            assert_eq!(opened.plaintext, plaintext(300));
        }
    }
}

#[test]
fn two_messages_of_one_plaintext_have_nothing_in_common() {
    for crypto in providers() {
        let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
        let client = client_for(crypto, suite);
        let first = client.encrypt(b"same").suite(suite).wait().unwrap();
        let second = client.encrypt(b"same").suite(suite).wait().unwrap();
        assert_ne!(first.header.message_id, second.header.message_id);
        assert_ne!(first.header.commitment, second.header.commitment);
        assert_ne!(first.header.encrypted_data_keys, second.header.encrypted_data_keys);
    }
}

/// One-shot calls take the memory that the result has, and less than a frame's overhead and a signature more.
#[test]
fn one_shot_takes_no_more_memory_than_the_result_needs() {
    let unsigned = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    let signed = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
    for crypto in providers() {
        for suite in [unsigned, signed] {
            let client = client_for(crypto, suite);
            for (len, frame_length) in
                [(0, 64), (1, 1), (1000, 1), (4096, 64), (100_000, 4096), (100_000, 1 << 20)]
            {
                let plain = plaintext(len);
                let request = client.encrypt(&plain).suite(suite).frame_length(frame_length);
                let sealed = request.wait().unwrap().message;
                assert!(
                    sealed.capacity() - sealed.len() <= 8,
                    "{len} {frame_length}: a signature may be shorter"
                );
                let opened = client.decrypt(&sealed).wait().unwrap().plaintext;
                assert!(
                    opened.capacity() - opened.len() < 40 + 110,
                    "{len} {frame_length}: {}",
                    opened.capacity()
                );
            }
        }
    }
}

//! What the tests of this crate share: both providers, one key, every path.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

pub mod asynchronous;
pub mod panicking;

use std::io::{BufRead, Read, Write};
use std::sync::{Arc, OnceLock};

use waxseal::crypto::CryptoProvider;
use waxseal::parallel::Threads;
use waxseal::{
    Client, CommitmentPolicy, DecryptOptions, Error, ErrorClass, RawAesKeyring, SecretBytes, SignedMessages,
};

pub const NAMESPACE: &str = "tests";
pub const KEY: [u8; 32] = [0x42; 32];

pub fn providers() -> [&'static CryptoProvider; 2] {
    [waxseal_native::provider(), waxseal_rustcrypto::provider()]
}

pub fn keyring(crypto: &'static CryptoProvider) -> RawAesKeyring {
    RawAesKeyring::new(crypto, NAMESPACE, "key", SecretBytes::from(KEY)).unwrap()
}

/// A client that reads every suite, and writes those that commit.
pub fn client(crypto: &'static CryptoProvider) -> Client {
    Client::new(crypto, keyring(crypto)).commitment_policy(CommitmentPolicy::RequireEncryptAllowDecrypt)
}

/// A client that writes this suite.
pub fn client_for(crypto: &'static CryptoProvider, suite: &waxseal::AlgorithmSuite) -> Client {
    let policy = if suite.commits() {
        CommitmentPolicy::RequireEncryptAllowDecrypt
    } else {
        CommitmentPolicy::ForbidEncryptAllowDecrypt
    };
    Client::new(crypto, keyring(crypto)).commitment_policy(policy)
}

pub fn plaintext(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 31 % 251) as u8).collect()
}

/// What a path made of a message: the plaintext, or the class of its error.
pub type Outcome = Result<Vec<u8>, ErrorClass>;

/// Decrypts by every synchronous path there is, with input cut in many ways.
pub fn decrypt_by_every_path(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
) -> Vec<(String, Outcome)> {
    let mut outcomes = decrypt_by_threads(client, options, message, &Threads::default());
    for threads in crews() {
        outcomes.extend(decrypt_by_threads(client, options, message, &threads));
    }
    for cut in [1, 7, 1000] {
        outcomes.extend(asynchronous::decrypt(client, options, message, cut));
    }
    outcomes
}

/// Several threads, and batches that small messages fill.
pub fn crews() -> Vec<Threads> {
    static POOL: OnceLock<Arc<rayon::ThreadPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| Arc::new(rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap()));
    vec![Threads::from(3).batch(1), Threads::from(Arc::clone(pool)).batch(100)]
}

fn decrypt_by_threads(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
    threads: &Threads,
) -> Vec<(String, Outcome)> {
    let mut outcomes = vec![
        ("one-shot".to_owned(), by_one_shot(client, options, message, threads)),
        ("into a dirty buffer".to_owned(), into_buffer(client, options, message, threads)),
        ("reader, to the end".to_owned(), reader(client, options, message, threads, (1 << 20, 1 << 20))),
        ("buffered reader".to_owned(), buffered(client, options, message, threads)),
    ];
    for (source, out) in [(1, 1), (3, 7), (64, 16), (1000, 10_000)] {
        let name = format!("reader, {source} in and {out} out");
        outcomes.push((name, reader(client, options, message, threads, (source, out))));
    }
    for cut in [1, 5, 64, 1000, 1 << 20] {
        outcomes.push((format!("writer, {cut} in"), writer(client, options, message, threads, cut)));
    }
    let named = |(name, outcome)| (format!("{name}, {} threads", threads.count()), outcome);
    outcomes.into_iter().map(named).collect()
}

fn class(error: &Error) -> ErrorClass {
    error.class()
}

pub fn io_class(error: &std::io::Error) -> ErrorClass {
    Error::behind(error).map_or(ErrorClass::Io, Error::class)
}

pub fn one_shot(client: &Client, options: &DecryptOptions, message: &[u8]) -> Outcome {
    by_one_shot(client, options, message, &Threads::default())
}

fn by_one_shot(client: &Client, options: &DecryptOptions, message: &[u8], threads: &Threads) -> Outcome {
    let result = client.decrypt(message).options(options.clone()).threads(threads.clone()).wait();
    result.map(|decrypted| decrypted.plaintext).map_err(|error| class(&error))
}

fn into_buffer(client: &Client, options: &DecryptOptions, message: &[u8], threads: &Threads) -> Outcome {
    let mut out = vec![0xee; 300];
    let result =
        client.decrypt_into(message, &mut out).options(options.clone()).threads(threads.clone()).wait();
    if result.is_err() {
        assert!(out.is_empty(), "a failed decryption leaves nothing");
    }
    result.map(|_| out).map_err(|error| class(&error))
}

/// Gives out at most `max` bytes a read.
pub struct Dribble<'a> {
    pub bytes: &'a [u8],
    pub max: usize,
}

impl Read for Dribble<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let len = self.max.min(out.len()).min(self.bytes.len());
        self.bytes.read(&mut out[..len])
    }
}

fn reader(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
    threads: &Threads,
    (source, out): (usize, usize),
) -> Outcome {
    let source = Dribble { bytes: message, max: source };
    let request = client.decrypt_reader(source).options(options.clone()).threads(threads.clone());
    let mut reader = request.wait().map_err(|error| class(&error))?;
    let (mut plaintext, mut buffer) = (Vec::new(), vec![0; out]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => plaintext.extend_from_slice(&buffer[..len]),
            Err(error) => {
                assert!(reader.read(&mut buffer).is_err(), "no reader recovers from an error");
                return Err(io_class(&error));
            }
        }
    }
    assert_eq!(reader.read(&mut buffer).unwrap(), 0, "the end stays the end");
    Ok(plaintext)
}

fn buffered(client: &Client, options: &DecryptOptions, message: &[u8], threads: &Threads) -> Outcome {
    let request = client.decrypt_reader(message).options(options.clone()).threads(threads.clone());
    let mut reader = request.wait().map_err(|error| class(&error))?;
    let mut plaintext = Vec::new();
    loop {
        let piece = reader.fill_buf().map_err(|error| io_class(&error))?;
        if piece.is_empty() {
            return Ok(plaintext);
        }
        let taken = piece.len().div_ceil(2);
        plaintext.extend_from_slice(&piece[..taken]);
        reader.consume(taken);
    }
}

fn writer(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
    threads: &Threads,
    cut: usize,
) -> Outcome {
    let request = client.decrypt_writer(Vec::new()).options(options.clone()).threads(threads.clone());
    let mut writer = request.wait().unwrap();
    for piece in message.chunks(cut) {
        if let Err(error) = writer.write_all(piece) {
            assert!(writer.write(&[0]).is_err(), "no writer recovers from an error");
            assert!(writer.finish().is_err(), "no writer finishes after an error");
            return Err(io_class(&error));
        }
    }
    writer.finish().map_err(|error| class(&error))
}

pub fn refusing_signed() -> DecryptOptions {
    let mut options = DecryptOptions::default();
    options.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    options.signed_messages = SignedMessages::Refuse;
    options
}

pub fn reading_all() -> DecryptOptions {
    let mut options = DecryptOptions::default();
    options.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    options
}

//! waxseal's worker: `waxseal_worker KEY-FILE [reused|threads]`.
//!
//! `reused` writes to one buffer again and again, `threads` lets two threads work on a message;
//! without either each output is a fresh vector, made by one thread.

use std::fs::File;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use waxseal::{AlgorithmSuite, Client, RawAesKeyring, SecretBytes, native};
use waxseal_bench_peers::{
    Direction, KEY_NAME, KEY_NAMESPACE, Outcome, Sink, Work, Worker, serve, wrapping_key,
};

/// What is read of a source at a time.
const PIECE: usize = 256 << 10;

fn main() -> Outcome<()> {
    let crypto = native::provider();
    let key = SecretBytes::from(wrapping_key()?);
    let client = Client::new(crypto, RawAesKeyring::new(crypto, KEY_NAMESPACE, KEY_NAME, key)?);
    let variant = std::env::args().nth(2).unwrap_or_default();
    let threads = if variant == "threads" { 2 } else { 1 };
    serve(&mut Waxseal { client, threads, reused: variant == "reused" })
}

struct Waxseal {
    client: Client,
    threads: usize,
    reused: bool,
}

impl Worker for Waxseal {
    fn whole(&mut self, work: Work, input: &[u8], out: &mut Vec<u8>) -> Outcome<Duration> {
        if self.reused {
            return self.whole_into(work, input, out);
        }
        *out = Vec::new();
        let start = Instant::now();
        *out = match work.direction {
            Direction::Encrypt => {
                let request = self.client.encrypt(input).suite(suite(work));
                request.frame_length(work.frame).threads(self.threads).wait()?.message
            }
            Direction::Decrypt => self.client.decrypt(input).threads(self.threads).wait()?.plaintext,
        };
        Ok(start.elapsed())
    }

    fn stream(&mut self, work: Work, source: File, sink: &mut Sink) -> Outcome<()> {
        match work.direction {
            Direction::Encrypt => self.encrypt_stream(work, source, sink),
            Direction::Decrypt => self.decrypt_stream(source, sink),
        }
    }
}

impl Waxseal {
    fn whole_into(&self, work: Work, input: &[u8], out: &mut Vec<u8>) -> Outcome<Duration> {
        let start = Instant::now();
        match work.direction {
            Direction::Encrypt => {
                let request = self.client.encrypt_into(input, out).suite(suite(work));
                request.frame_length(work.frame).threads(self.threads).wait()?;
            }
            Direction::Decrypt => {
                self.client.decrypt_into(input, out).threads(self.threads).wait()?;
            }
        }
        Ok(start.elapsed())
    }

    fn encrypt_stream(&self, work: Work, source: File, sink: &mut Sink) -> Outcome<()> {
        let request = self.client.encrypt_writer(sink).suite(suite(work));
        let mut writer = request.frame_length(work.frame).threads(self.threads).wait()?;
        copy(source, &mut writer)?;
        writer.finish()?;
        Ok(())
    }

    fn decrypt_stream(&self, source: File, sink: &mut Sink) -> Outcome<()> {
        copy(self.client.decrypt_reader(source).threads(self.threads).wait()?, sink)
    }
}

fn suite(work: Work) -> &'static AlgorithmSuite {
    if work.signed {
        AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
    } else {
        AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY
    }
}

fn copy(mut source: impl Read, sink: &mut impl Write) -> Outcome<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let len = source.read(&mut piece)?;
        if len == 0 {
            return Ok(());
        }
        sink.write_all(piece.get(..len).unwrap_or_default())?;
    }
}

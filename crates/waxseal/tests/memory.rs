//! Streaming a gigabyte grows memory by no more than 4 MiB and a few frames.
//!
//! One test a binary's process under nextest: the high-water mark is the process's own.
#![cfg(target_os = "linux")]
#![allow(unreachable_pub, clippy::cast_possible_truncation, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{self, Read, Write};

use waxseal::AlgorithmSuite;

const FRAME: u32 = 64 << 10;
const ALLOWED: u64 = (4 << 20) + 4 * FRAME as u64;
const LEN: u64 = 1 << 30;
/// Two threads have four batches of 256 KiB in flight, each as plaintext and as message, in each stream.
const IN_FLIGHT: u64 = 4 * 4 * 2 * (256 << 10);

/// The most memory that this process has held, in bytes.
fn high_water_mark() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[derive(Default)]
struct Counting(u64);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_streamed_gigabyte_needs_a_few_buffers() {
    let before = high_water_mark();
    for threads in [1, 2] {
        stream_a_gigabyte(threads);
        let grown = high_water_mark() - before;
        let allowed = ALLOWED + if threads > 1 { IN_FLIGHT } else { 0 };
        assert!(grown <= allowed, "{grown} bytes for four streams at once, {threads} threads");
    }
}

fn stream_a_gigabyte(threads: usize) {
    for crypto in common::providers() {
        let client = common::client(crypto);
        let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
        let zeros = io::repeat(0).take(LEN);
        let request = client.encrypt_reader(zeros).suite(suite).frame_length(FRAME);
        let encrypting = request.threads(threads).wait().unwrap();
        let mut decrypting = client.decrypt_reader(encrypting).threads(threads).wait().unwrap();
        let read = io::copy(&mut decrypting, &mut Counting::default()).unwrap();
        assert_eq!(read, LEN);

        let opening = client.decrypt_writer(Counting::default()).threads(threads).wait().unwrap();
        let request = client.encrypt_writer(opening).suite(suite).frame_length(FRAME);
        let mut sealing = request.threads(threads).wait().unwrap();
        io::copy(&mut io::repeat(0).take(LEN), &mut sealing).unwrap();
        assert_eq!(sealing.finish().unwrap().finish().unwrap().0, LEN);
    }
}

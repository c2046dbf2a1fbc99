//! Digesting a gigabyte grows memory by no more than a few buffers.
//!
//! One test a binary's process under nextest: the high-water mark is the process's own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::{self, Read};

use waxseal_sign::{ContentDigest, DigestKind};

const LEN: u64 = 1 << 30;
const ALLOWED: u64 = 1 << 20;

/// The most memory that this process has held, in bytes.
fn high_water_mark() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn a_gigabyte_needs_one_buffer() {
    let crypto = waxseal_native::provider();
    for kind in [DigestKind::Sha512, DigestKind::Sha512AndBlake2b512OfBase64] {
        ContentDigest::of_reader(crypto, kind, io::repeat(0).take(1 << 20)).unwrap();
        let before = high_water_mark();
        let digest = ContentDigest::of_reader(crypto, kind, io::repeat(0).take(LEN)).unwrap();
        assert_eq!(digest.content_len(), LEN);
        let grown = high_water_mark() - before;
        assert!(grown <= ALLOWED, "{grown} bytes for {kind:?}");
    }
}

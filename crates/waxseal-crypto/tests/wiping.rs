//! Secrets are gone after their owners: the process looks for them in its own memory.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod memory;

use memory::Needle;
use waxseal_crypto::{CryptoError, Random, RsaPrivateDer, SecretBytes, on_wiped_stack};

/// Else the other tests would prove nothing.
#[test]
fn a_plain_vector_is_found_after_its_drop() {
    let _alone = memory::alone();
    let needle = Needle::new(1);
    // Freed memory of this size has the allocator's links in front and the rest as it was.
    let mut plain = vec![0u8; 1000];
    needle.reveal(&mut plain[500..]);
    assert_eq!(needle.count(), 1);
    drop(plain);
    assert_eq!(needle.count(), 1);
}

#[test]
fn secret_bytes_are_gone() {
    let _alone = memory::alone();
    let needle = Needle::new(2);
    let mut secret = SecretBytes::zeroed(1000);
    needle.reveal(&mut secret.expose_mut()[500..]);
    let copy = SecretBytes::copy_of(secret.expose());
    assert_eq!(needle.count(), 2);
    drop(secret);
    assert_eq!(needle.count(), 1);
    drop(copy);
    assert_eq!(needle.count(), 0);
}

#[test]
fn a_vector_that_became_a_secret_is_gone() {
    let _alone = memory::alone();
    let needle = Needle::new(3);
    let mut plain = Vec::with_capacity(2000);
    plain.resize(1000, 0);
    needle.reveal(&mut plain[500..]);
    let secret = SecretBytes::from(plain);
    assert_eq!(needle.count(), 1);
    drop(secret);
    assert_eq!(needle.count(), 0);
}

/// The needle is a piece of the first prime, which PEM, PKCS#1 and PKCS#8 hold once each.
#[test]
fn a_private_key_and_all_that_was_made_on_the_way_is_gone() {
    let _alone = memory::alone();
    let file = include_bytes!("keys/rsa-private-pkcs1.pem");
    let key = RsaPrivateDer::from_pem_or_der(file).unwrap();
    let needle = Needle::of(&key.expose_der()[900..]);
    assert_eq!(needle.count(), 1, "while the key lives");
    let pem = key.to_pem().unwrap();
    let again = RsaPrivateDer::from_pem_or_der(pem.expose()).unwrap();
    assert_eq!(needle.count(), 2, "while two keys live");
    drop((key, pem, again));
    assert_eq!(needle.count(), 0);
}

/// Leaves the secret deep in its frame.
#[inline(never)]
fn leave(needle: &Needle) {
    let mut frame = [0u8; 6000];
    needle.reveal(&mut frame);
    std::hint::black_box(&mut frame);
}

#[test]
fn a_stack_is_overwritten() {
    let _alone = memory::alone();
    let needle = Needle::new(5);
    leave(&needle);
    assert!(needle.count() > 0, "else this test would prove nothing");
    on_wiped_stack(|| leave(&needle));
    assert_eq!(needle.count(), 0);
}

/// Fills, and says that it failed.
#[derive(Debug)]
struct Fails(u64);

impl Random for Fails {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        Needle::new(self.0).reveal(&mut bytes[500..]);
        Err(CryptoError::Random)
    }
}

#[test]
fn what_a_failed_source_left_is_gone() {
    let _alone = memory::alone();
    let result = SecretBytes::random(&Fails(4), 1000);
    assert_eq!(result.unwrap_err(), CryptoError::Random);
    assert_eq!(Needle::new(4).count(), 0);
}

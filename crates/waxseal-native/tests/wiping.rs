//! Secrets are gone after their owners: the process looks for them in its own memory, apart
//! from the stack, about which nothing can be promised.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../../waxseal-crypto/tests/memory/mod.rs"]
mod memory;

use memory::{Needle, alone};
use waxseal_crypto::{AeadAlgorithm, HashAlgorithm, HkdfOutput, RsaPadding, RsaPrivateDer, SecretBytes};
use waxseal_native::PROVIDER;

const KEY: &[u8] = include_bytes!("../../waxseal-crypto/tests/keys/rsa-private-pkcs1.pem");

fn secret(needle: &Needle) -> SecretBytes {
    let mut secret = SecretBytes::zeroed(32);
    needle.reveal(secret.expose_mut());
    secret
}

#[test]
fn aes_keys() {
    let _alone = alone();
    let needle = Needle::new(1);
    let key = PROVIDER.aead.key(AeadAlgorithm::Aes256Gcm, secret(&needle).expose()).unwrap();
    key.seal_in_place(&[0; 12], b"", &mut [0; 100]).unwrap();
    assert!(needle.count_off_stack() > 0, "not found while it lives");
    drop(key);
    assert_eq!(needle.count_off_stack(), 0);
}

#[test]
fn derived_keys_and_what_they_were_derived_from() {
    let _alone = alone();
    let (needle, mut derived) = (Needle::new(2), SecretBytes::zeroed(32));
    let outputs = &mut [HkdfOutput { info: b"info", output: derived.expose_mut() }];
    PROVIDER.kdf.hkdf(HashAlgorithm::Sha512, b"salt", secret(&needle).expose(), outputs).unwrap();
    let derived_needle = Needle::of(derived.expose());
    assert_eq!((needle.count_off_stack(), derived_needle.count_off_stack()), (0, 1));
    drop(derived);
    assert_eq!(derived_needle.count_off_stack(), 0);
}

/// Bytes of the private exponent and of a prime, in the order of the encoding and of the
/// library's numbers.
fn pieces(key: &RsaPrivateDer) -> [Needle; 4] {
    let piece = |start: usize| Needle::of(&key.expose_der()[start..]);
    let reversed = |start: usize| piece(start).reversed();
    [piece(400), reversed(400), piece(650), reversed(650)]
}

#[test]
fn rsa_keys() {
    let _alone = alone();
    let der = RsaPrivateDer::from_pem_or_der(KEY).unwrap();
    let pieces = pieces(&der);
    let key = PROVIDER.rsa.private_key(&der).unwrap();
    drop(der);
    assert!(pieces.iter().any(|piece| piece.count_off_stack() > 0), "not found while it lives");
    drop(key);
    assert_eq!(pieces.map(|piece| piece.count_off_stack()), [0; 4]);
}

#[test]
fn unwrapped_secrets() {
    let _alone = alone();
    let key = PROVIDER.rsa.private_key(&RsaPrivateDer::from_pem_or_der(KEY).unwrap()).unwrap();
    let public_key = PROVIDER.rsa.public_key(&key.public_key().unwrap()).unwrap();
    for (seed, padding) in [(3, RsaPadding::Pkcs1v15), (4, RsaPadding::OaepSha256)] {
        let needle = Needle::new(seed);
        let wrapped = public_key.wrap(padding, secret(&needle).expose()).unwrap();
        assert_eq!(needle.count_off_stack(), 0, "{padding:?}: after wrapping");
        let unwrapped = key.unwrap(padding, &wrapped).unwrap();
        assert_eq!(needle.count_off_stack(), 1, "{padding:?}: while it lives");
        drop(unwrapped);
        assert_eq!(needle.count_off_stack(), 0, "{padding:?}: after its drop");
    }
}

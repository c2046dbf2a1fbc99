//! Secrets are gone after their owners: the process looks for them in its own memory, apart
//! from the stack, about which nothing can be promised.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "../../waxseal-crypto/tests/memory/mod.rs"]
mod memory;

use memory::{Needle, alone};
use waxseal_crypto::{
    AeadAlgorithm, EcPrivateKey, EcdhCurveSpec, HashAlgorithm, HkdfOutput, RsaPadding, RsaPrivateDer,
    SecretBytes,
};
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

#[test]
fn keys_and_blocks_of_hmac() {
    let _alone = alone();
    let (needle, mut code) = (Needle::new(5), SecretBytes::zeroed(48));
    PROVIDER
        .mac
        .hmac(HashAlgorithm::Sha384, secret(&needle).expose(), &[b"a", b"b"], code.expose_mut())
        .unwrap();
    let code_needle = Needle::of(code.expose());
    assert_eq!((needle.count_off_stack(), code_needle.count_off_stack()), (0, 1));
    drop(code);
    assert_eq!(code_needle.count_off_stack(), 0);
}

/// Both orders: libraries keep numbers with their lowest byte first.
#[test]
fn private_keys_and_secrets_of_ecdh() {
    let _alone = alone();
    for curve in EcdhCurveSpec::ALL.iter().copied() {
        let scalar = |needle: &Needle| {
            let mut scalar = SecretBytes::zeroed(curve.field_len());
            needle.reveal(&mut scalar.expose_mut()[curve.field_len() - 32..]);
            scalar.expose_mut()[curve.field_len() - 32] &= 0x7f;
            scalar
        };
        let value = scalar(&Needle::new(6));
        let needle = Needle::of(&value.expose()[curve.field_len() - 32..]);
        let reversed = Needle::of(&value.expose()[curve.field_len() - 32..]).reversed();
        let encoded = EcPrivateKey::from_scalar(curve, value).unwrap();
        let key = PROVIDER.agreement.private_key(&encoded).unwrap();
        drop(encoded);
        assert!(
            needle.count_off_stack() + reversed.count_off_stack() > 0,
            "{curve}: not found while it lives"
        );
        let peer = PROVIDER.agreement.generate(curve).unwrap();
        let peer = PROVIDER.agreement.private_key(&peer).unwrap();
        let secret = key.agree(peer.public_key()).unwrap();
        let secret_needle = Needle::of(&secret.expose()[curve.field_len() - 32..]);
        assert_eq!(secret_needle.count_off_stack(), 1, "{curve}: while it lives");
        drop((key, secret));
        let found = [needle, reversed, secret_needle].map(|needle| needle.count_off_stack());
        assert_eq!(found, [0; 3], "{curve}");
    }
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

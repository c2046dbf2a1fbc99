//! EC keys as users hold them: the two encodings are read and written, everything else is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use proptest::prelude::*;
use waxseal_crypto::{EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyError, SecretBytes};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("keys/", $name, ".pem"))
    };
}

const PRIVATE: [(EcdhCurveSpec, &str); 3] = [
    (EcdhCurveSpec::P256, key!("ec-private-pkcs8")),
    (EcdhCurveSpec::P384, key!("ec-384-private-pkcs8")),
    (EcdhCurveSpec::P521, key!("ec-521-private-pkcs8")),
];

const PUBLIC: [(EcdhCurveSpec, &str); 3] = [
    (EcdhCurveSpec::P256, key!("ec-public-spki")),
    (EcdhCurveSpec::P384, key!("ec-384-public-spki")),
    (EcdhCurveSpec::P521, key!("ec-521-public-spki")),
];

fn der_of(pem: &str) -> Vec<u8> {
    pem_rfc7468::decode_vec(pem.as_bytes()).unwrap().1
}

fn found(error: KeyError) -> String {
    match error {
        KeyError::Kind { found, .. } => found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_come_back_as_openssl_wrote_them() {
    for (curve, pem) in PRIVATE {
        for key in [EcPrivateKey::from_pem(pem.as_bytes()), EcPrivateKey::from_der(&der_of(pem))] {
            let key = key.unwrap();
            assert_eq!((key.curve(), key.expose_scalar().len()), (curve, curve.field_len()));
            assert_eq!(key.to_pem().unwrap().expose(), pem.as_bytes());
            assert_eq!(key.to_der().unwrap().expose(), der_of(pem));
        }
    }
    for (curve, pem) in PUBLIC {
        let key = EcPublicKey::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(Ok(&key), EcPublicKey::from_der(&der_of(pem)).as_ref());
        assert_eq!((key.curve(), key.as_sec1().len()), (curve, 1 + 2 * curve.field_len()));
        assert_eq!((key.to_pem().unwrap().as_str(), key.to_der().unwrap()), (pem, der_of(pem)));
    }
}

#[test]
fn a_point_is_compressed_as_openssl_does() {
    let compressed = EcPublicKey::from_pem(key!("ec-public-compressed").as_bytes()).unwrap();
    let uncompressed = EcPublicKey::from_pem(key!("ec-public-spki").as_bytes()).unwrap();
    assert_eq!(uncompressed.to_compressed(), compressed.as_sec1());
    assert_eq!(compressed.to_compressed(), compressed.as_sec1());
    assert_eq!(compressed.to_pem().unwrap(), key!("ec-public-compressed"));
}

#[test]
fn readers_of_one_encoding_take_no_other() {
    let none = KeyError::Encoding("no PEM");
    assert_eq!(EcPublicKey::from_pem(&der_of(PUBLIC[0].1)).unwrap_err(), none);
    assert_eq!(EcPrivateKey::from_pem(&der_of(PRIVATE[0].1)).unwrap_err(), none);
    assert!(EcPublicKey::from_der(PUBLIC[0].1.as_bytes()).is_err());
    assert!(EcPrivateKey::from_der(PRIVATE[0].1.as_bytes()).is_err());
}

#[test]
fn other_kinds_of_keys_are_named() {
    let public = |pem: &str| found(EcPublicKey::from_pem(pem.as_bytes()).unwrap_err());
    let private = |pem: &str| found(EcPrivateKey::from_pem(pem.as_bytes()).unwrap_err());
    assert_eq!(public(PRIVATE[0].1), "an EC private key");
    assert_eq!(private(PUBLIC[0].1), "an EC public key");
    assert_eq!(private(key!("ec-private-sec1")), "an EC private key");
    assert_eq!(public(key!("rsa-public-spki")), "an RSA public key");
    assert_eq!(public(key!("rsa-public-pkcs1")), "an RSA public key");
    assert_eq!(private(key!("rsa-private-pkcs8")), "an RSA private key");
    assert_eq!(private(key!("rsa-private-pkcs1")), "an RSA private key");
    assert_eq!(private(key!("encrypted-pkcs8")), "an encrypted private key");
    assert_eq!(public(key!("certificate")), "a certificate");
    assert_eq!(public(key!("ec-public-secp256k1")), "an EC key on the curve 1.3.132.0.10");
    let sec1 = EcPrivateKey::from_der(&der_of(key!("ec-private-sec1"))).unwrap_err();
    assert_eq!(found(sec1), "an EC private key in SEC 1 form");
    let explicit = EcPublicKey::from_pem(key!("ec-public-explicit").as_bytes()).unwrap_err();
    assert_eq!(explicit, KeyError::Encoding("an EC key without a named curve"));
}

#[test]
fn what_has_not_the_form_of_a_point_is_refused() {
    for curve in EcdhCurveSpec::ALL.iter().copied() {
        let infinity = EcPublicKey::from_sec1(curve, &[0]).unwrap_err();
        assert_eq!(infinity, KeyError::Encoding("the point at infinity"));
        let len = curve.field_len();
        let point = |start: u8, len: usize| [&[start], vec![1; len].as_slice()].concat();
        for bad in [vec![], point(2, len - 1), point(4, len), point(2, 2 * len), point(4, 2 * len + 1)] {
            assert!(EcPublicKey::from_sec1(curve, &bad).is_err());
        }
        for start in [0, 1, 5, 6, 7, 0x30] {
            assert!(EcPublicKey::from_sec1(curve, &point(start, 2 * len)).is_err(), "hybrid and others");
            assert!(EcPublicKey::from_sec1(curve, &point(start, len)).is_err());
        }
        assert!(EcPrivateKey::from_scalar(curve, SecretBytes::zeroed(len - 1)).is_err());
    }
}

#[test]
fn an_infinite_point_in_der_is_refused() {
    let mut der = der_of(PUBLIC[0].1);
    der.truncate(23);
    der.extend([3, 2, 0, 0]);
    der[1] = 25;
    assert_eq!(EcPublicKey::from_der(&der).unwrap_err(), KeyError::Encoding("the point at infinity"));
}

#[test]
fn no_key_prints_its_secret() {
    let key = EcPrivateKey::from_pem(PRIVATE[0].1.as_bytes()).unwrap();
    assert_eq!(format!("{key:?}"), "EcPrivateKey(P-256)");
}

proptest! {
    #[test]
    fn changed_keys_never_panic_and_come_back_alike(at: usize, byte: u8, which in 0..3usize, cut: bool) {
        let change = |pem: &str| {
            let mut der = der_of(pem);
            let at = at % der.len();
            if cut { der.truncate(at) } else { der[at] = byte }
            der
        };
        if let Ok(key) = EcPublicKey::from_der(&change(PUBLIC[which].1)) {
            prop_assert_eq!(EcPublicKey::from_der(&key.to_der().unwrap()), Ok(key));
        }
        if let Ok(key) = EcPrivateKey::from_der(&change(PRIVATE[which].1)) {
            let again = EcPrivateKey::from_der(key.to_der().unwrap().expose()).unwrap();
            prop_assert_eq!(key.expose_scalar(), again.expose_scalar());
        }
    }
}

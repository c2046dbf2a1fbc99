//! RSA keys as users hold them: every encoding is brought to one, everything else is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use proptest::prelude::*;
use waxseal_crypto::{KeyError, RsaPrivateDer, RsaPublicDer};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("keys/", $name, ".pem"))
    };
}

const PKCS8: &str = key!("rsa-private-pkcs8");
const PKCS1: &str = key!("rsa-private-pkcs1");
const SPKI: &str = key!("rsa-public-spki");
const PKCS1_PUBLIC: &str = key!("rsa-public-pkcs1");

fn private(input: impl AsRef<[u8]>) -> Result<RsaPrivateDer, KeyError> {
    RsaPrivateDer::from_pem_or_der(input.as_ref())
}

fn public(input: impl AsRef<[u8]>) -> Result<RsaPublicDer, KeyError> {
    RsaPublicDer::from_pem_or_der(input.as_ref())
}

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
fn every_encoding_of_a_private_key_gives_the_same_pkcs8() {
    let expected = der_of(PKCS8);
    for input in [PKCS8.as_bytes(), PKCS1.as_bytes(), &der_of(PKCS8), &der_of(PKCS1)] {
        assert_eq!(private(input).unwrap().expose_der(), expected);
    }
}

#[test]
fn every_encoding_of_a_public_key_gives_the_same_spki() {
    let expected = der_of(SPKI);
    for input in [SPKI.as_bytes(), PKCS1_PUBLIC.as_bytes(), &der_of(SPKI), &der_of(PKCS1_PUBLIC)] {
        assert_eq!(public(input).unwrap().as_der(), expected);
    }
}

#[test]
fn pem_comes_back_as_openssl_wrote_it() {
    assert_eq!(private(PKCS1).unwrap().to_pem().unwrap().expose(), PKCS8.as_bytes());
    assert_eq!(public(PKCS1_PUBLIC).unwrap().to_pem().unwrap(), SPKI);
}

#[test]
fn white_space_and_line_lengths_dont_matter() {
    let body: String = SPKI.lines().filter(|line| !line.starts_with('-')).collect();
    let one_line = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----");
    let variants = [
        format!("\n\n \t{SPKI}\n\r\n "),
        SPKI.replace('\n', "\r\n"),
        SPKI.replace('\n', "  \n    "),
        SPKI.trim_end().to_owned(),
        format!("a comment before the key\n{SPKI}"),
        one_line,
    ];
    for text in variants {
        assert_eq!(public(&text).unwrap().as_der(), der_of(SPKI), "{text}");
    }
}

#[test]
fn the_other_half_is_named() {
    for input in [PKCS8.as_bytes(), PKCS1.as_bytes(), &der_of(PKCS8), &der_of(PKCS1)] {
        assert_eq!(found(public(input).unwrap_err()), "an RSA private key");
    }
    for input in [SPKI.as_bytes(), PKCS1_PUBLIC.as_bytes(), &der_of(SPKI), &der_of(PKCS1_PUBLIC)] {
        assert_eq!(found(private(input).unwrap_err()), "an RSA public key");
    }
}

#[test]
fn other_kinds_of_keys_are_named() {
    let kinds = [
        (key!("ec-private-sec1"), "an EC private key"),
        (key!("ec-private-pkcs8"), "an EC private key"),
        (key!("ec-public-spki"), "an EC public key"),
        (key!("ed25519-private-pkcs8"), "a private key of algorithm 1.3.101.112"),
        (key!("rsa-pss-private-pkcs8"), "an RSASSA-PSS private key"),
        (key!("encrypted-pkcs8"), "an encrypted private key"),
        (key!("certificate"), "a certificate"),
    ];
    for (pem, expected) in kinds {
        for input in [pem.as_bytes(), &der_of(pem)] {
            assert_eq!(found(private(input).unwrap_err()), expected);
            assert_eq!(found(public(input).unwrap_err()), expected);
        }
    }
    assert_eq!(found(private(key!("encrypted-pkcs1")).unwrap_err()), "an encrypted private key");
    let renamed = SPKI.replace("PUBLIC KEY", "SSH2 PUBLIC KEY");
    assert_eq!(found(public(renamed).unwrap_err()), "PEM labelled SSH2 PUBLIC KEY");
}

#[test]
fn what_is_no_key_is_refused() {
    let twice = SPKI.repeat(2);
    let cut = &SPKI[..SPKI.len() / 2];
    let mut trailing = der_of(SPKI);
    trailing.push(0);
    let wrong_end = SPKI.replace("END PUBLIC KEY", "END PRIVATE KEY");
    let inputs: [&[u8]; 8] = [
        b"",
        b"key",
        b"-----BEGIN ",
        twice.as_bytes(),
        cut.as_bytes(),
        &trailing,
        wrong_end.as_bytes(),
        &[0x30, 0],
    ];
    for input in inputs {
        assert!(matches!(public(input), Err(KeyError::Encoding(_))), "{input:02x?}");
        assert!(matches!(private(input), Err(KeyError::Encoding(_))), "{input:02x?}");
    }
}

#[test]
fn a_private_key_with_zeros_for_its_parts_is_refused() {
    // SEQUENCE { 0, n, e, d, p, q, dp, dq, qinv }, the last of them zero.
    let der = [0x30, 27, 2, 1, 0, 2, 1, 7, 2, 1, 3, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 0];
    assert_eq!(private(der).unwrap_err(), KeyError::Encoding("an RSA private key without all its parts"));
}

#[test]
fn a_private_exponent_longer_than_its_modulus_is_refused() {
    // SEQUENCE { 0, n, e, d, p, q, dp, dq, qinv }, the private exponent of two bytes.
    let der = [0x30, 28, 2, 1, 0, 2, 1, 7, 2, 1, 3, 2, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 5, 2, 1, 5];
    let expected = KeyError::Encoding("an RSA private exponent longer than the modulus");
    assert_eq!(private(der).unwrap_err(), expected);
}

#[test]
fn every_cut_of_a_key_is_refused() {
    for whole in [der_of(PKCS8), der_of(PKCS1)] {
        for len in 0..whole.len() {
            assert!(private(&whole[..len]).is_err());
        }
    }
}

#[test]
fn a_private_key_prints_nothing_of_itself() {
    assert_eq!(format!("{:?}", private(PKCS8).unwrap()), "RsaPrivateDer(1217 bytes)");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = private(&bytes);
        let _ = public(&bytes);
    }

    /// Every private key that is read survives its own encoding.
    #[test]
    fn any_change_is_read_or_refused(index in 0usize..1200, byte: u8) {
        let mut der = der_of(PKCS8);
        der[index] = byte;
        if let Ok(read) = private(&der) {
            let again = private(read.to_pem().unwrap().expose()).unwrap();
            prop_assert!(read.ct_eq(&again));
        }
    }

    #[test]
    fn any_change_of_a_pem_is_read_or_refused(index in 0usize..400, byte in 0u8..128) {
        let mut pem = SPKI.as_bytes().to_vec();
        pem[index] = byte;
        let _ = public(&pem);
    }
}

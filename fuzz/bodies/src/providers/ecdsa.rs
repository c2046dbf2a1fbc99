//! ECDSA: any public key, any digest, any signature.

use waxseal::crypto::{DigestOutput, FixedSignature, HashAlgorithm};
use waxseal::format::SignatureAlgorithm;

use crate::Choices;
use crate::der::{integer, sequence, tagged};
use crate::edits::edited;
use crate::setup::{Signer, providers, signer};

/// Verifies a signature that was right and may have been changed.
pub(super) fn check(choices: &mut Choices<'_>) {
    let algorithm = choices.pick(&[SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384]);
    let hash = choices.pick(&[algorithm.hash(), algorithm.hash(), HashAlgorithm::Sha512]);
    let digest = DigestOutput::filled(hash, |bytes| bytes.fill_with(|| choices.u8()));
    let key = signer(algorithm, choices.pick(&[Signer::Right, Signer::Other]));
    let public_key = public_key(choices, key.public_key());
    let signed = key.sign(&digest).ok();
    let der = if choices.one_in(4) {
        signed.map(|right| encoded(&right)).unwrap_or_default()
    } else {
        signature(choices, signed, algorithm)
    };
    let verified =
        providers().map(|provider| provider.signatures.verify(algorithm, &public_key, &digest, &der));
    assert_eq!(verified[0], verified[1], "{algorithm:?} {public_key:02x?} {der:02x?}");
    let right = signed.map(|right| encoded(&right));
    let untouched = public_key == key.public_key() && right == Some(der);
    assert!(!untouched || verified[0].is_ok(), "a right signature is refused");
}

fn encoded(signature: &FixedSignature) -> Vec<u8> {
    sequence(&[integer(signature.r()), integer(signature.s())])
}

/// The right key, the other point with its x, or other bytes.
fn public_key(choices: &mut Choices<'_>, mut key: Vec<u8>) -> Vec<u8> {
    match choices.below(8) {
        1 => key[0] ^= 1,
        2 => key[0] = choices.pick(&[0, 1, 4, 5, 6, 7, 8, 0x30]),
        3 => key = edited(choices, key, 2),
        4 => key.resize(2 * key.len() - 1, choices.u8()),
        5 => {
            let x_len = key.len() - 1;
            key = [&[2 + choices.u8() % 2][..], choices.bytes(x_len)].concat();
        }
        6 => key = vec![0],
        _ => {}
    }
    key
}

fn signature(
    choices: &mut Choices<'_>,
    right: Option<FixedSignature>,
    algorithm: SignatureAlgorithm,
) -> Vec<u8> {
    let zeros = vec![0; algorithm.field_len()];
    let [r, s] = right.map_or([zeros.clone(), zeros], |right| [right.r().to_vec(), right.s().to_vec()]);
    let (r, s) = (number(choices, r, algorithm), number(choices, s, algorithm));
    let der = match choices.below(8) {
        1 => sequence(&[tagged(2, &r), tagged(2, &s)]),
        2 => sequence(&[integer(&r), integer(&s), integer(&r)]),
        3 => [r, s].concat(),
        _ => sequence(&[integer(&r), integer(&s)]),
    };
    edited(choices, der, 2)
}

/// A number of a signature, or one at the edge of what is allowed.
fn number(choices: &mut Choices<'_>, right: Vec<u8>, algorithm: SignatureAlgorithm) -> Vec<u8> {
    let len = algorithm.field_len();
    match choices.below(16) {
        1 => vec![0; len],
        2 => [vec![0; len - 1], vec![1]].concat(),
        3 => order(algorithm, 0),
        4 => order(algorithm, 1),
        5 => order(algorithm, -1),
        6 => vec![0xff; len],
        7 => [right, vec![0]].concat(),
        8 => subtract(&order(algorithm, 0), &right),
        9 => choices.bytes(len).to_vec(),
        _ => right,
    }
}

/// The order of the curve's base point (SEC 2, 2.4.2 and 2.5.1), and its neighbours.
fn order(algorithm: SignatureAlgorithm, plus: i8) -> Vec<u8> {
    let text = match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => {
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
        }
        SignatureAlgorithm::EcdsaP384Sha384 => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
    };
    let digits = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap());
    let mut bytes: Vec<u8> = digits.collect();
    let last = bytes.last_mut().unwrap();
    *last = last.wrapping_add_signed(plus);
    bytes
}

/// `a - b`, around zero if need be.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = false;
    let mut difference: Vec<u8> = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .map(|(a, b)| {
            let (partial, first) = a.overflowing_sub(*b);
            let (byte, second) = partial.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            byte
        })
        .collect();
    difference.reverse();
    difference
}

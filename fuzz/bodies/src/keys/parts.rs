//! The numbers of an RSA key, and how they are changed.

use rsa::BigUint;

use crate::Choices;

/// The right key.
pub(super) const ONE: &[u8] = include_bytes!("../../keys/one.der");
const TWO: &[u8] = include_bytes!("../../keys/two.der");
const SHORT: &[u8] = include_bytes!("../../keys/short.der");

/// The version, then n, e, d, p, q, d mod p-1, d mod q-1 and 1/q mod p, as bytes (RFC 8017, A.1.2).
pub(super) type Parts = [Vec<u8>; 9];

const N: usize = 1;
const E: usize = 2;
const D: usize = 3;
const P: usize = 4;
const Q: usize = 5;

/// A right key, or one with some numbers changed.
pub(super) fn changed(choices: &mut Choices<'_>) -> Parts {
    let mut parts = read(choices.pick(&[ONE, ONE, TWO, SHORT]));
    for _ in 0..choices.below(3) {
        match choices.below(12) {
            0 => swap_primes(&mut parts),
            1 => longer_private_exponent(&mut parts),
            2 => parts[E] = choices.pick(&EXPONENTS).to_vec(),
            3 => parts[N] = modulus(choices),
            _ => {
                let at = choices.below(parts.len());
                parts[at] = change(choices, &parts, at);
            }
        }
    }
    parts
}

/// Reads a key whose lengths are all written in one or three bytes.
fn read(der: &'static [u8]) -> Parts {
    let mut rest = Choices::new(&der[4..]);
    [(); 9].map(|()| {
        assert_eq!(rest.u8(), 2);
        let len = match rest.u8() {
            0x82 => usize::from(rest.u16()),
            0x81 => usize::from(rest.u8()),
            len => usize::from(len),
        };
        rest.bytes(len).to_vec()
    })
}

const EXPONENTS: [&[u8]; 12] = [
    &[],
    &[1],
    &[2],
    &[3],
    &[4],
    &[17],
    &[1, 0, 0],
    &[1, 0, 3],
    &[0xff, 0xff, 0xff, 0xff],
    &[1, 0, 0, 0, 1],
    &[2, 0, 0, 0, 1],
    &[1, 0, 0, 0, 0, 0, 0, 0, 1],
];

/// A modulus of any size, odd or even, of no known primes.
fn modulus(choices: &mut Choices<'_>) -> Vec<u8> {
    let len = choices.pick(&[256, 0, 1, 64, 128, 255, 257, 384, 512, 1024, 1025, 2048, 3000]);
    let mut bytes = vec![choices.u8(); len];
    let (first, last) = (choices.u8(), choices.u8());
    if let [start, .., end] = bytes.as_mut_slice() {
        (*start, *end) = (first, last);
    }
    bytes
}

fn change(choices: &mut Choices<'_>, parts: &Parts, at: usize) -> Vec<u8> {
    let mut part = parts[at].clone();
    let number = BigUint::from_bytes_be(&part);
    match choices.below(9) {
        0 => Vec::new(),
        1 => vec![1],
        2 => (number + choices.u8()).to_bytes_be(),
        3 => (number * 2_u8).to_bytes_be(),
        4 => read(TWO)[at].clone(),
        5 => parts[choices.below(parts.len())].clone(),
        6 => choices.bytes(choices.clone().below(16)).to_vec(),
        7 => part.get(1..).unwrap_or_default().to_vec(),
        _ => {
            let (place, bit) = (usize::from(choices.u16()), choices.below(8));
            if let Some(byte) = place.checked_rem(part.len()).and_then(|place| part.get_mut(place)) {
                *byte ^= 1 << bit;
            }
            part
        }
    }
}

/// The same key with its primes in the other order: as right as it was.
fn swap_primes(parts: &mut Parts) {
    parts.swap(P, Q);
    parts.swap(6, 7);
    let [p, q] = [P, Q].map(|at| BigUint::from_bytes_be(&parts[at]));
    if p > BigUint::from(2_u8) && q > BigUint::from(2_u8) {
        // By Fermat, for p is prime.
        parts[8] = q.modpow(&(&p - 2_u8), &p).to_bytes_be();
    }
}

/// The private exponent and (p-1)(q-1): right, and longer than it needs to be.
fn longer_private_exponent(parts: &mut Parts) {
    let [d, p, q] = [D, P, Q].map(|at| BigUint::from_bytes_be(&parts[at]));
    let one = BigUint::from(1_u8);
    if p > one && q > one {
        parts[D] = (d + (p - &one) * (q - &one)).to_bytes_be();
    }
}

/// Modulus and exponent of the right key.
pub(super) fn right_public() -> (BigUint, BigUint) {
    let parts = read(ONE);
    (BigUint::from_bytes_be(&parts[N]), BigUint::from_bytes_be(&parts[E]))
}

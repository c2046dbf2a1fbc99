//! ECDSA signatures: two integers, in DER on the wire and in fixed length for signers.
//!
//! Signatures are public, so nothing here needs constant time.

use waxseal_format::SignatureAlgorithm;

use der::asn1::UintRef;
use der::{Decode, Encode, Reader, SliceReader};

/// The longest `r` or `s`: P-384.
const MAX_FIELD_LEN: usize = 48;

/// The orders of the base points, big endian (SEC 2, 2.4.2 and 2.5.1).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];
const P384_ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a,
    0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// A signature as `r` then `s`, big endian, each as long as the curve's field: 64 bytes for
/// P-256, 96 for P-384.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedSignature {
    algorithm: SignatureAlgorithm,
    bytes: [u8; 2 * MAX_FIELD_LEN],
}

impl FixedSignature {
    /// The signature `bytes` of `algorithm`; `None` if they have another length.
    #[must_use]
    pub fn new(algorithm: SignatureAlgorithm, bytes: &[u8]) -> Option<Self> {
        let (r, s) = bytes.split_at_checked(algorithm.field_len())?;
        let exact = s.len() == algorithm.field_len();
        exact.then(|| Self::from_integers(algorithm, r, s)).flatten()
    }

    /// `r` and `s` padded with zeros in front; `None` if one is longer than the field.
    fn from_integers(algorithm: SignatureAlgorithm, r: &[u8], s: &[u8]) -> Option<Self> {
        let field_len = algorithm.field_len();
        let mut bytes = [0; 2 * MAX_FIELD_LEN];
        bytes.get_mut(field_len.checked_sub(r.len())?..field_len)?.copy_from_slice(r);
        let s_end = 2 * field_len;
        bytes.get_mut(field_len..s_end)?.get_mut(field_len.checked_sub(s.len())?..)?.copy_from_slice(s);
        Some(Self { algorithm, bytes })
    }

    /// The algorithm that made it.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The first integer, in the field's length.
    #[must_use]
    pub fn r(&self) -> &[u8] {
        self.as_ref().get(..self.algorithm.field_len()).unwrap_or_default()
    }

    /// The second integer, in the field's length.
    #[must_use]
    pub fn s(&self) -> &[u8] {
        self.as_ref().get(self.algorithm.field_len()..).unwrap_or_default()
    }

    /// The same signature with `n - s` for `s`: as valid as the first, since a point and its
    /// negative have the same `x`. `None` unless `s` lies in `1..n`.
    fn negated(&self) -> Option<Self> {
        let negated = subtract(order(self.algorithm), self.s())?;
        let in_range = self.s().iter().any(|byte| *byte != 0) && negated.iter().any(|byte| *byte != 0);
        in_range.then(|| Self::from_integers(self.algorithm, self.r(), &negated)).flatten()
    }

    fn to_der(self) -> Option<Vec<u8>> {
        [UintRef::new(self.r()).ok()?, UintRef::new(self.s()).ok()?].to_der().ok()
    }
}

impl AsRef<[u8]> for FixedSignature {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..2 * self.algorithm.field_len()).unwrap_or_default()
    }
}

/// Reads a signature in DER: a `SEQUENCE` of two `INTEGER`s in their shortest form, neither
/// negative nor longer than the field, and nothing behind it (RFC 3279, 2.2.3).
///
/// `None` for anything else. Whether `r` and `s` lie in range is the verifier's to check.
#[must_use]
pub fn decode_der(algorithm: SignatureAlgorithm, bytes: &[u8]) -> Option<FixedSignature> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let (r, s) =
        reader.sequence(|inner| der::Result::Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))).ok()?;
    reader.finish().ok()?;
    FixedSignature::from_integers(algorithm, r.as_bytes(), s.as_bytes())
}

/// The DER of `signature` with exactly [`SignatureAlgorithm::der_len`] bytes, where need be
/// with `n - s` for `s`. `None` if neither form has that length: sign again then.
///
/// A header states the message's length before the signature is made, so the writer needs
/// signatures of one length. About one signature in 256 has to be made again: those whose `r`,
/// `s` or `n - s` starts with nine zero bits.
#[must_use]
pub fn encode_fixed_length_der(signature: &FixedSignature) -> Option<Vec<u8>> {
    let fits = |der: &Vec<u8>| der.len() == signature.algorithm.der_len();
    let first = signature.to_der().filter(fits);
    first.or_else(|| signature.negated()?.to_der().filter(fits))
}

/// Whether `public_key` has the form of a point in SEC 1 (2.3.3), compressed or not: 33 or 65
/// bytes for P-256, 49 or 97 for P-384. Whether it lies on the curve is the verifier's to check.
///
/// Libraries take other forms too: hybrid and compact points, `SubjectPublicKeyInfo`. Providers
/// ask this first, so that all of them take the same keys.
#[must_use]
pub fn has_sec1_form(algorithm: SignatureAlgorithm, public_key: &[u8]) -> bool {
    match public_key {
        [2 | 3, x @ ..] => x.len() == algorithm.field_len(),
        [4, x_and_y @ ..] => x_and_y.len() == 2 * algorithm.field_len(),
        _ => false,
    }
}

fn order(algorithm: SignatureAlgorithm) -> &'static [u8] {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &P256_ORDER,
        SignatureAlgorithm::EcdsaP384Sha384 => &P384_ORDER,
    }
}

/// `a - b`, big endian and of one length; `None` if that is negative.
fn subtract(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut borrow = false;
    let mut difference: Vec<u8> = (a.iter().rev().zip(b.iter().rev()))
        .map(|(a, b)| {
            let (partial, first) = a.overflowing_sub(*b);
            let (byte, second) = partial.overflowing_sub(u8::from(borrow));
            borrow = first || second;
            byte
        })
        .collect();
    difference.reverse();
    (!borrow).then_some(difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [SignatureAlgorithm; 2] =
        [SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384];

    /// An integer of the field's length that starts with these bytes and ends with `07`.
    fn integer(algorithm: SignatureAlgorithm, first: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; algorithm.field_len()];
        bytes[..first.len()].copy_from_slice(first);
        *bytes.last_mut().unwrap() = 7;
        bytes
    }

    fn signature(algorithm: SignatureAlgorithm, r: &[u8], s: &[u8]) -> FixedSignature {
        let bytes = [integer(algorithm, r), integer(algorithm, s)].concat();
        FixedSignature::new(algorithm, &bytes).unwrap()
    }

    #[test]
    fn every_combination_of_high_bits_gets_the_one_length() {
        for algorithm in BOTH {
            for (r, s) in [(0x7f, 0x7f), (0x7f, 0xfe), (0xfe, 0x7f), (0xfe, 0xfe), (0x01, 0x80)] {
                let original = signature(algorithm, &[r], &[s]);
                let der = encode_fixed_length_der(&original).unwrap();
                assert_eq!(der.len(), algorithm.der_len(), "{r:02x} {s:02x}");
                let read = decode_der(algorithm, &der).unwrap();
                assert_eq!(read.r(), original.r());
                let negated = original.negated().unwrap();
                assert!([original.s(), negated.s()].contains(&read.s()));
                let kept = (r < 0x80) != (s < 0x80);
                assert_eq!(read.s() == original.s(), kept, "{r:02x} {s:02x}");
            }
        }
    }

    #[test]
    fn short_values_have_no_form_of_that_length() {
        for algorithm in BOTH {
            for (r, s) in [(&[0, 0x7f][..], &[0x70][..]), (&[0, 0x80], &[0x70]), (&[0xf0], &[0, 0x7f])] {
                let fits = encode_fixed_length_der(&signature(algorithm, r, s));
                let nine_zeros = |bytes: &[u8]| bytes.first() == Some(&0) && bytes[1] < 0x80;
                assert_eq!(fits.is_none(), nine_zeros(r) || nine_zeros(s), "{r:02x?} {s:02x?}");
            }
        }
    }

    #[test]
    fn negation_is_its_own_inverse_and_refuses_what_is_out_of_range() {
        for algorithm in BOTH {
            let original = signature(algorithm, &[0x40], &[0x40]);
            assert_eq!(original.negated().unwrap().negated(), Some(original));
            let field_len = algorithm.field_len();
            let r = integer(algorithm, &[1]);
            for s in [vec![0; field_len], order(algorithm).to_vec(), vec![0xff; field_len]] {
                let bytes = [r.clone(), s].concat();
                assert_eq!(FixedSignature::new(algorithm, &bytes).unwrap().negated(), None);
            }
        }
    }

    #[test]
    fn only_the_exact_length_makes_a_fixed_signature() {
        for algorithm in BOTH {
            for len in
                [0, algorithm.field_len(), 2 * algorithm.field_len() - 1, 2 * algorithm.field_len() + 1]
            {
                assert_eq!(FixedSignature::new(algorithm, &vec![1; len]), None);
            }
        }
    }

    #[test]
    fn der_with_short_integers_is_read_with_its_zeros() {
        let read = decode_der(SignatureAlgorithm::EcdsaP256Sha256, &[0x30, 6, 2, 1, 5, 2, 1, 0x7f]).unwrap();
        assert_eq!(read.r()[31], 5);
        assert_eq!(read.s()[31], 0x7f);
        assert!(read.r()[..31].iter().chain(&read.s()[..31]).all(|byte| *byte == 0));
    }

    #[test]
    fn der_that_is_not_strict_is_refused() {
        let mut too_long = vec![0x30, 38, 2, 33, 1];
        too_long.extend([0; 32]);
        too_long.extend([2, 1, 1]);
        let refused: [&[u8]; 11] = [
            b"",
            &[0x30],
            &[0x30, 6, 2, 1, 5, 2, 1],
            &[0x30, 6, 2, 1, 5, 2, 1, 7, 0],
            &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 7],
            &[0x30, 0x80, 2, 1, 5, 2, 1, 7, 0, 0],
            &[0x31, 6, 2, 1, 5, 2, 1, 7],
            &[0x30, 7, 2, 2, 0, 5, 2, 1, 7],
            &[0x30, 6, 2, 1, 0x85, 2, 1, 7],
            &[0x30, 9, 2, 1, 5, 2, 1, 7, 2, 1, 9],
            &too_long,
        ];
        for bytes in refused {
            assert_eq!(decode_der(SignatureAlgorithm::EcdsaP256Sha256, bytes), None, "{bytes:02x?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            for algorithm in BOTH {
                if let Some(read) = decode_der(algorithm, &bytes) {
                    assert_eq!(read.to_der(), Some(bytes.clone()));
                }
            }
        }

        #[test]
        fn any_signature_survives_der(r: [u8; 32], s: [u8; 32]) {
            let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
            let original = FixedSignature::new(algorithm, &[r, s].concat()).unwrap();
            assert_eq!(decode_der(algorithm, &original.to_der().unwrap()), Some(original));
        }
    }
}

//! ECDSA: answers of RFC 6979 (A.2.5 and A.2.6, message `sample`), round trips, refusals.

use waxseal_format::{HashAlgorithm, SignatureAlgorithm};

use super::{Fault, flipped, hex, require, require_err};
use crate::{CryptoError, CryptoProvider, DigestOutput, FixedSignature, decode_der, encode_fixed_length_der};

const ALGORITHMS: [SignatureAlgorithm; 2] =
    [SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384];

/// A public key's coordinates, and its signature over `sample`.
struct Answer {
    x: Vec<u8>,
    y: Vec<u8>,
    der: Vec<u8>,
}

impl Answer {
    fn of(algorithm: SignatureAlgorithm) -> Result<Self, Fault> {
        let [x, y, r, s] = numbers(algorithm).map(hex);
        let signature = FixedSignature::new(algorithm, &[r, s].concat());
        let der = signature.as_ref().and_then(encode_fixed_length_der);
        Ok(Self { x, y, der: der.ok_or(Fault("a known answer has no DER".into()))? })
    }

    fn uncompressed(&self) -> Vec<u8> {
        [&[4], self.x.as_slice(), &self.y].concat()
    }

    fn compressed(&self) -> Vec<u8> {
        let odd = self.y.last().is_some_and(|byte| byte % 2 == 1);
        [&[2 + u8::from(odd)], self.x.as_slice()].concat()
    }
}

fn numbers(algorithm: SignatureAlgorithm) -> [&'static str; 4] {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => [
            "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ],
        SignatureAlgorithm::EcdsaP384Sha384 => [
            "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64
             def8f0ea9055866064a254515480bc13",
            "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1
             288b231c3ae0d4fe7344fd2533264720",
            "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c
             81a648152e44acf96e36dd1e80fabe46",
            "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f
             a329c145786e679e7b82c71a38628ac8",
        ],
    }
}

fn digest(provider: &CryptoProvider, hash: HashAlgorithm, message: &[u8]) -> DigestOutput {
    let mut digest = provider.digest.start(hash);
    digest.update(message);
    digest.finish()
}

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let answer = Answer::of(algorithm)?;
        let digest = digest(provider, algorithm.hash(), b"sample");
        for public_key in [answer.compressed(), answer.uncompressed()] {
            provider.signatures.verify(algorithm, &public_key, &digest, &answer.der)?;
        }
    }
    Ok(())
}

/// Signs often enough to meet integers with leading zeros and both signs of the high bit.
pub(super) fn round_trip(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let key = provider.signatures.generate(algorithm)?;
        require(key.algorithm() == algorithm, "a key of another algorithm")?;
        let public_key = key.public_key();
        let compressed = public_key.first().is_some_and(|byte| matches!(byte, 2 | 3));
        require(compressed && public_key.len() == algorithm.compressed_point_len(), "not compressed")?;
        let other = provider.signatures.generate(algorithm)?.public_key();
        require(other != public_key, "the same key twice")?;
        for message in 0u8..50 {
            let digest = digest(provider, algorithm.hash(), &[message]);
            let signature = key.sign(&digest)?;
            require(signature.algorithm() == algorithm, "a signature of another algorithm")?;
            let Some(der) = encode_fixed_length_der(&signature) else { continue };
            provider.signatures.verify(algorithm, &public_key, &digest, &der)?;
            let result = provider.signatures.verify(algorithm, &other, &digest, &der);
            require_err(result, &CryptoError::Failed, "another's public key")?;
        }
    }
    Ok(())
}

pub(super) fn changes_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let answer = Answer::of(algorithm)?;
        let digest_ = digest(provider, algorithm.hash(), b"sample");
        let refused = |digest: &DigestOutput, der: &[u8], what: &str| {
            let result = provider.signatures.verify(algorithm, &answer.compressed(), digest, der);
            require_err(result, &CryptoError::Failed, what)
        };
        refused(&digest(provider, algorithm.hash(), b"simple"), &answer.der, "another digest")?;
        for index in 0..answer.der.len() {
            refused(&digest_, &flipped(&answer.der, index), "a flipped bit in the signature")?;
            refused(&digest_, answer.der.get(..index).unwrap_or_default(), "a signature cut short")?;
        }
        refused(&digest_, &[answer.der.as_slice(), &[0]].concat(), "a byte behind the signature")?;
        refused(&digest_, &[0x30, 6, 2, 1, 0, 2, 1, 0], "a signature of zeros")?;
        refused(&digest_, &[0x30, 6, 2, 1, 1, 2, 1, 1], "a signature of ones")?;
        let fixed = decode_der(algorithm, &answer.der).ok_or(Fault("a known answer was refused".into()))?;
        refused(&digest_, fixed.as_ref(), "a signature without DER")?;
    }
    Ok(())
}

pub(super) fn bad_keys_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let answer = Answer::of(algorithm)?;
        let digest = digest(provider, algorithm.hash(), b"sample");
        for (public_key, what) in bad_keys(&answer) {
            let result = provider.signatures.verify(algorithm, &public_key, &digest, &answer.der);
            require_err(result, &CryptoError::Failed, what)?;
        }
    }
    Ok(())
}

fn bad_keys(answer: &Answer) -> Vec<(Vec<u8>, &'static str)> {
    let (compressed, uncompressed) = (answer.compressed(), answer.uncompressed());
    let with_first = |first: u8, key: &[u8]| {
        let mut key = key.to_vec();
        key.iter_mut().take(1).for_each(|byte| *byte = first);
        key
    };
    let odd = u8::from(answer.y.last().is_some_and(|byte| byte % 2 == 1));
    vec![
        (Vec::new(), "no key"),
        (vec![0], "the point at infinity"),
        (vec![0; compressed.len()], "zeros"),
        (vec![0xff; uncompressed.len()], "ones"),
        (vec![2], "a compressed key without x"),
        (flipped(&compressed, 0), "the negated key"),
        (flipped(&uncompressed, uncompressed.len() - 1), "a point off the curve"),
        (with_first(2, &vec![0xff; compressed.len()]), "x above the field"),
        (with_first(4, &compressed), "a compressed key that says uncompressed"),
        (with_first(2, &uncompressed), "an uncompressed key that says compressed"),
        (with_first(6 + odd, &uncompressed), "a hybrid key"),
        (with_first(5, &compressed), "a compact key"),
        (compressed.get(1..).unwrap_or_default().to_vec(), "x alone"),
        ([compressed.as_slice(), &[0]].concat(), "a byte behind the key"),
        (spki(answer), "SubjectPublicKeyInfo"),
    ]
}

/// The same key as a `SubjectPublicKeyInfo`, which some libraries take in the same call.
fn spki(answer: &Answer) -> Vec<u8> {
    let prefix = match answer.x.len() {
        32 => "3059301306072a8648ce3d020106082a8648ce3d030107034200",
        _ => "3076301006072a8648ce3d020106052b81040022036200",
    };
    [hex(prefix), answer.uncompressed()].concat()
}

pub(super) fn digests_must_fit(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let key = provider.signatures.generate(algorithm)?;
        let right = key.sign(&digest(provider, algorithm.hash(), b"sample"))?;
        for hash in [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512] {
            if hash == algorithm.hash() {
                continue;
            }
            let wrong = digest(provider, hash, b"sample");
            require_err(key.sign(&wrong), &CryptoError::Failed, "signing another hash's digest")?;
            let der = encode_fixed_length_der(&right).unwrap_or_default();
            let result = provider.signatures.verify(algorithm, &key.public_key(), &wrong, &der);
            require_err(result, &CryptoError::Failed, "verifying another hash's digest")?;
        }
    }
    Ok(())
}

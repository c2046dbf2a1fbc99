//! AES-GCM: the cases 4, 10 and 16 of its submission to NIST, tags of headers, refusals.

use waxseal_format::AeadAlgorithm;

use super::{Fault, flipped, hex, require, require_eq, require_err};
use crate::{AeadKey, CryptoError, CryptoProvider, Nonce};

const ALGORITHMS: [AeadAlgorithm; 3] =
    [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes192Gcm, AeadAlgorithm::Aes256Gcm];

const NONCE: Nonce = [0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88];

const AAD: &str = "feedfacedeadbeeffeedfacedeadbeefabaddad2";

const PLAINTEXT: &str = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

/// Around the block sizes of AES, of GHASH and of the wide code paths; a frame; a large frame.
const LENGTHS: [usize; 22] =
    [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 511, 767, 1024, 4095, 4096, 65537];

struct Answer {
    ciphertext: &'static str,
    tag: &'static str,
    /// The tag of nothing, with the associated data and a nonce of zeros, as in a header.
    header_tag: &'static str,
    /// The tag of nothing at all.
    empty_tag: &'static str,
}

fn answer(algorithm: AeadAlgorithm) -> Answer {
    match algorithm {
        AeadAlgorithm::Aes128Gcm => Answer {
            ciphertext: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e
                21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
            tag: "5bc94fbc3221a5db94fae95ae7121a47",
            header_tag: "7831cfb8aba15136384672ac85348821",
            empty_tag: "3247184b3c4f69a44dbcd22887bbb418",
        },
        AeadAlgorithm::Aes192Gcm => Answer {
            ciphertext: "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c
                7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
            tag: "2519498e80f1478f37ba55bd6d27618c",
            header_tag: "303698509133b37a257a3171dbe36d59",
            empty_tag: "c835aa88aebbc94f5a02e179fdcfc3e4",
        },
        AeadAlgorithm::Aes256Gcm => Answer {
            ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
                8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b",
            header_tag: "8bd729422a8621ed6703236e62132731",
            empty_tag: "fd2caa16a5832e76aa132c1453eeda7e",
        },
    }
}

fn key(provider: &CryptoProvider, algorithm: AeadAlgorithm) -> Result<Box<dyn AeadKey>, Fault> {
    let bytes = hex(&"feffe9928665731c6d6a8f9467308308".repeat(2));
    let key = bytes.get(..algorithm.key_len()).unwrap_or_default();
    Ok(provider.aead.key(algorithm, key)?)
}

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    ALGORITHMS.iter().try_for_each(|algorithm| known_answer(provider, *algorithm))
}

fn known_answer(provider: &CryptoProvider, algorithm: AeadAlgorithm) -> Result<(), Fault> {
    let (key, answer, aad) = (key(provider, algorithm)?, answer(algorithm), hex(AAD));
    let mut text = hex(PLAINTEXT);
    let tag = key.seal_in_place(&NONCE, &aad, &mut text)?;
    require_eq(&text, &hex(answer.ciphertext), "ciphertext")?;
    require_eq(&tag, &hex(answer.tag), "tag")?;
    key.open_in_place(&NONCE, &aad, &mut text, &tag)?;
    require_eq(&text, &hex(PLAINTEXT), "plaintext")?;
    let header_tag = key.seal_in_place(&[0; 12], &aad, &mut [])?;
    require_eq(&header_tag, &hex(answer.header_tag), "header tag")?;
    key.open_in_place(&[0; 12], &aad, &mut [], &header_tag)?;
    let empty_tag = key.seal_in_place(&NONCE, &[], &mut [])?;
    require_eq(&empty_tag, &hex(answer.empty_tag), "tag of nothing")
}

pub(super) fn forms_agree(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let key = key(provider, algorithm)?;
        LENGTHS.iter().try_for_each(|len| forms_agree_at(&*key, *len))?;
    }
    Ok(())
}

fn forms_agree_at(key: &dyn AeadKey, len: usize) -> Result<(), Fault> {
    let (aad, plaintext) = (hex(AAD), pattern(len));
    let (mut in_place, mut apart) = (plaintext.clone(), vec![0xee; len]);
    let tag = key.seal_in_place(&NONCE, &aad, &mut in_place)?;
    require(key.seal(&NONCE, &aad, &plaintext, &mut apart)? == tag, format!("tags differ at {len} bytes"))?;
    require(in_place == apart, format!("ciphertexts differ at {len} bytes"))?;
    key.open_in_place(&NONCE, &aad, &mut in_place, &tag)?;
    require(in_place == plaintext, format!("in place not opened at {len} bytes"))?;
    let mut opened = vec![0xee; len];
    key.open(&NONCE, &aad, &apart, &tag, &mut opened)?;
    require(opened == plaintext, format!("out of place not opened at {len} bytes"))
}

pub(super) fn changes_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        let key = key(provider, algorithm)?;
        for len in [1, 16, 100, 4096] {
            changes_are_refused_at(&*key, &pattern(len))?;
        }
    }
    Ok(())
}

fn changes_are_refused_at(key: &dyn AeadKey, plaintext: &[u8]) -> Result<(), Fault> {
    let mut ciphertext = plaintext.to_vec();
    let aad = hex(AAD);
    let tag = key.seal_in_place(&NONCE, &aad, &mut ciphertext)?;
    for index in 0..tag.len() {
        let wrong = flipped(&tag, index);
        refused(key, &NONCE, &aad, &ciphertext, &wrong, plaintext)?;
    }
    for index in [0, plaintext.len() / 2, plaintext.len() - 1] {
        refused(key, &NONCE, &aad, &flipped(&ciphertext, index), &tag, plaintext)?;
    }
    for index in [0, aad.len() - 1] {
        refused(key, &NONCE, &flipped(&aad, index), &ciphertext, &tag, plaintext)?;
    }
    refused(key, &NONCE, aad.get(1..).unwrap_or_default(), &ciphertext, &tag, plaintext)?;
    refused(key, &NONCE, &[], &ciphertext, &tag, plaintext)?;
    refused(key, &[1; 12], &aad, &ciphertext, &tag, plaintext)
}

/// Both forms refuse, and neither leaves plaintext behind.
fn refused(
    key: &dyn AeadKey,
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
    plaintext: &[u8],
) -> Result<(), Fault> {
    let tag = tag.try_into()?;
    let mut in_place = ciphertext.to_vec();
    let result = key.open_in_place(nonce, aad, &mut in_place, tag);
    require_err(result, &CryptoError::Failed, "changed, in place")?;
    let mut apart = vec![0; ciphertext.len()];
    let result = key.open(nonce, aad, ciphertext, tag, &mut apart);
    require_err(result, &CryptoError::Failed, "changed, out of place")?;
    for output in [in_place, apart] {
        require(!shows(&output, plaintext), "plaintext was left in the buffer of a failed call")?;
    }
    Ok(())
}

/// Whether eight bytes of the plaintext, or all if it is shorter, stand in the output.
/// A single byte can agree by chance.
fn shows(output: &[u8], plaintext: &[u8]) -> bool {
    let mut pairs = output.chunks(8).zip(plaintext.chunks(8));
    pairs.any(|(output, plaintext)| plaintext.len() > 1 && output == plaintext)
}

pub(super) fn lengths_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        for found in (0..66).filter(|len| *len != algorithm.key_len()) {
            let expected = CryptoError::KeyLength { expected: algorithm.key_len(), found };
            let result = provider.aead.key(algorithm, &vec![7; found]).map(|_| ());
            require_err(result, &expected, "key of a wrong length")?;
        }
        let key = key(provider, algorithm)?;
        for (from, to) in [(0, 1), (16, 0), (16, 15), (16, 17), (15, 32)] {
            let (input, mut output) = (vec![0; from], vec![0; to]);
            let result = key.seal(&NONCE, &[], &input, &mut output);
            require_err(result, &CryptoError::BufferLength, "sealing into another length")?;
            let result = key.open(&NONCE, &[], &input, &[0; 16], &mut output);
            require_err(result, &CryptoError::BufferLength, "opening into another length")?;
        }
    }
    Ok(())
}

/// Bytes that no two blocks share.
fn pattern(len: usize) -> Vec<u8> {
    (0u8..=250).cycle().take(len).collect()
}

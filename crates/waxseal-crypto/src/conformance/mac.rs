//! HMAC: answers of RFC 4231 (test cases 2 and 6); key derivation in counter mode over it: answers
//! of OpenSSL.

use waxseal_format::HashAlgorithm;

use super::{Fault, hex, require_eq, require_err};
use crate::{CryptoError, CryptoProvider, kdf_counter_mode};

struct Answer {
    hash: HashAlgorithm,
    /// Under a short key, of a message that comes in parts.
    short_key: &'static str,
    /// Under a key longer than a block.
    long_key: &'static str,
    /// 100 bytes in counter mode, under the key of bytes 0 to 31.
    derived: &'static str,
}

const ANSWERS: [Answer; 3] = [
    Answer {
        hash: HashAlgorithm::Sha256,
        short_key: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        long_key: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        derived:
            "f388a0e323b62e8c78d5ca13629d62d974d91c259cf1f3cdde848b1a3684510a3412b9676b89baa8eb4cf5d35933b3c0
             b7b8336b01a80dc982e087212cb8f726e4e67e887a434cfddcd5979a4997376b3f76762132fcaf51a8354f95332835ed
             7ff6106d",
    },
    Answer {
        hash: HashAlgorithm::Sha384,
        short_key: "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        long_key: "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
        derived:
            "aebf0bae972e410e67466c06440ffd9ec499f69af0d31cbf133dee4a6806b2d400f03a173387878d641ecfa4254f7ea7
             4b0c644b089de2505fa267181d755dbfeac6395219ad923280cda229c4452669471bbd934a325a386a667fed9cfa5e85
             49e6d1b7",
    },
    Answer {
        hash: HashAlgorithm::Sha512,
        short_key:
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd
             caeab1a34d4a6b4b636e070a38bce737",
        long_key:
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52
             95e64f73f63f0aec8b915a985d786598",
        derived:
            "eaafe0ba51282679fb2db5fd4a892caa37bcaf2503fb9f0879d8008853cbcb9415e1605485b9db2fc57e950d3973c7b3
             ef2c4a23937714645d8f1936becfd85883a2b38728b96cb14d37eb3034c44acb4f12c1c5c4901fafdafe6babee4ad80c
             cf290aa4",
    },
];

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let parts: [&[u8]; 4] = [b"what do ya want ", b"", b"for ", b"nothing?"];
        require_eq(&hmac(provider, answer.hash, b"Jefe", &parts)?, &hex(answer.short_key), "a short key")?;
        let message: &[u8] = b"Test Using Larger Than Block-Size Key - Hash Key First";
        let code = hmac(provider, answer.hash, &[0xaa; 131], &[message])?;
        require_eq(&code, &hex(answer.long_key), "a long key")?;
    }
    Ok(())
}

pub(super) fn lengths_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        for len in [0, answer.hash.output_len() - 1, answer.hash.output_len() + 1] {
            let result = provider.mac.hmac(answer.hash, b"key", &[], &mut vec![0; len]);
            require_err(result, &CryptoError::BufferLength, "an output of another length")?;
        }
    }
    Ok(())
}

pub(super) fn counter_mode_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    let key: Vec<u8> = (0..32).collect();
    for answer in &ANSWERS {
        let derived = kdf_counter_mode(provider.mac, answer.hash, &key, b"label", b"context", 100)?;
        require_eq(derived.expose(), &hex(answer.derived), "counter mode")?;
    }
    Ok(())
}

fn hmac(
    provider: &CryptoProvider,
    hash: HashAlgorithm,
    key: &[u8],
    message: &[&[u8]],
) -> Result<Vec<u8>, Fault> {
    let mut code = vec![0xee; hash.output_len()];
    provider.mac.hmac(hash, key, message, &mut code)?;
    Ok(code)
}

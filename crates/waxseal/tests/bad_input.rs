//! Bad messages: the right class of error on every path, no panic, no plaintext.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use std::collections::BTreeSet;

use common::{client_for, decrypt_by_every_path, plaintext, providers, reading_all, refusing_signed};
use waxseal::crypto::CryptoProvider;
use waxseal::{
    AlgorithmSuite, Client, CommitmentPolicy, DecryptOptions, ErrorClass, MultiKeyring, RawAesKeyring,
    SecretBytes,
};

const FRAME: usize = 32;
const BLOCK: usize = 4 + 12 + FRAME + 16;
const V1: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256;
const V1_SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256;
const V2: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const V2_SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;

/// A message of three frames, two of them regular, and where its parts start.
struct Sample {
    suite: &'static AlgorithmSuite,
    client: Client,
    plaintext: Vec<u8>,
    message: Vec<u8>,
    header: usize,
    body: usize,
    footer: usize,
}

fn sample(crypto: &'static CryptoProvider, suite: &'static AlgorithmSuite) -> Sample {
    let client = client_for(crypto, suite);
    let plaintext = plaintext(2 * FRAME + 5);
    let request = client.encrypt(&plaintext).suite(suite).frame_length(FRAME as u32).context("tenant", "7");
    let sealed = request.wait().unwrap();
    let header = sealed.header.encoded_len();
    let body = header + suite.header_auth_len();
    let footer = body + 2 * BLOCK + 24 + 5 + 16;
    Sample { suite, client, plaintext, message: sealed.message, header, body, footer }
}

fn samples() -> impl Iterator<Item = Sample> {
    providers()
        .into_iter()
        .flat_map(|crypto| [V1, V1_SIGNED, V2, V2_SIGNED].map(|suite| sample(crypto, suite)))
}

impl Sample {
    /// Fails unless every path refuses `message`, all with one class out of `allowed`, and
    /// nothing but a part of the plaintext came out on the way.
    fn refuses(&self, what: &str, message: &[u8], allowed: &[ErrorClass]) {
        self.refuses_under(what, message, &reading_all(), allowed);
    }

    fn refuses_under(&self, what: &str, message: &[u8], options: &DecryptOptions, allowed: &[ErrorClass]) {
        let outcomes = decrypt_by_every_path(&self.client, options, message);
        let classes: BTreeSet<_> = outcomes
            .iter()
            .map(|(path, outcome)| match outcome {
                Ok(_) => panic!("{what}: {path} took it ({})", self.suite),
                Err(class) => *class,
            })
            .collect();
        assert_eq!(classes.len(), 1, "{what}: one class on all paths ({}): {outcomes:?}", self.suite);
        assert!(classes.iter().all(|class| allowed.contains(class)), "{what} ({}): {classes:?}", self.suite);
    }

    fn changed(&self, at: usize, value: &[u8]) -> Vec<u8> {
        let mut message = self.message.clone();
        message[at..at + value.len()].copy_from_slice(value);
        message
    }

    fn without(&self, from: usize, to: usize) -> Vec<u8> {
        [&self.message[..from], &self.message[to..]].concat()
    }
}

#[test]
fn the_samples_themselves_are_good() {
    for sample in samples() {
        for (path, outcome) in decrypt_by_every_path(&sample.client, &reading_all(), &sample.message) {
            assert_eq!(outcome.as_ref(), Ok(&sample.plaintext), "{path}");
        }
    }
}

#[test]
fn every_flipped_bit_of_the_header_is_refused() {
    for sample in samples() {
        for at in 0..sample.body {
            let message = sample.changed(at, &[sample.message[at] ^ (1 << (at % 8))]);
            use ErrorClass::*;
            let allowed = [Format, Truncated, Limit, Policy, Context, Key, Commitment, HeaderTag];
            sample.refuses(&format!("header byte {at}"), &message, &allowed);
        }
    }
}

#[test]
fn every_flipped_byte_of_the_body_is_refused() {
    for sample in samples() {
        for at in sample.body..sample.footer {
            let message = sample.changed(at, &[sample.message[at] ^ 0x80]);
            use ErrorClass::*;
            let allowed = [BodyTag, Sequence, Format, Truncated, Signature, TrailingBytes];
            sample.refuses(&format!("body byte {at}"), &message, &allowed);
        }
    }
}

#[test]
fn every_flipped_byte_of_the_footer_is_refused() {
    for sample in samples() {
        for at in sample.footer..sample.message.len() {
            let message = sample.changed(at, &[sample.message[at] ^ 0x01]);
            use ErrorClass::*;
            sample.refuses(&format!("footer byte {at}"), &message, &[Signature, Truncated, TrailingBytes]);
        }
    }
}

#[test]
fn every_cut_is_truncation() {
    for sample in samples() {
        for cut in 0..sample.message.len() {
            sample.refuses(&format!("cut at {cut}"), &sample.message[..cut], &[ErrorClass::Truncated]);
        }
    }
}

#[test]
fn nothing_may_follow_a_message() {
    for sample in samples() {
        for tail in [&[0][..], &[0; 100], &sample.message] {
            let message = [sample.message.as_slice(), tail].concat();
            sample.refuses("trailing bytes", &message, &[ErrorClass::TrailingBytes]);
        }
    }
}

#[test]
fn frames_have_their_order() {
    use ErrorClass::*;
    for sample in samples() {
        let (first, second, last) = (sample.body, sample.body + BLOCK, sample.body + 2 * BLOCK);
        let frame = |from: usize| &sample.message[from..from + BLOCK];
        let head = &sample.message[..first];
        let tail = &sample.message[last..];
        sample.refuses("a frame dropped", &sample.without(first, second), &[Sequence]);
        sample.refuses("the last regular frame dropped", &sample.without(second, last), &[Sequence]);
        let twice = [head, frame(first), frame(first), frame(second), tail].concat();
        sample.refuses("a frame twice", &twice, &[Sequence]);
        sample.refuses("frames swapped", &[head, frame(second), frame(first), tail].concat(), &[Sequence]);
        let renumbered = [head, frame(second), frame(first), tail].concat();
        let mut renumbered = renumbered;
        renumbered[first + 3] = 1;
        renumbered[second + 3] = 2;
        sample.refuses("frames swapped and renumbered", &renumbered, &[BodyTag]);
        sample.refuses(
            "no final frame",
            &sample.without(last, sample.footer),
            &[Truncated, Sequence, BodyTag],
        );
        let two_ends = [&sample.message[..sample.footer], tail].concat();
        sample.refuses("two final frames", &two_ends, &[TrailingBytes, Signature, Truncated]);
        let long = sample.changed(last + 20, &(FRAME as u32 + 1).to_be_bytes());
        sample.refuses("a final frame over the frame length", &long, &[Format]);
        let huge = sample.changed(last + 20, &u32::MAX.to_be_bytes());
        sample.refuses("a huge final frame", &huge, &[Format]);
    }
}

#[test]
fn a_regular_frame_is_no_final_frame() {
    for sample in samples() {
        // The same ciphertext with a final frame's head: another associated data.
        let block = &sample.message[sample.body..sample.body + BLOCK];
        let as_final = [&[0xff; 4][..], &block[..16], &(FRAME as u32).to_be_bytes(), &block[16..]].concat();
        let message = [&sample.message[..sample.body], &as_final, &sample.message[sample.footer..]].concat();
        sample.refuses("regular as final", &message, &[ErrorClass::BodyTag, ErrorClass::Signature]);
    }
}

#[test]
fn lengths_are_not_believed() {
    for sample in samples() {
        // The two bytes behind the message id are the length of the context.
        let context = if sample.suite.commits() { 1 + 2 + 32 } else { 4 + 16 };
        sample.refuses(
            "a huge context",
            &sample.changed(context, &[0xff, 0xff]),
            &[ErrorClass::Format, ErrorClass::Truncated],
        );
        let len = usize::from(u16::from_be_bytes([sample.message[context], sample.message[context + 1]]));
        let count = context + 2 + len;
        sample.refuses("no data keys", &sample.changed(count, &[0, 0]), &[ErrorClass::Format]);
        sample.refuses(
            "65535 data keys",
            &sample.changed(count, &[0xff, 0xff]),
            &[ErrorClass::Format, ErrorClass::Truncated],
        );
        for field in [count + 2, sample.header - 4] {
            let message = sample.changed(field, &[0xff, 0xff]);
            sample.refuses(
                "a huge length",
                &message,
                &[
                    ErrorClass::Format,
                    ErrorClass::Truncated,
                    ErrorClass::Limit,
                    ErrorClass::HeaderTag,
                    ErrorClass::Commitment,
                ],
            );
        }
    }
}

#[test]
fn another_key_another_name_and_another_context_are_refused() {
    for sample in samples() {
        let crypto = sample.client_crypto();
        let other = |name: &str, key: [u8; 32]| {
            RawAesKeyring::new(crypto, common::NAMESPACE, name, SecretBytes::from(key)).unwrap()
        };
        for keyring in [other("key", [1; 32]), other("ke", common::KEY), other("key2", common::KEY)] {
            let client =
                Client::new(crypto, keyring).commitment_policy(CommitmentPolicy::RequireEncryptAllowDecrypt);
            let stranger =
                Sample { client, message: sample.message.clone(), plaintext: Vec::new(), ..sample };
            stranger.refuses("another key", &sample.message, &[ErrorClass::Key]);
        }
        for (key, value) in [("tenant", "8"), ("missing", "x")] {
            let mut options = reading_all();
            options.reproduced_context.insert(key.into(), value.into());
            let class = if key == "tenant" { ErrorClass::Context } else { ErrorClass::Key };
            sample.refuses_under("another context", &sample.message, &options, &[class]);
        }
    }
}

impl Sample {
    fn client_crypto(&self) -> &'static CryptoProvider {
        let rustcrypto = waxseal_rustcrypto::provider();
        let name = format!("{:?}", self.client);
        if name.contains(rustcrypto.name) { rustcrypto } else { waxseal_native::provider() }
    }
}

#[test]
fn policies_and_limits_are_kept_on_every_path() {
    for sample in samples() {
        if !sample.suite.commits() {
            let client = sample.client.clone().commitment_policy(CommitmentPolicy::default());
            let strict = Sample { client, message: Vec::new(), plaintext: Vec::new(), ..sample };
            strict.refuses_under("no commitment", &sample.message, &reading_all(), &[ErrorClass::Policy]);
        }
        if sample.suite.signs() {
            sample.refuses_under("signed", &sample.message, &refusing_signed(), &[ErrorClass::Policy]);
        }
        let mut options = reading_all();
        options.max_frame_length = FRAME as u32 - 1;
        sample.refuses_under("frame limit", &sample.message, &options, &[ErrorClass::Limit]);
        let mut options = reading_all();
        options.max_header_len = sample.body - 1;
        sample.refuses_under("header limit", &sample.message, &options, &[ErrorClass::Limit]);
    }
}

#[test]
fn more_data_keys_than_allowed_are_refused_both_ways() {
    for crypto in providers() {
        let key = |name: &str| {
            RawAesKeyring::new(crypto, common::NAMESPACE, name, SecretBytes::from(common::KEY)).unwrap()
        };
        let multi =
            MultiKeyring::new(Some(std::sync::Arc::new(key("a"))), vec![std::sync::Arc::new(key("b"))]);
        let two = Client::new(crypto, multi.unwrap());
        let message = two.encrypt(b"x").wait().unwrap().message;
        let one = two.clone().max_encrypted_data_keys(std::num::NonZeroU16::MIN);
        assert_eq!(one.encrypt(b"x").wait().unwrap_err().class(), ErrorClass::Limit);
        assert_eq!(one.decrypt(&message).wait().unwrap_err().class(), ErrorClass::Limit);
        assert!(two.decrypt(&message).wait().is_ok());
    }
}

#[test]
fn base64_text_is_recognised() {
    for sample in samples() {
        for text in [b"AYADeAAA".as_slice(), b"AgV4AAAA"] {
            sample.refuses("base64", text, &[ErrorClass::Format]);
            let error = sample.client.decrypt(text).wait().unwrap_err();
            assert!(error.to_string().contains("base64"), "{error}");
        }
    }
}

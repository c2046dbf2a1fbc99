//! Messages that no SDK writes today and every reader must take, made byte by byte after the
//! specification (`data-format/`), without the code that writes messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{providers, runner};
use waxseal::crypto::{AeadAlgorithm, AeadKey, HashAlgorithm, HkdfOutput};
use waxseal::{CryptoProvider, ErrorClass};
use waxseal_vectors::case::{Case, Decryption, Expected, KeyringSpec};
use waxseal_vectors::run::{Outcome, Verdict};

const DATA_KEY: [u8; 32] = [7; 32];
const FRAME_LENGTH: usize = 8;

/// A message to be made. The suite is `0x0078` or, with a commitment, `0x0478`.
#[derive(Clone)]
struct Recipe {
    committing: bool,
    /// The "AAD" field of the header, behind its length.
    context: Vec<u8>,
    header_iv: [u8; 12],
    /// Plaintext and IV of each frame; the last one is the final frame.
    frames: Vec<(&'static [u8], [u8; 12])>,
    unframed: bool,
}

/// Two regular frames and a shorter last one, as every SDK writes them.
fn usual() -> Recipe {
    Recipe {
        committing: false,
        context: Vec::new(),
        header_iv: [0; 12],
        frames: vec![(b"01234567", iv(1)), (b"89abcdef", iv(2)), (b"ghi", iv(3))],
        unframed: false,
    }
}

fn iv(sequence_number: u8) -> [u8; 12] {
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sequence_number]
}

impl Recipe {
    fn message_id(&self) -> Vec<u8> {
        vec![0x5a; if self.committing { 32 } else { 16 }]
    }

    fn suite(&self) -> [u8; 2] {
        if self.committing { [0x04, 0x78] } else { [0x00, 0x78] }
    }

    /// The key of the body and the commitment.
    fn keys(&self, crypto: &CryptoProvider) -> (Vec<u8>, Vec<u8>) {
        if !self.committing {
            return (DATA_KEY.to_vec(), Vec::new());
        }
        let (mut key, mut commitment) = (vec![0; 32], vec![0; 32]);
        let outputs = &mut [
            HkdfOutput { info: b"\x04\x78DERIVEKEY", output: &mut key },
            HkdfOutput { info: b"COMMITKEY", output: &mut commitment },
        ];
        crypto.kdf.hkdf(HashAlgorithm::Sha512, &self.message_id(), &DATA_KEY, outputs).unwrap();
        (key, commitment)
    }

    fn make(&self, crypto: &CryptoProvider) -> Vec<u8> {
        let (key, commitment) = self.keys(crypto);
        let key = crypto.aead.key(AeadAlgorithm::Aes256Gcm, &key).unwrap();
        let mut message = self.header_body(&commitment);
        let header_iv = if self.committing { [0; 12] } else { self.header_iv };
        let tag = key.seal_in_place(&header_iv, &message, &mut []).unwrap();
        if !self.committing {
            message.extend(header_iv);
        }
        message.extend(tag);
        self.body(&*key, &mut message);
        message
    }

    fn header_body(&self, commitment: &[u8]) -> Vec<u8> {
        let mut header = if self.committing { vec![2] } else { vec![1, 0x80] };
        header.extend(self.suite());
        header.extend(self.message_id());
        header.extend(u16::try_from(self.context.len()).unwrap().to_be_bytes());
        header.extend(&self.context);
        header.extend(b"\x00\x01\x00\x04null\x00\x04null\x00\x01\x00");
        header.push(if self.unframed { 1 } else { 2 });
        if !self.committing {
            header.extend(b"\0\0\0\0\x0c");
        }
        let frame_length = if self.unframed { 0 } else { FRAME_LENGTH };
        header.extend(u32::try_from(frame_length).unwrap().to_be_bytes());
        header.extend(commitment);
        header
    }

    fn body(&self, key: &dyn AeadKey, message: &mut Vec<u8>) {
        for (index, (plaintext, iv)) in self.frames.iter().enumerate() {
            let sequence_number = u32::try_from(index + 1).unwrap().to_be_bytes();
            let last = index + 1 == self.frames.len();
            let label: &[u8] = match (self.unframed, last) {
                (true, _) => b"AWSKMSEncryptionClient Single Block",
                (false, true) => b"AWSKMSEncryptionClient Final Frame",
                (false, false) => b"AWSKMSEncryptionClient Frame",
            };
            let len = (plaintext.len() as u64).to_be_bytes();
            let aad = [&self.message_id()[..], label, &sequence_number, &len].concat();
            let mut content = plaintext.to_vec();
            let tag = key.seal_in_place(iv, &aad, &mut content).unwrap();
            match (self.unframed, last) {
                (true, _) => message.extend([&iv[..], &len].concat()),
                (false, true) => message.extend([&[0xff; 4], &sequence_number, &iv[..], &len[4..]].concat()),
                (false, false) => message.extend([&sequence_number, &iv[..]].concat()),
            }
            message.extend(content);
            message.extend(tag);
        }
    }

    fn plaintext(&self) -> Vec<u8> {
        self.frames.iter().flat_map(|(plaintext, _)| plaintext.to_vec()).collect()
    }

    /// Runs the message, changed by `change`, with both providers and in every way.
    fn run(&self, change: impl Fn(&mut Vec<u8>)) -> [Outcome; 2] {
        providers().map(|crypto| {
            let mut message = self.make(crypto);
            change(&mut message);
            let keyring = KeyringSpec::Static(Some(DATA_KEY.to_vec()));
            let decryption = Decryption::new(message, keyring, Expected::Plaintext(self.plaintext()));
            runner(crypto).run(&Case::new("handmade", Ok(decryption)))
        })
    }

    /// It opens in both versions of the format.
    fn opens(self) {
        for committing in [false, true] {
            for outcome in (Self { committing, ..self.clone() }).run(|_| {}) {
                assert_eq!(outcome.verdict, Verdict::Passed, "{outcome:?}");
            }
        }
    }
}

#[test]
fn a_usual_message_opens() {
    usual().opens();
}

#[test]
fn an_empty_context_may_have_a_count_of_zero() {
    Recipe { context: vec![0, 0], ..usual() }.opens();
}

#[test]
fn a_context_need_not_be_sorted() {
    Recipe { context: b"\x00\x02\x00\x01b\x00\x012\x00\x01a\x00\x011".to_vec(), ..usual() }.opens();
}

#[test]
fn the_iv_of_a_header_need_not_be_zero() {
    Recipe { header_iv: [9; 12], ..usual() }.opens();
}

#[test]
fn ivs_need_not_be_sequence_numbers() {
    let frames = vec![(&b"01234567"[..], [0xa1; 12]), (b"89abcdef", [0xb2; 12]), (b"ghi", [0xc3; 12])];
    Recipe { frames, ..usual() }.opens();
    Recipe { frames: vec![(b"whole", [0xd4; 12])], unframed: true, ..usual() }.opens();
}

#[test]
fn the_last_frame_may_be_full_or_empty() {
    Recipe { frames: vec![(b"01234567", iv(1)), (b"89abcdef", iv(2))], ..usual() }.opens();
    Recipe { frames: vec![(b"01234567", iv(1)), (b"89abcdef", iv(2)), (b"", iv(3))], ..usual() }.opens();
    Recipe { frames: vec![(b"", iv(1))], ..usual() }.opens();
}

#[test]
fn an_unframed_body_may_be_empty() {
    Recipe { frames: vec![(b"", iv(1))], unframed: true, ..usual() }.opens();
}

/// The class with which a changed message fails.
fn class(recipe: &Recipe, change: impl Fn(&mut Vec<u8>)) -> ErrorClass {
    let [native, rustcrypto] = recipe.run(change);
    assert_eq!((native.verdict, rustcrypto.verdict), (Verdict::Failed, Verdict::Failed));
    assert_eq!(native.error_class, rustcrypto.error_class, "{native:?} {rustcrypto:?}");
    native.error_class.unwrap()
}

#[test]
fn what_is_broken_fails_with_its_class() {
    let committing = Recipe { committing: true, ..usual() };
    for recipe in [&usual(), &committing] {
        assert_eq!(class(recipe, |message| message.push(0)), ErrorClass::TrailingBytes);
        assert_eq!(class(recipe, |message| message.truncate(message.len() - 1)), ErrorClass::Truncated);
        assert_eq!(class(recipe, |message| *message.last_mut().unwrap() ^= 1), ErrorClass::BodyTag);
    }
    assert_eq!(class(&usual(), |message| message[4] ^= 1), ErrorClass::HeaderTag);
    assert_eq!(class(&committing, |message| message[3] ^= 1), ErrorClass::Commitment);
    // The last byte of the first frame's sequence number, behind header, IV and tag.
    let sequence_number = usual().header_body(&[]).len() + 12 + 16 + 3;
    assert_eq!(class(&usual(), |message| message[sequence_number] = 2), ErrorClass::Sequence);
}

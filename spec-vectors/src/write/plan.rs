//! Which messages are written.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use waxseal::AlgorithmSuite;

/// The frame length of most messages: a multiple of 16, as the Python SDK wants it.
const FRAME_LENGTH: u32 = 64;

/// No plaintext, one byte, around one frame, and several frames with a short last one.
const PLAINTEXT_LENS: [usize; 6] = [0, 1, 63, 64, 65, 317];

/// One message to be written.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) name: String,
    pub(super) suite: &'static AlgorithmSuite,
    pub(super) wraps: Vec<Wrap>,
    pub(super) encryption_context: BTreeMap<String, String>,
    pub(super) frame_length: u32,
    pub(super) plaintext_len: usize,
}

/// A test key, and how it wraps.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wrap {
    Aes(u16),
    Rsa { bits: u16, padding: &'static str, hash: &'static str },
    Ecdh { bits: u16, sender: &'static str },
}

const AES_KEYS: [Wrap; 3] = [Wrap::Aes(128), Wrap::Aes(192), Wrap::Aes(256)];

const RSA_KEYS: [Wrap; 5] = [
    Wrap::Rsa { bits: 2048, padding: "pkcs1", hash: "sha1" },
    Wrap::Rsa { bits: 2048, padding: "oaep-mgf1", hash: "sha1" },
    Wrap::Rsa { bits: 4096, padding: "oaep-mgf1", hash: "sha256" },
    Wrap::Rsa { bits: 2048, padding: "oaep-mgf1", hash: "sha384" },
    Wrap::Rsa { bits: 2048, padding: "oaep-mgf1", hash: "sha512" },
];

const ECDH_KEYS: [Wrap; 6] = [
    Wrap::Ecdh { bits: 256, sender: "static" },
    Wrap::Ecdh { bits: 384, sender: "ephemeral" },
    Wrap::Ecdh { bits: 521, sender: "static" },
    Wrap::Ecdh { bits: 256, sender: "ephemeral" },
    Wrap::Ecdh { bits: 384, sender: "static" },
    Wrap::Ecdh { bits: 521, sender: "ephemeral" },
];

impl Wrap {
    /// The key description of a manifest; `half` is the half of an RSA key pair that is given,
    /// and says of ECDH whether the sender or the recipient is meant.
    pub(super) fn description(self, half: &str) -> Value {
        match self {
            Self::Aes(bits) => json!({
                "type": "raw",
                "provider-id": "waxseal-test",
                "key": format!("aes-{bits}"),
                "encryption-algorithm": "aes",
            }),
            Self::Rsa { bits, padding, hash } => json!({
                "type": "raw",
                "provider-id": "waxseal-test",
                "key": format!("rsa-{bits}-{half}"),
                "encryption-algorithm": "rsa",
                "padding-algorithm": padding,
                "padding-hash": hash,
            }),
            Self::Ecdh { bits, sender } => ecdh(bits, if half == "public" { sender } else { "discovery" }),
        }
    }
}

fn ecdh(bits: u16, schema: &str) -> Value {
    let key = format!("ec-{bits}");
    let is_static = schema == "static";
    json!({
        "type": "raw-ecdh",
        "sender": if is_static { &key } else { schema },
        "recipient": &key,
        "sender-public-key": if is_static { "sender-material-public-key" } else { schema },
        "recipient-public-key": "recipient-material-public-key",
        "provider-id": "raw-ecdh",
        "ecc-curve": &key,
        "schema": schema,
    })
}

/// Every suite with every length of plaintext, every way to wrap, several data keys, and
/// frames as long as the default and as short as can be.
pub(super) fn messages() -> Vec<Message> {
    AlgorithmSuite::ALL.iter().flat_map(|suite| of_suite(suite)).collect()
}

fn of_suite(suite: &'static AlgorithmSuite) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut add = |wraps: &[Wrap], frame_length, plaintext_len| {
        let name = format!("{:04x}-{:02}-{plaintext_len}-by-{frame_length}", suite.id, messages.len());
        let encryption_context = context(messages.len());
        let wraps = wraps.to_vec();
        messages.push(Message { name, suite, wraps, encryption_context, frame_length, plaintext_len });
    };
    for (wrap, len) in AES_KEYS.into_iter().cycle().zip(PLAINTEXT_LENS) {
        add(&[wrap], FRAME_LENGTH, len);
    }
    for wrap in RSA_KEYS {
        add(&[wrap], FRAME_LENGTH, 192);
    }
    for wrap in ECDH_KEYS {
        add(&[wrap], FRAME_LENGTH, 192);
    }
    let [aes, ..] = AES_KEYS;
    let [rsa, ..] = RSA_KEYS;
    add(&[aes, rsa], 4096, 10_000);
    add(&[rsa, aes, Wrap::Aes(256)], 1, 5);
    messages
}

/// No pairs, a few, and text beyond ASCII, in turn.
fn context(turn: usize) -> BTreeMap<String, String> {
    let pairs: &[(&str, &str)] = match turn % 4 {
        0 => &[],
        1 => &[("tenant", "7"), ("purpose", "interop")],
        2 => &[("ключ", "значение"), ("empty", "")],
        _ => &[("b", "2"), ("a", "1"), ("\u{ff5e}", "wide"), ("\u{1f511}", "key")],
    };
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

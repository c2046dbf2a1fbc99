//! What waxseal's fuzz targets check: one function for each target, that takes any bytes and
//! panics if a property doesn't hold.
//!
//! The fuzzers of `fuzz/` call them, and so do this crate's tests, with generated input and
//! with every finding that there ever was. The first bytes of an input choose what is done,
//! the rest is the material; [`Choices`] reads both.
//!
//! | target | property |
//! |---|---|
//! | [`header`] | a header in pieces is the header in one; what is read is written again alike |
//! | [`frame`] | heads of frames and footers read back; lengths are what arithmetic says |
//! | [`decrypt`] | a message with valid tags and illegal fields gives what the model says |
//! | [`roundtrip`] | what one provider encrypts, each decrypts; the length is known before |
//! | [`streams`] | streams give what one-shot gives, however messages are cut and changed |
//! | [`encrypting`] | an encrypting stream makes one message of all that came, however it comes |
//! | [`keys`] | RSA keys in PEM and DER are read alike by both providers, or refused |
//! | [`providers`] | both providers give the same answer from each primitive |
//! | [`signatures`] | an envelope and a manifest have one encoding; what is written reads back |
//! | [`kms`] | four targets: the embedded KMS answers or refuses whatever comes, and opens its own alone |

// A violated property is a panic here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod choices;
mod der;
mod edits;
mod model;
mod open;
mod pieces;
mod seal;
mod setup;

pub mod decrypt;
pub mod encrypting;
pub mod frame;
pub mod header;
pub mod keys;
pub mod kms;
pub mod providers;
pub mod roundtrip;
pub mod seeds;
pub mod signatures;
pub mod streams;

pub use choices::Choices;

/// A target: its name and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("header", header::body),
    ("frame", frame::body),
    ("decrypt", decrypt::body),
    ("roundtrip", roundtrip::body),
    ("streams", streams::body),
    ("encrypting", encrypting::body),
    ("keys", keys::body),
    ("providers", providers::body),
    ("signatures", signatures::body),
    ("kms_protocol", kms::protocol::body),
    ("kms_ciphertext", kms::ciphertext::body),
    ("kms_policy", kms::policy::body),
    ("kms_store", kms::store::body),
];

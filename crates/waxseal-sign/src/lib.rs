//! Signatures whose authority is a KMS key's permissions: who may use the key one way signs,
//! who may use it the other way verifies.
//!
//! Content of any size is digested once ([`ContentDigest`]); a [`Signer`] signs the digest by one
//! of four schemes, a [`Verifier`] accepts the signatures of pinned keys alone.
//!
//! | scheme | signs by | verifies by | others who know its raw form |
//! |---|---|---|---|
//! | [`EncryptedDigest`] | `kms:Encrypt` | `kms:Decrypt` | kms-sig |
//! | [`SealedDigests`] | `kms:GenerateDataKey` | `kms:Decrypt` | pykmssig |
//! | [`KmsAsymmetric`] | `kms:Sign` | the public key, or `kms:Verify` | `openssl dgst -verify` |
//! | [`KmsMac`] | `kms:GenerateMac` | `kms:VerifyMac` | `aws kms verify-mac` |
//!
//! A signature stands alone in the raw form of its scheme, or in an [`Envelope`] with scheme, key
//! and context. A directory tree is signed as a [`Manifest`]. `docs/signatures.md` has all forms
//! to the byte, and `SECURITY.md` what a signature of each scheme proves.
//!
//! The way of a signature:
//!
//! ```text
//! content -> digest.rs (aio.rs) -> signer.rs   -> scheme/*.rs -> KMS
//!                                  verifier.rs -> scheme/*.rs -> KMS, or public_key.rs
//! tree.rs -> manifest.rs ---^      envelope.rs, statement.rs: what travels, what is signed
//! ```
//!
//! # Features
//!
//! - `tokio`: digests over `AsyncRead`, and over streams of `Bytes`.

#[cfg(feature = "tokio")]
mod aio;
mod digest;
mod envelope;
mod error;
mod keys;
mod manifest;
mod method;
mod public_key;
mod scheme;
mod signer;
mod statement;
mod tree;
mod verifier;

pub use digest::{ContentDigest, ContentHasher, DigestKind};
pub use envelope::Envelope;
pub use error::{EnvelopeError, InvalidSignature, KeyProblem, ManifestError, SignError, TreeProblem};
pub use keys::AcceptedKey;
pub use manifest::{Difference, Entry, EntryKind, Manifest, SignedManifest};
pub use method::{Method, SchemeId, UnknownAlgorithm, UnknownScheme};
pub use public_key::PublicKey;
pub use scheme::{
    EncryptedDigest, Form, KeyChoice, KmsAsymmetric, KmsMac, Scheme, SealedDigests, Signed, ToSign, ToVerify,
};
pub use signer::Signer;
pub use tree::Progress;
pub use verifier::{Verified, Verifier};

//! Messages as a model: what stands in them, legal or not, how they are written, and what a
//! reader must make of them. Written from the specification, apart from waxseal's own reader
//! and writer; only primitives are shared.

mod expected;
mod writer;

pub(crate) use expected::{Expected, Verdict, expected};
pub(crate) use writer::write;

use waxseal::AlgorithmSuite;
use waxseal::format::BlockKind;

/// A message as it will be written. Unless a field says otherwise, all tags and signatures
/// are valid for what is written.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) suite: &'static AlgorithmSuite,
    /// 0 for an unframed body.
    pub(crate) frame_length: u32,
    /// The stored pairs, in the order in which they are written.
    pub(crate) context: Vec<(&'static str, &'static str)>,
    /// The pair that is authenticated and not stored.
    pub(crate) only_authenticated: Option<(&'static str, &'static str)>,
    /// An empty context is written as a count of zero.
    pub(crate) counted_empty: bool,
    /// Encrypted data keys of others, in front of the right one.
    pub(crate) foreign_keys: u8,
    pub(crate) header_iv: [u8; 12],
    pub(crate) header_fault: HeaderFault,
    pub(crate) blocks: Vec<Block>,
    pub(crate) footer: Footer,
    pub(crate) trailing: Vec<u8>,
}

/// What is wrong with a header. Its tag is over what is written, all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    None,
    // The format.
    Version,
    Type,
    SuiteOfOtherVersion,
    NoDataKeys,
    DuplicatePair,
    NotUtf8,
    ContextLength,
    ContentType,
    Reserved,
    IvLength,
    FrameLength,
    // The context: no public key where the suite signs, or one where it doesn't.
    PublicKeyMisplaced,
    PublicKeyMalformed,
    // The data key.
    NotMine,
    WrappedKeyChanged,
    WrappedKeyOfOtherLength,
    // What is derived from it.
    Commitment,
    Tag,
    TagOverOther,
}

impl HeaderFault {
    pub(crate) const ALL: [Self; 20] = [
        Self::None,
        Self::Version,
        Self::Type,
        Self::SuiteOfOtherVersion,
        Self::NoDataKeys,
        Self::DuplicatePair,
        Self::NotUtf8,
        Self::ContextLength,
        Self::ContentType,
        Self::Reserved,
        Self::IvLength,
        Self::FrameLength,
        Self::PublicKeyMisplaced,
        Self::PublicKeyMalformed,
        Self::NotMine,
        Self::WrappedKeyChanged,
        Self::WrappedKeyOfOtherLength,
        Self::Commitment,
        Self::Tag,
        Self::TagOverOther,
    ];
}

/// One block of the body: what its head says, what it holds, and what its tag is over.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) kind: BlockKind,
    pub(crate) sequence: u32,
    pub(crate) iv: [u8; 12],
    /// The content length in the heads that have one.
    pub(crate) claimed_len: u64,
    pub(crate) plaintext: Vec<u8>,
    pub(crate) aad: Aad,
    pub(crate) flip_tag: bool,
}

/// What is authenticated with a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aad {
    pub(crate) kind: BlockKind,
    pub(crate) sequence: u32,
    pub(crate) len: u64,
    pub(crate) of_other_message: bool,
}

impl Block {
    /// A block with nothing wrong in it.
    pub(crate) fn new(kind: BlockKind, sequence: u32, plaintext: &[u8]) -> Self {
        let len = plaintext.len() as u64;
        let mut iv = [0; 12];
        iv[8..].copy_from_slice(&sequence.to_be_bytes());
        let aad = Aad { kind, sequence, len, of_other_message: false };
        Self { kind, sequence, iv, claimed_len: len, plaintext: plaintext.to_vec(), aad, flip_tag: false }
    }

    /// The same at another place in the message, tag included.
    pub(crate) fn renumbered(mut self, sequence: u32) -> Self {
        self.sequence = sequence;
        self.aad.sequence = sequence;
        self
    }

    fn tag_is_right(&self) -> bool {
        let Aad { kind, sequence, len, of_other_message } = self.aad;
        let placed = kind == self.kind && sequence == self.sequence && len == self.plaintext.len() as u64;
        placed && !of_other_message && !self.flip_tag
    }
}

/// What stands behind the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Footer {
    Missing,
    /// The signature, of the length that comes.
    Right,
    /// The first bytes of the right one.
    Cut(u16),
    /// A length of zero.
    Empty,
    /// The right signature with one bit of it changed.
    Changed(u8),
    /// The right signature and one byte, which its length counts.
    Longer,
    /// Another key's signature.
    OtherKey,
    /// The right key's signature over another message.
    OtherMessage,
}

impl Footer {
    pub(crate) const ALL: [Self; 8] = [
        Self::Right,
        Self::Missing,
        Self::Cut(1),
        Self::Cut(40),
        Self::Empty,
        Self::Longer,
        Self::OtherKey,
        Self::OtherMessage,
    ];
}

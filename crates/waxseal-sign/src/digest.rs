//! The content's digest: taken once, over content of any size.

mod base64_text;

use std::io::{self, Read, Write};

use waxseal_crypto::{CryptoProvider, DigestState, HashAlgorithm};

use self::base64_text::Base64TextHasher;
use crate::statement;

/// Bytes that are read at a time: few calls, and still in the processor's second cache.
const BUFFER_LEN: usize = 128 << 10;

/// What is digested, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestKind {
    /// SHA-256 of the content: 32 bytes.
    Sha256,
    /// SHA-384 of the content: 48 bytes.
    Sha384,
    /// SHA-512 of the content: 64 bytes.
    Sha512,
    /// SHA-512, then BLAKE2b-512, each of the content's base64 text (RFC 4648, section 4,
    /// padded, without line breaks): 128 bytes. pykmssig's.
    Sha512AndBlake2b512OfBase64,
}

impl DigestKind {
    /// The byte that says it in an envelope.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha384 => 2,
            Self::Sha512 => 3,
            Self::Sha512AndBlake2b512OfBase64 => 4,
        }
    }

    /// The kind whose digest is that of `hash` over the content.
    #[must_use]
    pub const fn of(hash: HashAlgorithm) -> Self {
        match hash {
            HashAlgorithm::Sha256 => Self::Sha256,
            HashAlgorithm::Sha384 => Self::Sha384,
            HashAlgorithm::Sha512 => Self::Sha512,
        }
    }
}

/// The digest of a content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    kind: DigestKind,
    bytes: Vec<u8>,
    content_len: u64,
    looks_like_a_statement: bool,
}

impl ContentDigest {
    /// The digest of bytes in memory.
    #[must_use]
    pub fn of(crypto: &CryptoProvider, kind: DigestKind, content: &[u8]) -> Self {
        let mut hasher = ContentHasher::new(crypto, kind);
        hasher.update(content);
        hasher.finish()
    }

    /// The digest of all that `reader` gives. Memory is 128 KiB, whatever the length.
    ///
    /// # Errors
    /// What the reader fails with; interrupted reads are tried again.
    pub fn of_reader(crypto: &CryptoProvider, kind: DigestKind, mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = ContentHasher::new(crypto, kind);
        let mut buffer = vec![0; BUFFER_LEN];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => hasher.update(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What was digested, and how.
    #[must_use]
    pub fn kind(&self) -> DigestKind {
        self.kind
    }

    /// The digest.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of the content.
    #[must_use]
    pub fn content_len(&self) -> u64 {
        self.content_len
    }

    /// Whether the content begins like what is signed for an envelope: such a content is not
    /// signed in the raw form, see [`Signer::sign_raw`](crate::Signer::sign_raw).
    #[must_use]
    pub fn looks_like_a_statement(&self) -> bool {
        self.looks_like_a_statement
    }
}

/// A running digest of a content: a `Write`, so that a copy can be digested on its way.
pub struct ContentHasher {
    kind: DigestKind,
    state: State,
    content_len: u64,
    head: Vec<u8>,
}

enum State {
    OfBytes(Box<dyn DigestState>),
    OfBase64(Box<Base64TextHasher>),
}

impl ContentHasher {
    /// A digest of nothing yet. SHA-2 is the provider's.
    #[must_use]
    pub fn new(crypto: &CryptoProvider, kind: DigestKind) -> Self {
        let of_bytes = |hash| State::OfBytes(crypto.digest.start(hash));
        let state = match kind {
            DigestKind::Sha256 => of_bytes(HashAlgorithm::Sha256),
            DigestKind::Sha384 => of_bytes(HashAlgorithm::Sha384),
            DigestKind::Sha512 => of_bytes(HashAlgorithm::Sha512),
            DigestKind::Sha512AndBlake2b512OfBase64 => {
                State::OfBase64(Box::new(Base64TextHasher::new(crypto)))
            }
        };
        Self { kind, state, content_len: 0, head: Vec::with_capacity(statement::DOMAIN.len()) }
    }

    /// Takes in more of the content.
    pub fn update(&mut self, bytes: &[u8]) {
        let missing = statement::DOMAIN.len().saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..missing.min(bytes.len())).unwrap_or_default());
        self.content_len = self.content_len.saturating_add(bytes.len() as u64);
        match &mut self.state {
            State::OfBytes(state) => state.update(bytes),
            State::OfBase64(state) => state.update(bytes),
        }
    }

    /// The digest of all that was taken in.
    #[must_use]
    pub fn finish(self) -> ContentDigest {
        let bytes = match self.state {
            State::OfBytes(state) => state.finish().as_ref().to_vec(),
            State::OfBase64(state) => state.finish(),
        };
        let looks_like_a_statement = self.head == statement::DOMAIN;
        ContentDigest { kind: self.kind, bytes, content_len: self.content_len, looks_like_a_statement }
    }
}

impl Write for ContentHasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for ContentHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ContentHasher({:?}, {} bytes)", self.kind, self.content_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [DigestKind; 4] =
        [DigestKind::Sha256, DigestKind::Sha384, DigestKind::Sha512, DigestKind::Sha512AndBlake2b512OfBase64];

    #[test]
    fn known_answers() {
        let crypto = waxseal_native::provider();
        let hex = |kind| hex::encode(ContentDigest::of(crypto, kind, b"abc").bytes());
        // FIPS 180-4's examples.
        assert!(hex(DigestKind::Sha256).starts_with("ba7816bf8f01cfea414140de5dae2223"));
        assert!(hex(DigestKind::Sha512).starts_with("ddaf35a193617abacc417349ae204131"));
        // `printf abc | base64 -w0 | sha512sum`, and `| b2sum`.
        let pair = hex(DigestKind::Sha512AndBlake2b512OfBase64);
        assert_eq!(pair.len(), 256);
        assert!(pair.starts_with(SHA512_OF_YWJJ), "{pair}");
        assert!(pair[128..].starts_with(BLAKE2_OF_YWJJ), "{pair}");
    }

    const SHA512_OF_YWJJ: &str = "02adb3b629e9034c9e9e8320faad12e516a6caccef2436e50c9950522c3ae14b";
    const BLAKE2_OF_YWJJ: &str = "bb3e83249ef1843d56694eafd3dfefb469eea597afe59f2ef5b29ba3764edeed";

    #[test]
    fn pieces_make_no_difference() {
        let content: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        for kind in KINDS {
            for crypto in [waxseal_native::provider(), waxseal_rustcrypto::provider()] {
                let whole = ContentDigest::of(crypto, kind, &content);
                for piece in [1, 2, 3, 4, 5, 1000, 49_151, 49_153] {
                    let mut hasher = ContentHasher::new(crypto, kind);
                    content.chunks(piece).for_each(|bytes| hasher.update(bytes));
                    assert_eq!(hasher.finish(), whole, "{kind:?} in pieces of {piece}");
                }
                assert_eq!(ContentDigest::of_reader(crypto, kind, content.as_slice()).unwrap(), whole);
                assert_eq!(whole.content_len(), 100_000);
            }
        }
    }

    #[test]
    fn a_content_that_could_pass_for_a_statement_is_seen() {
        let crypto = waxseal_native::provider();
        let seen = |content: &[u8]| {
            let mut hasher = ContentHasher::new(crypto, DigestKind::Sha256);
            content.chunks(5).for_each(|bytes| hasher.update(bytes));
            hasher.finish().looks_like_a_statement()
        };
        assert!(seen(statement::DOMAIN));
        assert!(seen(&[statement::DOMAIN.as_slice(), b"and more"].concat()));
        assert!(!seen(&statement::DOMAIN[1..]));
        assert!(!seen(b""));
    }
}

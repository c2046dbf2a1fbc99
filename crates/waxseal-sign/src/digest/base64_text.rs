//! The digests of a content's base64 text, without the text: three bytes of content become
//! four of text, so the text is made and digested piece by piece.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use waxseal_crypto::{CryptoProvider, DigestState, HashAlgorithm};

const GROUP: usize = 3;

/// Bytes of content whose text is made at a time: whole groups.
const PIECE: usize = GROUP << 13;
const TEXT: usize = PIECE / 3 * 4;

pub(super) struct Base64TextHasher {
    sha512: Box<dyn DigestState>,
    blake2: Blake2b512,
    /// The bytes behind the last whole group: fewer than a group.
    rest: Vec<u8>,
    text: Vec<u8>,
}

impl Base64TextHasher {
    pub(super) fn new(crypto: &CryptoProvider) -> Self {
        Self {
            sha512: crypto.digest.start(HashAlgorithm::Sha512),
            blake2: Blake2b512::new(),
            rest: Vec::with_capacity(GROUP),
            text: vec![0; TEXT],
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        let missing = if self.rest.is_empty() { 0 } else { GROUP.saturating_sub(self.rest.len()) };
        let (first, bytes) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.rest.extend_from_slice(first);
        if self.rest.len() == GROUP {
            let group = std::mem::replace(&mut self.rest, Vec::with_capacity(GROUP));
            self.take(&group);
        }
        let whole = bytes.len().saturating_sub(bytes.len().checked_rem(GROUP).unwrap_or(0));
        let (groups, rest) = bytes.split_at_checked(whole).unwrap_or((bytes, &[]));
        groups.chunks(PIECE).for_each(|piece| self.take(piece));
        self.rest.extend_from_slice(rest);
    }

    /// SHA-512, then BLAKE2b-512.
    pub(super) fn finish(mut self: Box<Self>) -> Vec<u8> {
        let rest = std::mem::take(&mut self.rest);
        self.take(&rest);
        [self.sha512.finish().as_ref(), self.blake2.finalize().as_slice()].concat()
    }

    /// The text of a piece; `PIECE` bytes always fit.
    fn take(&mut self, piece: &[u8]) {
        let written = STANDARD.encode_slice(piece, &mut self.text).unwrap_or(0);
        let text = self.text.get(..written).unwrap_or_default();
        self.sha512.update(text);
        self.blake2.update(text);
    }
}

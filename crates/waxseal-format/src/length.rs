//! Exact lengths, known before a byte is encrypted.

use crate::{AlgorithmSuite, BlockKind, ContentType, Header, TAG_LEN, footer_len};

/// The greatest number of regular frames: sequence numbers start at 1, the final frame
/// needs one too, and the last of them all is taken by the final frame's mark.
///
/// Source: `data-format/message-body.md`, "Framed Data".
pub const MAX_REGULAR_FRAMES: u64 = u32::MAX as u64 - 1;

/// The parts of a message's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageLengths {
    /// The header body and its authentication.
    pub header: u64,
    /// All frames.
    pub body: u64,
    /// The footer; 0 for suites without signature.
    pub footer: u64,
}

impl MessageLengths {
    /// The lengths of the message that waxseal writes for `plaintext_len` bytes under
    /// `header`. A message has as many regular frames as the plaintext fills, then a final
    /// frame with the rest, which may be empty. `None` for an unframed header and for more
    /// plaintext than frames of this length can hold.
    #[must_use]
    pub fn of(header: &Header, plaintext_len: u64) -> Option<Self> {
        let ContentType::Framed(frame_length) = header.content_type else { return None };
        Some(Self {
            header: header.encoded_len() as u64 + header.suite.header_auth_len() as u64,
            body: body_len(frame_length, plaintext_len)?,
            footer: written_footer_len(header.suite),
        })
    }

    /// The message's length.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.header.checked_add(self.body)?.checked_add(self.footer)
    }
}

/// Bytes of all frames of `plaintext_len` bytes; `None` if there are too many.
#[must_use]
pub fn body_len(frame_length: u32, plaintext_len: u64) -> Option<u64> {
    let regular = plaintext_len.checked_div(frame_length.into())?;
    if regular > MAX_REGULAR_FRAMES {
        return None;
    }
    let overhead = regular.checked_mul((BlockKind::Regular.head_len() + TAG_LEN) as u64)?;
    let last = (BlockKind::Final.head_len() + TAG_LEN) as u64;
    plaintext_len.checked_add(overhead)?.checked_add(last)
}

/// Bytes of the footer that waxseal writes; 0 for suites without signature.
#[must_use]
pub fn written_footer_len(suite: &AlgorithmSuite) -> u64 {
    suite.signature.map_or(0, |signature| footer_len(signature.der_len()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_a_final_frame_even_where_the_regular_ones_hold_everything() {
        assert_eq!(body_len(10, 0), Some(40));
        assert_eq!(body_len(10, 9), Some(49));
        assert_eq!(body_len(10, 10), Some(42 + 40));
        assert_eq!(body_len(10, 25), Some(2 * 42 + 45));
    }

    #[test]
    fn more_frames_than_sequence_numbers_are_refused() {
        assert!(body_len(1, MAX_REGULAR_FRAMES).is_some());
        assert_eq!(body_len(1, MAX_REGULAR_FRAMES + 1), None);
        assert_eq!(body_len(0, 1), None);
        assert_eq!(body_len(u32::MAX, u64::MAX), None);
    }
}

//! The message body: frames, the unframed block, and what is authenticated with each.
//!
//! Source: `data-format/message-body.md` and `data-format/message-body-aad.md`.

use crate::reader::{Decoded, Reader, Stop, decoded};
use crate::{FormatError, FormatProblem, IV_LEN, MessageId, TAG_LEN};

/// The sequence number that a final frame's mark stands in the place of: no regular frame has it.
const FINAL_FRAME_MARK: u32 = u32::MAX;

/// The greatest number of plaintext bytes of one unframed body.
///
/// Source: `data-format/message-body.md`, "Non-Framed Data", "Encrypted Content Length".
pub const MAX_UNFRAMED_LEN: u64 = (1 << 36) - 32;

/// Bytes in front of a regular frame's content: sequence number and IV.
pub const REGULAR_FRAME_HEAD_LEN: usize = 4 + IV_LEN;

/// Bytes in front of a final frame's content: mark, sequence number, IV and content length.
pub const FINAL_FRAME_HEAD_LEN: usize = 4 + 4 + IV_LEN + 4;

/// Bytes in front of an unframed body's content: IV and content length.
pub const UNFRAMED_HEAD_LEN: usize = IV_LEN + 8;

/// What kind of block the content of a body is in.
///
/// Source: `data-format/message-body-aad.md`, "Body AAD Content".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlockKind {
    /// A frame of exactly the frame length.
    Regular,
    /// The last frame, of at most the frame length.
    Final,
    /// The one block of an unframed body.
    Unframed,
}

impl BlockKind {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Regular => b"AWSKMSEncryptionClient Frame",
            Self::Final => b"AWSKMSEncryptionClient Final Frame",
            Self::Unframed => b"AWSKMSEncryptionClient Single Block",
        }
    }

    /// Bytes in front of the content.
    #[must_use]
    pub const fn head_len(self) -> usize {
        match self {
            Self::Regular => REGULAR_FRAME_HEAD_LEN,
            Self::Final => FINAL_FRAME_HEAD_LEN,
            Self::Unframed => UNFRAMED_HEAD_LEN,
        }
    }
}

/// All that stands in front of a block's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockHead {
    /// The kind of block.
    pub kind: BlockKind,
    /// The sequence number; 1 for an unframed body.
    pub sequence_number: u32,
    /// The IV as it stands there; writers use the sequence number, some made others.
    pub iv: [u8; IV_LEN],
    /// Bytes of encrypted content, which are as many bytes of plaintext.
    pub content_len: u64,
}

impl BlockHead {
    /// The head that waxseal writes: the IV is the sequence number.
    ///
    /// Source: `client-apis/encrypt.md`, "Construct a frame".
    #[must_use]
    pub fn new(kind: BlockKind, sequence_number: u32, content_len: u32) -> Self {
        let mut iv = [0; IV_LEN];
        iv[IV_LEN - 4..].copy_from_slice(&sequence_number.to_be_bytes());
        Self { kind, sequence_number, iv, content_len: content_len.into() }
    }

    /// Bytes of the whole block; `None` if they can't be addressed on this machine.
    #[must_use]
    pub fn block_len(&self) -> Option<usize> {
        usize::try_from(self.content_len).ok()?.checked_add(self.kind.head_len() + TAG_LEN)
    }

    /// Reads the head of a frame of a message with this frame length.
    ///
    /// # Errors
    /// [`FormatProblem::TooLong`] for a final frame that is longer than the frame length.
    #[inline]
    pub fn decode_frame(input: &[u8], frame_length: u32) -> Result<Decoded<Self>, FormatError> {
        decoded(read_frame(&mut Reader::new(input, 0), frame_length))
    }

    /// Reads the head of the regular frame with this number from the front of `block`; `None` if
    /// anything else stands there, of which [`BlockHead::decode_frame`] tells more.
    #[inline]
    #[must_use]
    pub fn decode_regular(block: &[u8], sequence_number: u32, frame_length: u32) -> Option<Self> {
        let (found, iv) = block.first_chunk::<REGULAR_FRAME_HEAD_LEN>()?.split_first_chunk::<4>()?;
        let is_next = sequence_number != FINAL_FRAME_MARK && *found == sequence_number.to_be_bytes();
        let (kind, content_len) = (BlockKind::Regular, frame_length.into());
        is_next.then_some(Self { kind, sequence_number, iv: *iv.first_chunk()?, content_len })
    }

    /// Reads the head of an unframed body.
    ///
    /// # Errors
    /// [`FormatProblem::TooLong`] for more than [`MAX_UNFRAMED_LEN`].
    pub fn decode_unframed(input: &[u8]) -> Result<Decoded<Self>, FormatError> {
        decoded(read_unframed(&mut Reader::new(input, 0)))
    }

    /// Writes the head to the front of `block`, which has at least [`BlockKind::head_len`] bytes;
    /// does nothing if it is shorter.
    pub fn encode(&self, block: &mut [u8]) {
        let sequence = self.sequence_number.to_be_bytes();
        let [.., l3, l2, l1, l0] = self.content_len.to_be_bytes();
        match self.kind {
            BlockKind::Regular => {
                let Some(head) = block.first_chunk_mut::<REGULAR_FRAME_HEAD_LEN>() else { return };
                head[..4].copy_from_slice(&sequence);
                head[4..].copy_from_slice(&self.iv);
            }
            BlockKind::Final => {
                let Some(head) = block.first_chunk_mut::<FINAL_FRAME_HEAD_LEN>() else { return };
                head[..4].copy_from_slice(&FINAL_FRAME_MARK.to_be_bytes());
                head[4..8].copy_from_slice(&sequence);
                head[8..20].copy_from_slice(&self.iv);
                head[20..].copy_from_slice(&[l3, l2, l1, l0]);
            }
            BlockKind::Unframed => {
                let Some(head) = block.first_chunk_mut::<UNFRAMED_HEAD_LEN>() else { return };
                head[..12].copy_from_slice(&self.iv);
                head[12..].copy_from_slice(&self.content_len.to_be_bytes());
            }
        }
    }

    /// The associated data of this block.
    #[must_use]
    pub fn aad(&self, message_id: &MessageId) -> BodyAad {
        let mut aad = BodyAad { bytes: [0; BODY_AAD_MAX], len: 0 };
        aad.append(message_id.as_ref());
        aad.append(self.kind.label());
        aad.append(&self.sequence_number.to_be_bytes());
        aad.append(&self.content_len.to_be_bytes());
        aad
    }
}

fn read_frame(reader: &mut Reader<'_>, frame_length: u32) -> Result<BlockHead, Stop> {
    let first = reader.u32()?;
    if first != FINAL_FRAME_MARK {
        let iv = reader.array()?;
        let content_len = frame_length.into();
        return Ok(BlockHead { kind: BlockKind::Regular, sequence_number: first, iv, content_len });
    }
    let sequence_number = reader.u32()?;
    let iv = reader.array()?;
    let content_len = u64::from(reader.u32()?);
    within(reader, "encrypted content length", content_len, frame_length.into())?;
    Ok(BlockHead { kind: BlockKind::Final, sequence_number, iv, content_len })
}

fn read_unframed(reader: &mut Reader<'_>) -> Result<BlockHead, Stop> {
    let iv = reader.array()?;
    let content_len = reader.u64()?;
    within(reader, "encrypted content length", content_len, MAX_UNFRAMED_LEN)?;
    Ok(BlockHead { kind: BlockKind::Unframed, sequence_number: 1, iv, content_len })
}

fn within(reader: &Reader<'_>, field: &'static str, found: u64, limit: u64) -> Result<(), FormatError> {
    if found <= limit { Ok(()) } else { Err(reader.error(field, FormatProblem::TooLong { found, limit })) }
}

const BODY_AAD_MAX: usize = 32 + 35 + 4 + 8;

/// Bytes at the end that differ from block to block of a kind: sequence number and content length.
const NUMBERS_LEN: usize = 4 + 8;

/// The associated data of a block, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct BodyAad {
    bytes: [u8; BODY_AAD_MAX],
    len: usize,
}

impl BodyAad {
    /// Becomes that of another block of this kind and message: most of it is the same for all.
    pub fn renumber(&mut self, head: &BlockHead) {
        let written = self.bytes.get_mut(..self.len).unwrap_or_default();
        if let Some(numbers) = written.last_chunk_mut::<NUMBERS_LEN>() {
            numbers[..4].copy_from_slice(&head.sequence_number.to_be_bytes());
            numbers[4..].copy_from_slice(&head.content_len.to_be_bytes());
        }
    }

    fn append(&mut self, part: &[u8]) {
        let end = self.len.saturating_add(part.len());
        if let Some(to) = self.bytes.get_mut(self.len..end) {
            to.copy_from_slice(part);
            self.len = end;
        }
    }
}

impl AsRef<[u8]> for BodyAad {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MessageVersion;

    fn value<T: std::fmt::Debug>(decoded: Decoded<T>) -> T {
        match decoded {
            Decoded::Value(value) => value,
            need @ Decoded::Need(_) => panic!("{need:?}"),
        }
    }

    #[test]
    fn heads_read_back_as_written_and_ask_for_what_they_lack() {
        for kind in [BlockKind::Regular, BlockKind::Final] {
            let head = BlockHead::new(kind, 7, 4096);
            let mut bytes = vec![0; kind.head_len()];
            head.encode(&mut bytes);
            assert_eq!(value(BlockHead::decode_frame(&bytes, 4096).unwrap()), head);
            for cut in 0..bytes.len() {
                let Decoded::Need(total) = BlockHead::decode_frame(&bytes[..cut], 4096).unwrap() else {
                    panic!("a value from {cut} bytes")
                };
                assert!(total > cut && total <= bytes.len());
            }
        }
    }

    #[test]
    fn a_regular_head_is_read_where_it_stands_and_nothing_else_is() {
        let head = BlockHead { iv: [9; IV_LEN], ..BlockHead::new(BlockKind::Regular, 7, 4096) };
        let mut bytes = vec![0; head.kind.head_len()];
        head.encode(&mut bytes);
        assert_eq!(BlockHead::decode_regular(&bytes, 7, 4096), Some(head));
        assert_eq!(BlockHead::decode_regular(&bytes, 8, 4096), None);
        assert_eq!(BlockHead::decode_regular(&bytes[..15], 7, 4096), None);
        let mut bytes = [0; FINAL_FRAME_HEAD_LEN];
        BlockHead::new(BlockKind::Final, 7, 1).encode(&mut bytes);
        assert_eq!(BlockHead::decode_regular(&bytes, 7, 4096), None);
        assert_eq!(BlockHead::decode_regular(&bytes, FINAL_FRAME_MARK, 4096), None);
    }

    #[test]
    fn an_unframed_head_reads_back_as_written() {
        let head = BlockHead { content_len: 1 << 33, ..BlockHead::new(BlockKind::Unframed, 1, 0) };
        let mut bytes = [0; UNFRAMED_HEAD_LEN];
        head.encode(&mut bytes);
        assert_eq!(value(BlockHead::decode_unframed(&bytes).unwrap()), head);
    }

    #[test]
    fn lengths_beyond_their_limits_are_refused() {
        let mut frame = [0; FINAL_FRAME_HEAD_LEN];
        BlockHead::new(BlockKind::Final, 1, 4097).encode(&mut frame);
        let error = BlockHead::decode_frame(&frame, 4096).unwrap_err();
        assert_eq!(error.problem, FormatProblem::TooLong { found: 4097, limit: 4096 });
        assert_eq!(error.offset, 20);

        let mut block = [0; UNFRAMED_HEAD_LEN];
        let long = MAX_UNFRAMED_LEN + 1;
        BlockHead { content_len: long, ..BlockHead::new(BlockKind::Unframed, 1, 0) }.encode(&mut block);
        let error = BlockHead::decode_unframed(&block).unwrap_err();
        assert_eq!(error.problem, FormatProblem::TooLong { found: long, limit: MAX_UNFRAMED_LEN });
    }

    #[test]
    fn the_associated_data_fits_its_longest_form() {
        let id = MessageId::new(MessageVersion::V2, &[9; 32]).unwrap();
        let aad = BlockHead::new(BlockKind::Unframed, 1, 5).aad(&id);
        let expected =
            [&[9; 32][..], b"AWSKMSEncryptionClient Single Block", &[0, 0, 0, 1], &[0, 0, 0, 0, 0, 0, 0, 5]];
        assert_eq!(aad.as_ref(), expected.concat());
    }

    #[test]
    fn the_associated_data_of_another_block_is_that_made_anew() {
        for (version, id) in [(MessageVersion::V1, &[9; 16][..]), (MessageVersion::V2, &[9; 32])] {
            let id = MessageId::new(version, id).unwrap();
            for kind in [BlockKind::Regular, BlockKind::Final, BlockKind::Unframed] {
                let mut aad = BlockHead::new(kind, 1, 4096).aad(&id);
                let another = BlockHead::new(kind, 0x0102_0304, 5);
                aad.renumber(&another);
                assert_eq!(aad.as_ref(), another.aad(&id).as_ref());
            }
        }
    }
}

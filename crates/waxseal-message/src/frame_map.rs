//! Where the frames of a message stand, so that some can be opened without the others.
//!
//! All offsets follow from the message's length: regular frames have one length, and the
//! final frame takes what is left. The final frame is opened to begin with: its tag vouches
//! for its number, and so for the length of the plaintext.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use waxseal_crypto::SecretBytes;
use waxseal_format::{
    BlockHead, BlockKind, ContentType, Decoded, Header, TAG_LEN, decode_footer, footer_len,
};

use crate::{BodyDecryptor, FrameCipher, MessageError};

/// Bytes of a regular frame without its content.
const REGULAR_OVERHEAD: u64 = (BlockKind::Regular.head_len() + TAG_LEN) as u64;

/// Bytes of a final frame without its content.
const FINAL_OVERHEAD: u64 = (BlockKind::Final.head_len() + TAG_LEN) as u64;

/// The frames of one message, and the key that opens them.
///
/// What it opens is authentic, frame by frame. A message's signature is over all of its
/// frames, so it is not verified here.
#[derive(Debug)]
pub struct FrameMap {
    cipher: Arc<FrameCipher>,
    header: Arc<Header>,
    body_start: u64,
    frame_length: u32,
    regular_frames: u64,
    final_len: u32,
}

impl FrameMap {
    /// The bytes of the message that [`FrameMap::new`] needs: less than two frames and the
    /// footer. `body` is where the message's body and footer stand.
    ///
    /// # Errors
    /// [`MessageError::Usage`] for an unframed message, [`MessageError::Truncated`] if the
    /// message is too short for a final frame.
    pub fn tail(header: &Header, body: Range<u64>) -> Result<Range<u64>, MessageError> {
        let least = *candidates(header, &body)?.start();
        Ok(body.start.saturating_add(least.saturating_mul(block_len(header)))..body.end)
    }

    /// Finds and verifies the final frame in the tail.
    ///
    /// # Errors
    /// As [`FrameMap::tail`]; [`MessageError::BodyTag`] if no final frame that verifies stands
    /// where the message's length says that it must: the message was cut, grown or changed.
    pub fn new(decryptor: BodyDecryptor, body: Range<u64>, tail: &[u8]) -> Result<Self, MessageError> {
        let (cipher, header) = decryptor.into_cipher();
        let candidates = candidates(&header, &body)?;
        let (least, block_len) = (*candidates.start(), block_len(&header));
        for regular_frames in candidates {
            let skipped = regular_frames.saturating_sub(least).saturating_mul(block_len);
            let rest = usize::try_from(skipped).ok().and_then(|skipped| tail.get(skipped..));
            let Some(final_len) = rest.and_then(|rest| verify_final(&cipher, &header, regular_frames, rest))
            else {
                continue;
            };
            let frame_length = header.content_type.frame_length();
            return Ok(Self {
                cipher,
                header,
                body_start: body.start,
                frame_length,
                regular_frames,
                final_len,
            });
        }
        Err(MessageError::BodyTag)
    }

    /// The message's header.
    #[must_use]
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Bytes of the whole plaintext.
    #[must_use]
    pub fn plaintext_len(&self) -> u64 {
        let regular = self.regular_frames.saturating_mul(self.frame_length.into());
        regular.saturating_add(self.final_len.into())
    }

    /// The bytes of the message that must be fetched for these bytes of the plaintext: whole
    /// frames, so up to two frames more than were asked for, and 32 bytes for each frame.
    #[must_use]
    pub fn message_range(&self, plaintext: &Range<u64>) -> Range<u64> {
        let frames = self.frames(plaintext);
        self.frame_start(frames.start)..self.frame_start(frames.end)
    }

    /// Opens what [`FrameMap::message_range`] says, `fetched`, and writes the plaintext of
    /// `plaintext` to `out`, which has as many bytes.
    ///
    /// # Errors
    /// [`MessageError::BodyTag`] if a frame doesn't verify, [`MessageError::Sequence`] if it is
    /// another frame; `out` then holds authentic plaintext or what was there before, no more.
    /// [`MessageError::Usage`] if a length doesn't fit.
    pub fn open(&self, plaintext: &Range<u64>, fetched: &[u8], out: &mut [u8]) -> Result<(), MessageError> {
        if plaintext.end > self.plaintext_len() || out.len() as u64 != length(plaintext) {
            return Err(MessageError::Usage("a range outside the plaintext, or room of another length"));
        }
        let (mut fetched, mut out) = (fetched, out);
        let mut scratch = SecretBytes::zeroed(0);
        for index in self.frames(plaintext) {
            let len =
                usize_of(length(&(self.frame_start(index)..self.frame_start(index.saturating_add(1)))))?;
            let (block, rest) = fetched.split_at_checked(len).ok_or(TOO_LITTLE)?;
            let part = self.part_of(index, plaintext)?;
            let (room, later) = out.split_at_mut_checked(part.len()).ok_or(TOO_LITTLE)?;
            self.open_part(index, block, part, room, &mut scratch)?;
            (fetched, out) = (rest, later);
        }
        Ok(())
    }

    /// Opens the frame `index` and writes the `part` of it to `room`: straight there if that
    /// is the whole frame.
    fn open_part(
        &self,
        index: u64,
        block: &[u8],
        part: Range<usize>,
        room: &mut [u8],
        scratch: &mut SecretBytes,
    ) -> Result<(), MessageError> {
        let head = self.head_of(index, block)?;
        let content_len = usize_of(head.content_len)?;
        if part.len() == content_len {
            return self.cipher.open(&head, block, room);
        }
        if scratch.len() != content_len {
            *scratch = SecretBytes::zeroed(content_len);
        }
        self.cipher.open(&head, block, scratch.expose_mut())?;
        room.copy_from_slice(scratch.expose().get(part).ok_or(TOO_LITTLE)?);
        Ok(())
    }

    /// The head at the front of `block`, if it is the one of this frame.
    fn head_of(&self, index: u64, block: &[u8]) -> Result<BlockHead, MessageError> {
        let Decoded::Value(head) = BlockHead::decode_frame(block, self.frame_length)? else {
            return Err(TOO_LITTLE);
        };
        let kind = if index < self.regular_frames { BlockKind::Regular } else { BlockKind::Final };
        let expected = sequence_number(index);
        if head.sequence_number != expected || head.kind != kind {
            return Err(MessageError::Sequence { expected, found: head.sequence_number });
        }
        Ok(head)
    }

    /// The frames that hold these bytes of the plaintext.
    fn frames(&self, plaintext: &Range<u64>) -> Range<u64> {
        let frame_length = u64::from(self.frame_length.max(1));
        if plaintext.is_empty() {
            return 0..0;
        }
        let end = plaintext.end.div_ceil(frame_length).min(self.regular_frames.saturating_add(1));
        plaintext.start.checked_div(frame_length).unwrap_or(0).min(end)..end
    }

    /// Where a frame starts in the message; behind the last one, where the frames end.
    fn frame_start(&self, index: u64) -> u64 {
        let before = index.min(self.regular_frames).saturating_mul(block_len(&self.header));
        let last = if index > self.regular_frames { FINAL_OVERHEAD + u64::from(self.final_len) } else { 0 };
        self.body_start.saturating_add(before).saturating_add(last)
    }

    /// The part of a frame's plaintext that lies in `plaintext`.
    fn part_of(&self, index: u64, plaintext: &Range<u64>) -> Result<Range<usize>, MessageError> {
        let start = index.saturating_mul(self.frame_length.into());
        let len = if index < self.regular_frames { self.frame_length } else { self.final_len };
        let end = start.saturating_add(len.into());
        let from = plaintext.start.clamp(start, end).saturating_sub(start);
        let to = plaintext.end.clamp(start, end).saturating_sub(start);
        Ok(usize_of(from)?..usize_of(to)?)
    }
}

const TOO_LITTLE: MessageError = MessageError::Usage("fewer bytes than the range needs");

fn usize_of(len: u64) -> Result<usize, MessageError> {
    usize::try_from(len).map_err(|_| MessageError::Usage("a frame that this machine can't address"))
}

fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

fn sequence_number(index: u64) -> u32 {
    u32::try_from(index.saturating_add(1)).unwrap_or(u32::MAX)
}

fn block_len(header: &Header) -> u64 {
    u64::from(header.content_type.frame_length()).saturating_add(REGULAR_OVERHEAD)
}

/// The numbers of regular frames that a body of this length may have: one, or a few where
/// the footer's length is not known.
fn candidates(header: &Header, body: &Range<u64>) -> Result<RangeInclusive<u64>, MessageError> {
    let ContentType::Framed(frame_length) = header.content_type else {
        return Err(MessageError::Usage("an unframed message has no frames to choose from"));
    };
    let (len, block_len) = (length(body), block_len(header));
    // The longest DER has a leading zero in both numbers; what is written has it in one.
    let longest_footer = header.suite.signature.map_or(0, |signature| footer_len(signature.der_len() + 1));
    let longest_end = FINAL_OVERHEAD + u64::from(frame_length) + longest_footer as u64;
    let Some(before_final) = len.checked_sub(FINAL_OVERHEAD) else {
        let missing = FINAL_OVERHEAD.saturating_sub(len);
        return Err(MessageError::Truncated(usize::try_from(missing).unwrap_or(usize::MAX)));
    };
    let most = before_final.checked_div(block_len).unwrap_or(0);
    Ok(len.saturating_sub(longest_end).div_ceil(block_len)..=most)
}

/// The length of the final frame's plaintext, if `rest` is that frame, verified, and its
/// footer, and nothing else.
fn verify_final(cipher: &FrameCipher, header: &Header, regular_frames: u64, rest: &[u8]) -> Option<u32> {
    let head = match BlockHead::decode_frame(rest, header.content_type.frame_length()) {
        Ok(Decoded::Value(head)) if head.kind == BlockKind::Final => head,
        _ => return None,
    };
    let (block, footer) = rest.split_at_checked(head.block_len()?)?;
    let footer_fits = match (header.suite.signs(), decode_footer(footer)) {
        (true, Ok(Decoded::Value(signature))) => footer.len() == footer_len(signature.len()),
        (signs, _) => !signs && footer.is_empty(),
    };
    let expected = u32::try_from(regular_frames.checked_add(1)?).ok()?;
    if !footer_fits || head.sequence_number != expected {
        return None;
    }
    let final_len = u32::try_from(head.content_len).ok()?;
    let mut plaintext = SecretBytes::zeroed(usize::try_from(final_len).ok()?);
    cipher.open(&head, block, plaintext.expose_mut()).ok()?;
    Some(final_len)
}

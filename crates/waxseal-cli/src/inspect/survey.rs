//! What a message has, read from its header and the heads of its frames.

use waxseal::format::{
    BlockHead, BlockKind, ContentType, Decoded, FINAL_FRAME_HEAD_LEN, FormatError, HeaderDecoder,
    HeaderLimits, HeaderProgress, TAG_LEN,
};
use waxseal::{Error, Header, MessageError};

use super::cursor::Cursor;
use crate::failure::{Direction, Failure};

/// A message as far as it could be read.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) header: Header,
    /// Bytes of the header, its authentication included.
    pub(super) header_len: u64,
    /// Frames that are there whole; 1 for an unframed body.
    pub(super) blocks: u64,
    /// Plaintext bytes of these.
    pub(super) plaintext_len: u64,
    /// Bytes of the body that are there.
    pub(super) body_len: u64,
    /// Bytes of the signature, in a footer that is there whole.
    pub(super) signature_len: Option<u16>,
    /// Why the body or the footer could not be read to its end.
    pub(super) problem: Option<MessageError>,
}

impl Survey {
    /// Reads a message from the cursor to its end.
    pub(super) fn of(cursor: &mut Cursor<'_>) -> Result<Self, Failure> {
        let fail = |error| Failure::client(error, Direction::Decrypt);
        let header = read_header(cursor).map_err(fail)?;
        let mut survey = Self::at_body(header, cursor.offset);
        match survey.read_all(cursor) {
            Ok(()) => {}
            Err(Error::Message(problem)) => survey.problem = Some(problem),
            Err(error) => return Err(fail(error)),
        }
        Ok(survey)
    }

    fn at_body(header: Header, header_len: u64) -> Self {
        Self {
            header,
            header_len,
            blocks: 0,
            plaintext_len: 0,
            body_len: 0,
            signature_len: None,
            problem: None,
        }
    }

    fn read_all(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let body = self.read_body(cursor);
        self.body_len = cursor.offset.saturating_sub(self.header_len);
        body?;
        if self.header.suite.signs() {
            self.signature_len = Some(read_footer(cursor)?);
        }
        if cursor.peek()?.is_empty() { Ok(()) } else { Err(MessageError::TrailingBytes.into()) }
    }

    fn read_body(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Error> {
        let mut expected = 1_u32;
        loop {
            let head = read_head(cursor, self.header.content_type)?;
            if head.sequence_number != expected {
                return Err(MessageError::Sequence { expected, found: head.sequence_number }.into());
            }
            skip_all(cursor, head.content_len.saturating_add(TAG_LEN as u64))?;
            self.blocks = self.blocks.saturating_add(1);
            self.plaintext_len = self.plaintext_len.saturating_add(head.content_len);
            if head.kind != BlockKind::Regular {
                return Ok(());
            }
            expected = expected.saturating_add(1);
        }
    }
}

fn read_header(cursor: &mut Cursor<'_>) -> Result<Header, Error> {
    let mut decoder = HeaderDecoder::new(HeaderLimits::default());
    let mut more = 1;
    loop {
        let bytes = cursor.peek()?;
        let here = bytes.len();
        if here == 0 {
            return Err(MessageError::from(decoder.truncated(more)).into());
        }
        match decoder.push(bytes).map_err(MessageError::from)? {
            HeaderProgress::Need(needed) => {
                more = needed;
                cursor.consume(here);
            }
            HeaderProgress::Done { header, consumed } => {
                cursor.consume(consumed);
                return Ok(header.header);
            }
        }
    }
}

/// The head of the next block, which is longest for a final frame.
fn read_head(cursor: &mut Cursor<'_>, content_type: ContentType) -> Result<BlockHead, Error> {
    let start = usize::try_from(cursor.offset).unwrap_or(usize::MAX);
    let (mut head, mut have) = ([0; FINAL_FRAME_HEAD_LEN], 0);
    loop {
        let known = head.get(..have).unwrap_or_default();
        let decoded = match content_type {
            ContentType::Framed(frame_length) => BlockHead::decode_frame(known, frame_length),
            _ => BlockHead::decode_unframed(known),
        };
        let total = match decoded.map_err(|error: FormatError| MessageError::from(error.shifted(start)))? {
            Decoded::Value(head) => return Ok(head),
            Decoded::Need(total) => total,
        };
        let read = cursor.read(head.get_mut(have..total).unwrap_or_default())?;
        have = have.saturating_add(read);
        if have < total {
            return Err(MessageError::Truncated(total.saturating_sub(have)).into());
        }
    }
}

/// The signature's length; the signature is skipped.
fn read_footer(cursor: &mut Cursor<'_>) -> Result<u16, Error> {
    let mut len = [0; 2];
    let read = cursor.read(&mut len)?;
    if read < len.len() {
        return Err(MessageError::Truncated(len.len().saturating_sub(read)).into());
    }
    let len = u16::from_be_bytes(len);
    skip_all(cursor, len.into())?;
    Ok(len)
}

fn skip_all(cursor: &mut Cursor<'_>, len: u64) -> Result<(), Error> {
    let missing = len.saturating_sub(cursor.skip(len)?);
    match usize::try_from(missing).unwrap_or(usize::MAX) {
        0 => Ok(()),
        missing => Err(MessageError::Truncated(missing).into()),
    }
}

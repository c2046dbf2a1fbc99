//! Reads a header from pieces of any size.
//!
//! Each step is retried from its own start, never from the header's, so that input in tiny
//! pieces costs no more than input in one. Nothing is allocated for bytes that have not
//! arrived.

use crate::header::TYPE;
use crate::reader::{Reader, Stop};
use crate::{
    AlgorithmSuite, COMMITMENT_LEN, ContentType, EncryptedDataKey, EncryptionContext, FormatError,
    FormatProblem, Header, HeaderAuthentication, IV_LEN, MessageId, MessageVersion,
};

/// What a header may ask of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderLimits {
    /// Encrypted data keys at most; 65,535 (no limit beyond the format's) by default.
    pub max_encrypted_data_keys: u16,
    /// Bytes of the header at most, its authentication included; 16 MiB by default.
    pub max_header_len: usize,
}

impl Default for HeaderLimits {
    fn default() -> Self {
        Self { max_encrypted_data_keys: u16::MAX, max_header_len: 16 << 20 }
    }
}

/// A header that was read whole: untrusted until it is authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodedHeader {
    /// The fields.
    pub header: Header,
    /// The header authentication.
    pub authentication: HeaderAuthentication,
    /// The bytes as they came: header body, then header authentication.
    pub bytes: Vec<u8>,
}

impl DecodedHeader {
    /// The bytes that the tag is over.
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        let body = self.bytes.len().saturating_sub(self.header.suite.header_auth_len());
        self.bytes.get(..body).unwrap_or_default()
    }
}

/// What a decoder made of one more piece of input.
#[derive(Debug)]
#[must_use]
pub enum HeaderProgress {
    /// The piece was taken whole; at least so many bytes more are needed.
    Need(usize),
    /// The header is complete.
    Done {
        /// It, boxed since it is large beside the other case.
        header: Box<DecodedHeader>,
        /// Bytes of the piece that belong to the header; the body starts behind them.
        consumed: usize,
    },
}

/// Reads one header from pieces of any size, and not a byte beyond it.
#[derive(Debug)]
pub struct HeaderDecoder {
    limits: HeaderLimits,
    bytes: Vec<u8>,
    position: usize,
    /// Bytes that the current step needs at least, counted like the position.
    needed: usize,
    step: Step,
    encryption_context: EncryptionContext,
    encrypted_data_keys: Vec<EncryptedDataKey>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Start,
    Context(Preamble),
    DataKeyCount(Preamble),
    DataKeys(Preamble, u16),
    Tail(Preamble),
    Spent,
}

/// The fields that come first; they decide how long the others are.
#[derive(Debug, Clone, Copy)]
struct Preamble {
    suite: &'static AlgorithmSuite,
    message_id: MessageId,
}

impl HeaderDecoder {
    /// A decoder at the start of a message.
    #[must_use]
    pub fn new(limits: HeaderLimits) -> Self {
        Self {
            limits,
            bytes: Vec::new(),
            position: 0,
            needed: 0,
            step: Step::Start,
            encryption_context: EncryptionContext::new(),
            encrypted_data_keys: Vec::new(),
        }
    }

    /// Reads a header that starts `message`, and says where it ends.
    ///
    /// # Errors
    /// A [`FormatError`] for what breaks the format or a limit; [`FormatProblem::Truncated`]
    /// if the message ends inside its header.
    pub fn decode(message: &[u8], limits: HeaderLimits) -> Result<(DecodedHeader, usize), FormatError> {
        let mut decoder = Self::new(limits);
        match decoder.push(message)? {
            HeaderProgress::Done { header, consumed } => Ok((*header, consumed)),
            HeaderProgress::Need(more) => Err(decoder.truncated(more)),
        }
    }

    /// Takes one more piece. After [`HeaderProgress::Done`] the decoder is spent.
    ///
    /// # Errors
    /// A [`FormatError`] for what breaks the format or a limit, as soon as it can be seen.
    pub fn push(&mut self, input: &[u8]) -> Result<HeaderProgress, FormatError> {
        let mut rest = input;
        loop {
            let missing = self.needed.saturating_sub(self.bytes.len());
            let (now, later) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
            self.bytes.extend_from_slice(now);
            rest = later;
            if now.len() < missing {
                return Ok(HeaderProgress::Need(missing.saturating_sub(now.len())));
            }
            match self.advance() {
                Ok(None) => {}
                Ok(Some(header)) => {
                    let consumed = input.len().saturating_sub(rest.len());
                    return Ok(HeaderProgress::Done { header: Box::new(header), consumed });
                }
                Err(Stop::Malformed(error)) => return Err(error),
                Err(Stop::Need(total)) => self.needed = self.end_of_step(total)?,
            }
        }
    }

    /// The error for input that ends where `more` bytes are needed.
    #[must_use]
    pub fn truncated(&self, more: usize) -> FormatError {
        FormatError::new(self.bytes.len(), "header", FormatProblem::Truncated(more))
    }

    /// Where the current step ends at least, if the limit allows that much.
    fn end_of_step(&self, step_total: usize) -> Result<usize, FormatError> {
        let end = self.position.saturating_add(step_total);
        if end <= self.limits.max_header_len {
            return Ok(end);
        }
        let limit = self.limits.max_header_len as u64;
        let problem = FormatProblem::OverLimit { found: end as u64, limit };
        Err(FormatError::new(self.position, "header", problem))
    }

    /// Does one step; `Some` when it was the last.
    fn advance(&mut self) -> Result<Option<DecodedHeader>, Stop> {
        let unread = self.bytes.get(self.position..).unwrap_or_default();
        let mut reader = Reader::new(unread, self.position);
        let next = match self.step {
            Step::Start => Step::Context(read_preamble(&mut reader)?),
            Step::Context(preamble) => {
                self.encryption_context = read_context(&mut reader, self.position)?;
                Step::DataKeyCount(preamble)
            }
            Step::DataKeyCount(preamble) => {
                Step::DataKeys(preamble, read_count(&mut reader, self.limits.max_encrypted_data_keys)?)
            }
            Step::DataKeys(preamble, 0) => Step::Tail(preamble),
            Step::DataKeys(preamble, left) => {
                self.encrypted_data_keys.push(EncryptedDataKey::decode(&mut reader)?);
                Step::DataKeys(preamble, left.saturating_sub(1))
            }
            Step::Tail(preamble) => {
                let tail = read_tail(&mut reader, preamble.suite)?;
                self.step = Step::Spent;
                return Ok(Some(self.assemble(preamble, tail)));
            }
            Step::Spent => {
                let problem = FormatProblem::Mismatch(unread.len());
                return Err(FormatError::new(self.position, "header", problem).into());
            }
        };
        self.position = self.position.saturating_add(reader.position());
        self.step = next;
        Ok(None)
    }

    fn assemble(&mut self, preamble: Preamble, tail: Tail) -> DecodedHeader {
        let header = Header::new(
            preamble.suite,
            preamble.message_id,
            std::mem::take(&mut self.encryption_context),
            std::mem::take(&mut self.encrypted_data_keys),
            tail.content_type,
            tail.commitment,
        );
        let bytes = std::mem::take(&mut self.bytes);
        DecodedHeader { header, authentication: tail.authentication, bytes }
    }
}

fn read_preamble(reader: &mut Reader<'_>) -> Result<Preamble, Stop> {
    let suite = read_suite(reader)?;
    Ok(Preamble { suite, message_id: MessageId::decode(suite.version, reader)? })
}

/// Version, type and suite.
fn read_suite(reader: &mut Reader<'_>) -> Result<&'static AlgorithmSuite, Stop> {
    let (version, second) = (reader.u8()?, reader.u8()?);
    // Base64 of `01 80` starts with "AY", that of `02 04` and `02 05` with "Ag".
    if matches!([version, second], [b'A', b'Y' | b'g']) {
        return Err(FormatError::new(0, "version", FormatProblem::Base64).into());
    }
    if version != 1 && version != 2 {
        let problem = FormatProblem::Value { found: version.into(), allowed: "1 or 2" };
        return Err(FormatError::new(0, "version", problem).into());
    }
    let (id, offset) = if version == 1 {
        reader.require(second == TYPE, "type", second, "0x80")?;
        (reader.u16()?, 2)
    } else {
        (u16::from_be_bytes([second, reader.u8()?]), 1)
    };
    AlgorithmSuite::from_id(id).filter(|suite| suite.version.byte() == version).ok_or_else(|| {
        let problem = FormatProblem::Value { found: id.into(), allowed: "a suite of this format version" };
        FormatError::new(offset, "algorithm suite id", problem).into()
    })
}

fn read_context(reader: &mut Reader<'_>, base: usize) -> Result<EncryptionContext, Stop> {
    let bytes = reader.prefixed()?;
    Ok(EncryptionContext::decode_at(bytes, base.saturating_add(2))?)
}

fn read_count(reader: &mut Reader<'_>, limit: u16) -> Result<u16, Stop> {
    const FIELD: &str = "encrypted data key count";
    let count = reader.u16()?;
    reader.require(count > 0, FIELD, count, "1 to 65535")?;
    if count > limit {
        let problem = FormatProblem::OverLimit { found: count.into(), limit: limit.into() };
        return Err(reader.error(FIELD, problem).into());
    }
    Ok(count)
}

/// All that follows the encrypted data keys: fixed in length once the suite is known.
struct Tail {
    content_type: ContentType,
    commitment: Option<[u8; COMMITMENT_LEN]>,
    authentication: HeaderAuthentication,
}

fn read_tail(reader: &mut Reader<'_>, suite: &'static AlgorithmSuite) -> Result<Tail, Stop> {
    let framed = read_is_framed(reader)?;
    if suite.version == MessageVersion::V1 {
        let reserved = reader.u32()?;
        reader.require(reserved == 0, "reserved", reserved, "0")?;
        let iv_len = reader.u8()?;
        reader.require(usize::from(iv_len) == IV_LEN, "IV length", iv_len, "12")?;
    }
    let content_type = read_frame_length(reader, framed)?;
    let commitment = if suite.commits() { Some(reader.array()?) } else { None };
    let iv = if suite.version == MessageVersion::V1 { reader.array()? } else { [0; IV_LEN] };
    let tag = reader.array()?;
    Ok(Tail { content_type, commitment, authentication: HeaderAuthentication { iv, tag } })
}

fn read_is_framed(reader: &mut Reader<'_>) -> Result<bool, Stop> {
    let content_type = reader.u8()?;
    reader.require(matches!(content_type, 1 | 2), "content type", content_type, "1 or 2")?;
    Ok(content_type == 2)
}

fn read_frame_length(reader: &mut Reader<'_>, framed: bool) -> Result<ContentType, Stop> {
    let frame_length = reader.u32()?;
    if framed {
        reader.require(frame_length > 0, "frame length", frame_length, "1 to 4294967295")?;
        Ok(ContentType::Framed(frame_length))
    } else {
        reader.require(frame_length == 0, "frame length", frame_length, "0 for an unframed body")?;
        Ok(ContentType::Unframed)
    }
}

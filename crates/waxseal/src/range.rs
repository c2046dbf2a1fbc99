//! Reading in the middle of a message.
//!
//! Opening fetches the header, and less than two frames and the footer at the end of the
//! message: that tells, authenticated, how long the plaintext is. After that each range
//! fetches and opens only the frames that cover it: [`RangeReader::message_range`] says which
//! bytes those are.
//!
//! Nothing leaves unauthenticated. A message's signature is over the whole message and can't
//! be verified by a range, so signed messages are refused unless the request says
//! `danger_without_message_signature`. Unframed messages have no frames to choose from and
//! are refused.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use waxseal_format::{Header, HeaderDecoder, HeaderProgress};
use waxseal_message::{DecryptOptions, FrameMap, MessageError, ParsedHeader, SignedMessages};
use zeroize::{Zeroize, Zeroizing};

use crate::decrypt::authenticate;
use crate::io::retrying;
use crate::pump::possible;
use crate::{Client, DecryptRequest, Error, blocking, target};

/// Bytes that are read to begin with: most headers fit.
const HEADER_READ: u64 = 4096;

/// Which bytes to fetch for the header, until it is whole.
pub(crate) struct HeaderFetch {
    decoder: HeaderDecoder,
    message_len: u64,
    wanted: Range<u64>,
}

impl HeaderFetch {
    pub(crate) fn new(options: &DecryptOptions, message_len: u64) -> Self {
        let decoder = HeaderDecoder::new(options.header_limits());
        Self { decoder, message_len, wanted: 0..HEADER_READ.min(message_len) }
    }

    pub(crate) fn wanted(&self) -> Range<u64> {
        self.wanted.clone()
    }

    /// Takes the bytes that were wanted. Once the header is whole: it, and where in the
    /// message body and footer stand.
    pub(crate) fn supply(
        &mut self,
        bytes: &[u8],
    ) -> Result<Option<(ParsedHeader, Range<u64>)>, MessageError> {
        match self.decoder.push(bytes)? {
            HeaderProgress::Done { header, consumed } => {
                let body = self.wanted.start.saturating_add(consumed as u64)..self.message_len;
                Ok(Some(((*header).into(), body)))
            }
            HeaderProgress::Need(more) if bytes.is_empty() => Err(self.decoder.truncated(more).into()),
            HeaderProgress::Need(more) => {
                // Doubling, so that a header of any number of fields costs few requests.
                let start = self.wanted.end;
                let more = (more as u64).max(start);
                self.wanted = start..start.saturating_add(more).min(self.message_len);
                Ok(None)
            }
        }
    }
}

impl Client {
    /// A `Read` and `Seek` over the plaintext of a message in `source`, which reads only the
    /// frames that are asked for.
    pub fn decrypt_range<S: Read + Seek>(&self, source: S) -> DecryptRequest<'_, target::Ranges<S>> {
        self.decrypt_request(target::Ranges { source, allow_signed: false })
    }
}

impl<S> DecryptRequest<'_, target::Ranges<S>> {
    /// Opens signed messages too. Whoever can decrypt a message can change its frames
    /// unnoticed by this reader: the signature that would tell is not verified.
    pub fn danger_without_message_signature(mut self) -> Self {
        self.target.allow_signed = true;
        self
    }

    /// The options, with signed messages refused unless they were allowed.
    pub(crate) fn range_options(&self) -> DecryptOptions {
        let mut options = self.options.clone();
        if !self.target.allow_signed {
            options.signed_messages = SignedMessages::Refuse;
        }
        options
    }
}

impl<S: Read + Seek> DecryptRequest<'_, target::Ranges<S>> {
    /// Reads and verifies the header and the final frame.
    ///
    /// # Errors
    /// An [`Error`]; [`MessageError::SignedMessage`] for a signed message,
    /// [`MessageError::BodyTag`] if the message was cut or grown.
    pub fn wait(self) -> Result<RangeReader<S>, Error> {
        let options = self.range_options();
        RangeReader::open(self.client, &options, self.target.source)
    }
}

/// A `Read` and `Seek` over the plaintext of a framed message.
pub struct RangeReader<S> {
    source: S,
    map: FrameMap,
    position: u64,
    /// The piece of plaintext that was opened last, and where it starts.
    opened: Zeroizing<Vec<u8>>,
    opened_at: u64,
    fetched: Vec<u8>,
}

impl<S: Read + Seek> RangeReader<S> {
    fn open(client: &Client, options: &DecryptOptions, mut source: S) -> Result<Self, Error> {
        let message_len = source.seek(SeekFrom::End(0))?;
        let mut fetch = HeaderFetch::new(options, message_len);
        let (header, span) = loop {
            let bytes = read_at(&mut source, fetch.wanted())?;
            if let Some(found) = fetch.supply(&bytes)? {
                break found;
            }
        };
        let body = blocking::wait(client.runtime.as_deref(), authenticate(client, options, header))?;
        let tail = read_at(&mut source, FrameMap::tail(body.header(), span.clone())?)?;
        let map = FrameMap::new(body, span, &tail)?;
        let opened = Zeroizing::new(Vec::new());
        Ok(Self { source, map, position: 0, opened, opened_at: 0, fetched: Vec::new() })
    }

    /// Opens just these bytes of the plaintext.
    ///
    /// # Errors
    /// An `io::Error` of kind `InvalidInput` if the range is not inside the plaintext; what the
    /// source gives; an [`Error`] if a frame doesn't verify.
    pub fn read_range(&mut self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        check_inside(&range, self.plaintext_len())?;
        let mut out = Zeroizing::new(Vec::new());
        self.open_range(&range, &mut out)?;
        Ok(std::mem::take(&mut out))
    }

    fn open_range(&mut self, range: &Range<u64>, out: &mut Vec<u8>) -> Result<(), Error> {
        let len = usize::try_from(range.end.saturating_sub(range.start));
        crate::decrypt::set_len_wiping(out, len.map_err(|_| outside())?);
        read_at_into(&mut self.source, self.map.message_range(range), &mut self.fetched)?;
        Ok(self.map.open(range, &self.fetched, out)?)
    }

    /// Opens the frames at the position: as many as make a chunk, or up to `wanted` bytes.
    fn open_at_position(&mut self, wanted: usize) -> Result<(), Error> {
        let frame = u64::from(self.map.header().content_type.frame_length()).max(1);
        let start = self.position.saturating_sub(self.position % frame);
        let wanted = (wanted.min(READ_AHEAD) as u64).max(1);
        let end = self.position.saturating_add(wanted).div_ceil(frame).saturating_mul(frame);
        let range = start..end.min(self.plaintext_len());
        let mut opened = std::mem::take(&mut self.opened);
        let result = self.open_range(&range, &mut opened);
        if result.is_err() {
            opened.zeroize();
        }
        (self.opened, self.opened_at) = (opened, start);
        result
    }

    fn waiting(&self) -> &[u8] {
        let skipped =
            self.position.checked_sub(self.opened_at).and_then(|skipped| usize::try_from(skipped).ok());
        skipped.and_then(|skipped| self.opened.get(skipped..)).unwrap_or_default()
    }
}

/// What one `read` opens at most, in whole frames.
const READ_AHEAD: usize = 256 << 10;

impl<S> RangeReader<S> {
    /// Bytes of the whole plaintext, authenticated.
    pub fn plaintext_len(&self) -> u64 {
        self.map.plaintext_len()
    }

    /// The bytes of the message that these bytes of the plaintext cost: whole frames, so up to
    /// two frames more than were asked for, and 32 bytes for each frame.
    pub fn message_range(&self, plaintext: &Range<u64>) -> Range<u64> {
        self.map.message_range(plaintext)
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.map.header()
    }
}

impl<S: Read + Seek> Read for RangeReader<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() || self.position >= self.plaintext_len() {
            return Ok(0);
        }
        if self.waiting().is_empty() {
            self.open_at_position(out.len())?;
        }
        let len = crate::pump::copy_front(self.waiting(), out);
        self.position = self.position.saturating_add(len as u64);
        Ok(len)
    }
}

impl<S> Seek for RangeReader<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.plaintext_len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before_start = || io::Error::new(io::ErrorKind::InvalidInput, "a seek to before the start");
        self.position = position.ok_or_else(before_start)?;
        Ok(self.position)
    }
}

impl<S> std::fmt::Debug for RangeReader<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeReader").field("map", &self.map).finish_non_exhaustive()
    }
}

pub(crate) fn check_inside(range: &Range<u64>, plaintext_len: u64) -> io::Result<()> {
    if range.start <= range.end && range.end <= plaintext_len { Ok(()) } else { Err(outside()) }
}

fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a range that is not inside the plaintext")
}

fn read_at(source: &mut (impl Read + Seek), range: Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_at_into(source, range, &mut bytes)?;
    Ok(bytes)
}

/// The range lies inside the source's length, so a claimed length allocates nothing.
fn read_at_into(source: &mut (impl Read + Seek), range: Range<u64>, bytes: &mut Vec<u8>) -> io::Result<()> {
    let len = usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| outside())?;
    source.seek(SeekFrom::Start(range.start))?;
    crate::encrypt::set_len(bytes, len);
    read_exact(source, bytes)
}

/// `Read::read_exact` panics where a source says that it read more than there was room for.
fn read_exact(source: &mut impl Read, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let len = retrying(|| source.read(bytes))?;
        if possible(len, bytes.len())? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = std::mem::take(&mut bytes).get_mut(len..).unwrap_or_default();
    }
    Ok(())
}

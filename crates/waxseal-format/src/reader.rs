//! A cursor that knows "more bytes are needed" apart from "these bytes are wrong".

use crate::{FormatError, FormatProblem};

/// What a decoder says of the bytes that it was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decoded<T> {
    /// Not enough: the input must have this many bytes, counted from its start, before
    /// another try can get further.
    Need(usize),
    /// A value; what follows it in the input was not looked at.
    Value(T),
}

/// Why reading stopped.
pub(crate) enum Stop {
    Need(usize),
    Malformed(FormatError),
}

impl From<FormatError> for Stop {
    fn from(error: FormatError) -> Self {
        Self::Malformed(error)
    }
}

/// Turns a stopped reader's result into the public form.
pub(crate) fn decoded<T>(result: Result<T, Stop>) -> Result<Decoded<T>, FormatError> {
    match result {
        Ok(value) => Ok(Decoded::Value(value)),
        Err(Stop::Need(total)) => Ok(Decoded::Need(total)),
        Err(Stop::Malformed(error)) => Err(error),
    }
}

pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Where the piece that was taken last starts: errors point there.
    last: usize,
    base: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which stand `base` bytes behind the start of the message.
    pub(crate) fn new(bytes: &'a [u8], base: usize) -> Self {
        Self { bytes, position: 0, last: 0, base }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    pub(crate) fn error(&self, field: &'static str, problem: FormatProblem) -> FormatError {
        FormatError::new(self.base.saturating_add(self.last), field, problem)
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Stop> {
        let end = self.position.saturating_add(len);
        let taken = self.bytes.get(self.position..end).ok_or(Stop::Need(end))?;
        self.last = self.position;
        self.position = end;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Stop> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_be_bytes)
    }

    /// A two-byte length and as many bytes.
    pub(crate) fn prefixed(&mut self) -> Result<&'a [u8], Stop> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    /// A two-byte length and as many bytes of UTF-8.
    pub(crate) fn prefixed_str(&mut self, field: &'static str) -> Result<&'a str, Stop> {
        let bytes = self.prefixed()?;
        std::str::from_utf8(bytes).map_err(|_| self.error(field, FormatProblem::NotUtf8).into())
    }

    /// Fails unless `ok`, pointing at the field that was just read.
    pub(crate) fn require(
        &self,
        ok: bool,
        field: &'static str,
        found: impl Into<u64>,
        allowed: &'static str,
    ) -> Result<(), FormatError> {
        let problem = FormatProblem::Value { found: found.into(), allowed };
        if ok { Ok(()) } else { Err(self.error(field, problem)) }
    }
}

/// Appends a two-byte length and the bytes.
pub(crate) fn put_prefixed(out: &mut Vec<u8>, field: &'static str, bytes: &[u8]) -> Result<(), FormatError> {
    put_len(out, field, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends a two-byte length or count.
pub(crate) fn put_len(out: &mut Vec<u8>, field: &'static str, len: usize) -> Result<(), FormatError> {
    let short = u16::try_from(len).map_err(|_| too_long(out.len(), field, len))?;
    out.extend_from_slice(&short.to_be_bytes());
    Ok(())
}

fn too_long(offset: usize, field: &'static str, found: usize) -> FormatError {
    let problem = FormatProblem::TooLong { found: found as u64, limit: u64::from(u16::MAX) };
    FormatError::new(offset, field, problem)
}

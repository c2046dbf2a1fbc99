//! Reads a little and skips a lot, in constant memory.

use std::io::{self, BufRead, BufReader, Read};

use crate::input::Input;
use crate::stream::Armored;

/// A place in an input.
pub(super) struct Cursor<'p> {
    bytes: Bytes<'p>,
    /// Bytes in front of it.
    pub(super) offset: u64,
}

enum Bytes<'p> {
    /// A regular file, with so many bytes from the start.
    File(BufReader<Input<'p>>, u64),
    Stream(BufReader<Armored<Input<'p>>>),
}

impl<'p> Cursor<'p> {
    pub(super) fn new(input: Input<'p>, armor: bool) -> Self {
        let bytes = match input.len() {
            Some(len) if !armor => Bytes::File(BufReader::new(input), len),
            _ => Bytes::Stream(BufReader::new(Armored::new(input, armor))),
        };
        Self { bytes, offset: 0 }
    }

    /// Bytes that stand here, some if there are any; they are not taken.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        self.reader().fill_buf()
    }

    /// Takes bytes that were peeked at.
    pub(super) fn consume(&mut self, len: usize) {
        self.reader().consume(len);
        self.offset = self.offset.saturating_add(len as u64);
    }

    /// Fills `out` as far as the input goes; returns the bytes filled.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0_usize;
        while let Some(room) = out.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.reader().read(room) {
                Ok(0) => break,
                Ok(read) => filled = filled.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.offset = self.offset.saturating_add(filled as u64);
        Ok(filled)
    }

    /// Skips `len` bytes, or as many as there are; returns the bytes skipped.
    pub(super) fn skip(&mut self, len: u64) -> io::Result<u64> {
        let skipped = match &mut self.bytes {
            Bytes::File(reader, end) => {
                let len = len.min(end.saturating_sub(self.offset));
                reader.seek_relative(i64::try_from(len).unwrap_or(i64::MAX))?;
                len
            }
            Bytes::Stream(reader) => io::copy(&mut reader.take(len), &mut io::sink())?,
        };
        self.offset = self.offset.saturating_add(skipped);
        Ok(skipped)
    }

    fn reader(&mut self) -> &mut dyn BufRead {
        match &mut self.bytes {
            Bytes::File(reader, _) => reader,
            Bytes::Stream(reader) => reader,
        }
    }
}

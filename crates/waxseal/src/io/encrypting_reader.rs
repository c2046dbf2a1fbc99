//! It draws plaintext from a source, and the message is read from it.

use std::array::from_fn;
use std::io::{self, BufRead, IoSliceMut, Read};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::retrying;
use crate::parallel::Threads;
use crate::pump::{Ahead, Sealer};
use crate::wiping::or_wiped;

/// A `Read` and `BufRead` that reads plaintext from a source and gives out the message.
///
/// Plaintext is read to where it is sealed, many frames at a time by `Read::read_vectored`: in the
/// caller's buffer, where whole frames have room there, else in the stream's own, which
/// `BufRead::fill_buf` shows. A source that fills one place at a time is read to the stream's own
/// buffer by large reads, where frames are shorter than 16 KiB, and from there copied.
pub struct EncryptingReader<R: Read> {
    source: R,
    sealer: Sealer,
    ahead: Ahead,
}

impl<R: Read> EncryptingReader<R> {
    pub(crate) fn new(source: R, encryptor: Encryptor, header_bytes: Vec<u8>, threads: Threads) -> Self {
        let sealer = Sealer::new(encryptor, header_bytes, threads);
        Self { source, sealer, ahead: Ahead::new(false) }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.sealer.header()
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Brings the sealer more plaintext, or the end.
    fn fill(&mut self) -> io::Result<()> {
        if self.ahead.is_over()? {
            return Ok(self.sealer.end()?);
        }
        if self.ahead.is_straight(&self.sealer) {
            let len = read_places(&mut self.source, self.sealer.space()?, &mut self.ahead)?;
            self.sealer.filled(len);
            return Ok(());
        }
        if self.ahead.unread().is_empty() {
            self.read_ahead()?;
        }
        let taken = self.sealer.take(self.ahead.unread())?;
        self.ahead.consume(taken);
        Ok(())
    }

    fn read_ahead(&mut self) -> io::Result<()> {
        let room = self.ahead.space();
        let len = retrying(|| self.source.read(room))?;
        let room = room.len();
        self.ahead.filled(len, room)
    }

    /// Goes one step on.
    fn step(&mut self) -> io::Result<()> {
        self.sealer.seal()?;
        if self.sealer.must_give() { Ok(()) } else { self.fill() }
    }

    /// Seals straight to `out` what is read there, or was read ahead; returns bytes written.
    fn seal_to(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.ahead.is_straight(&self.sealer) {
            let progress = self.sealer.seal_to(self.ahead.unread(), out)?;
            self.ahead.consume(progress.read);
            return Ok(progress.written);
        }
        // What a source wrote before it failed is plaintext.
        let read = or_wiped(out, |out| {
            let places = self.sealer.space_in(out);
            places.map(|places| read_places(&mut self.source, places, &mut self.ahead)).transpose()
        })?;
        Ok(read.map_or(Ok(0), |len| self.sealer.seal_in(out, len))?)
    }
}

/// Places that one read fills at most.
const AT_ONCE: usize = 64;

/// Reads once to `places`; no bytes are the end.
fn read_places<'a>(
    source: &mut impl Read,
    mut places: impl Iterator<Item = &'a mut [u8]>,
    ahead: &mut Ahead,
) -> io::Result<usize> {
    let mut places: [_; AT_ONCE] = from_fn(|_| IoSliceMut::new(places.next().unwrap_or_default()));
    let count = places.iter().take_while(|place| !place.is_empty()).count();
    let places = places.get_mut(..count).unwrap_or_default();
    let room = places.iter().map(|place| place.len()).sum();
    let len = retrying(|| source.read_vectored(places))?;
    ahead.was_read_straight(len, room)?;
    if count > 1 && places.first().is_some_and(|first| first.len() == len) {
        ahead.found_one_place();
    }
    Ok(len)
}

impl<R: Read> Read for EncryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() && self.sealer.waiting().is_empty() && !self.sealer.is_ended() {
            let written = self.seal_to(out)?;
            if written > 0 {
                return Ok(written);
            }
            self.step()?;
        }
        Ok(self.sealer.give(out))
    }
}

impl<R: Read> BufRead for EncryptingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while !self.sealer.must_give() && !self.sealer.is_ended() {
            self.step()?;
        }
        Ok(self.sealer.waiting())
    }

    fn consume(&mut self, len: usize) {
        self.sealer.gave(len);
    }
}

impl<R: Read> std::fmt::Debug for EncryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingReader").field("header", self.header()).finish_non_exhaustive()
    }
}

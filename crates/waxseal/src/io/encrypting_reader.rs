//! It draws plaintext from a source, and the message is read from it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::read_retrying;
use crate::parallel::Threads;
use crate::pump::Sealer;

/// A `Read` and `BufRead` that reads plaintext from a source and gives out the message.
pub struct EncryptingReader<R: Read> {
    source: R,
    sealer: Sealer,
    source_ended: bool,
}

impl<R: Read> EncryptingReader<R> {
    pub(crate) fn new(source: R, encryptor: Encryptor, header_bytes: Vec<u8>, threads: Threads) -> Self {
        Self { source, sealer: Sealer::new(encryptor, header_bytes, threads), source_ended: false }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.sealer.header()
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Reads once from the source.
    fn fill(&mut self) -> io::Result<()> {
        match read_retrying(&mut self.source, self.sealer.space()?)? {
            0 => self.source_ended = true,
            len => self.sealer.filled(len),
        }
        Ok(())
    }

    /// Goes one step on.
    fn step(&mut self) -> io::Result<()> {
        if self.source_ended {
            return Ok(self.sealer.end()?);
        }
        self.sealer.seal()?;
        if self.sealer.waiting().is_empty() { self.fill() } else { Ok(()) }
    }
}

impl<R: Read> Read for EncryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() && self.sealer.waiting().is_empty() && !self.sealer.is_ended() {
            let written = self.sealer.seal_to(out)?;
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
        while self.sealer.waiting().is_empty() && !self.sealer.is_ended() {
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

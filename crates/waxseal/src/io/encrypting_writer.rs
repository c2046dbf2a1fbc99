//! Plaintext is written to it, the message comes out at the sink.

use std::io::{self, Write};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::{later, write_retrying};
use crate::Error;
use crate::parallel::Threads;
use crate::pump::Sealer;

/// A `Write` that takes plaintext and writes the message to a sink.
///
/// The header leaves with the first frames, or when it is flushed.
/// [`EncryptingWriter::finish`] writes the end of the message. Dropped before that, the
/// message is truncated, and every reader refuses it.
#[must_use = "without `finish` the message is truncated"]
pub struct EncryptingWriter<W: Write> {
    sink: W,
    sealer: Sealer,
}

impl<W: Write> EncryptingWriter<W> {
    pub(crate) fn new(sink: W, encryptor: Encryptor, header_bytes: Vec<u8>, threads: Threads) -> Self {
        Self { sink, sealer: Sealer::new(encryptor, header_bytes, threads) }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.sealer.header()
    }

    /// Writes the final frame and the footer, flushes the sink and returns it.
    ///
    /// # Errors
    /// What the sink gives, and [`Error::StreamEnded`] if sealing failed before.
    pub fn finish(mut self) -> Result<W, Error> {
        self.make_way()?;
        while !self.sealer.is_ended() {
            self.sealer.end()?;
            self.drain()?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Writes what must leave before more is sealed.
    fn make_way(&mut self) -> Result<(), Error> {
        if self.sealer.must_give() { self.drain() } else { Ok(()) }
    }

    fn drain(&mut self) -> Result<(), Error> {
        while !self.sealer.waiting().is_empty() {
            let len = write_retrying(&mut self.sink, self.sealer.waiting())?;
            self.sealer.gave(len);
        }
        Ok(())
    }
}

impl<W: Write> Write for EncryptingWriter<W> {
    /// Takes some of `input` and writes the frames that it fills.
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.make_way()?;
        let taken = self.sealer.take(input)?;
        later(self.make_way())?;
        Ok(taken)
    }

    /// Flushes the sink. Plaintext that doesn't fill a frame stays here until it does.
    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        while self.sealer.settle()? {
            self.drain()?;
        }
        self.sink.flush()
    }
}

impl<W: Write> std::fmt::Debug for EncryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingWriter").field("header", self.header()).finish_non_exhaustive()
    }
}

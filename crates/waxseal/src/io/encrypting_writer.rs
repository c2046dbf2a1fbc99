//! Plaintext is written to it, the message comes out at the sink.

use std::io::{self, Write};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::whole_blocks;
use super::window::Window;
use crate::Error;

/// A `Write` that takes plaintext and writes the message to a sink.
///
/// [`EncryptingWriter::finish`] writes the end of the message. Dropped before that, the
/// message is truncated, and every reader refuses it.
#[must_use = "without `finish` the message is truncated"]
pub struct EncryptingWriter<W: Write> {
    sink: W,
    /// `None` after an error: what is in the sink then stays a truncated message.
    encryptor: Option<Encryptor>,
    header: Arc<Header>,
    header_bytes: Vec<u8>,
    pending: Window,
    sealed: Vec<u8>,
}

impl<W: Write> EncryptingWriter<W> {
    pub(crate) fn new(sink: W, encryptor: Encryptor, header_bytes: Vec<u8>) -> Self {
        let header = Arc::clone(encryptor.header());
        let sealed = vec![0; whole_blocks(encryptor.block_len())];
        Self { sink, encryptor: Some(encryptor), header, header_bytes, pending: Window::new(0), sealed }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Writes the final frame and the footer, flushes the sink and returns it.
    ///
    /// # Errors
    /// What the sink gives, and [`Error::StreamEnded`] if an earlier write failed.
    pub fn finish(mut self) -> Result<W, Error> {
        let encryptor = self.encryptor.take().ok_or(Error::StreamEnded)?;
        self.write_header()?;
        let rest = self.pending.unread();
        let mut last = vec![0; encryptor.final_len(rest.len())];
        encryptor.finish(rest, &mut last)?;
        self.sink.write_all(&last)?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn write_all_of(&mut self, mut input: &[u8], encryptor: &mut Encryptor) -> Result<(), Error> {
        self.write_header()?;
        if !self.pending.is_empty() {
            let taken = self.pending.append(input, encryptor.frame_length());
            input = input.get(taken..).unwrap_or_default();
            self.seal_pending(encryptor)?;
        }
        while input.len() >= encryptor.frame_length() {
            let progress = encryptor.push(input, &mut self.sealed)?;
            self.sink.write_all(self.sealed.get(..progress.written).unwrap_or_default())?;
            input = input.get(progress.read..).unwrap_or_default();
        }
        self.pending.append(input, usize::MAX);
        Ok(())
    }

    /// Seals what is pending if it fills a frame.
    fn seal_pending(&mut self, encryptor: &mut Encryptor) -> Result<(), Error> {
        let progress = encryptor.push(self.pending.unread(), &mut self.sealed)?;
        self.pending.consume(progress.read);
        self.sink.write_all(self.sealed.get(..progress.written).unwrap_or_default())?;
        Ok(())
    }

    fn write_header(&mut self) -> Result<(), Error> {
        self.sink.write_all(&std::mem::take(&mut self.header_bytes))?;
        Ok(())
    }
}

impl<W: Write> Write for EncryptingWriter<W> {
    /// Takes all of `input`.
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        let mut encryptor = self.encryptor.take().ok_or(Error::StreamEnded)?;
        self.write_all_of(input, &mut encryptor)?;
        self.encryptor = Some(encryptor);
        Ok(input.len())
    }

    /// Flushes the sink. Plaintext that doesn't fill a frame stays here until it does.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<W: Write> std::fmt::Debug for EncryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingWriter").field("header", &self.header).finish_non_exhaustive()
    }
}

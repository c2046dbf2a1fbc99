//! It draws plaintext from a source, and the message is read from it.

use std::io::{self, Read};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::whole_blocks;
use super::window::Window;
use crate::Error;

/// A `Read` that reads plaintext from a source and gives out the message.
pub struct EncryptingReader<R: Read> {
    source: R,
    state: State,
    header: Arc<Header>,
    plaintext: Window,
    sealed: Vec<u8>,
    /// Bytes of `sealed` that were given out, and that are filled.
    given: usize,
    filled: usize,
}

enum State {
    Reading(Encryptor),
    /// The message is complete in `sealed`.
    Ended,
    Failed,
}

impl<R: Read> EncryptingReader<R> {
    pub(crate) fn new(source: R, encryptor: Encryptor, header_bytes: Vec<u8>) -> Self {
        let plaintext = Window::new(whole_blocks(encryptor.frame_length()));
        let header = Arc::clone(encryptor.header());
        let filled = header_bytes.len();
        let state = State::Reading(encryptor);
        Self { source, state, header, plaintext, sealed: header_bytes, given: 0, filled }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Seals what comes next: to `out` if a frame fits there, else to the own buffer.
    /// Returns the bytes that went to `out`.
    fn seal_more(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let mut encryptor = match std::mem::replace(&mut self.state, State::Failed) {
            State::Reading(encryptor) => encryptor,
            State::Ended => {
                self.state = State::Ended;
                return Ok(0);
            }
            State::Failed => return Err(Error::StreamEnded),
        };
        while self.plaintext.len() < encryptor.frame_length() {
            if self.plaintext.fill_from(&mut self.source)? == 0 {
                return self.end(encryptor);
            }
        }
        let written = self.seal_frames(&mut encryptor, out)?;
        self.state = State::Reading(encryptor);
        Ok(written)
    }

    fn seal_frames(&mut self, encryptor: &mut Encryptor, out: &mut [u8]) -> Result<usize, Error> {
        let to_out = out.len() >= encryptor.block_len();
        if !to_out {
            self.sealed.resize(whole_blocks(encryptor.block_len()), 0);
        }
        let room = if to_out { out } else { &mut self.sealed };
        let progress = encryptor.push(self.plaintext.unread(), room)?;
        self.plaintext.consume(progress.read);
        if to_out {
            return Ok(progress.written);
        }
        (self.given, self.filled) = (0, progress.written);
        Ok(0)
    }

    fn end(&mut self, encryptor: Encryptor) -> Result<usize, Error> {
        let rest = self.plaintext.unread();
        self.sealed.resize(encryptor.final_len(rest.len()), 0);
        self.filled = encryptor.finish(rest, &mut self.sealed)?;
        self.given = 0;
        self.plaintext = Window::new(0);
        self.state = State::Ended;
        Ok(0)
    }

    fn give(&mut self, out: &mut [u8]) -> usize {
        let waiting = self.sealed.get(self.given..self.filled).unwrap_or_default();
        let len = waiting.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..len), waiting.get(..len)) {
            to.copy_from_slice(from);
        }
        self.given = self.given.saturating_add(len);
        len
    }
}

impl<R: Read> Read for EncryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.filled && !out.is_empty() {
            let written = self.seal_more(out)?;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(self.give(out))
    }
}

impl<R: Read> std::fmt::Debug for EncryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingReader").field("header", &self.header).finish_non_exhaustive()
    }
}

//! A message is written to it, the plaintext comes out at the sink.

use std::io::{self, Write};
use std::sync::Arc;

use waxseal_crypto::SecretBytes;
use waxseal_format::{Header, HeaderDecoder, HeaderProgress};
use waxseal_message::{BodyDecryptor, DecryptOptions, MessageError, Next};

use super::CHUNK;
use super::window::Window;
use crate::decrypt::authenticate;
use crate::{Client, Error, blocking};

/// A `Write` that takes a message and writes its plaintext to a sink.
///
/// Each frame is passed on as soon as it verified; the last one of a signed message, and an
/// unframed body, only once the signature verified. Only [`DecryptingWriter::finish`] says
/// that the message was complete: until then act on nothing that a signature should vouch for.
#[must_use = "without `finish` nobody knows whether the message was complete"]
pub struct DecryptingWriter<W: Write> {
    client: Client,
    options: DecryptOptions,
    sink: W,
    state: State,
    pending: Window,
    plaintext: SecretBytes,
}

enum State {
    Header(HeaderDecoder),
    Body(BodyDecryptor),
    Failed,
}

impl<W: Write> DecryptingWriter<W> {
    pub(crate) fn new(client: Client, options: DecryptOptions, sink: W) -> Self {
        let state = State::Header(HeaderDecoder::new(options.header_limits()));
        let (pending, plaintext) = (Window::new(0), SecretBytes::zeroed(CHUNK));
        Self { client, options, sink, state, pending, plaintext }
    }

    /// The message's header, once it was written and verified.
    pub fn header(&self) -> Option<&Arc<Header>> {
        match &self.state {
            State::Body(body) => Some(body.header()),
            _ => None,
        }
    }

    /// Says that the message has ended, flushes the sink and returns it.
    ///
    /// # Errors
    /// [`MessageError::Truncated`] if the message is not complete, [`Error::StreamEnded`] if
    /// an earlier write failed, and what the sink gives.
    pub fn finish(mut self) -> Result<W, Error> {
        match &mut self.state {
            State::Header(decoder) => {
                let more = match decoder.push(&[]).map_err(MessageError::from)? {
                    HeaderProgress::Need(more) => more,
                    HeaderProgress::Done { .. } => 0,
                };
                return Err(MessageError::from(decoder.truncated(more)).into());
            }
            State::Body(body) => body.finish(self.pending.unread())?,
            State::Failed => return Err(Error::StreamEnded),
        }
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn take(&mut self, mut input: &[u8]) -> Result<State, Error> {
        let mut state = std::mem::replace(&mut self.state, State::Failed);
        if let State::Header(mut decoder) = state {
            match decoder.push(input).map_err(MessageError::from)? {
                HeaderProgress::Need(_) => return Ok(State::Header(decoder)),
                HeaderProgress::Done { header, consumed } => {
                    input = input.get(consumed..).unwrap_or_default();
                    let body = authenticate(&self.client, &self.options, (*header).into());
                    state = State::Body(blocking::wait(self.client.runtime.as_deref(), body)?);
                }
            }
        }
        let State::Body(mut body) = state else { return Err(Error::StreamEnded) };
        self.open_all(&mut body, input)?;
        Ok(State::Body(body))
    }

    /// Opens what is pending together with the front of `input`, then straight from `input`;
    /// the rest, less than one block, stays pending.
    fn open_all(&mut self, body: &mut BodyDecryptor, mut input: &[u8]) -> Result<(), Error> {
        let mut wanted = self.open_pending(body)?;
        while !self.pending.is_empty() && !input.is_empty() {
            let taken = self.pending.append(input, wanted);
            input = input.get(taken..).unwrap_or_default();
            wanted = self.open_pending(body)?;
        }
        if self.pending.is_empty() {
            let read = open_to_sink(body, input, &mut self.plaintext, &mut self.sink)?.0;
            self.pending.append(input.get(read..).unwrap_or_default(), usize::MAX);
        }
        Ok(())
    }

    /// Opens what is pending; returns the length at which more can be opened.
    fn open_pending(&mut self, body: &mut BodyDecryptor) -> Result<usize, Error> {
        let (read, wanted) = open_to_sink(body, self.pending.unread(), &mut self.plaintext, &mut self.sink)?;
        self.pending.consume(read);
        Ok(wanted)
    }
}

/// Opens all blocks that `input` holds whole and writes them to the sink. Returns the bytes
/// taken, and the length that the rest must have for another block.
fn open_to_sink(
    body: &mut BodyDecryptor,
    input: &[u8],
    plaintext: &mut SecretBytes,
    sink: &mut impl Write,
) -> Result<(usize, usize), Error> {
    let mut read = 0_usize;
    loop {
        let unread = input.get(read..).unwrap_or_default();
        let progress = body.push(unread, plaintext.expose_mut())?;
        read = read.saturating_add(progress.read);
        sink.write_all(plaintext.expose().get(..progress.written).unwrap_or_default())?;
        match progress.next {
            Next::Input(wanted) => return Ok((read, wanted)),
            Next::Room(room) => make_room(plaintext, room),
            Next::End if progress.read == unread.len() => return Ok((read, 0)),
            Next::End => return Err(MessageError::TrailingBytes.into()),
        }
    }
}

/// The block fits a limit and is there whole, so this much is no more than was sent.
fn make_room(plaintext: &mut SecretBytes, room: usize) {
    if plaintext.len() < room {
        *plaintext = SecretBytes::zeroed(room);
    }
}

impl<W: Write> Write for DecryptingWriter<W> {
    /// Takes all of `input`.
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.state = self.take(input)?;
        Ok(input.len())
    }

    /// Flushes the sink. A frame that is not there whole stays here until it is.
    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<W: Write> std::fmt::Debug for DecryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingWriter").field("header", &self.header()).finish_non_exhaustive()
    }
}

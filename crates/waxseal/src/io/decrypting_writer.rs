//! A message is written to it, the plaintext comes out at the sink.

use std::io::{self, Write};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::DecryptOptions;

use super::{later, write_retrying};
use crate::decrypt::authenticate;
use crate::parallel::Threads;
use crate::pump::{Opener, Step};
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
    opener: Opener,
}

impl<W: Write> DecryptingWriter<W> {
    pub(crate) fn new(client: Client, options: DecryptOptions, threads: Threads, sink: W) -> Self {
        let opener = Opener::new(&options, threads);
        Self { client, options, sink, opener }
    }

    /// The message's header, once it was written and verified.
    pub fn header(&self) -> Option<&Arc<Header>> {
        self.opener.header()
    }

    /// Says that the message has ended, flushes the sink and returns it.
    ///
    /// # Errors
    /// [`MessageError::Truncated`](crate::MessageError::Truncated) if the message is not
    /// complete, [`Error::StreamEnded`] if it failed before, and what the sink gives.
    pub fn finish(mut self) -> Result<W, Error> {
        self.drain()?;
        self.opener.end()?;
        self.drain()?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    /// Opens and writes all that is there.
    fn drain(&mut self) -> Result<(), Error> {
        loop {
            match self.opener.advance()? {
                Step::Plaintext => {
                    let len = write_retrying(&mut self.sink, self.opener.waiting())?;
                    self.opener.gave(len);
                }
                Step::Authenticate(header) => {
                    let body = authenticate(&self.client, &self.options, *header);
                    let body = blocking::wait(self.client.runtime.as_deref(), body)?;
                    self.opener.authenticated(body);
                }
                Step::Input | Step::End => return Ok(()),
            }
        }
    }
}

impl<W: Write> Write for DecryptingWriter<W> {
    /// Takes some of `input` and writes the frames that it completes.
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.drain()?;
        let taken = self.opener.take(input)?;
        later(self.drain())?;
        Ok(taken)
    }

    /// Flushes the sink. A frame that is not there whole stays here until it is.
    fn flush(&mut self) -> io::Result<()> {
        self.drain()?;
        self.opener.settle();
        self.drain()?;
        self.sink.flush()
    }
}

impl<W: Write> std::fmt::Debug for DecryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingWriter").field("header", &self.header()).finish_non_exhaustive()
    }
}

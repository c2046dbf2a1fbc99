//! It draws a message from a source, and plaintext is read from it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::{DecryptOptions, MessageError};

use super::retrying;
use crate::decrypt::authenticate;
use crate::parallel::Threads;
use crate::pump::{Opener, Step};
use crate::{Client, Error, blocking};

/// A `Read` and `BufRead` that reads a message from a source, to the source's end, and gives
/// out its plaintext.
///
/// Each frame comes out as soon as it verified; the last one of a signed message, and an
/// unframed body, only once the signature verified. The end, `Ok(0)`, says that the whole
/// message verified and that nothing followed it: until then act on nothing that a signature
/// should vouch for.
pub struct DecryptingReader<R: Read> {
    source: R,
    opener: Opener,
    header: Arc<Header>,
    ended: bool,
}

impl<R: Read> DecryptingReader<R> {
    pub(crate) fn open(
        client: &Client,
        options: &DecryptOptions,
        threads: Threads,
        mut source: R,
    ) -> Result<Self, Error> {
        let mut opener = Opener::new(options, threads);
        let header = loop {
            match opener.advance()? {
                Step::Authenticate(header) => break *header,
                _ => fill(&mut opener, &mut source)?,
            }
        };
        let body = blocking::wait(client.runtime.as_deref(), authenticate(client, options, header))?;
        let header = Arc::clone(body.header());
        opener.authenticated(body);
        Ok(Self { source, opener, header, ended: false })
    }

    /// The message's header: authentic, and for a signed message not signed for before the end.
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Goes one step on. True once plaintext is waiting, or the end is there.
    fn step(&mut self) -> Result<bool, Error> {
        match self.opener.advance()? {
            Step::Plaintext => return Ok(true),
            Step::Input => fill(&mut self.opener, &mut self.source)?,
            Step::End => self.expect_end()?,
            Step::Authenticate(_) => return Err(Error::StreamEnded),
        }
        Ok(self.ended)
    }

    /// The message is complete: nothing may follow it.
    fn expect_end(&mut self) -> Result<(), Error> {
        if retrying(|| self.source.read(&mut [0]))? > 0 {
            self.opener.fail();
            return Err(MessageError::TrailingBytes.into());
        }
        self.ended = true;
        Ok(())
    }
}

/// Reads once from the source, or says that it ended.
fn fill(opener: &mut Opener, source: &mut impl Read) -> Result<(), Error> {
    let space = opener.space();
    let (len, room) = (retrying(|| source.read(space))?, space.len());
    if len == 0 { opener.end() } else { opener.filled(len, room) }
}

impl<R: Read> Read for DecryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !out.is_empty() {
            // Straight to the caller where a block fits, else by way of the window.
            let written = self.opener.open_to(out)?;
            if written > 0 {
                return Ok(written);
            }
            if self.step()? {
                break;
            }
        }
        Ok(self.opener.give(out))
    }
}

impl<R: Read> BufRead for DecryptingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while !self.step()? {}
        Ok(self.opener.waiting())
    }

    fn consume(&mut self, len: usize) {
        self.opener.gave(len);
    }
}

impl<R: Read> std::fmt::Debug for DecryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingReader").field("header", &self.header).finish_non_exhaustive()
    }
}

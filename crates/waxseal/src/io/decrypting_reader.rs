//! It draws a message from a source, and plaintext is read from it.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::Arc;

use waxseal_format::{DecodedHeader, Header, HeaderDecoder, HeaderProgress};
use waxseal_message::{BodyDecryptor, DecryptOptions, InPlace, MessageError, Next};

use super::CHUNK;
use super::window::{Window, read_retrying};
use crate::decrypt::authenticate;
use crate::{Client, Error, blocking};

/// A `Read` and `BufRead` that reads a message from a source and gives out its plaintext.
///
/// Each frame comes out as soon as it verified; the last one of a signed message, and an
/// unframed body, only once the signature verified. The end, `Ok(0)`, says that the whole
/// message verified and that nothing followed it: until then act on nothing that a signature
/// should vouch for.
pub struct DecryptingReader<R: Read> {
    source: R,
    window: Window,
    body: BodyDecryptor,
    opened: Option<Opened>,
    state: State,
}

/// A block that was opened where it stands, at the front of the window.
struct Opened {
    plaintext: Range<usize>,
    block_len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl<R: Read> DecryptingReader<R> {
    pub(crate) fn open(client: &Client, options: &DecryptOptions, mut source: R) -> Result<Self, Error> {
        let mut window = Window::new(CHUNK);
        let header = read_header(&mut source, &mut window, options)?;
        let body = blocking::wait(client.runtime.as_deref(), authenticate(client, options, header.into()))?;
        Ok(Self { source, window, body, opened: None, state: State::Reading })
    }

    /// The message's header: authentic, and for a signed message not signed for before the end.
    pub fn header(&self) -> &Arc<Header> {
        self.body.header()
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    /// Opens the next block in the window, or finds the end.
    fn open_next(&mut self) -> Result<(), Error> {
        loop {
            match self.body.open_in_place(self.window.unread_mut())? {
                InPlace::Opened { plaintext, consumed } => {
                    self.opened = Some(Opened { plaintext, block_len: consumed });
                    return Ok(());
                }
                InPlace::Need(_) => self.fill()?,
                InPlace::End => return self.end(),
            }
        }
    }

    fn fill(&mut self) -> Result<(), Error> {
        if self.window.fill_from(&mut self.source)? == 0 {
            self.body.finish(self.window.unread())?;
        }
        Ok(())
    }

    /// The message is complete: nothing may follow it.
    fn end(&mut self) -> Result<(), Error> {
        self.body.finish(self.window.unread())?;
        if read_retrying(&mut self.source, &mut [0])? > 0 {
            return Err(MessageError::TrailingBytes.into());
        }
        self.state = State::Ended;
        Ok(())
    }

    /// Opens blocks straight to `out`, unless not one fits there.
    fn open_to(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            let progress = self.body.push(self.window.unread(), out)?;
            self.window.consume(progress.read);
            match progress.next {
                _ if progress.written > 0 => return Ok(progress.written),
                Next::Input(_) => self.fill()?,
                Next::Room(_) => return Ok(0),
                Next::End => {
                    self.end()?;
                    return Ok(0);
                }
            }
        }
    }

    fn give(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if self.opened.is_none() && self.state == State::Reading {
            let written = self.open_to(out)?;
            if written > 0 {
                return Ok(written);
            }
        }
        self.next_plaintext()?;
        let waiting = self.waiting();
        let len = waiting.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..len), waiting.get(..len)) {
            to.copy_from_slice(from);
        }
        self.consume(len);
        Ok(len)
    }

    /// Opens blocks until one has plaintext, or the end is there.
    fn next_plaintext(&mut self) -> Result<(), Error> {
        while self.state == State::Reading && self.waiting().is_empty() {
            self.drop_opened();
            self.open_next()?;
        }
        Ok(())
    }

    fn drop_opened(&mut self) {
        if let Some(opened) = self.opened.take() {
            self.window.consume(opened.block_len);
        }
    }

    fn waiting(&self) -> &[u8] {
        let plaintext = self.opened.as_ref().map_or(0..0, |opened| opened.plaintext.clone());
        self.window.unread().get(plaintext).unwrap_or_default()
    }

    /// Fails now and for ever after.
    fn guard<T>(&mut self, result: Result<T, Error>) -> io::Result<T> {
        if result.is_err() {
            self.state = State::Failed;
            self.opened = None;
        }
        Ok(result?)
    }

    fn check_alive(&self) -> io::Result<()> {
        if self.state == State::Failed { Err(Error::StreamEnded.into()) } else { Ok(()) }
    }
}

impl<R: Read> Read for DecryptingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.check_alive()?;
        if out.is_empty() {
            return Ok(0);
        }
        let result = self.give(out);
        self.guard(result)
    }
}

impl<R: Read> BufRead for DecryptingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.check_alive()?;
        let result = self.next_plaintext();
        self.guard(result)?;
        Ok(self.waiting())
    }

    fn consume(&mut self, len: usize) {
        if let Some(opened) = &mut self.opened {
            let start = opened.plaintext.start.saturating_add(len);
            opened.plaintext.start = start.min(opened.plaintext.end);
            if opened.plaintext.is_empty() {
                self.drop_opened();
            }
        }
    }
}

fn read_header(
    source: &mut impl Read,
    window: &mut Window,
    options: &DecryptOptions,
) -> Result<DecodedHeader, Error> {
    let mut decoder = HeaderDecoder::new(options.header_limits());
    loop {
        let unread = window.unread().len();
        match decoder.push(window.unread()).map_err(MessageError::from)? {
            HeaderProgress::Done { header, consumed } => {
                window.consume(consumed);
                return Ok(*header);
            }
            HeaderProgress::Need(more) => {
                window.consume(unread);
                if window.fill_from(source)? == 0 {
                    return Err(MessageError::from(decoder.truncated(more)).into());
                }
            }
        }
    }
}

impl<R: Read> std::fmt::Debug for DecryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingReader").field("header", self.header()).finish_non_exhaustive()
    }
}

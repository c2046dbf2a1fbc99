//! From a message to its plaintext, in pieces of any size.

mod batches;

use std::ops::Range;
use std::sync::Arc;

use waxseal_crypto::SecretBytes;
#[cfg(feature = "aio")]
use waxseal_format::ContentType;
use waxseal_format::{Header, HeaderDecoder, HeaderProgress};
use waxseal_message::{BodyDecryptor, DecryptOptions, InPlace, MessageError, Next, ParsedHeader};

use super::window::Window;
use super::{CHUNK, copy_front, possible};
use crate::Error;
use crate::parallel::{OpenCrew, Threads};
use crate::wiping::or_wiped;

/// Takes a message in pieces, gives out its plaintext in pieces.
///
/// Before more is opened, what is [`Opener::waiting`] must be given out.
pub(crate) struct Opener {
    state: State,
    /// The message: what came and was not opened, and the block that was opened in place.
    window: Window,
    /// Plaintext that was opened straight from a caller's input.
    scratch: SecretBytes,
    output: Output,
    threads: Threads,
    /// From the first full batch on.
    crew: Option<OpenCrew>,
    /// All that was taken must be opened now, full batch or not.
    settling: bool,
    /// Bytes that the block at the window's front was found to need.
    least: usize,
    /// The message has ended: what is needed beyond it is missing.
    ended: bool,
    /// What was wrong behind the plaintext that waits.
    fault: Option<MessageError>,
}

enum State {
    Header(HeaderDecoder),
    /// The header is with whoever gets the materials.
    Authenticating,
    Body(BodyDecryptor),
    Failed,
}

enum Output {
    None,
    /// A block that was opened where it stands, at the front of the window.
    Window {
        plaintext: Range<usize>,
        block_len: usize,
    },
    Scratch(Range<usize>),
    /// A batch of the other threads.
    Batch(SecretBytes, Range<usize>),
}

/// What a stream has to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Give out what is waiting.
    Plaintext,
    /// Bring more of the message, or say that it ended.
    Input,
    /// Get the materials for this header, and bring the [`Opener::authenticated`] body.
    Authenticate(Box<ParsedHeader>),
    /// The message is complete; bring nothing more.
    End,
}

/// Room for the plaintext of so many bytes of a message, or of a part of them: for one block at
/// least, if it is there, and not for a whole chunk, since a consumer may keep its pieces.
/// Rounded, so that all buffers of a stream have one size, and are used again.
fn room_for(header: &Header, held: usize) -> usize {
    let frame_length = usize::try_from(header.content_type.frame_length()).unwrap_or(usize::MAX);
    held.min(frame_length.max(CHUNK / 4)).next_power_of_two()
}

impl Opener {
    pub(crate) fn new(options: &DecryptOptions, threads: Threads) -> Self {
        Self {
            state: State::Header(HeaderDecoder::new(options.header_limits())),
            window: Window::new(),
            scratch: SecretBytes::zeroed(0),
            output: Output::None,
            threads,
            crew: None,
            settling: false,
            least: 0,
            ended: false,
            fault: None,
        }
    }

    /// The header, once it is authenticated.
    pub(crate) fn header(&self) -> Option<&Arc<Header>> {
        match &self.state {
            State::Body(body) => Some(body.header()),
            _ => None,
        }
    }

    /// Does what can be done with the bytes that are there.
    ///
    /// # Errors
    /// What is wrong with the message; after that [`Error::StreamEnded`].
    pub(crate) fn advance(&mut self) -> Result<Step, Error> {
        if !self.waiting().is_empty() {
            return Ok(Step::Plaintext);
        }
        self.release();
        self.failing(Self::next_step)
    }

    /// The body, for the header that [`Step::Authenticate`] gave out.
    pub(crate) fn authenticated(&mut self, body: BodyDecryptor) {
        self.state = State::Body(body);
    }

    /// Plaintext that is ready to be given out.
    pub(crate) fn waiting(&self) -> &[u8] {
        let (bytes, range) = match &self.output {
            Output::None => return &[],
            Output::Window { plaintext, .. } => (self.window.unread(), plaintext),
            Output::Scratch(range) => (self.scratch.expose(), range),
            Output::Batch(plaintext, range) => (plaintext.expose(), range),
        };
        bytes.get(range.clone()).unwrap_or_default()
    }

    /// Says that so many of the waiting bytes were given out.
    pub(crate) fn gave(&mut self, len: usize) {
        if let Output::Window { plaintext: range, .. } | Output::Scratch(range) | Output::Batch(_, range) =
            &mut self.output
        {
            range.start = range.start.saturating_add(len).min(range.end);
        }
        if self.waiting().is_empty() {
            self.release();
        }
    }

    /// Gives the waiting bytes out with the buffer that they are in, for a fresh one in its
    /// place, if that buffer is not the window.
    #[cfg(feature = "aio")]
    pub(crate) fn give_scratch(
        &mut self,
        fresh: impl FnOnce() -> SecretBytes,
    ) -> Option<(SecretBytes, Range<usize>)> {
        let Output::Scratch(waiting) = &self.output else { return None };
        let waiting = waiting.clone();
        self.output = Output::None;
        Some((std::mem::replace(&mut self.scratch, fresh()), waiting))
    }

    /// Room for the plaintext of what the window holds, or of a part of it.
    #[cfg(feature = "aio")]
    pub(crate) fn room_for_window(&self) -> usize {
        self.header().map_or(0, |header| room_for(header, self.window.len()))
    }

    /// Whether bytes of the message wait in the window, and nothing waits to be given out.
    #[cfg(feature = "aio")]
    pub(crate) fn holds_message(&self) -> bool {
        !self.window.is_empty() && matches!(self.output, Output::None)
    }

    /// Whether the next block may be there whole, so that there is something to open.
    #[cfg(feature = "aio")]
    pub(crate) fn holds_block(&self) -> bool {
        self.holds_message() && self.window.len() >= self.least
    }

    /// Gives waiting bytes out to `out`; returns how many.
    pub(crate) fn give(&mut self, out: &mut [u8]) -> usize {
        let len = copy_front(self.waiting(), out);
        self.gave(len);
        len
    }

    /// Room for more of the message: see [`Opener::filled`].
    pub(crate) fn space(&mut self) -> &mut [u8] {
        // Whole blocks: the front of one that is cut would be moved with each read.
        let block_len = match &self.state {
            State::Body(body) => body.regular_block_len(),
            _ => None,
        };
        self.window.space(block_len.map_or(CHUNK, |block_len| self.threads.batch_len(block_len)))
    }

    /// Says that so many bytes of the space, which is `room`, are the message's.
    ///
    /// # Errors
    /// If that is more than the room; after that [`Error::StreamEnded`].
    pub(crate) fn filled(&mut self, len: usize, room: usize) -> Result<(), Error> {
        let len = self.failing(|_| Ok(possible(len, room)?))?;
        self.window.filled(len);
        Ok(())
    }

    /// Opens the whole blocks of the window straight to `out`, as many as fit; returns bytes
    /// written. Does nothing while something is waiting, or before the body.
    ///
    /// # Errors
    /// As [`Opener::advance`].
    pub(crate) fn open_to(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if !matches!(self.output, Output::None) || self.batch_len().is_some() {
            return Ok(0);
        }
        // Nobody is told of the frames in front of a bad one.
        or_wiped(out, |out| {
            self.failing(|opener| {
                let State::Body(body) = &mut opener.state else { return Ok(0) };
                let progress = body.push(opener.window.unread(), out)?;
                opener.window.consume(progress.read);
                Ok(progress.written)
            })
        })
    }

    /// Takes the front of `input`, opening blocks straight from it where it holds some;
    /// returns how much. To be called when [`Step::Input`] or [`Step::End`] came.
    ///
    /// # Errors
    /// As [`Opener::advance`]; behind the end [`MessageError::TrailingBytes`].
    pub(crate) fn take(&mut self, input: &[u8]) -> Result<usize, Error> {
        if let Some(batch) = self.batch_len() {
            // A last block may be longer than a batch, with its footer.
            let total =
                if self.window.len() < batch { batch } else { self.window.len().saturating_add(batch) };
            return Ok(self.window.append(input, total));
        }
        self.failing(|opener| match &mut opener.state {
            State::Body(_) if opener.window.is_empty() => opener.open_from(input),
            State::Body(body) => match body.open_in_place(opener.window.unread_mut())? {
                InPlace::Need(total) => Ok(opener.window.append(input, total)),
                _ => Err(MessageError::TrailingBytes.into()),
            },
            State::Header(_) => Ok(opener.window.append(input, CHUNK)),
            State::Authenticating | State::Failed => Err(Error::StreamEnded),
        })
    }

    /// Whether opening one frame is more work than a chunk is.
    #[cfg(feature = "aio")]
    pub(crate) fn is_heavy(&self) -> bool {
        let content_type = self.header().map(|header| header.content_type);
        match content_type {
            Some(ContentType::Unframed) => true,
            Some(content_type) => content_type.frame_length() as usize > CHUNK,
            None => false,
        }
    }

    /// Takes a chunk at most of `input` to the window and opens nothing; returns how much.
    ///
    /// # Errors
    /// As [`Opener::take`].
    #[cfg(feature = "aio")]
    pub(crate) fn buffer(&mut self, input: &[u8]) -> Result<usize, Error> {
        self.failing(|opener| match &opener.state {
            State::Body(body) if body.is_done() && !input.is_empty() => {
                Err(MessageError::TrailingBytes.into())
            }
            State::Failed => Err(Error::StreamEnded),
            _ => Ok(opener.window.append(input, opener.window.len().saturating_add(CHUNK))),
        })
    }

    /// Says that all that was taken is to be opened, full batch or not.
    pub(crate) fn settle(&mut self) {
        self.settling = true;
    }

    /// Says that the message has ended. Where there are several threads, what was taken is still
    /// to be opened by [`Opener::advance`], which gives the errors then.
    ///
    /// # Errors
    /// [`MessageError::Truncated`] or [`MessageError::TrailingBytes`] unless it is complete.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.batch_len().is_some() && !self.ended {
            (self.settling, self.ended) = (true, true);
            return Ok(());
        }
        self.failing(|opener| match &mut opener.state {
            State::Header(decoder) => match decoder.push(&[]).map_err(MessageError::from)? {
                HeaderProgress::Need(more) => Err(MessageError::from(decoder.truncated(more)).into()),
                HeaderProgress::Done { .. } => Err(Error::StreamEnded),
            },
            State::Body(body) => Ok(body.finish(opener.window.unread())?),
            State::Authenticating | State::Failed => Err(Error::StreamEnded),
        })
    }

    /// Ends the stream for a fault that its owner found.
    pub(crate) fn fail(&mut self) {
        self.state = State::Failed;
        self.output = Output::None;
        self.crew = None;
        (self.window, self.scratch) = (Window::new(), SecretBytes::zeroed(0));
    }

    fn next_step(&mut self) -> Result<Step, Error> {
        match &mut self.state {
            State::Header(decoder) => {
                let unread = self.window.unread();
                let taken = unread.len();
                match decoder.push(unread).map_err(MessageError::from)? {
                    HeaderProgress::Need(_) => {
                        self.window.consume(taken);
                        Ok(Step::Input)
                    }
                    HeaderProgress::Done { header, consumed } => {
                        self.window.consume(consumed);
                        self.state = State::Authenticating;
                        Ok(Step::Authenticate(Box::new((*header).into())))
                    }
                }
            }
            State::Body(_) => self.open_next_batch(),
            State::Authenticating | State::Failed => Err(Error::StreamEnded),
        }
    }

    /// Opens blocks in the window until one has plaintext.
    fn open_next(&mut self) -> Result<Step, Error> {
        let State::Body(body) = &mut self.state else { return Err(Error::StreamEnded) };
        loop {
            let next = body.open_in_place(self.window.unread_mut())?;
            self.least = if let InPlace::Need(total) = next { total } else { 0 };
            match next {
                InPlace::Opened { plaintext, consumed } if plaintext.is_empty() => {
                    self.window.consume(consumed);
                }
                InPlace::Opened { plaintext, consumed } => {
                    self.output = Output::Window { plaintext, block_len: consumed };
                    return Ok(Step::Plaintext);
                }
                InPlace::Need(_) => return Ok(Step::Input),
                InPlace::End if self.window.is_empty() => return Ok(Step::End),
                InPlace::End => return Err(MessageError::TrailingBytes.into()),
            }
        }
    }

    /// Opens the whole blocks at the front of `input`; what doesn't make a block is kept.
    fn open_from(&mut self, input: &[u8]) -> Result<usize, Error> {
        let State::Body(body) = &mut self.state else { return Err(Error::StreamEnded) };
        let room = room_for(body.header(), input.len());
        if self.scratch.len() < room {
            self.scratch = SecretBytes::zeroed(room);
        }
        let progress = body.push(input, self.scratch.expose_mut())?;
        self.output = Output::Scratch(0..progress.written);
        match progress.next {
            _ if progress.read > 0 => Ok(progress.read),
            Next::Input(total) => Ok(self.window.append(input, total)),
            // The block fits a limit and is there whole, so this is no more than was sent.
            Next::Room(room) => {
                self.scratch = SecretBytes::zeroed(room);
                self.open_from(input)
            }
            Next::End if input.is_empty() => Ok(0),
            Next::End => Err(MessageError::TrailingBytes.into()),
        }
    }

    /// Drops what was given out.
    fn release(&mut self) {
        match (std::mem::replace(&mut self.output, Output::None), &mut self.crew) {
            (Output::Window { block_len, .. }, _) => self.window.consume(block_len),
            (Output::Batch(plaintext, _), Some(crew)) => crew.give_back(plaintext),
            _ => {}
        }
    }

    /// After an error there is nothing but errors, and nothing waits.
    fn failing<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let result = run(self);
        if result.is_err() {
            self.fail();
        }
        result
    }
}

//! From plaintext to a message, in pieces of any size.

use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::Encryptor;

use super::window::Window;
use super::{copy_front, whole_blocks};
use crate::Error;
use crate::parallel::{SealCrew, Threads};

/// Takes plaintext in pieces, gives out the message in pieces.
///
/// Before more is sealed, what is [`Sealer::waiting`] must be given out, unless
/// [`Sealer::may_wait`].
pub(crate) struct Sealer {
    state: State,
    header: Arc<Header>,
    plaintext: Window,
    sealed: Vec<u8>,
    /// Bytes of `sealed` that were given out, and that are filled.
    given: usize,
    filled: usize,
    /// Until something is sealed.
    header_len: usize,
    threads: Threads,
    /// From the first full batch on.
    crew: Option<SealCrew>,
}

enum State {
    Open(Encryptor),
    /// The end of the message is in `sealed`, or was given out.
    Ended,
    Failed,
}

impl Sealer {
    /// The header's bytes are the first to be given out.
    pub(crate) fn new(encryptor: Encryptor, header_bytes: Vec<u8>, threads: Threads) -> Self {
        Self {
            header: Arc::clone(encryptor.header()),
            plaintext: Window::new(),
            filled: header_bytes.len(),
            header_len: header_bytes.len(),
            sealed: header_bytes,
            given: 0,
            threads,
            crew: None,
            state: State::Open(encryptor),
        }
    }

    pub(crate) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Bytes of the message that are ready to be given out.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.sealed.get(self.given..self.filled).unwrap_or_default()
    }

    /// Whether what is waiting may leave with what is sealed next: the header alone, which is worth
    /// no write of its own. Batches of other threads come in buffers of theirs.
    pub(crate) fn may_wait(&self) -> bool {
        !self.threads.are_several() && self.given == 0 && self.filled == self.header_len
    }

    /// Where sealed bytes go: behind what is waiting.
    fn place(&self) -> usize {
        if self.waiting().is_empty() { 0 } else { self.filled }
    }

    /// Says that so many bytes were sealed to [`Sealer::place`]. The header waits no more then.
    fn sealed_at(&mut self, place: usize, len: usize) {
        self.header_len = 0;
        if place == 0 {
            self.given = 0;
        }
        self.filled = place.saturating_add(len);
    }

    /// Says that so many of the waiting bytes were given out.
    pub(crate) fn gave(&mut self, len: usize) {
        self.given = self.given.saturating_add(len).min(self.filled);
    }

    /// Gives the waiting bytes out with the buffer that they are in, for `fresh` in its place.
    #[cfg(feature = "aio")]
    pub(crate) fn give_buffer(&mut self, fresh: Vec<u8>) -> (Vec<u8>, std::ops::Range<usize>) {
        let waiting = self.given..self.filled;
        (self.given, self.filled) = (0, 0);
        (std::mem::replace(&mut self.sealed, fresh), waiting)
    }

    /// Gives waiting bytes out to `out`; returns how many.
    pub(crate) fn give(&mut self, out: &mut [u8]) -> usize {
        let len = copy_front(self.waiting(), out);
        self.gave(len);
        len
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Room for plaintext: see [`Sealer::filled`].
    ///
    /// # Errors
    /// [`Error::StreamEnded`] after the end or an error.
    pub(crate) fn space(&mut self) -> Result<&mut [u8], Error> {
        let State::Open(encryptor) = &self.state else { return Err(Error::StreamEnded) };
        Ok(self.plaintext.space(self.threads.batch_len(encryptor.frame_length())))
    }

    /// Says that so many bytes of the space are plaintext.
    pub(crate) fn filled(&mut self, len: usize) {
        self.plaintext.filled(len);
    }

    /// Seals the whole frames of the window straight to `out`, as many as fit; returns bytes
    /// written.
    ///
    /// # Errors
    /// What the machine gives; after that [`Error::StreamEnded`].
    pub(crate) fn seal_to(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if self.threads.are_several() {
            return Ok(0);
        }
        let plaintext = &mut self.plaintext;
        with_encryptor(&mut self.state, |encryptor| {
            let progress = encryptor.push(plaintext.unread(), out)?;
            plaintext.consume(progress.read);
            Ok(progress.written)
        })
    }

    /// Seals the whole frames of the window; they are waiting then. Where there are several
    /// threads, a full batch goes to them, and what waits is the batch of some time ago.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        if self.threads.are_several() { self.seal_a_batch() } else { self.seal_here() }
    }

    fn seal_a_batch(&mut self) -> Result<(), Error> {
        if self.plaintext.len() < self.threads.batch_len(self.frame_length()) {
            return Ok(());
        }
        self.send()?;
        if self.crew.as_ref().is_some_and(SealCrew::is_full) { self.receive().map(drop) } else { Ok(()) }
    }

    /// Sends the whole frames of the window to the other threads.
    fn send(&mut self) -> Result<(), Error> {
        let (plaintext, crew, threads) = (&mut self.plaintext, &mut self.crew, &self.threads);
        with_encryptor(&mut self.state, |encryptor| {
            if plaintext.len() < encryptor.frame_length() {
                return Ok(());
            }
            let crew = match crew {
                Some(crew) => crew,
                None => crew.insert(SealCrew::start(threads, encryptor)?),
            };
            let Some(run) = encryptor.next_run(plaintext.len())? else { return Ok(()) };
            let full = plaintext.split_front(run.plaintext_len(), crew.window());
            crew.put(run, full);
            Ok(())
        })
    }

    /// Waits for the next batch from the other threads; false if there is none.
    fn receive(&mut self) -> Result<bool, Error> {
        let Some(crew) = &mut self.crew else { return Ok(false) };
        match crew.next(&mut self.sealed) {
            Ok(Some(written)) => {
                (self.given, self.filled) = (0, written);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => {
                self.state = State::Failed;
                Err(error)
            }
        }
    }

    /// Seals the whole frames that were taken, on whatever thread they are. True if some are
    /// waiting then; called again, brings the next.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn settle(&mut self) -> Result<bool, Error> {
        if self.crew.is_none() && self.plaintext.len() >= self.frame_length() {
            self.seal_here()?;
            return Ok(true);
        }
        if self.crew.is_some() && self.plaintext.len() >= self.frame_length() {
            self.send()?;
        }
        self.receive()
    }

    fn seal_here(&mut self) -> Result<(), Error> {
        let place = self.place();
        let (plaintext, sealed) = (&mut self.plaintext, &mut self.sealed);
        let written = with_encryptor(&mut self.state, |encryptor| {
            let progress =
                encryptor.push(plaintext.unread(), room(sealed, place, encryptor, plaintext.unread()))?;
            plaintext.consume(progress.read);
            Ok(progress.written)
        })?;
        self.sealed_at(place, written);
        Ok(())
    }

    fn frame_length(&self) -> usize {
        match &self.state {
            State::Open(encryptor) => encryptor.frame_length(),
            State::Ended | State::Failed => usize::MAX,
        }
    }

    /// Whether a frame waits in the window to be sealed.
    #[cfg(feature = "aio")]
    pub(crate) fn is_full(&self) -> bool {
        self.plaintext.len() >= self.frame_length()
    }

    /// Whether sealing one frame is more work than a chunk is.
    #[cfg(feature = "aio")]
    pub(crate) fn is_heavy(&self) -> bool {
        self.header.content_type.frame_length() as usize > super::CHUNK
    }

    /// Takes the front of `input` to the window and seals nothing; returns how much.
    ///
    /// # Errors
    /// [`Error::StreamEnded`] after the end or an error.
    #[cfg(feature = "aio")]
    pub(crate) fn buffer(&mut self, input: &[u8]) -> Result<usize, Error> {
        let State::Open(encryptor) = &self.state else { return Err(Error::StreamEnded) };
        Ok(self.plaintext.append(input, encryptor.frame_length()))
    }

    /// Takes the front of `input`, straight to frames where it holds some; returns how much.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn take(&mut self, input: &[u8]) -> Result<usize, Error> {
        let State::Open(encryptor) = &self.state else { return Err(Error::StreamEnded) };
        let frame_length = encryptor.frame_length();
        if self.threads.are_several() {
            let taken = self.plaintext.append(input, self.threads.batch_len(frame_length));
            return self.seal_a_batch().map(|()| taken);
        }
        if self.plaintext.is_empty() && input.len() >= frame_length {
            return self.seal_from(input);
        }
        let taken = self.plaintext.append(input, frame_length);
        if self.plaintext.len() == frame_length {
            self.seal_here()?;
        }
        Ok(taken)
    }

    fn seal_from(&mut self, input: &[u8]) -> Result<usize, Error> {
        let (place, sealed) = (self.place(), &mut self.sealed);
        let progress = with_encryptor(&mut self.state, |encryptor| {
            Ok(encryptor.push(input, room(sealed, place, encryptor, input))?)
        })?;
        self.sealed_at(place, progress.written);
        Ok(progress.read)
    }

    /// Seals what is left, and the footer; then all is waiting, or, where there are several
    /// threads, a part of it: to be called until [`Sealer::is_ended`].
    ///
    /// # Errors
    /// What the machine gives, and [`Error::StreamEnded`] after the end or an error.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.threads.are_several() && self.settle()? {
            return Ok(());
        }
        let mut encryptor = match std::mem::replace(&mut self.state, State::Failed) {
            State::Open(encryptor) => encryptor,
            _ => return Err(Error::StreamEnded),
        };
        if let Some(crew) = self.crew.take() {
            crew.finish(&mut encryptor)?;
        }
        let (place, rest) = (self.place(), self.plaintext.unread());
        self.sealed.resize(place.saturating_add(encryptor.final_len(rest.len())), 0);
        let written = encryptor.finish(rest, self.sealed.get_mut(place..).unwrap_or_default())?;
        self.sealed_at(place, written);
        self.plaintext = Window::new();
        self.state = State::Ended;
        Ok(())
    }
}

/// Room from `place` on for the frames that `plaintext` fills, up to a chunk of them.
fn room<'s>(sealed: &'s mut Vec<u8>, place: usize, encryptor: &Encryptor, plaintext: &[u8]) -> &'s mut [u8] {
    let frames = plaintext.len().checked_div(encryptor.frame_length()).unwrap_or(0);
    let wanted = frames.saturating_mul(encryptor.block_len()).min(whole_blocks(encryptor.block_len()));
    let end = place.saturating_add(wanted);
    if sealed.len() < end {
        sealed.resize(end, 0);
    }
    sealed.get_mut(place..).unwrap_or_default()
}

/// Runs the machine; if it fails, it is gone.
fn with_encryptor<T>(
    state: &mut State,
    run: impl FnOnce(&mut Encryptor) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut encryptor = match std::mem::replace(state, State::Failed) {
        State::Open(encryptor) => encryptor,
        other => {
            *state = other;
            return Err(Error::StreamEnded);
        }
    };
    let output = run(&mut encryptor)?;
    *state = State::Open(encryptor);
    Ok(output)
}

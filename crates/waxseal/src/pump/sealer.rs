//! From plaintext to a message, in pieces of any size.

use std::sync::Arc;

use waxseal_format::Header;
use waxseal_message::{Encryptor, MessageError, Progress};

#[cfg(feature = "aio")]
use super::CHUNK;
use super::blocks::Blocks;
use super::places::Places;
use super::{copy_front, whole_blocks};
use crate::Error;
use crate::parallel::{SealCrew, Threads};
use crate::wiping::or_wiped;

/// Takes plaintext in pieces, gives out the message in pieces. What is read comes to where it is
/// sealed, and what is shown is copied there.
///
/// Before more is sealed, what is [`Sealer::waiting`] must be given out, if the sealer
/// [must give](Sealer::must_give).
pub(crate) struct Sealer {
    state: State,
    header: Arc<Header>,
    places: Places,
    blocks: Blocks,
    /// What came from the other threads, while something of it waits.
    batch: Option<Blocks>,
    threads: Threads,
    /// From the first full batch on.
    crew: Option<SealCrew>,
}

enum State {
    Open(Encryptor),
    /// The end of the message waits, or was given out.
    Ended,
    Failed,
}

/// Frames so short that a read for each would cost more than a copy.
const SHORT: usize = 16 << 10;

impl Sealer {
    /// The header's bytes are the first to be given out.
    pub(crate) fn new(encryptor: Encryptor, header_bytes: Vec<u8>, threads: Threads) -> Self {
        let places = Places::of(&encryptor);
        Self {
            header: Arc::clone(encryptor.header()),
            places,
            blocks: Blocks::new(places, header_bytes),
            batch: None,
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
        self.batch.as_ref().unwrap_or(&self.blocks).waiting()
    }

    /// Whether something waits that can't leave with what is sealed next, as the header alone does,
    /// which is worth no write of its own.
    pub(crate) fn must_give(&self) -> bool {
        let may_wait = self.batch.is_none() && self.blocks.holds_a_header_alone();
        !may_wait && !self.waiting().is_empty()
    }

    /// Says that so many of the waiting bytes were given out.
    pub(crate) fn gave(&mut self, len: usize) {
        let Some(mut batch) = self.batch.take() else { return self.blocks.gave(len) };
        batch.gave(len);
        if !batch.waiting().is_empty() {
            self.batch = Some(batch);
        } else if let Some(crew) = &mut self.crew {
            crew.give_back(batch);
        }
    }

    /// Gives waiting bytes out to `out`; returns how many.
    pub(crate) fn give(&mut self, out: &mut [u8]) -> usize {
        let len = copy_front(self.waiting(), out);
        self.gave(len);
        len
    }

    /// Gives the waiting bytes out with the buffer that they are in, for `fresh` in its place.
    #[cfg(feature = "aio")]
    pub(crate) fn give_buffer(&mut self, fresh: Option<Blocks>) -> Blocks {
        let mut fresh = fresh.unwrap_or_else(|| self.no_blocks());
        fresh.clear();
        self.blocks.split_off(fresh)
    }

    fn no_blocks(&self) -> Blocks {
        Blocks::new(self.places, Vec::new())
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Whether a source that fills one place at a time is better read by large pieces, which are
    /// [taken](Sealer::take) then.
    pub(crate) fn has_short_frames(&self) -> bool {
        self.places.frame_length() < SHORT
    }

    /// Places for plaintext, one at least: see [`Sealer::filled`]. Whole frames are to be sealed first.
    ///
    /// # Errors
    /// [`Error::StreamEnded`] after the end or an error.
    pub(crate) fn space(&mut self) -> Result<impl Iterator<Item = &mut [u8]>, Error> {
        self.check_open()?;
        let limit = if self.threads.are_several() {
            self.places.room_for(self.batch_len())
        } else {
            whole_blocks(self.places.block_len())
        };
        let mut places = self.blocks.space(limit).peekable();
        // A source would seem to have ended.
        if places.peek().is_none_or(|place| place.is_empty()) {
            return Err(MessageError::Usage("no place to read to").into());
        }
        Ok(places)
    }

    /// Says that so many bytes of plaintext came to the front of the space.
    pub(crate) fn filled(&mut self, len: usize) {
        self.blocks.filled(len);
    }

    /// Places in `out` for plaintext that is to be [sealed there](Sealer::seal_in): those of whole
    /// blocks, if there is one, and if nothing is to be given out or to be sealed before.
    pub(crate) fn space_in<'o>(
        &self,
        out: &'o mut [u8],
    ) -> Option<impl Iterator<Item = &'o mut [u8]> + use<'o>> {
        let block_len = self.places.block_len();
        let whole = out.len().checked_div(block_len).unwrap_or(0).saturating_mul(block_len);
        let free = self.is_free() && whole > 0;
        free.then(|| self.places.free(out.get_mut(..whole).unwrap_or_default(), 0))
    }

    fn is_free(&self) -> bool {
        let open = matches!(self.state, State::Open(_)) && !self.threads.are_several();
        open && self.waiting().is_empty() && self.blocks.plain() == 0
    }

    /// Seals the whole frames of `len` bytes of plaintext that stand at their places in `out`;
    /// returns bytes written. The rest is kept here, and none of those bytes is
    /// left in `out` as plaintext.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn seal_in(&mut self, out: &mut [u8], len: usize) -> Result<usize, Error> {
        or_wiped(out, |out| {
            let Progress { read, written } =
                with_encryptor(&mut self.state, |encryptor| Ok(encryptor.push_in_place(out, len)?))?;
            let behind = out.get_mut(written..self.places.room_for(len)).unwrap_or_default();
            if let Some(rest) = behind.get(self.places.head_len()..) {
                let kept = self.blocks.append(rest, len.saturating_sub(read));
                debug_assert_eq!(kept, len.saturating_sub(read));
            }
            behind.fill(0);
            Ok(written)
        })
    }

    /// Seals the whole frames at the front of `input` straight to `out`, as many as fit, if there is
    /// nothing that comes before them.
    ///
    /// # Errors
    /// What the machine gives; after that [`Error::StreamEnded`].
    pub(crate) fn seal_to(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress, Error> {
        if !self.is_free() {
            return Ok(Progress::default());
        }
        // A provider may seal in place, where it copied the plaintext to.
        or_wiped(out, |out| with_encryptor(&mut self.state, |encryptor| Ok(encryptor.push(input, out)?)))
    }

    /// Seals the whole frames that are there; they are waiting then. Where there are several
    /// threads, a full batch goes to them, and what waits is the batch of some time ago.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        if self.threads.are_several() { self.seal_a_batch() } else { self.seal_here() }
    }

    fn seal_a_batch(&mut self) -> Result<(), Error> {
        if self.blocks.plain() < self.batch_len() {
            return Ok(());
        }
        self.send()?;
        if self.crew.as_ref().is_some_and(SealCrew::is_full) { self.receive().map(drop) } else { Ok(()) }
    }

    /// Bytes of plaintext that make a batch.
    fn batch_len(&self) -> usize {
        self.threads.batch_len(self.places.frame_length())
    }

    /// Sends the whole frames that are there to the other threads.
    fn send(&mut self) -> Result<(), Error> {
        let no_blocks = self.no_blocks();
        let (blocks, crew, threads) = (&mut self.blocks, &mut self.crew, &self.threads);
        with_encryptor(&mut self.state, |encryptor| {
            let crew = match crew {
                Some(crew) => crew,
                None => crew.insert(SealCrew::start(threads, encryptor)?),
            };
            if let Some(run) = encryptor.next_run(blocks.plain())? {
                let mut fresh = crew.blocks().unwrap_or(no_blocks);
                fresh.room_like(blocks);
                crew.put(run, blocks.split_off(fresh));
            }
            Ok(())
        })
    }

    /// Waits for the next batch from the other threads; false if there is none.
    fn receive(&mut self) -> Result<bool, Error> {
        let Some(crew) = &mut self.crew else { return Ok(false) };
        let received = crew.next();
        if received.is_err() {
            self.state = State::Failed;
        }
        self.batch = received?;
        Ok(self.batch.is_some())
    }

    /// Seals the whole frames that were taken, on whatever thread they are. True if some are
    /// waiting then; called again, brings the next.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn settle(&mut self) -> Result<bool, Error> {
        self.check_unfailed()?;
        if self.crew.is_none() && self.is_full() {
            self.seal_here()?;
            return Ok(true);
        }
        if self.crew.is_some() && self.is_full() {
            self.send()?;
        }
        self.receive()
    }

    fn seal_here(&mut self) -> Result<(), Error> {
        let blocks = &mut self.blocks;
        with_encryptor(&mut self.state, |encryptor| {
            let plain = blocks.plain();
            let progress = encryptor.push_in_place(blocks.unsealed_mut(), plain)?;
            blocks.sealed(progress);
            // Whoever seals until nothing is left would go on for ever.
            let all = blocks.plain() < encryptor.frame_length();
            if all { Ok(()) } else { Err(MessageError::Usage("no room to seal a frame in").into()) }
        })
    }

    /// Whether a frame waits to be sealed.
    pub(crate) fn is_full(&self) -> bool {
        self.blocks.plain() >= self.places.frame_length()
    }

    /// Whether sealing one frame is more work than a chunk is.
    #[cfg(feature = "aio")]
    pub(crate) fn is_heavy(&self) -> bool {
        self.places.frame_length() > CHUNK
    }

    /// Takes the front of `input`, of one frame, and seals nothing; returns how much.
    ///
    /// # Errors
    /// [`Error::StreamEnded`] after the end or an error.
    #[cfg(feature = "aio")]
    pub(crate) fn buffer(&mut self, input: &[u8]) -> Result<usize, Error> {
        self.check_open()?;
        Ok(self.blocks.append(input, self.places.frame_length()))
    }

    /// Takes the front of `input`, straight to frames where it holds some; returns how much.
    ///
    /// # Errors
    /// As [`Sealer::seal_to`].
    pub(crate) fn take(&mut self, input: &[u8]) -> Result<usize, Error> {
        self.check_open()?;
        if self.threads.are_several() {
            let taken = self.blocks.append(input, self.batch_len());
            return self.seal_a_batch().map(|()| taken);
        }
        let frame_length = self.places.frame_length();
        if self.blocks.plain() == 0 && input.len() >= frame_length {
            return self.seal_from(input);
        }
        let taken = self.blocks.append(input, frame_length);
        if self.is_full() {
            self.seal_here()?;
        }
        Ok(taken)
    }

    /// Seals whole frames from `input`, up to a chunk of them.
    fn seal_from(&mut self, input: &[u8]) -> Result<usize, Error> {
        let (blocks, places) = (&mut self.blocks, self.places);
        with_encryptor(&mut self.state, |encryptor| {
            let wanted = places.whole_blocks(input.len()).0.min(whole_blocks(places.block_len()));
            let room = blocks.room(wanted).get_mut(..wanted).unwrap_or_default();
            let Progress { read, written } = encryptor.push(input, room)?;
            blocks.sealed(Progress { read: 0, written });
            Ok(read)
        })
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
        let rest = self.blocks.plain();
        let room = self.blocks.room(encryptor.final_len(rest));
        let written = encryptor.finish_in_place(rest, room)?;
        self.blocks.sealed(Progress { read: rest, written });
        self.state = State::Ended;
        Ok(())
    }

    /// # Errors
    /// [`Error::StreamEnded`] after an error.
    pub(crate) fn check_unfailed(&self) -> Result<(), Error> {
        if matches!(self.state, State::Failed) { Err(Error::StreamEnded) } else { Ok(()) }
    }

    fn check_open(&self) -> Result<(), Error> {
        if matches!(self.state, State::Open(_)) { Ok(()) } else { Err(Error::StreamEnded) }
    }
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

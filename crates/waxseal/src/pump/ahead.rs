//! Plaintext that is read ahead of a sealer.

use std::io;

use super::window::Window;
use super::{CHUNK, Sealer, possible};
use crate::Error;

/// How a source's bytes come to a sealer: straight to where they are sealed, or, from a source that
/// fills one place at a time where frames are short, by large pieces that are copied there.
pub(crate) struct Ahead {
    read: Window,
    one_place: bool,
    ended: bool,
    /// The source said what can't be: nobody knows what it read.
    lost: bool,
}

impl Ahead {
    /// `one_place`: whether a read fills one place at most.
    pub(crate) fn new(one_place: bool) -> Self {
        Self { read: Window::new(), one_place, ended: false, lost: false }
    }

    /// Whether all that the source had is with the sealer.
    ///
    /// # Errors
    /// [`Error::StreamEnded`] once the source said that it read more than there was room for.
    pub(crate) fn is_over(&self) -> Result<bool, Error> {
        if self.lost { Err(Error::StreamEnded) } else { Ok(self.ended && self.read.is_empty()) }
    }

    /// Whether the source may be asked for bytes that go straight to their places.
    pub(crate) fn is_straight(&self, sealer: &Sealer) -> bool {
        let by_large_pieces = self.one_place && sealer.has_short_frames();
        self.read.is_empty() && !self.ended && !self.lost && !by_large_pieces
    }

    /// Says that so many bytes of the room went straight to their places, none at the source's end.
    ///
    /// # Errors
    /// If that is more than the room; then nothing is read any more.
    pub(crate) fn was_read_straight(&mut self, len: usize, room: usize) -> io::Result<()> {
        self.lost = len > room;
        self.ended = possible(len, room)? == 0;
        Ok(())
    }

    /// Says that the source filled one place of several, and no more.
    pub(crate) fn found_one_place(&mut self) {
        self.one_place = true;
    }

    /// Room for a large piece: see [`Ahead::filled`].
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.read.space(CHUNK)
    }

    /// Says that so many bytes of the space, which is `room`, were read, none at the source's end.
    ///
    /// # Errors
    /// As [`Ahead::was_read_straight`].
    pub(crate) fn filled(&mut self, len: usize, room: usize) -> io::Result<()> {
        self.was_read_straight(len, room)?;
        self.read.filled(len);
        Ok(())
    }

    /// What was read and is not with the sealer.
    pub(crate) fn unread(&self) -> &[u8] {
        self.read.unread()
    }

    /// Says that the sealer has so much of it.
    pub(crate) fn consume(&mut self, len: usize) {
        self.read.consume(len);
    }
}

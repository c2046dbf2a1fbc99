//! Plaintext that is read ahead of a sealer.

use super::window::Window;
use super::{CHUNK, Sealer};

/// How a source's bytes come to a sealer: straight to where they are sealed, or, from a source that
/// fills one place at a time where frames are short, by large pieces that are copied there.
pub(crate) struct Ahead {
    read: Window,
    one_place: bool,
    ended: bool,
}

impl Ahead {
    /// `one_place`: whether a read fills one place at most.
    pub(crate) fn new(one_place: bool) -> Self {
        Self { read: Window::new(), one_place, ended: false }
    }

    /// Whether all that the source had is with the sealer.
    pub(crate) fn is_over(&self) -> bool {
        self.ended && self.read.is_empty()
    }

    /// Whether the source may be asked for bytes that go straight to their places.
    pub(crate) fn is_straight(&self, sealer: &Sealer) -> bool {
        self.read.is_empty() && !self.ended && !(self.one_place && sealer.has_short_frames())
    }

    /// Says that so many bytes went straight to their places, none at the source's end, and whether
    /// they filled one place of several, and no more.
    pub(crate) fn was_read_straight(&mut self, len: usize, one_of_several: bool) {
        self.ended = len == 0;
        self.one_place |= one_of_several;
    }

    /// Room for a large piece: see [`Ahead::filled`].
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.read.space(CHUNK)
    }

    /// Says that so many bytes of the space were read, none at the source's end.
    pub(crate) fn filled(&mut self, len: usize) {
        self.ended = len == 0;
        self.read.filled(len);
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

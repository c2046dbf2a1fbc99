//! How far an opened body got, and what it needs to go on.

use std::ops::Range;

/// What is needed to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The unread input, grown to at least this many bytes.
    Input(usize),
    /// This much room for output.
    Room(usize),
    /// Nothing: the message is complete. What follows in the input is too much.
    End,
}

/// How far a push got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct BodyProgress {
    /// Bytes of the input that were taken; the rest must be shown again.
    pub read: usize,
    /// Bytes of plaintext that were written.
    pub written: usize,
    /// What is needed to go on.
    pub next: Next,
}

/// What [`BodyDecryptor::open_in_place`](crate::BodyDecryptor::open_in_place) made of the front of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum InPlace {
    /// The input must grow to at least this many bytes.
    Need(usize),
    /// One block was opened.
    Opened {
        /// Where its plaintext stands in the input.
        plaintext: Range<usize>,
        /// Bytes of the input that the block takes, the footer included.
        consumed: usize,
    },
    /// The message is complete.
    End,
}

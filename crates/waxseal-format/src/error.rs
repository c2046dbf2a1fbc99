//! What is wrong with a message's bytes: where, in which field, and what was allowed.

use thiserror::Error;

/// A message, or a value on its way into one, breaks the format.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("byte {offset}, {field}: {problem}")]
#[non_exhaustive]
pub struct FormatError {
    /// Bytes from the start of the message, or of the structure that was read alone.
    pub offset: usize,
    /// The specification's name of the field.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: FormatProblem,
}

impl FormatError {
    pub(crate) fn new(offset: usize, field: &'static str, problem: FormatProblem) -> Self {
        Self { offset, field, problem }
    }

    /// The same error, counted from `base` bytes earlier.
    #[must_use]
    pub fn shifted(mut self, base: usize) -> Self {
        self.offset = self.offset.saturating_add(base);
        self
    }
}

/// The ways in which a field can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatProblem {
    /// Base64 text where the binary message belongs.
    #[error("this is base64 text; decode it first (a message is binary)")]
    Base64,
    /// The field has a value that the format doesn't know.
    #[error("found {found:#x}, allowed: {allowed}")]
    Value {
        /// What is there.
        found: u64,
        /// What may be there.
        allowed: &'static str,
    },
    /// A length, or a count, is beyond its limit.
    #[error("{found} is over the limit of {limit}")]
    TooLong {
        /// What is there.
        found: u64,
        /// What may be there at most.
        limit: u64,
    },
    /// A length, or a count, is beyond what the reader's options allow.
    #[error("{found} is over the limit of {limit} that was set for reading")]
    OverLimit {
        /// What is there.
        found: u64,
        /// What may be there at most.
        limit: u64,
    },
    /// The bytes of a string aren't UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The same key stands twice in an encryption context.
    #[error("the key {0:?} stands there twice")]
    DuplicateKey(String),
    /// A length and the fields inside it disagree.
    #[error("{0} bytes are left over or missing")]
    Mismatch(usize),
    /// The message ends inside the field.
    #[error("the message ends here; {0} more bytes at least are needed")]
    Truncated(usize),
}

//! Async streams, both directions of each.
//!
//! | | plaintext to message | message to plaintext |
//! |---|---|---|
//! | you read | [`EncryptingReader`] | [`DecryptingReader`] |
//! | you write | [`EncryptingWriter`] | [`DecryptingWriter`] |
//! | you take items | [`EncryptStream`] | [`DecryptStream`] |
//!
//! Readers and writers implement Tokio's traits (feature `tokio`) over what implements those,
//! and the traits of `futures-io` (feature `futures`) over what implements those. Begin with
//! [`Client::aio`](crate::Client::aio).
//!
//! The rules are those of the synchronous streams, by the same code. One poll seals or opens
//! 256 KiB at most, twice that where frames are longer than 128 KiB, or one frame if that is more;
//! give streams a [`Pool`] for frames that are larger, and they are worked on there. Nothing runs
//! ahead of its consumer: memory is a few hundred KiB, or a few frames. Dropping anything at any point
//! leaks nothing, and leaves a truncated message, which every reader refuses: only closing a writer
//! ends its message.

mod client;
mod decrypt_stream;
mod decrypting_reader;
mod decrypting_writer;
mod encrypt_stream;
mod encrypting_reader;
mod encrypting_writer;
mod open_core;
mod pool;
mod range;
mod recycling;
mod seal_core;
#[cfg(any(feature = "tokio", feature = "futures"))]
mod traits;

use std::io;

use crate::Error;

pub use client::Aio;
pub use decrypt_stream::DecryptStream;
pub use decrypting_reader::DecryptingReader;
pub use decrypting_writer::DecryptingWriter;
pub use encrypt_stream::EncryptStream;
pub use encrypting_reader::EncryptingReader;
pub use encrypting_writer::EncryptingWriter;
pub use pool::Pool;
pub use range::{RangeReader, RangeSource};

/// Why a stream has no next item. More may follow what the source gave.
enum Fault {
    Own(Error),
    Source(io::Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

/// A stream's next item. Behind an error of its own it has ended.
fn item_or_end(
    polled: Result<Option<bytes::Bytes>, Fault>,
    ended: &mut bool,
) -> Option<io::Result<bytes::Bytes>> {
    match polled {
        Ok(item) => item.map(Ok),
        Err(Fault::Source(error)) => Some(Err(error)),
        Err(Fault::Own(error)) => {
            *ended = true;
            Some(Err(error.into()))
        }
    }
}

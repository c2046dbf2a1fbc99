//! Streams over `Read` and `Write`, both directions of each.
//!
//! | | plaintext to message | message to plaintext |
//! |---|---|---|
//! | you read | [`EncryptingReader`] | [`DecryptingReader`] |
//! | you write | [`EncryptingWriter`] | [`DecryptingWriter`] |
//!
//! Memory is a few hundred KiB, or a few frames if that is more. When something is wrong with
//! a message, its stream gives errors only from then on; a reader never ends with `Ok(0)` on a
//! message that did not verify. An error of the source or sink itself is passed on and loses
//! nothing: the call may be tried again. Not so where the call takes what would be needed for that:
//! `decrypt_reader(..).wait()` drops what it read of a header, and `finish` the writer, so that a sink
//! that may fail for a while is to be flushed before. And a source that says that it read more than
//! there was room for ends the stream: nobody knows then what it read.

mod decrypting_reader;
mod decrypting_writer;
mod encrypting_reader;
mod encrypting_writer;

pub use decrypting_reader::DecryptingReader;
pub use decrypting_writer::DecryptingWriter;
pub use encrypting_reader::EncryptingReader;
pub use encrypting_writer::EncryptingWriter;

use std::io::{self, ErrorKind, Write};

use crate::Error;

/// Tries again when a read or write was interrupted.
pub(crate) fn retrying(mut attempt: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// `Write::write` that tries again when it was interrupted, and takes no 0 for an answer.
fn write_retrying(sink: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    match retrying(|| sink.write(bytes))? {
        0 => Err(ErrorKind::WriteZero.into()),
        len => Ok(len),
    }
}

/// Behind input that was taken, a sink's error is left for the next call, which meets the same
/// sink with the same bytes: an error means that nothing was taken.
fn later(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::Io(_)) => Ok(()),
        other => other,
    }
}

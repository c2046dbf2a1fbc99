//! Streams over `Read` and `Write`, both directions of each.
//!
//! | | plaintext to message | message to plaintext |
//! |---|---|---|
//! | you read | [`EncryptingReader`] | [`DecryptingReader`] |
//! | you write | [`EncryptingWriter`] | [`DecryptingWriter`] |
//!
//! Memory is a few hundred KiB, or a few frames if that is more. After an error a stream
//! gives errors only; a reader never ends with `Ok(0)` on a message that did not verify.

mod decrypting_reader;
mod decrypting_writer;
mod encrypting_reader;
mod encrypting_writer;
mod window;

pub use decrypting_reader::DecryptingReader;
pub use decrypting_writer::DecryptingWriter;
pub use encrypting_reader::EncryptingReader;
pub use encrypting_writer::EncryptingWriter;

/// What a stream tries to take at a time: large enough that calls don't count, small enough
/// to stay in a core's cache.
const CHUNK: usize = 256 << 10;

/// Bytes of as many whole blocks of `block_len` as make about a chunk, and of one at least.
fn whole_blocks(block_len: usize) -> usize {
    let blocks = CHUNK.checked_div(block_len).unwrap_or(0).max(1);
    block_len.saturating_mul(blocks)
}

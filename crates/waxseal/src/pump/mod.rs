//! Streams without input and output: what every reader, writer and async stream shares.
//!
//! A pump holds the buffers of one stream and drives the message machine over them. Whoever
//! owns one asks what it needs, and moves bytes: that is all in which the streams differ.

use std::io::{self, ErrorKind};

mod ahead;
mod aligned;
mod blocks;
mod opener;
mod places;
mod sealer;
mod window;

pub(crate) use ahead::Ahead;
pub(crate) use blocks::Blocks;
pub(crate) use opener::{Opener, Step};
pub(crate) use sealer::Sealer;
pub(crate) use window::Window;

/// What a stream takes at a time: large enough that calls don't count, small enough to stay
/// in a core's cache, and so short that no async task holds its thread for long.
pub(crate) const CHUNK: usize = 256 << 10;

/// Bytes of as many whole blocks of `block_len` as make about a chunk, and of one at least.
fn whole_blocks(block_len: usize) -> usize {
    let blocks = CHUNK.checked_div(block_len).unwrap_or(0).max(1);
    block_len.saturating_mul(blocks)
}

/// What a source says that it read, unless that is more than it was given room for: nobody knows
/// then what it read.
pub(crate) fn possible(len: usize, room: usize) -> io::Result<usize> {
    if len <= room {
        Ok(len)
    } else {
        Err(io::Error::new(ErrorKind::InvalidData, "a read of more than there was room for"))
    }
}

/// Copies what fits; returns how much.
pub(crate) fn copy_front(from: &[u8], to: &mut [u8]) -> usize {
    let len = from.len().min(to.len());
    if let (Some(to), Some(from)) = (to.get_mut(..len), from.get(..len)) {
        to.copy_from_slice(from);
    }
    len
}

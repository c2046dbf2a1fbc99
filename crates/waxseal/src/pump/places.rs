//! Where the plaintext of regular frames stands in the room of their blocks.

use std::mem::take;

use waxseal_format::{BlockKind, TAG_LEN};
use waxseal_message::Encryptor;

/// ```text
/// | head | place of a frame's plaintext | tag | head | place ...
/// ```
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    head_len: usize,
    frame_length: usize,
    block_len: usize,
}

impl Places {
    pub(super) fn of(encryptor: &Encryptor) -> Self {
        Self::new(BlockKind::Regular.head_len(), encryptor.frame_length())
    }

    pub(super) const fn new(head_len: usize, frame_length: usize) -> Self {
        Self {
            head_len,
            frame_length,
            block_len: head_len.saturating_add(frame_length).saturating_add(TAG_LEN),
        }
    }

    pub(super) fn head_len(self) -> usize {
        self.head_len
    }

    pub(super) fn frame_length(self) -> usize {
        self.frame_length
    }

    pub(super) fn block_len(self) -> usize {
        self.block_len
    }

    /// Bytes of the blocks that so much plaintext fills, and what is left of it.
    pub(super) fn whole_blocks(self, plain: usize) -> (usize, usize) {
        let frames = plain.checked_div(self.frame_length).unwrap_or(0);
        (frames.saturating_mul(self.block_len), plain.checked_rem(self.frame_length).unwrap_or(0))
    }

    /// So much room, or as much of it as whole blocks take, if it holds one.
    pub(super) fn whole_if_any(self, room: usize) -> usize {
        match room.checked_rem(self.block_len) {
            Some(rest) if room >= self.block_len => room.saturating_sub(rest),
            _ => room,
        }
    }

    /// So much room, or a little more, so that the last place that is whole has room for its tag.
    pub(super) fn with_its_tag(self, room: usize) -> usize {
        let last = room.checked_rem(self.block_len).unwrap_or(0);
        let cut = last >= self.head_len.saturating_add(self.frame_length);
        if cut { room.saturating_add(self.block_len.saturating_sub(last)) } else { room }
    }

    /// Bytes of room that so much plaintext takes: up to its own end, or that of its last block.
    pub(super) fn room_for(self, plain: usize) -> usize {
        match self.whole_blocks(plain) {
            (blocks, 0) => blocks,
            (blocks, rest) => blocks.saturating_add(self.head_len).saturating_add(rest),
        }
    }

    /// What is free in `room` behind so much plaintext, place by place.
    pub(super) fn free(self, room: &mut [u8], plain: usize) -> impl Iterator<Item = &mut [u8]> {
        let (blocks, mut rest) = self.whole_blocks(plain);
        let room = room.get_mut(blocks..).unwrap_or_default();
        room.chunks_mut(self.block_len.max(1)).map(move |block| {
            let start = self.head_len.saturating_add(take(&mut rest));
            let end = self.head_len.saturating_add(self.frame_length).min(block.len());
            block.get_mut(start..end).unwrap_or_default()
        })
    }

    /// Copies the front of `input` to what is free in `room`; returns how much.
    pub(super) fn fill(self, room: &mut [u8], plain: usize, input: &[u8]) -> usize {
        let mut left = input;
        for place in self.free(room, plain) {
            let len = super::copy_front(left, place);
            left = left.get(len..).unwrap_or_default();
            if left.is_empty() {
                break;
            }
        }
        input.len().saturating_sub(left.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places { head_len: 2, frame_length: 3, block_len: 6 };

    fn free(room: usize, plain: usize) -> Vec<usize> {
        PLACES.free(&mut vec![0; room], plain).map(|place| place.len()).collect()
    }

    #[test]
    fn free_is_what_no_plaintext_no_head_and_no_tag_takes() {
        assert_eq!(free(12, 0), [3, 3]);
        assert_eq!(free(12, 1), [2, 3]);
        assert_eq!(free(12, 3), [3]);
        assert_eq!(free(12, 5), [1]);
        assert_eq!(free(12, 6), [0; 0]);
        assert_eq!(free(12, 7), [0; 0]);
        assert_eq!(free(9, 0), [3, 1]);
        assert_eq!(free(7, 0), [3, 0]);
        assert_eq!(free(0, 0), [0; 0]);
    }

    #[test]
    fn bytes_go_to_their_places() {
        let mut room = [0; 12];
        assert_eq!(PLACES.fill(&mut room, 0, &[1, 2]), 2);
        assert_eq!(PLACES.fill(&mut room, 2, &[3, 4, 5, 6, 7]), 4);
        assert_eq!(room, [0, 0, 1, 2, 3, 0, 0, 0, 4, 5, 6, 0]);
    }

    #[test]
    fn plaintext_takes_room_up_to_its_end_or_its_blocks_end() {
        let room = [0, 1, 2, 3, 4, 6].map(|plain| PLACES.room_for(plain));
        assert_eq!(room, [0, 3, 4, 6, 9, 12]);
    }
}

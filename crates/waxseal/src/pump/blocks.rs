//! A buffer of blocks: plaintext comes to where it is sealed, and leaves as the message.

use waxseal_crypto::SecretBytes;
use waxseal_message::Progress;

use super::aligned::{CACHE_LINE, to_cache_line};
use super::places::Places;

/// ```text
/// | header, once | block, sealed | block, sealed | head, plaintext, tag | head, plaintext ..
///                ^ first                         ^ sealed; `plain` bytes of plaintext behind it
///        ^ given: what waits is from here to `sealed`
/// ```
///
/// It grows by factors, only once what it has is full, and wipes itself.
pub(crate) struct Blocks {
    bytes: SecretBytes,
    places: Places,
    first: usize,
    /// Bytes for blocks, from `first` on.
    capacity: usize,
    given: usize,
    sealed: usize,
    plain: usize,
    /// The space was filled to its end the last time: there may be much to come.
    was_filled: bool,
}

/// The first capacity for plaintext that is read: small messages need no more.
const FIRST: usize = 8 << 10;

impl Blocks {
    /// With a header that waits to be given out, or with nothing.
    pub(super) fn new(places: Places, header: Vec<u8>) -> Self {
        let len = header.len();
        let bytes = header.into();
        Self { bytes, places, first: len, capacity: 0, given: 0, sealed: len, plain: 0, was_filled: false }
    }

    /// Bytes of the message that are ready to be given out.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.bytes.expose().get(self.given..self.sealed).unwrap_or_default()
    }

    /// Whether the header waits, and nothing behind it.
    pub(super) fn holds_a_header_alone(&self) -> bool {
        self.given < self.first && self.sealed == self.first
    }

    /// Bytes of plaintext that are not sealed.
    pub(super) fn plain(&self) -> usize {
        self.plain
    }

    /// Says that so many of the waiting bytes were given out.
    pub(super) fn gave(&mut self, len: usize) {
        debug_assert!(self.given <= self.sealed && self.sealed <= self.end());
        self.given = self.given.saturating_add(len).min(self.sealed);
        if self.given == self.sealed && self.plain == 0 {
            self.clear();
        }
    }

    /// Drops all that is in it, and keeps the room.
    pub(crate) fn clear(&mut self) {
        (self.given, self.sealed, self.plain) = (self.first, self.first, 0);
    }

    /// Places for plaintext, all that there are: see [`Blocks::filled`]. The room grows to `limit`,
    /// which is of whole blocks, while it is filled each time. The first place is never empty.
    pub(super) fn space(&mut self, limit: usize) -> impl Iterator<Item = &mut [u8]> {
        self.close_up_if_full();
        let wanted = self.places.whole_if_any(self.capacity.saturating_mul(4).max(FIRST).min(limit));
        if self.is_full() {
            // Without a place a source would seem to have ended.
            let has_place = self.first.saturating_add(wanted) > self.next_place();
            self.grow(if has_place { wanted } else { self.with_next_block() });
        } else if self.was_filled && wanted > self.capacity {
            self.grow(wanted);
        }
        let (places, plain) = (self.places, self.plain);
        places.free(self.unsealed_mut(), plain)
    }

    /// Says that so many bytes came to the front of the space.
    pub(super) fn filled(&mut self, len: usize) {
        self.plain = self.plain.saturating_add(len);
        debug_assert!(self.sealed.saturating_add(self.places.room_for(self.plain)) <= self.end());
        self.was_filled = self.is_full();
    }

    /// Takes as much of `input` as makes it hold `total` bytes of plaintext; returns how much.
    pub(super) fn append(&mut self, input: &[u8], total: usize) -> usize {
        let len = total.saturating_sub(self.plain).min(input.len());
        let (now, _) = input.split_at_checked(len).unwrap_or((input, &[]));
        let (places, plain) = (self.places, self.plain);
        let taken = places.fill(self.room(places.room_for(plain.saturating_add(len))), plain, now);
        self.plain = self.plain.saturating_add(taken);
        taken
    }

    /// Room for so many bytes behind what is sealed, and all that there is behind them. Plaintext
    /// that is there stays.
    pub(super) fn room(&mut self, len: usize) -> &mut [u8] {
        if self.sealed.saturating_add(len) > self.end() {
            self.close_up();
        }
        let needed = self.sealed.saturating_sub(self.first).saturating_add(len);
        if needed > self.capacity {
            self.grow(needed.max(self.capacity.saturating_mul(2)));
        }
        self.unsealed_mut()
    }

    fn close_up_if_full(&mut self) {
        if self.is_full() {
            self.close_up();
        }
    }

    /// Moves plaintext to the front, where all in front of it was given out.
    fn close_up(&mut self) {
        if self.given == self.sealed && self.sealed > self.first {
            let held = self.sealed..self.taken();
            self.bytes.expose_mut().copy_within(held, self.first);
            (self.given, self.sealed) = (self.first, self.first);
        }
    }

    /// What is behind the sealed blocks: plaintext at its places, and room.
    pub(crate) fn unsealed_mut(&mut self) -> &mut [u8] {
        let end = self.end();
        self.bytes.expose_mut().get_mut(self.sealed..end).unwrap_or_default()
    }

    /// Says that of the plaintext so much was read, and so much written over it.
    pub(crate) fn sealed(&mut self, progress: Progress) {
        self.plain = self.plain.saturating_sub(progress.read);
        self.sealed = self.sealed.saturating_add(progress.written);
    }

    /// Grows to the room that `other` has.
    pub(super) fn room_like(&mut self, other: &Self) {
        if self.capacity < other.capacity {
            self.grow(other.capacity);
        }
    }

    /// Leaves what waits, and whole frames, to whoever it is returned to, and goes on with the rest
    /// in `fresh`, which is empty.
    pub(super) fn split_off(&mut self, mut fresh: Self) -> Self {
        let (whole, rest) = self.places.whole_blocks(self.plain);
        let start = self.sealed.saturating_add(whole).saturating_add(self.places.head_len());
        let moved = fresh.append(self.bytes.expose().get(start..).unwrap_or_default(), rest);
        debug_assert_eq!(moved, rest);
        fresh.was_filled = self.was_filled;
        let mut front = std::mem::replace(self, fresh);
        front.plain = front.plain.saturating_sub(rest);
        front
    }

    fn end(&self) -> usize {
        self.first.saturating_add(self.capacity)
    }

    /// Where the plaintext ends, or its last block.
    fn taken(&self) -> usize {
        self.sealed.saturating_add(self.places.room_for(self.plain)).min(self.end())
    }

    /// Where the next byte of plaintext comes to: behind another head, if frames are whole.
    fn next_place(&self) -> usize {
        let (_, rest) = self.places.whole_blocks(self.plain);
        self.taken().saturating_add(if rest == 0 { self.places.head_len() } else { 0 })
    }

    /// Room up to the end of the block that the next byte of plaintext belongs to.
    fn with_next_block(&self) -> usize {
        let (whole, _) = self.places.whole_blocks(self.plain);
        let sealed = self.sealed.saturating_sub(self.first);
        sealed.saturating_add(whole).saturating_add(self.places.block_len())
    }

    fn is_full(&self) -> bool {
        self.next_place() >= self.end()
    }

    /// Moves to a buffer with so many bytes for blocks, which are more. The first place begins at a
    /// cache line, and what of the header was not given out ends in front of the first block.
    fn grow(&mut self, capacity: usize) {
        let capacity = self.places.with_its_tag(capacity);
        let from = self.given.min(self.first);
        let header = self.first.saturating_sub(from);
        let room = header.saturating_add(CACHE_LINE).saturating_add(capacity);
        let mut grown = SecretBytes::zeroed(room);
        let place = header.saturating_add(self.places.head_len());
        let to = to_cache_line(grown.expose(), place);
        let held = self.bytes.expose().get(from..self.taken()).unwrap_or_default();
        let moved = super::copy_front(held, grown.expose_mut().get_mut(to..).unwrap_or_default());
        debug_assert_eq!(moved, self.taken().saturating_sub(from));
        let moved = |at: usize| at.saturating_sub(from).saturating_add(to);
        (self.given, self.sealed) = (moved(self.given.max(from)), moved(self.sealed));
        (self.first, self.capacity, self.bytes) = (moved(self.first), capacity, grown);
        // Whoever asks again before more came gets the same room.
        self.was_filled = false;
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    const PLACES: Places = Places::new(16, 100);
    const BLOCK: usize = 16 + 100 + 16;

    /// Writes the numbers of the bytes of plaintext to all places of the space; returns how many.
    fn fill(blocks: &mut Blocks, limit: usize, next: &mut u8) -> usize {
        let mut len = 0;
        for place in blocks.space(limit) {
            for byte in place.iter_mut() {
                (*byte, *next) = (*next, next.wrapping_add(1));
            }
            len += place.len();
        }
        blocks.filled(len);
        len
    }

    /// Seals whole frames, by leaving them as they are, and gives out their plaintext.
    fn seal(blocks: &mut Blocks) -> Vec<u8> {
        let (written, rest) = PLACES.whole_blocks(blocks.plain());
        blocks.sealed(Progress { read: blocks.plain() - rest, written });
        let waiting = blocks.waiting();
        let frames = waiting.get(waiting.len() - written..).unwrap_or_default();
        frames.chunks(BLOCK).flat_map(|block| block[16..116].to_vec()).collect()
    }

    #[test]
    fn the_space_grows_while_it_is_filled_and_no_further_than_the_limit() {
        let (mut blocks, limit) = (Blocks::new(PLACES, vec![7; 5]), 400 * BLOCK);
        let (mut next, mut sizes, mut out) = (0, Vec::new(), Vec::new());
        for _ in 0..6 {
            sizes.push(fill(&mut blocks, limit, &mut next));
            out.extend(seal(&mut blocks));
            blocks.gave(usize::MAX);
        }
        let numbers: Vec<u8> = (0..out.len()).map(|at| at as u8).collect();
        assert_eq!(out, numbers);
        assert!(sizes[0] > 6000 && sizes[0] < 8 << 10, "{sizes:?}");
        assert!(sizes[1] > 3 * sizes[0] && sizes[1] < 32 << 10, "{sizes:?}");
        assert_eq!(sizes[3..], [40_000; 3]);
    }

    /// Every room that was there before, every frame length about it, and reads of one byte or all.
    #[test]
    fn there_is_always_a_place_and_no_room_ends_within_a_tag() {
        for frame in (1..40).chain(8150..8200).chain([32_740, 131_040, 131_041, 131_050, 131_056, 131_057]) {
            let places = Places::new(16, frame);
            let limits = [places.block_len(), 3 * places.block_len()];
            for (kept, limit) in [0, 1, frame / 4, frame / 2, frame - 1]
                .into_iter()
                .flat_map(|kept| limits.map(|limit| (kept, limit)))
            {
                let mut blocks = Blocks::new(places, vec![7; 3]);
                blocks.append(&vec![1; kept], usize::MAX);
                for turn in 0..12 {
                    let first = blocks.space(limit).next().map_or(0, |place| place.len());
                    assert!(first > 0, "{frame} {kept} {limit}");
                    blocks.filled(if turn % 4 == 3 { 1 } else { first });
                    let (written, rest) = places.whole_blocks(blocks.plain());
                    assert!(blocks.unsealed_mut().len() >= written, "{frame} {kept} {limit}");
                    blocks.sealed(Progress { read: blocks.plain() - rest, written });
                    blocks.gave(usize::MAX);
                }
                let most = limit.max(2 * places.block_len()) + FIRST;
                assert!(blocks.capacity <= most, "{frame} {kept} {limit}: {}", blocks.capacity);
            }
        }
    }

    #[test]
    fn what_was_given_out_takes_no_room_though_a_rest_is_never_gone() {
        let mut blocks = Blocks::new(PLACES, Vec::new());
        blocks.append(&[0; 50], usize::MAX);
        for turn in 0..100_u8 {
            blocks.append(&[turn; 100], usize::MAX);
            let expected = [[turn.saturating_sub(1); 50], [turn; 50]].concat();
            assert_eq!(seal(&mut blocks), expected);
            blocks.gave(usize::MAX);
        }
        assert!(blocks.capacity <= 8 * BLOCK, "{}", blocks.capacity);
    }

    #[test]
    fn room_that_is_asked_for_again_before_more_came_stays() {
        let mut blocks = Blocks::new(PLACES, Vec::new());
        let free = |blocks: &mut Blocks| blocks.space(1 << 20).map(|place| place.len()).sum::<usize>();
        fill(&mut blocks, 1 << 20, &mut 0);
        let before = free(&mut blocks);
        assert_eq!([before; 5], [(); 5].map(|()| free(&mut blocks)));
        assert!(blocks.capacity <= 5 * FIRST, "{}", blocks.capacity);
    }

    #[test]
    fn a_limit_below_the_first_capacity_is_kept() {
        let mut blocks = Blocks::new(PLACES, Vec::new());
        for _ in 0..3 {
            assert_eq!(fill(&mut blocks, 2 * BLOCK, &mut 0), 200);
            seal(&mut blocks);
            blocks.gave(usize::MAX);
        }
    }

    #[test]
    fn places_begin_at_a_cache_line_whatever_the_header() {
        for header in [0, 1, 5, 63, 64, 700] {
            let mut blocks = Blocks::new(PLACES, vec![7; header]);
            let place = blocks.space(4 * BLOCK).next().unwrap_or_default();
            assert!(place.as_ptr().addr().is_multiple_of(CACHE_LINE));
            assert_eq!(blocks.waiting(), vec![7; header]);
            assert_eq!(blocks.holds_a_header_alone(), header > 0);
        }
    }

    #[test]
    fn a_header_and_what_follows_it_stay_together_through_growth() {
        let mut blocks = Blocks::new(PLACES, vec![7; 5]);
        blocks.gave(2);
        let input: Vec<u8> = (0..250).collect();
        let mut taken = 0;
        while taken < input.len() {
            taken += blocks.append(&input[taken..(taken + 9).min(250)], usize::MAX);
        }
        assert_eq!(seal(&mut blocks), input[..200]);
        assert_eq!((&blocks.waiting()[..3], blocks.plain()), (&[7; 3][..], 50));
        assert_eq!(blocks.waiting().len(), 3 + 2 * BLOCK);
        blocks.gave(usize::MAX);
        assert_eq!(blocks.append(&input[..100], 100), 50);
        let expected = [&input[200..], &input[..50]].concat();
        assert_eq!(seal(&mut blocks), expected);
    }

    #[test]
    fn splitting_off_leaves_a_rest_that_goes_on() {
        let input: Vec<u8> = (0..250).collect();
        let mut blocks = Blocks::new(PLACES, vec![7; 5]);
        blocks.append(&input, usize::MAX);
        let mut front = blocks.split_off(Blocks::new(PLACES, Vec::new()));
        assert_eq!((front.plain(), front.waiting()), (200, &[7; 5][..]));
        assert_eq!(seal(&mut front), input[..200]);
        assert_eq!((blocks.plain(), blocks.waiting().len()), (50, 0));
        blocks.append(&input[..50], usize::MAX);
        assert_eq!(seal(&mut blocks), [&input[200..], &input[..50]].concat());
    }
}

//! A buffer that is filled at its end and emptied from its front.

use super::aligned::AlignedBytes;

/// Bytes that came and were not taken yet. It grows by doubling, only once what it has is
/// full, and wipes itself, since plaintext passes through it.
pub(crate) struct Window {
    bytes: AlignedBytes,
    start: usize,
    end: usize,
    /// The space was filled to its end the last time: there may be much to come.
    was_filled: bool,
}

/// The first capacity of a window that is read into: small messages need no more.
const FIRST: usize = 8 << 10;

impl Window {
    pub(crate) fn new() -> Self {
        Self { bytes: AlignedBytes::zeroed(0), start: 0, end: 0, was_filled: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn unread(&self) -> &[u8] {
        self.bytes.expose().get(self.start..self.end).unwrap_or_default()
    }

    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        self.bytes.expose_mut().get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Drops what is unread, and keeps the buffer.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    pub(crate) fn consume(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Leaves the first `len` bytes to whoever it is returned to, and goes on with the rest in
    /// `fresh`, which is empty.
    pub(crate) fn split_front(&mut self, len: usize, mut fresh: Self) -> Self {
        if fresh.bytes.len() < self.bytes.len() {
            fresh.grow(self.bytes.len());
        }
        fresh.append(self.unread().get(len..).unwrap_or_default(), usize::MAX);
        fresh.was_filled = self.was_filled;
        let mut front = std::mem::replace(self, fresh);
        front.end = front.start.saturating_add(len).min(front.end);
        front
    }

    /// Takes as much of `input` as makes the window hold `total` bytes; returns how much.
    pub(crate) fn append(&mut self, input: &[u8], total: usize) -> usize {
        let taken = total.saturating_sub(self.len()).min(input.len());
        let (now, _) = input.split_at_checked(taken).unwrap_or((input, &[]));
        self.make_room(now.len());
        let end = self.end.saturating_add(now.len());
        if let Some(room) = self.bytes.expose_mut().get_mut(self.end..end) {
            room.copy_from_slice(now);
            self.end = end;
            return now.len();
        }
        0
    }

    /// Room to write to, all that there is: see [`Window::filled`]. What is unread, less than
    /// a block, moves to the front first: that is cheaper than a small read. The capacity grows
    /// to `chunk` while the space is filled each time, beyond that only for what is unread.
    pub(crate) fn space(&mut self, chunk: usize) -> &mut [u8] {
        let capacity = self.bytes.len();
        if capacity < chunk && (self.was_filled || capacity == 0) {
            self.grow(capacity.saturating_mul(4).clamp(FIRST, chunk.max(FIRST)));
            // Whoever asks again before more came gets the same room.
            self.was_filled = false;
        }
        let free = self.bytes.len().saturating_sub(self.len());
        self.make_room(free.max(1));
        self.bytes.expose_mut().get_mut(self.end..).unwrap_or_default()
    }

    /// Says that so many bytes of the space were written.
    pub(crate) fn filled(&mut self, len: usize) {
        self.end = self.end.saturating_add(len).min(self.bytes.len());
        self.was_filled = self.end == self.bytes.len();
    }

    /// Room for `len` more bytes: by moving what is unread to the front, or by growing.
    fn make_room(&mut self, len: usize) {
        let unread = self.len();
        let needed = unread.saturating_add(len);
        if self.end.saturating_add(len) <= self.bytes.len() {
            return;
        }
        if needed > self.bytes.len() {
            return self.grow(needed.max(self.bytes.len().saturating_mul(2)));
        }
        self.bytes.expose_mut().copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, unread);
    }

    fn grow(&mut self, capacity: usize) {
        let (mut grown, unread) = (AlignedBytes::zeroed(capacity.max(self.len())), self.len());
        if let Some(front) = grown.expose_mut().get_mut(..unread) {
            front.copy_from_slice(self.unread());
        }
        self.bytes = grown;
        (self.start, self.end) = (0, unread);
    }
}

impl AsRef<[u8]> for Window {
    fn as_ref(&self) -> &[u8] {
        self.unread()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_through_moves_and_growth() {
        let input: Vec<u8> = (0..=255).collect();
        let mut window = Window::new();
        let (mut written, mut read) = (0, Vec::new());
        for step in 1..200 {
            written += window.append(&input[written..(written + step % 7).min(256)], usize::MAX);
            let taken = (step % 5).min(window.len());
            read.extend_from_slice(&window.unread()[..taken]);
            window.consume(taken);
        }
        read.extend_from_slice(window.unread());
        assert_eq!(read, input);
    }

    #[test]
    fn the_space_grows_while_it_is_filled_and_no_further_than_a_chunk() {
        let mut window = Window::new();
        let mut sizes = Vec::new();
        for _ in 0..6 {
            let room = window.space(100 << 10).len();
            sizes.push(room);
            window.filled(room);
            window.consume(room);
        }
        assert_eq!(sizes, [8 << 10, 32 << 10, 100 << 10, 100 << 10, 100 << 10, 100 << 10]);
        let mut window = Window::new();
        for _ in 0..6 {
            assert_eq!(window.space(100 << 10).len(), 8 << 10);
            window.filled(5);
            window.consume(5);
        }
    }

    #[test]
    fn room_that_is_asked_for_again_before_more_came_stays() {
        let mut window = Window::new();
        let room = window.space(1 << 20).len();
        window.filled(room);
        assert_eq!([(); 5].map(|()| window.space(1 << 20).len()), [(32 << 10) - room; 5]);
    }

    #[test]
    fn append_takes_no_more_than_the_total_asked_for() {
        let mut window = Window::new();
        assert_eq!(window.append(&[1, 2, 3], 2), 2);
        assert_eq!(window.append(&[3], 2), 0);
        assert_eq!(window.unread(), [1, 2]);
    }
}

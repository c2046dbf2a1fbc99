//! Reads an input: choices from its front, then material.

/// The unread part of an input. When nothing is left, every choice is zero, which stands for
/// the plain and legal case everywhere.
#[derive(Clone, Debug)]
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// All of `input`, unread.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// The next `len` bytes, or as many as are left.
    pub fn bytes(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The next `N` bytes, zeros where they are missing.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut array = [0; N];
        let taken = self.bytes(N);
        array[..taken.len()].copy_from_slice(taken);
        array
    }

    /// The next byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.array())
    }

    /// The next two bytes, big endian.
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// The next four bytes, big endian.
    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// The next eight bytes, big endian.
    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.array())
    }

    /// A number below `limit`, or 0 if that is 0; one byte for limits up to 256, else two.
    pub fn below(&mut self, limit: usize) -> usize {
        let choice = if limit <= 256 { usize::from(self.u8()) } else { usize::from(self.u16()) };
        choice.checked_rem(limit).unwrap_or(0)
    }

    /// One of `items`, which are not empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// True for one byte in `n`, and never for a missing one.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Sizes of pieces: an endless row of numbers from 1 up to a limit, repeatable.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    state: u64,
    limit: usize,
}

impl Sizes {
    /// A row that two choices decide: its limit, from 1 up to about 2^15, and its numbers.
    #[must_use]
    pub(crate) fn new(choices: &mut Choices<'_>) -> Self {
        let limit = 1 << choices.below(16);
        Self { state: u64::from(choices.u8()) + 1, limit }
    }

    /// The next size.
    pub(crate) fn next_size(&mut self) -> usize {
        self.state = self.state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let [high, low, ..] = self.state.to_be_bytes();
        1 + usize::from(u16::from_be_bytes([high, low])) % self.limit
    }

    /// `bytes` in pieces of these sizes.
    pub(crate) fn cut<'b>(&mut self, mut bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(self.next_size().min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}

//! Where a buffer begins in memory.

use waxseal_crypto::SecretBytes;

/// Secret bytes that begin at a cache line.
///
/// Large allocations begin 16 bytes behind a page, and some processors copy from a page to just
/// there, as `read` does, at a third of their speed (`rep movsb` on AMD's, where the addresses differ
/// by 8 to 31 bytes modulo a page).
pub(super) struct AlignedBytes {
    bytes: SecretBytes,
    start: usize,
}

pub(super) const CACHE_LINE: usize = 64;

/// How far behind `place` in `bytes` a cache line begins: less than [`CACHE_LINE`].
pub(super) fn to_cache_line(bytes: &[u8], place: usize) -> usize {
    let behind = bytes.get(place..).unwrap_or_default();
    behind.as_ptr().align_offset(CACHE_LINE).min(CACHE_LINE)
}

impl AlignedBytes {
    pub(super) fn zeroed(len: usize) -> Self {
        if len == 0 {
            return Self { bytes: SecretBytes::zeroed(0), start: 0 };
        }
        let bytes = SecretBytes::zeroed(len.saturating_add(CACHE_LINE));
        let start = to_cache_line(bytes.expose(), 0);
        Self { bytes, start }
    }

    pub(super) fn len(&self) -> usize {
        self.expose().len()
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.bytes.expose().get(self.range()).unwrap_or_default()
    }

    pub(super) fn expose_mut(&mut self) -> &mut [u8] {
        let range = self.range();
        self.bytes.expose_mut().get_mut(range).unwrap_or_default()
    }

    fn range(&self) -> std::ops::Range<usize> {
        let len = self.bytes.len().saturating_sub(CACHE_LINE);
        self.start..self.start.saturating_add(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_the_length_asked_for_and_begins_at_a_cache_line() {
        for len in [0, 1, 63, 64, 65, 4096, 300_000] {
            let mut bytes = AlignedBytes::zeroed(len);
            assert_eq!((bytes.len(), bytes.expose().len(), bytes.expose_mut().len()), (len, len, len));
            assert!(len == 0 || bytes.expose().as_ptr().addr().is_multiple_of(CACHE_LINE));
        }
    }
}

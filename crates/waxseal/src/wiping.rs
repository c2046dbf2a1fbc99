//! Buffers of callers that hold plaintext only where all went well.

use zeroize::Zeroize;

/// Does `work` with `held`, and wipes that unless it went well: also if a provider or a source panics.
pub(crate) fn or_wiped<B: Zeroize + ?Sized, T, E>(
    held: &mut B,
    work: impl FnOnce(&mut B) -> Result<T, E>,
) -> Result<T, E> {
    let mut guard = Unverified { held, is_good: false };
    let result = work(guard.held);
    guard.is_good = result.is_ok();
    result
}

struct Unverified<'a, B: Zeroize + ?Sized> {
    held: &'a mut B,
    is_good: bool,
}

impl<B: Zeroize + ?Sized> Drop for Unverified<'_, B> {
    fn drop(&mut self) {
        if !self.is_good {
            self.held.zeroize();
        }
    }
}

//! Secrets that libraries leave behind on the stack.

use std::hint::black_box;

/// Bytes that are overwritten: more than setting up a key takes, in builds with optimization.
const AREA: usize = 8192;

/// Runs `work`, then overwrites the stack that it used, 8 KiB deep.
///
/// A value that wipes itself on drop leaves copies behind wherever it was moved from; libraries
/// return keys by value, so the copies are on the stack. Safe code can't reach them, but
/// it can use the same stretch of the stack anew. A compiler may lay out the stack
/// otherwise, so this is a second line behind types that wipe themselves, not a guarantee.
///
/// ```
/// use waxseal_crypto::on_wiped_stack;
///
/// let boxed: Box<[u8; 32]> = on_wiped_stack(|| Box::new([7; 32]));
/// assert_eq!(*boxed, [7; 32]);
/// ```
pub fn on_wiped_stack<T>(work: impl FnOnce() -> T) -> T {
    let result = in_own_frame(work);
    overwrite();
    result
}

/// Keeps what `work` has on the stack below the caller's frame, where [`overwrite`] reaches it.
#[inline(never)]
fn in_own_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite() {
    black_box(&mut [0u8; AREA]);
}

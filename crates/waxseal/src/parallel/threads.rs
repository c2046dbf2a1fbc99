//! Whose threads, and how many.

use std::num::NonZeroUsize;
#[cfg(feature = "rayon")]
use std::sync::Arc;

/// The threads that work on one message: by default the caller's alone.
///
/// A number of threads includes the caller's: the others are started when there is enough to do,
/// and end with the call or the stream. A pool's threads (feature `rayon`) come in addition to the
/// caller's, which never waits for a batch that no thread has taken. A call over memory, whose batches
/// are borrowed, returns once each of the pool's threads has been free for it: don't wait for such a
/// call on the only thread of its pool.
///
/// ```
/// use waxseal::parallel::Threads;
///
/// let two: Threads = 2.into();
/// assert_eq!(two.count(), 2);
/// assert_eq!(Threads::default().count(), 1);
/// assert!(Threads::available().count() >= 1);
/// ```
#[derive(Clone, Debug)]
pub struct Threads {
    kind: Kind,
    batch: usize,
}

/// As much as stays in a core's cache, and so much that handing it over costs nothing beside it.
const BATCH: usize = 256 << 10;

/// Batches of a message in memory that are worth starting a thread for: fewer are done before it
/// runs.
const WORTHWHILE: usize = 4;

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Count(usize),
    #[cfg(feature = "rayon")]
    Rayon(Arc<rayon::ThreadPool>),
}

impl Default for Threads {
    fn default() -> Self {
        1.into()
    }
}

impl Threads {
    /// As many as the machine runs at a time; 1 if it doesn't say.
    #[must_use]
    pub fn available() -> Self {
        std::thread::available_parallelism().map_or(1, NonZeroUsize::get).into()
    }

    /// Threads that work at a time, the caller's among them.
    #[must_use]
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Count(count) => *count,
            #[cfg(feature = "rayon")]
            Kind::Rayon(pool) => pool.current_num_threads().saturating_add(1),
        }
    }

    /// Whole frames of so many bytes make a batch, at least; 256 KiB by default. Less makes a slow
    /// stream's frames leave sooner, and costs more.
    #[must_use]
    pub fn batch(mut self, bytes: usize) -> Self {
        self.batch = bytes.max(1);
        self
    }

    pub(crate) fn are_several(&self) -> bool {
        self.count() > 1
    }

    /// Whether several threads pay for so many bytes in memory.
    pub(crate) fn are_worthwhile(&self, len: usize) -> bool {
        self.are_several() && len >= self.batch.saturating_mul(WORTHWHILE)
    }

    /// Bytes of as many whole blocks as make a batch.
    pub(crate) fn batch_len(&self, block_len: usize) -> usize {
        block_len.saturating_mul(self.batch.div_ceil(block_len.max(1)))
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    fn new(kind: Kind) -> Self {
        Self { kind, batch: BATCH }
    }
}

/// A number of threads, the caller's among them; 0 is taken for 1.
impl From<usize> for Threads {
    fn from(count: usize) -> Self {
        Self::new(Kind::Count(count.max(1)))
    }
}

#[cfg(feature = "rayon")]
impl From<Arc<rayon::ThreadPool>> for Threads {
    fn from(pool: Arc<rayon::ThreadPool>) -> Self {
        Self::new(Kind::Rayon(pool))
    }
}

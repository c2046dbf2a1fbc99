//! What every encrypting async stream shares.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;
use waxseal_message::{Encryptor, Progress};

use super::pool::{Pool, Worker};
use crate::Error;
use crate::parallel::Threads;
use crate::pump::Sealer;

/// A sealer, here or on the pool.
pub(super) struct SealCore {
    worker: Worker<Sealer, ()>,
    header: Arc<Header>,
    heavy: bool,
    ending: bool,
}

impl SealCore {
    pub(super) fn new(encryptor: Encryptor, header_bytes: Vec<u8>, pool: Option<Arc<dyn Pool>>) -> Self {
        let sealer = Sealer::new(encryptor, header_bytes, Threads::default());
        let header = Arc::clone(sealer.header());
        let heavy = sealer.is_heavy() && pool.is_some();
        Self { worker: Worker::new(sealer, pool), header, heavy, ending: false }
    }

    pub(super) fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Seals what can be sealed, here or there. Ready once the sealer is here and must give out
    /// bytes, or wants more plaintext, or has ended.
    pub(super) fn poll_settled(&mut self, context: &mut Context<'_>) -> Poll<Result<&mut Sealer, Error>> {
        let due = match self.worker.get() {
            None => true,
            Some(sealer) if sealer.must_give() || sealer.is_ended() => false,
            Some(sealer) => sealer.is_full() || self.ending,
        };
        if due {
            let work = if self.ending { seal_the_rest } else { Sealer::seal };
            ready!(self.worker.poll(context, self.heavy, work))?;
        }
        Poll::Ready(self.worker.here())
    }

    /// Whether the sealer is here, and takes more before anything is given out.
    pub(super) fn takes_more(&self) -> bool {
        self.worker.get().is_some_and(|sealer| !sealer.must_give())
    }

    /// Takes the front of `input`, when it [takes more](SealCore::takes_more).
    pub(super) fn take(&mut self, input: &[u8]) -> Result<usize, Error> {
        let heavy = self.heavy;
        let sealer = self.worker.here()?;
        if heavy { sealer.buffer(input) } else { sealer.take(input) }
    }

    /// Seals the front of `input` straight to `out` where that is no heavy work, and nothing comes
    /// before it.
    pub(super) fn seal_to(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress, Error> {
        match self.worker.get() {
            Some(_) if !self.heavy && !self.ending => self.worker.here()?.seal_to(input, out),
            _ => Ok(Progress::default()),
        }
    }

    /// The first place in `out`, if plaintext may be read there to be sealed: see
    /// [`Sealer::space_in`].
    pub(super) fn space_in<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        self.worker.get().filter(|_| !self.heavy)?.space_in(out)?.next()
    }

    /// The sealer, while it is here.
    pub(super) fn sealer(&mut self) -> Result<&mut Sealer, Error> {
        self.worker.here()
    }

    /// Says that there is no more plaintext.
    pub(super) fn end(&mut self) {
        self.ending = true;
    }
}

/// Whole frames first, in case some are left, then the end.
fn seal_the_rest(sealer: &mut Sealer) -> Result<(), Error> {
    if sealer.is_full() { sealer.seal() } else { sealer.end() }
}

//! Work that would hold an async thread for too long, done elsewhere.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::Error;
use crate::parallel::panicked;

/// Somewhere to run work that takes milliseconds: a pool of threads of the caller's.
///
/// With the feature `tokio`, `tokio::runtime::Handle` is one (its blocking threads).
pub trait Pool: Send + Sync + Debug {
    /// Runs `job` on another thread, soon. It doesn't panic: what panics in it is an error of its stream.
    fn spawn(&self, job: Box<dyn FnOnce() + Send>);
}

#[cfg(feature = "tokio")]
impl Pool for tokio::runtime::Handle {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.spawn_blocking(job);
    }
}

/// Something that does work here, or, where that is heavy and there is a pool, there.
pub(super) struct Worker<P, T> {
    place: Place<P, T>,
    pool: Option<Arc<dyn Pool>>,
}

enum Place<P, T> {
    Here(P),
    Away(Arc<Mutex<Mailbox<P, T>>>),
    /// The pool dropped the job.
    Lost,
}

/// What worked, and what came of it; nothing if it panicked.
type Done<P, T> = Option<(P, Result<T, Error>)>;

/// Where the pool leaves what it did.
struct Mailbox<P, T> {
    done: Option<Done<P, T>>,
    closed: bool,
    waker: Option<Waker>,
}

impl<P: Send + 'static, T: Send + 'static> Worker<P, T> {
    pub(super) fn new(here: P, pool: Option<Arc<dyn Pool>>) -> Self {
        Self { place: Place::Here(here), pool }
    }

    pub(super) fn has_pool(&self) -> bool {
        self.pool.is_some()
    }

    pub(super) fn is_away(&self) -> bool {
        matches!(self.place, Place::Away(_))
    }

    /// What works, while it is here.
    pub(super) fn here(&mut self) -> Result<&mut P, Error> {
        match &mut self.place {
            Place::Here(here) => Ok(here),
            Place::Away(_) | Place::Lost => Err(Error::StreamEnded),
        }
    }

    pub(super) fn get(&self) -> Option<&P> {
        match &self.place {
            Place::Here(here) => Some(here),
            Place::Away(_) | Place::Lost => None,
        }
    }

    /// Does `work`, on the pool if it is `heavy`; polled again, waits for what is being done.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        heavy: bool,
        work: fn(&mut P) -> Result<T, Error>,
    ) -> Poll<Result<T, Error>> {
        match (std::mem::replace(&mut self.place, Place::Lost), &self.pool) {
            (Place::Here(here), Some(pool)) if heavy => {
                self.place = Place::Away(send(here, pool, work));
                self.poll_away(context)
            }
            (Place::Here(mut here), _) => {
                let output = work(&mut here);
                self.place = Place::Here(here);
                Poll::Ready(output)
            }
            (away @ Place::Away(_), _) => {
                self.place = away;
                self.poll_away(context)
            }
            (Place::Lost, _) => Poll::Ready(Err(Error::StreamEnded)),
        }
    }

    fn poll_away(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Error>> {
        let Place::Away(mailbox) = &self.place else { return Poll::Ready(Err(Error::StreamEnded)) };
        let mut mailbox = mailbox.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = mailbox.done.take() {
            drop(mailbox);
            return Poll::Ready(self.came_back(done));
        }
        if mailbox.closed {
            return Poll::Ready(Err(Error::StreamEnded));
        }
        mailbox.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn came_back(&mut self, done: Done<P, T>) -> Result<T, Error> {
        self.place = Place::Lost;
        let (here, output) = done.ok_or_else(panicked)?;
        self.place = Place::Here(here);
        output
    }
}

fn send<P: Send + 'static, T: Send + 'static>(
    mut away: P,
    pool: &Arc<dyn Pool>,
    work: fn(&mut P) -> Result<T, Error>,
) -> Arc<Mutex<Mailbox<P, T>>> {
    let mailbox = Arc::new(Mutex::new(Mailbox { done: None, closed: false, waker: None }));
    let sender = Sender(Arc::clone(&mailbox));
    pool.spawn(Box::new(move || {
        // A panic would end a thread of the pool, or the process.
        let done = catch_unwind(AssertUnwindSafe(move || {
            let output = work(&mut away);
            (away, output)
        }));
        sender.deliver(done.ok());
    }));
    mailbox
}

/// Closes the mailbox when the job ends or is dropped, so that nobody waits for ever.
struct Sender<P, T>(Arc<Mutex<Mailbox<P, T>>>);

impl<P, T> Sender<P, T> {
    fn deliver(self, done: Done<P, T>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).done = Some(done);
    }
}

impl<P, T> Drop for Sender<P, T> {
    fn drop(&mut self) {
        let mut mailbox = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mailbox.closed = true;
        let waker = mailbox.waker.take();
        drop(mailbox);
        waker.into_iter().for_each(Waker::wake);
    }
}

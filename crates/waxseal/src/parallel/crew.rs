//! A line and the threads that serve it, for as long as a stream lives.

#[cfg(feature = "rayon")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use waxseal_message::FrameCollector;

use super::line::{Line, Task};
use super::threads::{Kind, Threads};
use crate::Error;

/// Dropping it drops all tasks and ends its threads, each after the batch that it is at.
pub(super) struct Crew<T: Task + 'static> {
    line: Arc<Line<T>>,
    threads: Threads,
    started: Vec<JoinHandle<()>>,
    in_flight: usize,
}

impl<T: Task + 'static> Crew<T> {
    pub(super) fn new(threads: &Threads, collector: FrameCollector) -> Self {
        let line = Arc::new(Line::new(collector));
        let mut crew = Self { line, threads: threads.clone(), started: Vec::new(), in_flight: 0 };
        crew.start();
        crew
    }

    /// Where the system refuses a thread, the others do its work.
    fn start(&mut self) {
        let count = match self.threads.kind() {
            Kind::Count(count) => *count,
            // A pool's threads are called when there is something to do.
            #[cfg(feature = "rayon")]
            Kind::Rayon(_) => return,
        };
        for _ in 1..count {
            let line = Arc::clone(&self.line);
            let Ok(thread) = Builder::new().name("waxseal".into()).spawn(move || line.serve()) else {
                return;
            };
            self.started.push(thread);
        }
    }

    /// Whether one must come out before another goes in: two for each thread are enough that
    /// none of them waits.
    pub(super) fn is_full(&self) -> bool {
        self.in_flight >= self.threads.count().saturating_mul(2)
    }

    pub(super) fn put(&mut self, task: T) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.line.put(task);
        #[cfg(feature = "rayon")]
        if let Kind::Rayon(pool) = self.threads.kind()
            && self.line.enlist(pool.current_num_threads())
        {
            let line = Arc::clone(&self.line);
            // A panic would end the process; the line knows of it and tells whoever waits.
            pool.spawn(move || drop(catch_unwind(AssertUnwindSafe(|| line.serve_while_busy()))));
        }
    }

    /// The next task in order, done; `None` if there are none.
    pub(super) fn next(&mut self) -> Result<Option<T>, Error> {
        let task = self.line.next()?;
        self.in_flight = self.in_flight.saturating_sub(usize::from(task.is_some()));
        Ok(task)
    }

    /// Ends the threads, when all tasks have come out.
    pub(super) fn finish(self) -> Result<FrameCollector, Error> {
        self.line.take_collector()
    }
}

impl<T: Task + 'static> Drop for Crew<T> {
    fn drop(&mut self) {
        self.line.close();
        for thread in self.started.drain(..) {
            // One that panicked has told the line.
            drop(thread.join());
        }
    }
}

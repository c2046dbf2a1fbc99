//! Tasks in a line: worked on in any order, followed and given out in theirs.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use waxseal_message::FrameCollector;

use super::panicked;
use crate::Error;

/// What goes through a line.
pub(super) trait Task: Send {
    /// The part that any thread does at any time.
    fn work(&mut self);

    /// The part that is done by one thread at a time, in order.
    fn follow(&mut self, collector: &mut FrameCollector);
}

/// A line of tasks. Whoever puts tasks in takes them out, and helps instead of waiting; any number
/// of other threads serve.
pub(super) struct Line<T> {
    state: Mutex<State<T>>,
    /// There is a job for one who serves.
    job: Condvar,
    /// The task at the front is done.
    front: Condvar,
}

struct State<T> {
    /// The tasks that are here. Places are counted from the first task that ever was.
    slots: VecDeque<Slot<T>>,
    /// The places of the next task to leave, to be followed, and to be worked on.
    to_leave: usize,
    to_follow: usize,
    to_work: usize,
    /// With whoever follows, while somebody does.
    collector: Option<FrameCollector>,
    /// Threads that serve and found no job.
    idle: usize,
    /// Threads of a pool that serve.
    #[cfg(feature = "rayon")]
    serving: usize,
    closed: bool,
    panicked: bool,
}

enum Slot<T> {
    Waiting(T),
    Away,
    Worked(T),
    Done(T),
}

/// What a thread has to do.
enum Job<T> {
    Work(T),
    Follow(T, FrameCollector),
}

impl<T: Task> Line<T> {
    pub(super) fn new(collector: FrameCollector) -> Self {
        let state = State {
            slots: VecDeque::new(),
            to_leave: 0,
            to_follow: 0,
            to_work: 0,
            collector: Some(collector),
            idle: 0,
            #[cfg(feature = "rayon")]
            serving: 0,
            closed: false,
            panicked: false,
        };
        Self { state: Mutex::new(state), job: Condvar::new(), front: Condvar::new() }
    }

    /// Puts a task in.
    pub(super) fn put(&self, task: T) {
        let mut state = self.lock();
        state.slots.push_back(Slot::Waiting(task));
        self.call_one(&state);
    }

    /// The task at the front once it is done, `None` when the line is empty. Helps meanwhile.
    pub(super) fn next(&self) -> Result<Option<T>, Error> {
        let mut state = self.lock();
        loop {
            if state.panicked {
                return Err(panicked());
            }
            if state.slots.is_empty() {
                return Ok(None);
            }
            if let Some(task) = state.leave() {
                self.call_one(&state);
                return Ok(Some(task));
            }
            state = match state.take() {
                Some((place, job)) => self.run(state, place, job),
                None => self.front.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Takes part in the work until the line is closed.
    pub(super) fn serve(&self) {
        let mut state = self.lock();
        while !state.closed && !state.panicked {
            state = match state.take() {
                Some((place, job)) => self.run(state, place, job),
                None => self.idle(state),
            };
        }
    }

    /// Takes part in the work while there is some, for a thread that was enlisted.
    #[cfg(feature = "rayon")]
    pub(super) fn serve_while_busy(&self) {
        let mut state = self.lock();
        while let Some((place, job)) = state.take() {
            state = self.run(state, place, job);
        }
        state.serving = state.serving.saturating_sub(1);
    }

    /// Whether one more than the threads that serve is wanted, up to `limit`; counts it.
    #[cfg(feature = "rayon")]
    pub(super) fn enlist(&self, limit: usize) -> bool {
        let mut state = self.lock();
        let wanted = state.serving < limit;
        state.serving = state.serving.saturating_add(usize::from(wanted));
        wanted
    }

    /// Drops what is left, and lets everybody go.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.slots.clear();
        self.wake_all();
    }

    /// The collector, when all tasks have left.
    pub(super) fn take_collector(&self) -> Result<FrameCollector, Error> {
        self.lock().collector.take().ok_or_else(panicked)
    }

    fn idle<'a>(&'a self, mut state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        state.idle = state.idle.saturating_add(1);
        let mut state = self.job.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.idle = state.idle.saturating_sub(1);
        state
    }

    /// Does a job. A job that this one makes possible is for whoever did it, and comes next to be
    /// taken; only who waits for the front must be told.
    fn run<'a>(
        &'a self,
        state: MutexGuard<'a, State<T>>,
        place: usize,
        job: Job<T>,
    ) -> MutexGuard<'a, State<T>> {
        drop(state);
        let alarm = Alarm(self);
        let done = job.run();
        std::mem::forget(alarm);
        let mut state = self.lock();
        state.bring_back(place, done);
        if matches!(state.slots.front(), Some(Slot::Done(_))) {
            self.front.notify_one();
        }
        state
    }

    /// Behind a change that leaves a job to others.
    fn call_one(&self, state: &State<T>) {
        if state.idle > 0 && state.has_job() {
            self.job.notify_one();
        }
    }
}

impl<T> Line<T> {
    fn wake_all(&self) {
        self.job.notify_all();
        self.front.notify_all();
    }

    /// Nothing that runs under the lock panics.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells all others when a job panics: nobody waits for it. It is forgotten behind a job that doesn't,
/// since a thread may do jobs while it unwinds for a reason of its own.
struct Alarm<'a, T>(&'a Line<T>);

impl<T> Drop for Alarm<'_, T> {
    fn drop(&mut self) {
        self.0.lock().panicked = true;
        self.0.wake_all();
    }
}

impl<T: Task> Job<T> {
    fn run(self) -> (Slot<T>, Option<FrameCollector>) {
        match self {
            Self::Work(mut task) => {
                task.work();
                (Slot::Worked(task), None)
            }
            Self::Follow(mut task, mut collector) => {
                task.follow(&mut collector);
                (Slot::Done(task), Some(collector))
            }
        }
    }
}

impl<T> State<T> {
    fn slot(&mut self, place: usize) -> Option<&mut Slot<T>> {
        self.slots.get_mut(place.checked_sub(self.to_leave)?)
    }

    fn has_job(&self) -> bool {
        let at = |place: usize| self.slots.get(place.checked_sub(self.to_leave)?);
        let to_follow = self.collector.is_some() && matches!(at(self.to_follow), Some(Slot::Worked(_)));
        to_follow || matches!(at(self.to_work), Some(Slot::Waiting(_)))
    }

    /// Takes a job, and its task's place: to follow first, since that is what can't be shared.
    fn take(&mut self) -> Option<(usize, Job<T>)> {
        self.take_to_follow().or_else(|| self.take_to_work())
    }

    fn take_to_follow(&mut self) -> Option<(usize, Job<T>)> {
        let place = self.to_follow;
        let collector = self.collector.take()?;
        let task = self.take_out(place, |slot| match slot {
            Slot::Worked(task) => Ok(task),
            other => Err(other),
        });
        let Some(task) = task else {
            self.collector = Some(collector);
            return None;
        };
        self.to_follow = place.saturating_add(1);
        Some((place, Job::Follow(task, collector)))
    }

    fn take_to_work(&mut self) -> Option<(usize, Job<T>)> {
        let place = self.to_work;
        let task = self.take_out(place, |slot| match slot {
            Slot::Waiting(task) => Ok(task),
            other => Err(other),
        })?;
        self.to_work = place.saturating_add(1);
        Some((place, Job::Work(task)))
    }

    /// The task in the slot, if it is at the right stage; else the slot stays as it is.
    fn take_out(&mut self, place: usize, task: impl FnOnce(Slot<T>) -> Result<T, Slot<T>>) -> Option<T> {
        let slot = self.slot(place)?;
        match task(std::mem::replace(slot, Slot::Away)) {
            Ok(task) => Some(task),
            Err(other) => {
                *slot = other;
                None
            }
        }
    }

    /// After [`Line::close`] there is no place to come back to, and the task is dropped.
    fn bring_back(&mut self, place: usize, (done, collector): (Slot<T>, Option<FrameCollector>)) {
        self.collector = self.collector.take().or(collector);
        if let Some(slot) = self.slot(place) {
            *slot = done;
        }
    }

    fn leave(&mut self) -> Option<T> {
        match self.slots.pop_front()? {
            Slot::Done(task) => {
                self.to_leave = self.to_leave.saturating_add(1);
                Some(task)
            }
            other => {
                self.slots.push_front(other);
                None
            }
        }
    }
}

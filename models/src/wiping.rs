//! Messages reserve their use of an entry while others use it up and wipe it: `cmm.rs`,
//! `Inner::find` and `Inner::may_use`, whose steps stand here once more. The counting is the
//! library's own file.

use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::usage::{Reservation, Usage, UsageLimits};

const LIMITS: UsageLimits = UsageLimits { messages: 2, bytes: 100 };

struct Entry {
    key: Mutex<Option<Arc<()>>>,
    usage: Usage,
}

impl Entry {
    /// The key for one message, counted before it is used.
    fn take(&self) -> Option<Arc<()>> {
        let key = self.key.lock().unwrap().clone()?;
        let reservation = self.usage.reserve(1, LIMITS);
        if reservation != Reservation::Granted {
            self.wipe();
        }
        (reservation != Reservation::Refused).then_some(key)
    }

    fn wipe(&self) {
        self.key.lock().unwrap().take();
    }
}

/// Each thread's work, and how many messages got the key.
fn run<const N: usize>(threads: [fn(&Entry) -> usize; N]) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let entry = Entry { key: Mutex::new(Some(Arc::new(()))), usage: Usage::new() };
        let entry = Arc::new(entry);
        let spawned = threads.map(|work| {
            let entry = Arc::clone(&entry);
            thread::spawn(move || work(&entry))
        });
        let taken: usize = spawned.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert!(taken as u64 <= LIMITS.messages, "{taken}");
        let is_used_up = entry.usage.messages() >= LIMITS.messages;
        let has_key = entry.key.lock().unwrap().is_some();
        assert!(!(is_used_up && has_key), "used up, and not wiped");
    });
}

fn take_twice(entry: &Entry) -> usize {
    [entry.take(), entry.take()].into_iter().flatten().count()
}

fn take_once(entry: &Entry) -> usize {
    entry.take().into_iter().count()
}

fn wipe(entry: &Entry) -> usize {
    entry.wipe();
    assert!(entry.take().is_none(), "wiped, and given out");
    0
}

#[test]
fn what_is_used_up_is_wiped_and_no_message_more_gets_it() {
    run([take_twice, take_once]);
}

#[test]
fn what_is_wiped_meanwhile_is_given_out_no_more() {
    run([take_twice, wipe]);
}

//! A request misses an entry while the call for it lands: `in_flight.rs` and `landing.rs`, with the
//! cache and the list of flights behind a lock each, as they are. The steps are theirs, written
//! down once more: who changes them there changes them here.

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

#[derive(Default)]
struct Manager {
    entry: Mutex<bool>,
    is_noted: Mutex<bool>,
    calls: AtomicUsize,
}

impl Manager {
    /// A request: looks into the cache, joins the call in flight, or begins one.
    fn answer(&self) {
        if *self.entry.lock().unwrap() {
            return;
        }
        let begins = !std::mem::replace(&mut *self.is_noted.lock().unwrap(), true);
        if begins {
            self.fly();
        }
    }

    /// The call looks again first. It puts its entry before it is no longer noted.
    fn fly(&self) {
        if !*self.entry.lock().unwrap() {
            self.calls.fetch_add(1, Ordering::Relaxed);
            *self.entry.lock().unwrap() = true;
        }
        *self.is_noted.lock().unwrap() = false;
    }
}

#[test]
fn an_entry_is_called_for_once() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let manager = Arc::new(Manager::default());
        let threads = [(); 2].map(|()| {
            let manager = Arc::clone(&manager);
            thread::spawn(move || manager.answer())
        });
        manager.answer();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(manager.calls.load(Ordering::Relaxed), 1);
    });
}

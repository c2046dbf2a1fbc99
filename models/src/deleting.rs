//! A call's answer is put while its entry is deleted: `landing.rs`, `Inner::keep`.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use crate::deletions::Deletions;

/// An entry's place in the map, of the weakest kind that a map may be, and the entry itself.
#[derive(Default)]
struct Cache {
    deletions: Deletions,
    is_there: AtomicBool,
    is_wiped: AtomicBool,
}

const ID: [u8; 1] = [0];

impl Cache {
    /// Whether the entry was kept.
    fn keep(&self, began: u64) -> bool {
        if self.deletions.of(&ID) != began {
            return false;
        }
        self.is_there.store(true, Ordering::Release);
        let is_kept = self.deletions.of(&ID) == began;
        if !is_kept {
            self.is_wiped.store(true, Ordering::Release);
        }
        is_kept
    }

    fn delete(&self) {
        self.deletions.count(&ID);
        self.wipe_what_is_there();
    }

    fn clear(&self) {
        self.deletions.count_all();
        self.wipe_what_is_there();
    }

    fn wipe_what_is_there(&self) {
        if self.is_there.load(Ordering::Acquire) {
            self.is_wiped.store(true, Ordering::Release);
        }
    }
}

fn nothing_is_left(delete: fn(&Cache)) {
    loom::model(move || {
        let cache = Arc::new(Cache::default());
        let began = cache.deletions.of(&ID);
        let puts = thread::spawn({
            let cache = Arc::clone(&cache);
            move || cache.keep(began)
        });
        delete(&cache);
        let _ = puts.join().unwrap();
        let is_left = cache.is_there.load(Ordering::Acquire) && !cache.is_wiped.load(Ordering::Acquire);
        assert!(!is_left, "deleted, and there again");
    });
}

#[test]
fn a_call_from_before_a_deletion_leaves_nothing() {
    nothing_is_left(Cache::delete);
}

#[test]
fn a_call_from_before_a_clearing_leaves_nothing() {
    nothing_is_left(Cache::clear);
}

#[test]
fn a_call_from_after_a_deletion_is_kept() {
    loom::model(|| {
        let cache = Arc::new(Cache::default());
        let deletes = thread::spawn({
            let cache = Arc::clone(&cache);
            move || cache.delete()
        });
        deletes.join().unwrap();
        assert!(cache.keep(cache.deletions.of(&ID)));
        assert!(!cache.is_wiped.load(Ordering::Acquire));
    });
}

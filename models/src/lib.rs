//! Runs the counting of a cache entry's use, and what else must hold in whatever order the threads
//! of a cache run, in every interleaving.
//!
//! `cargo test -p waxseal-models`. The files that are checked are the library's own, compiled here
//! with the atomics of loom, which tries each order that the memory model allows. What stands
//! around them in the library (moka's map, locks, futures) is modelled by a lock or an atomic.

#[allow(dead_code, reason = "what the library uses of it, the models needn't")]
#[path = "../../crates/waxseal-materials/src/caching/deletions.rs"]
mod deletions;
#[allow(dead_code, reason = "what the library uses of it, the models needn't")]
#[path = "../../crates/waxseal-materials/src/caching/usage.rs"]
mod usage;

#[cfg(test)]
mod deleting;
#[cfg(test)]
mod flying;
#[cfg(test)]
mod wiping;

#[cfg(test)]
mod tests {
    use loom::sync::Arc;
    use loom::thread;

    use super::usage::{Reservation, Usage, UsageLimits};

    /// Every thread reserves for one message after another of its lengths, as long as it is let.
    /// Returns the answers that were not refusals, with their bytes.
    fn run<const N: usize>(limits: UsageLimits, threads: [&'static [u64]; N]) -> Vec<(Reservation, u64)> {
        let usage = Arc::new(Usage::new());
        let spawned = threads.map(|lengths| {
            let usage = Arc::clone(&usage);
            thread::spawn(move || reserve_each(&usage, lengths, limits))
        });
        let granted: Vec<_> = spawned.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert!(usage.messages() <= limits.messages && usage.bytes() <= limits.bytes);
        check(limits, &granted);
        granted
    }

    fn reserve_each(usage: &Usage, lengths: &[u64], limits: UsageLimits) -> Vec<(Reservation, u64)> {
        let answers = lengths.iter().map(|bytes| (usage.reserve(*bytes, limits), *bytes));
        answers.take_while(|(answer, _)| *answer != Reservation::Refused).collect()
    }

    fn check(limits: UsageLimits, granted: &[(Reservation, u64)]) {
        let bytes: u64 = granted.iter().map(|(_, bytes)| bytes).sum();
        assert!(granted.len() as u64 <= limits.messages, "{granted:?}");
        assert!(bytes <= limits.bytes, "{granted:?}");
    }

    #[test]
    fn messages_never_pass_their_limit_and_all_of_it_is_used() {
        loom::model(|| {
            let granted = run(UsageLimits { messages: 2, bytes: 100 }, [&[1, 1], &[1]]);
            assert_eq!(granted.len(), 2);
            assert!(granted.iter().any(|(answer, _)| *answer == Reservation::Last), "{granted:?}");
        });
    }

    /// With each thread interrupted twice at most: every order of three takes too long.
    #[test]
    fn three_threads_do_not_pass_a_limit() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            let granted = run(UsageLimits { messages: 2, bytes: 3 }, [&[1], &[1], &[2]]);
            assert!(!granted.is_empty());
        });
    }

    #[test]
    fn bytes_never_pass_their_limit() {
        loom::model(|| {
            run(UsageLimits { messages: 100, bytes: 10 }, [&[4, 4], &[5]]);
        });
    }

    #[test]
    fn both_limits_hold_at_once() {
        loom::model(|| {
            run(UsageLimits { messages: 2, bytes: 7 }, [&[3, 4], &[4]]);
        });
    }
}

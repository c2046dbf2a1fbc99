//! What must not outlive the run, even one that is ended by a signal.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Paths that are removed when SIGINT, SIGTERM or SIGHUP ends the run. Whoever made them
/// removes them on every other way out. Signals are watched once there is such a path; on
/// systems without these signals nothing is.
#[derive(Clone, Default)]
pub(crate) struct Cleanup(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    watching: bool,
    paths: BTreeSet<PathBuf>,
}

/// A path is known until this is dropped.
pub(crate) struct Registration {
    cleanup: Cleanup,
    path: PathBuf,
}

impl Cleanup {
    /// Makes something that stands at a path. No signal comes between its making and its
    /// registration.
    pub(crate) fn create<T>(
        &self,
        create: impl FnOnce() -> io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> io::Result<(T, Registration)> {
        self.watch()?;
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let made = create()?;
        let path = path(&made).to_path_buf();
        state.paths.insert(path.clone());
        Ok((made, Registration { cleanup: self.clone(), path }))
    }

    fn watch(&self) -> io::Result<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.watching, true) {
            #[cfg(unix)]
            signals::watch(self.clone())?;
        }
        Ok(())
    }

    /// Removes all paths while `then` runs, and lets nobody make new ones.
    #[cfg(unix)]
    fn remove_all(&self, then: impl FnOnce()) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for path in &state.paths {
            // The run ends here: there is nobody left to be told.
            let _ = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        }
        then();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.cleanup.0.lock().unwrap_or_else(PoisonError::into_inner).paths.remove(&self.path);
    }
}

#[cfg(unix)]
mod signals {
    use std::io;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::Cleanup;

    pub(super) fn watch(cleanup: Cleanup) -> io::Result<()> {
        let mut signals = Signals::new(watched())?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                cleanup.remove_all(|| {
                    // Ends the process as the signal would have, so that shells see it.
                    let _ = emulate_default_handler(signal);
                });
            }
        })?;
        Ok(())
    }

    /// Signals that the parent let us have: `nohup` ignores SIGHUP, and that must stay so.
    fn watched() -> Vec<i32> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        match ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()) {
            Some(mask) => unignored(mask, &[SIGINT, SIGTERM, SIGHUP]),
            // Who can't be asked keeps the signal that is ignored most often.
            None => vec![SIGINT, SIGTERM],
        }
    }

    /// Signal n is bit n - 1 of the mask.
    fn unignored(mask: u64, signals: &[i32]) -> Vec<i32> {
        let is_ignored =
            |signal: &i32| mask.checked_shr(signal.cast_unsigned() - 1).is_some_and(|m| m & 1 == 1);
        signals.iter().copied().filter(|signal| !is_ignored(signal)).collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn ignored_signals_stay_ignored() {
            assert_eq!(unignored(0, &[SIGINT, SIGHUP]), [SIGINT, SIGHUP]);
            assert_eq!(unignored(1, &[SIGINT, SIGHUP]), [SIGINT]);
            assert_eq!(unignored(0b10, &[SIGINT, SIGHUP]), [SIGHUP]);
        }
    }
}

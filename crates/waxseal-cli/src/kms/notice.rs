//! What the embedded KMS says of itself whenever it starts.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::terminal::say;

const NOTICE: &str =
    "An embedded KMS for development, tests and demos. It is no HSM: use it for nothing that matters.";

static SAID: Once = Once::new();
static QUIET: AtomicBool = AtomicBool::new(false);

/// Keeps [`show`] from speaking in this run.
pub(crate) fn silence() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Says it once in a run, unless the run is quiet.
pub(super) fn show() {
    if !QUIET.load(Ordering::Relaxed) {
        insist();
    }
}

/// Says it once in a run, quiet or not.
pub(super) fn insist() {
    SAID.call_once(|| say(NOTICE));
}

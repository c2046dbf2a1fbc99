//! The progress bar of work that takes over a second.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// No bar is shown for work that is done sooner.
const PATIENCE: Duration = Duration::from_secs(1);
const REDRAW: Duration = Duration::from_millis(100);

const KNOWN_TOTAL: &str = "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const UNKNOWN_TOTAL: &str = "{spinner} {bytes}, {bytes_per_sec}, {elapsed}";

/// Counts bytes, and shows them on a terminal. Dropped, it takes the bar away.
#[derive(Default)]
pub(crate) struct Progress {
    shared: Arc<Shared>,
    ticker: Option<Ticker>,
}

#[derive(Default)]
struct Shared {
    bytes: AtomicU64,
    /// There once it is shown.
    bar: Mutex<Option<ProgressBar>>,
}

struct Ticker {
    /// Closed to say that the work is done.
    running: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    /// Progress towards `total` bytes, if they are known. Without a terminal at standard
    /// error nothing is ever shown.
    pub(crate) fn start(total: Option<u64>, quiet: bool) -> Self {
        let mut progress = Self::default();
        if !quiet && std::io::stderr().is_terminal() {
            progress.ticker = Ticker::start(Arc::clone(&progress.shared), total);
        }
        progress
    }

    pub(crate) fn advance(&self, bytes: u64) {
        self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Writes a line to standard error, above the bar.
    pub(crate) fn say(&self, line: &str) {
        match &*self.shared.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) => bar.suspend(|| crate::terminal::say(line)),
            None => crate::terminal::say(line),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(Ticker { running, thread }) = self.ticker.take() {
            drop(running);
            // It has no way to panic; if it did, only the bar is lost.
            let _ = thread.join();
        }
    }
}

impl Ticker {
    /// `None` if the system has no thread for it: then there is no bar.
    fn start(shared: Arc<Shared>, total: Option<u64>) -> Option<Self> {
        let (running, done) = mpsc::channel();
        let tick = move || {
            let mut patience = PATIENCE;
            while done.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                patience = REDRAW;
                shared.draw(total);
            }
            shared.clear();
        };
        let thread = std::thread::Builder::new().name("progress".into()).spawn(tick).ok()?;
        Some(Self { running, thread })
    }
}

impl Shared {
    fn draw(&self, total: Option<u64>) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bar.get_or_insert_with(|| new_bar(total));
        bar.set_position(self.bytes.load(Ordering::Relaxed));
        bar.tick();
    }

    fn clear(&self) {
        if let Some(bar) = self.bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }
}

fn new_bar(total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (ProgressBar::new(total), KNOWN_TOTAL),
        None => (ProgressBar::new_spinner(), UNKNOWN_TOTAL),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_valid() {
        for template in [KNOWN_TOTAL, UNKNOWN_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}

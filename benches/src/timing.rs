//! Interleaved timing: what is compared runs in turn, so that a drifting machine drifts for all.

use std::time::{Duration, Instant};

/// One thing to time.
pub struct Contestant<'a> {
    /// Its name in the report.
    pub name: &'static str,
    /// One round of it.
    pub run: Box<dyn FnMut() -> Result<(), Box<dyn std::error::Error>> + 'a>,
}

impl<'a> Contestant<'a> {
    /// A contestant whose round is `run`.
    pub fn new(name: &'static str, run: impl FnMut() -> Result<(), Box<dyn std::error::Error>> + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What passes while a contestant runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The time that this thread has had a processor: what else the machine does is left out. Where
    /// the system doesn't tell it, as [`Clock::Wall`].
    Thread,
    /// Time, for what other threads or processes work on.
    Wall,
}

/// Which of the rounds counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pick {
    /// The median.
    #[default]
    Median,
    /// The fastest, for a machine that others use as well.
    Best,
}

/// How often, and which round counts.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// How many, besides one to warm up.
    pub count: usize,
    /// Which counts.
    pub pick: Pick,
}

/// Seconds of each contestant's round that counts, of interleaved rounds.
///
/// # Errors
/// What a contestant's round gives.
pub fn seconds(
    rounds: Rounds,
    clock: Clock,
    contestants: &mut [Contestant<'_>],
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let mut times = vec![Vec::with_capacity(rounds.count); contestants.len()];
    for round in 0..=rounds.count {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let start = clock.now();
            (contestant.run)()?;
            let taken = clock.now().saturating_sub(start);
            if round > 0 {
                times.push(taken);
            }
        }
    }
    Ok(times.into_iter().map(|times| rounds.pick.of(times)).collect())
}

impl Clock {
    fn now(self) -> Duration {
        match self {
            Self::Thread => thread_time(),
            Self::Wall => wall_time(),
        }
    }
}

#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    wall_time()
}

fn wall_time() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

impl Pick {
    fn of(self, mut times: Vec<Duration>) -> f64 {
        times.sort_unstable();
        let place = if self == Self::Best { 0 } else { times.len() / 2 };
        times.get(place).map_or(f64::NAN, Duration::as_secs_f64)
    }
}

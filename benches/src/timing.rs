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

/// Median seconds of each contestant over `rounds` interleaved rounds, after one to warm up.
///
/// # Errors
/// What a contestant's round gives.
pub fn medians(
    rounds: usize,
    contestants: &mut [Contestant<'_>],
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let mut times = vec![Vec::with_capacity(rounds); contestants.len()];
    for round in 0..=rounds {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let taken = time(contestant)?;
            if round > 0 {
                times.push(taken);
            }
        }
    }
    Ok(times.into_iter().map(median).collect())
}

fn time(contestant: &mut Contestant<'_>) -> Result<Duration, Box<dyn std::error::Error>> {
    let start = Instant::now();
    (contestant.run)()?;
    Ok(start.elapsed())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64)
}

//! The rows of the report: what is measured, over which limit, and the target.

mod asynchronous;
mod file;
mod growth;
mod one_shot;
mod parallel;
mod range;
mod signed;
mod small;
mod streams;

pub use growth::grow;

use waxseal::{AlgorithmSuite, Client};

use crate::timing::Rounds;

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

pub(crate) const MIB: usize = 1 << 20;

/// What streams carry.
pub(crate) const STREAM: usize = 1024 * MIB;

/// What a row's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 1e6 bytes a second: more is better.
    MegabytesPerSecond,
    /// 1e-6 seconds: less is better.
    Microseconds,
}

/// One line of the report.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What the figures are.
    pub unit: Unit,
    /// Our figure.
    pub ours: f64,
    /// The limit, measured beside it.
    pub limit: f64,
    /// What the ratio should reach.
    pub target: f64,
    /// Bytes that the process grew by while it streamed, where that is measured.
    pub growth: Option<u64>,
}

impl Row {
    /// A row of throughputs.
    pub(crate) fn rates(name: impl Into<String>, ours: f64, limit: f64, target: f64) -> Self {
        Self { name: name.into(), unit: Unit::MegabytesPerSecond, ours, limit, target, growth: None }
    }

    /// A row of seconds.
    pub(crate) fn times(name: impl Into<String>, ours: f64, limit: f64, target: f64) -> Self {
        let (ours, limit) = (ours * 1e6, limit * 1e6);
        Self { name: name.into(), unit: Unit::Microseconds, ours, limit, target, growth: None }
    }

    /// How near the limit we are: 1 is there.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        match self.unit {
            Unit::MegabytesPerSecond => self.ours / self.limit,
            Unit::Microseconds => self.limit / self.ours,
        }
    }
}

type Measure = fn(&Client, Rounds) -> Outcome<Vec<Row>>;

/// The groups of rows, by what their rows' names start with.
const GROUPS: [(&str, Measure); 9] = [
    ("one-shot", one_shot::all),
    ("signed", signed::all),
    ("stream", streams::all),
    ("parallel", parallel::all),
    ("small", small::all),
    ("file", file::all),
    ("async", asynchronous::all),
    ("range", range::all),
    ("reach", one_shot::reach),
];

/// The rows of the groups that are named, of all if none is, each over interleaved rounds, and
/// shown as soon as they are there.
///
/// # Errors
/// What encryption or decryption gives.
pub fn measure(
    client: &Client,
    rounds: Rounds,
    groups: &[String],
    mut show: impl FnMut(&Row),
) -> Outcome<()> {
    for (name, measure) in GROUPS {
        if groups.is_empty() || groups.iter().any(|group| group == name) {
            measure(client, rounds)?.iter().for_each(&mut show);
        }
    }
    Ok(())
}

pub(crate) fn encrypted(
    client: &Client,
    suite: &'static AlgorithmSuite,
    frame: usize,
    input: &[u8],
) -> Outcome<Vec<u8>> {
    let request = client.encrypt(input).suite(suite).frame_length(u32::try_from(frame)?);
    Ok(request.wait()?.message)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes a second need no 53 bits")]
pub(crate) fn rate(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}

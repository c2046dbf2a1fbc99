//! Tells what came of the cases: lines for people, or one JSON object for each test.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::case::Case;
use crate::run::{Outcome, Verdict};

/// How many cases came to which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// As they had to.
    pub passed: usize,
    /// Otherwise than they had to.
    pub failed: usize,
    /// Not run.
    pub skipped: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, verdict: Verdict) {
        let count = match verdict {
            Verdict::Passed => &mut self.passed,
            Verdict::Failed => &mut self.failed,
            Verdict::Skipped => &mut self.skipped,
        };
        *count = count.saturating_add(1);
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// How results are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A line for each manifest, each failure, and each reason to skip.
    Text,
    /// A JSON object on a line of its own for each test.
    Json,
}

/// Takes outcomes and tells them.
#[derive(Debug)]
pub struct Report<W> {
    out: W,
    style: Style,
    total: Counts,
    set: Counts,
    skips: BTreeMap<String, usize>,
}

#[derive(Serialize)]
struct Line<'a> {
    manifest: &'a str,
    name: &'a str,
    outcome: &'static str,
    error_class: Option<String>,
    reason: Option<&'a str>,
}

impl<W: Write> Report<W> {
    /// A report with nothing in it yet.
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, total: Counts::default(), set: Counts::default(), skips: BTreeMap::new() }
    }

    /// Tells of one case.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn case(&mut self, manifest: &str, case: &Case, outcome: &Outcome) -> io::Result<()> {
        self.total.add(outcome.verdict);
        self.set.add(outcome.verdict);
        let reason = outcome.reason.as_deref();
        if outcome.verdict == Verdict::Skipped {
            let count = self.skips.entry(reason.unwrap_or_default().to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        match self.style {
            Style::Json => self.json(manifest, case, outcome),
            Style::Text if outcome.verdict == Verdict::Failed => {
                writeln!(self.out, "FAILED {manifest}: {}: {}", case.name, reason.unwrap_or_default())
            }
            Style::Text => Ok(()),
        }
    }

    fn json(&mut self, manifest: &str, case: &Case, outcome: &Outcome) -> io::Result<()> {
        let line = Line {
            manifest,
            name: &case.name,
            outcome: match outcome.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "failed",
                Verdict::Skipped => "skipped",
            },
            error_class: outcome.error_class.map(|class| format!("{class:?}")),
            reason: outcome.reason.as_deref(),
        };
        writeln!(self.out, "{}", serde_json::to_string(&line)?)
    }

    /// Ends a manifest.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn end_of_manifest(&mut self, manifest: &str) -> io::Result<()> {
        let set = std::mem::take(&mut self.set);
        match self.style {
            Style::Text => writeln!(self.out, "{manifest}: {set}"),
            Style::Json => Ok(()),
        }
    }

    /// Ends the report: why tests were skipped, and as the last line the counts.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn finish(mut self) -> io::Result<Counts> {
        if self.style == Style::Text {
            for (reason, count) in &self.skips {
                writeln!(self.out, "skipped {count}: {reason}")?;
            }
        }
        writeln!(self.out, "{}", self.total)?;
        self.out.flush()?;
        Ok(self.total)
    }
}

//! `waxseal inspect`.

mod cursor;
mod report;
mod survey;
mod text;

use std::path::PathBuf;

use self::cursor::Cursor;
use self::report::Report;
use self::survey::Survey;
use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Exit, Failure};
use crate::input::Source;
use crate::progress::Progress;
use crate::terminal;

/// Show a message's header and size, without any key
///
/// Nothing that is shown has been verified: that takes the key. Contents are skipped, not read,
/// where the input can seek. Bodies that are cut short or followed by other bytes are shown as
/// far as they go, and end in exit code 1.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// The message; `-` is standard input
    file: PathBuf,
    /// Show it as JSON
    #[arg(long)]
    json: bool,
    /// The message is base64 text
    #[arg(long, short)]
    armor: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let source = Source::of(&args.file);
    let survey = survey(args, &source, session).map_err(|failure| failure.about(&source))?;
    let report = Report::of(&survey);
    terminal::print(&if args.json { report.to_json()? } else { text::of(&report) })?;
    match survey.problem {
        None => Ok(Exit::Done),
        Some(problem) => Err(Failure::message(problem).about(&source)),
    }
}

fn survey(args: &Args, source: &Source, session: &Session) -> Result<Survey, Failure> {
    let progress = Progress::start(source.len(), session.quiet);
    Survey::of(&mut Cursor::new(source.open(&progress)?, args.armor))
}

//! All files of a command, several at a time.

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::cli::Session;
use crate::failure::{Direction, Exit, Failure};
use crate::input::Source;
use crate::output::{Destination, OutputRules};
use crate::plan::{Job, Plan};
use crate::progress::Progress;
use crate::temporary::Readers;

/// Each file takes a thread and about a megabyte; more of them than this gain nothing.
const MAX_DEFAULT_JOBS: usize = 8;

/// Files from this length on are worth several threads.
const LARGE_FILE: u64 = 16 << 20;

/// More on one file wait for its reads and writes.
const MAX_DEFAULT_THREADS: usize = 4;

/// The files of a command, and how outputs are written.
#[derive(Debug, clap::Args)]
pub(crate) struct FileArgs {
    /// Files to read; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The output: a file, or a directory for several; `-` is standard output
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Take the files in directories, and in those below
    #[arg(long, short)]
    recursive: bool,
    /// Replace existing outputs
    #[arg(long, short)]
    force: bool,
    /// Put every output on the disk before it gets its name; replaced ones always are
    #[arg(long)]
    sync: bool,
    /// Files to work on at a time [default: one for each processor, 8 at most]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Threads to work on one file [default: for files from 16 MiB on the processors that --jobs
    /// leaves, 4 at most; else 1]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// The message is base64 text
    #[arg(long, short)]
    pub(crate) armor: bool,
}

impl FileArgs {
    pub(crate) fn plan(&self, direction: Direction) -> Result<Plan, Failure> {
        Plan::new(&self.files, self.output.as_deref(), self.recursive, direction)
    }

    /// Fails unless the input is one with a name, as `option` needs it.
    pub(crate) fn require_one_name(&self, option: &str) -> Result<(), Failure> {
        match self.files.as_slice() {
            [file] if Source::of(file) != Source::Stdin => Ok(()),
            [_] => Err(Failure::usage(format!("{option} reads in the middle of a file, not standard input"))),
            _ => Err(Failure::usage(format!("{option} takes one file"))),
        }
    }

    pub(crate) fn output_rules<'a>(&self, readers: Readers, session: &'a Session) -> OutputRules<'a> {
        OutputRules { force: self.force, sync: self.sync, readers, cleanup: &session.cleanup }
    }

    /// Does `work` for every job of the plan, tells what failed, and returns how it ended.
    pub(crate) fn run(&self, plan: Plan, session: &Session, work: &Work<'_>) -> Exit {
        self.run_towards(total_len(&plan.jobs), plan, session, work)
    }

    /// The same where it takes `total` bytes of input, or where that is not known.
    pub(crate) fn run_towards(
        &self,
        total: Option<u64>,
        plan: Plan,
        session: &Session,
        work: &Work<'_>,
    ) -> Exit {
        let progress = Progress::start(total, session.quiet);
        let batch = Batch {
            jobs: &plan.jobs,
            makes_directories: plan.makes_directories,
            next: AtomicUsize::new(0),
            exit: Mutex::new(Exit::Done),
            progress: &progress,
        };
        plan.failures.iter().for_each(|failure| batch.failed(failure));
        batch.run(work, self.files_at_a_time(&plan));
        batch.exit.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many threads work on a file.
    pub(crate) fn threads(&self, plan: &Plan) -> ThreadsByLen {
        let left = processors().checked_div(self.files_at_a_time(plan)).unwrap_or(1);
        let large = self.threads.map_or(left.clamp(1, MAX_DEFAULT_THREADS), NonZeroUsize::get);
        ThreadsByLen { large, small: self.threads.map_or(1, NonZeroUsize::get) }
    }

    fn files_at_a_time(&self, plan: &Plan) -> usize {
        let default = || processors().min(MAX_DEFAULT_JOBS);
        self.jobs.map_or_else(default, NonZeroUsize::get).min(plan.jobs.len())
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Threads that work on one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadsByLen {
    large: usize,
    small: usize,
}

impl ThreadsByLen {
    /// For an input of this length, or one whose length is not known.
    pub(crate) fn of(self, len: Option<u64>) -> usize {
        if len.is_some_and(|len| len >= LARGE_FILE) { self.large } else { self.small }
    }
}

/// What is done for one file.
pub(crate) type Work<'w> = dyn Fn(&Job, &Progress) -> Result<(), Failure> + Sync + 'w;

/// The bytes of all inputs, if all of them are regular files.
fn total_len(jobs: &[Job]) -> Option<u64> {
    jobs.iter().map(|job| job.input.len()).sum()
}

struct Batch<'b> {
    jobs: &'b [Job],
    makes_directories: bool,
    next: AtomicUsize,
    exit: Mutex<Exit>,
    progress: &'b Progress,
}

impl Batch<'_> {
    /// Works on this thread and on others. Fewer than asked for will do if the system has no more.
    fn run(&self, work: &Work<'_>, threads: usize) {
        thread::scope(|scope| {
            for _ in 1..threads {
                let _ = thread::Builder::new().spawn_scoped(scope, || self.work_off(work));
            }
            self.work_off(work);
        });
    }

    fn work_off(&self, work: &Work<'_>) {
        while let Some(job) = self.jobs.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let done = self.make_directory(job).and_then(|()| work(job, self.progress));
            if let Err(failure) = done {
                self.failed(&failure.about(&job.input));
            }
        }
    }

    fn make_directory(&self, job: &Job) -> Result<(), Failure> {
        let Destination::File(path) = &job.output else { return Ok(()) };
        match path.parent() {
            Some(parent) if self.makes_directories => {
                fs::create_dir_all(parent).map_err(|error| Failure::io(error).about(parent.display()))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, failure: &Failure) {
        failure.text().iter().for_each(|text| self.progress.say(text));
        let mut exit = self.exit.lock().unwrap_or_else(PoisonError::into_inner);
        *exit = exit.worse(failure.exit);
    }
}

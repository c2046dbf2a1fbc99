//! A worker: a process that does what `compare.py` asks of it, line by line, and says how long it took.
//!
//! ```text
//! load FILE                                              -> ready BYTES
//! whole  DIRECTION SUITE FRAME MILLISECONDS FILE         -> done NANOSECONDS CALLS BYTES
//! stream DIRECTION SUITE FRAME SOURCE FILE               -> done NANOSECONDS 1 BYTES
//! ```
//!
//! `whole` calls with the loaded bytes until the time is up, at least once. DIRECTION is `encrypt` or
//! `decrypt`, SUITE `signed` or `unsigned`, BYTES the length of the output, which goes to FILE after the
//! clock stopped; `-` for none. Streams write to FILE as they go; to `-` they are only counted.
//! The workers in other languages, `workers/`, speak the same lines.

mod sink;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use sink::Sink;

/// What a worker gives.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The namespace of the wrapping key, with every peer.
pub const KEY_NAMESPACE: &str = "peers";
/// The name of the wrapping key, with every peer.
pub const KEY_NAME: &str = "key";

/// Plaintext to message, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Plaintext to message.
    Encrypt,
    /// Message to plaintext.
    Decrypt,
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Which way.
    pub direction: Direction,
    /// Whether messages are written with the suite 0x0578 rather than 0x0478.
    pub signed: bool,
    /// Plaintext bytes of a frame.
    pub frame: u32,
}

/// What one program does of the work.
pub trait Worker {
    /// One call over bytes in memory. Returns how long the call took; the output replaces `out`.
    ///
    /// # Errors
    /// What the program gives.
    fn whole(&mut self, work: Work, input: &[u8], out: &mut Vec<u8>) -> Outcome<Duration>;

    /// One stream from a file to a sink.
    ///
    /// # Errors
    /// What the program gives, and where it can't stream.
    fn stream(&mut self, work: Work, source: File, sink: &mut Sink) -> Outcome<()>;
}

/// The 32 bytes of the wrapping key, from the file that the first argument names.
///
/// # Errors
/// If there is no such file.
pub fn wrapping_key() -> Outcome<Vec<u8>> {
    let path = std::env::args_os().nth(1).ok_or("the first argument names the key's file")?;
    Ok(fs::read(PathBuf::from(path))?)
}

/// Answers every line of standard input, and ends with it.
///
/// # Errors
/// What cannot be done: no figure comes of it.
pub fn serve(worker: &mut dyn Worker) -> Outcome<()> {
    let (mut input, mut out) = (Vec::new(), Vec::new());
    for line in io::stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = match words.as_slice() {
            ["load", file] => {
                input = fs::read(file)?;
                format!("ready {}", input.len())
            }
            ["whole", direction, suite, frame, milliseconds, file] => {
                let limit = Duration::from_millis(milliseconds.parse()?);
                whole(worker, work(direction, suite, frame)?, &input, limit, &mut out, file)?
            }
            ["stream", direction, suite, frame, source, file] => {
                stream(worker, work(direction, suite, frame)?, File::open(source)?, file)?
            }
            _ => return Err(format!("no such request: {line}").into()),
        };
        writeln!(io::stdout(), "{answer}")?;
    }
    Ok(())
}

fn work(direction: &str, suite: &str, frame: &str) -> Outcome<Work> {
    let direction = match direction {
        "encrypt" => Direction::Encrypt,
        "decrypt" => Direction::Decrypt,
        other => return Err(format!("no such direction: {other}").into()),
    };
    let signed = match suite {
        "signed" => true,
        "unsigned" => false,
        other => return Err(format!("no such suite: {other}").into()),
    };
    Ok(Work { direction, signed, frame: frame.parse()? })
}

fn whole(
    worker: &mut dyn Worker,
    work: Work,
    input: &[u8],
    limit: Duration,
    out: &mut Vec<u8>,
    file: &str,
) -> Outcome<String> {
    let (mut calls, mut taken) = (0_u64, Duration::ZERO);
    let start = Instant::now();
    while calls == 0 || start.elapsed() < limit {
        taken = taken.saturating_add(worker.whole(work, input, out)?);
        calls = calls.saturating_add(1);
    }
    if file != "-" {
        fs::write(file, &*out)?;
    }
    Ok(format!("done {} {calls} {}", taken.as_nanos(), out.len()))
}

fn stream(worker: &mut dyn Worker, work: Work, source: File, file: &str) -> Outcome<String> {
    let mut sink = Sink::new(file)?;
    let start = Instant::now();
    worker.stream(work, source, &mut sink)?;
    Ok(format!("done {} 1 {}", start.elapsed().as_nanos(), sink.count()))
}

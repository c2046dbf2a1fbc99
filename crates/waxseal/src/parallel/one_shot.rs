//! All regular frames of a message that is in memory, by threads that end with the call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{Builder, Scope};

use waxseal_message::{BodyDecryptor, Encryptor, Progress};

use super::line::{Line, Task};
use super::task::{Apart, OpenTask, SealTask};
use super::threads::{Kind, Threads};
use crate::Error;

/// Seals the regular frames that `plaintext` fills to the front of `out`.
pub(crate) fn seal_runs(
    encryptor: &mut Encryptor,
    threads: &Threads,
    plaintext: &[u8],
    mut out: &mut [u8],
) -> Result<Progress, Error> {
    let batch = threads.batch_len(encryptor.frame_length()).max(1);
    let line = Line::new(encryptor.lend_collector()?);
    let mut progress = Progress::default();
    staffed(&line, threads, || {
        for plaintext in plaintext.chunks(batch) {
            let Some(run) = encryptor.next_run(plaintext.len())? else { break };
            let Some(blocks) = out.split_off_mut(..run.sealed_len()) else { break };
            line.put(SealTask::new(run, Apart { plaintext, blocks }));
        }
        while let Some(mut task) = line.next()? {
            progress.add(task.result()?);
        }
        Ok(())
    })?;
    encryptor.take_back(line.take_collector()?)?;
    Ok(progress)
}

/// Opens the regular frames at the front of `input` to the front of `out`.
pub(crate) fn open_runs(
    body: &mut BodyDecryptor,
    threads: &Threads,
    input: &[u8],
    mut out: &mut [u8],
) -> Result<Progress, Error> {
    let batch = threads.batch_len(body.regular_block_len().unwrap_or(1));
    let line = Line::new(body.lend_collector()?);
    let mut progress = Progress::default();
    staffed(&line, threads, || {
        // A fault of a frame's head counts once the frames in front of it are good.
        let fault = loop {
            let unread = input.get(progress.read..).unwrap_or_default();
            let run = match body.next_run(unread, batch) {
                Ok(Some(run)) => run,
                Ok(None) => break None,
                Err(error) => break Some(error),
            };
            let Some(plaintext) = out.split_off_mut(..run.plaintext_len()) else { break None };
            progress.read = progress.read.saturating_add(run.sealed_len());
            line.put(OpenTask::new(run, unread, plaintext));
        };
        while let Some(mut task) = line.next()? {
            let (opened, failed) = task.result();
            failed.map_or(Ok(()), Err)?;
            progress.written = progress.written.saturating_add(opened);
        }
        Ok(fault.map_or(Ok(()), Err)?)
    })?;
    body.take_back(line.take_collector()?)?;
    Ok(progress)
}

/// Does `work` while other threads serve the line, and lets them go behind it.
fn staffed<T: Task>(
    line: &Line<T>,
    threads: &Threads,
    work: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    let work = || {
        let _closing = Closing(line);
        work()
    };
    match threads.kind() {
        Kind::Count(count) => std::thread::scope(|scope| {
            start(scope, line, *count);
            work()
        }),
        #[cfg(feature = "rayon")]
        Kind::Rayon(pool) => pool.in_place_scope(|scope| {
            for _ in 0..pool.current_num_threads() {
                scope.spawn(|_| serve(line));
            }
            work()
        }),
    }
}

/// Where the system refuses a thread, the others do its work.
fn start<'scope, T: Task>(scope: &'scope Scope<'scope, '_>, line: &'scope Line<T>, count: usize) {
    for _ in 1..count {
        let started = Builder::new().name("waxseal".into()).spawn_scoped(scope, || serve(line));
        if started.is_err() {
            return;
        }
    }
}

/// A panic would go through the scope to the caller. The line knows of it, and tells whoever waits.
fn serve<T: Task>(line: &Line<T>) {
    drop(catch_unwind(AssertUnwindSafe(|| line.serve())));
}

/// Lets the threads go however the work ends.
struct Closing<'a, T: Task>(&'a Line<T>);

impl<T: Task> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

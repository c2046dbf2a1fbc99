//! Threads that seal the batches of a stream.

use waxseal_message::{Encryptor, SealRun};

use super::crew::Crew;
use super::task::SealTask;
use super::threads::Threads;
use crate::Error;
use crate::pump::Window;

/// What a stream of plaintext has on other threads: see [`Threads`].
pub(crate) struct SealCrew {
    crew: Crew<SealTask<Window, Vec<u8>>>,
    /// Buffers that came back.
    windows: Vec<Window>,
    blocks: Vec<Vec<u8>>,
}

impl SealCrew {
    /// Starts the threads, with the encryptor's collector.
    pub(crate) fn start(threads: &Threads, encryptor: &mut Encryptor) -> Result<Self, Error> {
        let crew = Crew::new(threads, encryptor.lend_collector()?);
        Ok(Self { crew, windows: Vec::new(), blocks: Vec::new() })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.crew.is_full()
    }

    /// An empty window, to fill while the others are in flight.
    pub(crate) fn window(&mut self) -> Window {
        self.windows.pop().unwrap_or_else(Window::new)
    }

    /// Sends the frames at the front of `plaintext` to be sealed.
    pub(crate) fn put(&mut self, run: SealRun, plaintext: Window) {
        let mut blocks = self.blocks.pop().unwrap_or_default();
        if blocks.len() < run.sealed_len() {
            blocks.resize(run.sealed_len(), 0);
        }
        self.crew.put(SealTask::new(run, plaintext, blocks));
    }

    /// The next sealed frames, for a buffer whose bytes were given out; `None` if none are in
    /// flight.
    pub(crate) fn next(&mut self, given: &mut Vec<u8>) -> Result<Option<usize>, Error> {
        let Some(mut task) = self.crew.next()? else { return Ok(None) };
        let written = task.result()?;
        self.blocks.push(std::mem::replace(given, task.blocks));
        task.plaintext.clear();
        self.windows.push(task.plaintext);
        Ok(Some(written))
    }

    /// Ends the threads, when nothing is in flight, and gives the collector back.
    pub(crate) fn finish(self, encryptor: &mut Encryptor) -> Result<(), Error> {
        Ok(encryptor.take_back(self.crew.finish()?)?)
    }
}

//! Threads that seal the batches of a stream.

use waxseal_message::{Encryptor, SealRun};

use super::crew::Crew;
use super::task::SealTask;
use super::threads::Threads;
use crate::Error;
use crate::pump::Blocks;

/// What a stream of plaintext has on other threads: see [`Threads`].
pub(crate) struct SealCrew {
    crew: Crew<SealTask<Blocks>>,
    /// Buffers that came back.
    blocks: Vec<Blocks>,
}

impl SealCrew {
    /// Starts the threads, with the encryptor's collector.
    pub(crate) fn start(threads: &Threads, encryptor: &mut Encryptor) -> Result<Self, Error> {
        let crew = Crew::new(threads, encryptor.lend_collector()?);
        Ok(Self { crew, blocks: Vec::new() })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.crew.is_full()
    }

    /// An empty buffer, to fill while the others are in flight, if one came back.
    pub(crate) fn blocks(&mut self) -> Option<Blocks> {
        self.blocks.pop()
    }

    /// Sends the frames of `run`, whose plaintext stands in `blocks`, to be sealed there.
    pub(crate) fn put(&mut self, run: SealRun, blocks: Blocks) {
        self.crew.put(SealTask::new(run, blocks));
    }

    /// The next sealed frames, which wait in their buffer; `None` if none are in flight. The buffer
    /// comes back with [`SealCrew::give_back`].
    pub(crate) fn next(&mut self) -> Result<Option<Blocks>, Error> {
        let Some(mut task) = self.crew.next()? else { return Ok(None) };
        let progress = task.result()?;
        task.place.sealed(progress);
        Ok(Some(task.place))
    }

    /// Takes a buffer back whose bytes were given out.
    pub(crate) fn give_back(&mut self, mut blocks: Blocks) {
        blocks.clear();
        self.blocks.push(blocks);
    }

    /// Ends the threads, when nothing is in flight, and gives the collector back.
    pub(crate) fn finish(self, encryptor: &mut Encryptor) -> Result<(), Error> {
        Ok(encryptor.take_back(self.crew.finish()?)?)
    }
}

//! Batches of frames on their way through a line.

use waxseal_message::{DoneRun, FrameCollector, MessageError, OpenRun, Progress, SealRun};

use super::line::Task;
use crate::pump::Blocks;

const TOO_SHORT: MessageError = MessageError::Usage("a buffer that is too short for its batch");

/// Where the frames of a batch are sealed, and their plaintext stands.
pub(super) trait SealPlace: Send {
    fn seal(&mut self, run: SealRun) -> Result<DoneRun, MessageError>;

    /// The first `len` bytes of the blocks.
    fn blocks(&mut self, len: usize) -> Option<&mut [u8]>;
}

/// From the front of a caller's plaintext to the front of its buffer.
pub(super) struct Apart<'a> {
    pub(super) plaintext: &'a [u8],
    pub(super) blocks: &'a mut [u8],
}

impl SealPlace for Apart<'_> {
    fn seal(&mut self, run: SealRun) -> Result<DoneRun, MessageError> {
        let plaintext = self.plaintext.get(..run.plaintext_len()).ok_or(TOO_SHORT)?;
        let blocks = self.blocks.get_mut(..run.sealed_len()).ok_or(TOO_SHORT)?;
        run.seal(plaintext, blocks)
    }

    fn blocks(&mut self, len: usize) -> Option<&mut [u8]> {
        self.blocks.get_mut(..len)
    }
}

impl SealPlace for Blocks {
    fn seal(&mut self, run: SealRun) -> Result<DoneRun, MessageError> {
        let len = run.sealed_len();
        run.seal_in_place(self.blocks(len).ok_or(TOO_SHORT)?)
    }

    fn blocks(&mut self, len: usize) -> Option<&mut [u8]> {
        self.unsealed_mut().get_mut(..len)
    }
}

/// Frames to be sealed.
pub(super) struct SealTask<P> {
    run: Option<SealRun>,
    done: Option<DoneRun>,
    failed: Option<MessageError>,
    progress: Progress,
    pub(super) place: P,
}

impl<P: SealPlace> SealTask<P> {
    pub(super) fn new(run: SealRun, place: P) -> Self {
        let progress = Progress { read: run.plaintext_len(), written: run.sealed_len() };
        Self { run: Some(run), done: None, failed: None, progress, place }
    }

    /// How much was sealed.
    pub(super) fn result(&mut self) -> Result<Progress, MessageError> {
        self.failed.take().map_or(Ok(self.progress), Err)
    }
}

impl<P: SealPlace> Task for SealTask<P> {
    fn work(&mut self) {
        match self.run.take().map(|run| self.place.seal(run)) {
            Some(Ok(done)) => self.done = Some(done),
            Some(Err(error)) => self.failed = Some(error),
            None => {}
        }
    }

    fn follow(&mut self, collector: &mut FrameCollector) {
        if let Some(done) = self.done.take() {
            let blocks = self.place.blocks(self.progress.written).unwrap_or_default();
            self.failed = collector.collect(done, blocks).err();
        }
    }
}

/// Frames to be opened from the front of `blocks` to the front of `plaintext`.
pub(super) struct OpenTask<I, O> {
    run: Option<OpenRun>,
    done: Option<DoneRun>,
    failed: Option<MessageError>,
    sealed_len: usize,
    opened: usize,
    pub(super) blocks: I,
    pub(super) plaintext: O,
}

impl<I: AsRef<[u8]> + Send, O: AsMut<[u8]> + Send> OpenTask<I, O> {
    pub(super) fn new(run: OpenRun, blocks: I, plaintext: O) -> Self {
        let (sealed_len, opened) = (run.sealed_len(), run.plaintext_len());
        Self { run: Some(run), done: None, failed: None, sealed_len, opened, blocks, plaintext }
    }

    /// Bytes of plaintext that verified, and what was wrong behind them.
    pub(super) fn result(&mut self) -> (usize, Option<MessageError>) {
        (self.opened, self.failed.take())
    }

    fn open(&mut self, run: OpenRun) -> Result<DoneRun, (usize, MessageError)> {
        let blocks = self.blocks.as_ref().get(..self.sealed_len).ok_or((0, TOO_SHORT))?;
        let plaintext = self.plaintext.as_mut().get_mut(..run.plaintext_len()).ok_or((0, TOO_SHORT))?;
        run.open(blocks, plaintext).map_err(|failed| (failed.opened, failed.error))
    }
}

impl<I: AsRef<[u8]> + Send, O: AsMut<[u8]> + Send> Task for OpenTask<I, O> {
    fn work(&mut self) {
        match self.run.take().map(|run| self.open(run)) {
            Some(Ok(done)) => self.done = Some(done),
            Some(Err((opened, error))) => (self.opened, self.failed) = (opened, Some(error)),
            None => {}
        }
    }

    fn follow(&mut self, collector: &mut FrameCollector) {
        if let Some(done) = self.done.take() {
            let blocks = self.blocks.as_ref().get(..self.sealed_len).unwrap_or_default();
            self.failed = collector.collect(done, blocks).err();
        }
    }
}

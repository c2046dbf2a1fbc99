//! Batches of frames on their way through a line.

use waxseal_message::{DoneRun, FrameCollector, MessageError, OpenRun, SealRun};

use super::line::Task;

const TOO_SHORT: MessageError = MessageError::Usage("a buffer that is too short for its batch");

/// Frames to be sealed from the front of `plaintext` to the front of `blocks`.
pub(super) struct SealTask<I, O> {
    run: Option<SealRun>,
    done: Option<DoneRun>,
    failed: Option<MessageError>,
    sealed_len: usize,
    pub(super) plaintext: I,
    pub(super) blocks: O,
}

impl<I: AsRef<[u8]> + Send, O: AsRef<[u8]> + AsMut<[u8]> + Send> SealTask<I, O> {
    pub(super) fn new(run: SealRun, plaintext: I, blocks: O) -> Self {
        let sealed_len = run.sealed_len();
        Self { run: Some(run), done: None, failed: None, sealed_len, plaintext, blocks }
    }

    /// Bytes of the message in `blocks`.
    pub(super) fn result(&mut self) -> Result<usize, MessageError> {
        self.failed.take().map_or(Ok(self.sealed_len), Err)
    }

    fn seal(&mut self, run: SealRun) -> Result<DoneRun, MessageError> {
        let plaintext = self.plaintext.as_ref().get(..run.plaintext_len()).ok_or(TOO_SHORT)?;
        run.seal(plaintext, self.blocks.as_mut().get_mut(..self.sealed_len).ok_or(TOO_SHORT)?)
    }
}

impl<I: AsRef<[u8]> + Send, O: AsRef<[u8]> + AsMut<[u8]> + Send> Task for SealTask<I, O> {
    fn work(&mut self) {
        match self.run.take().map(|run| self.seal(run)) {
            Some(Ok(done)) => self.done = Some(done),
            Some(Err(error)) => self.failed = Some(error),
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

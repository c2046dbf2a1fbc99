//! The part of an opener that hands batches to several threads, and takes their plaintext in order.

use super::{Opener, Output, State, Step};
use crate::Error;
use crate::parallel::{OpenCrew, Opened};

impl Opener {
    /// Bytes of a batch of the message, while several threads open it.
    pub(super) fn batch_len(&self) -> Option<usize> {
        match &self.state {
            State::Body(body) if self.threads.are_several() && !body.is_done() => {
                body.regular_block_len().map(|block_len| self.threads.batch_len(block_len))
            }
            _ => None,
        }
    }

    /// Where there are several threads, sends them what fills a batch, and gives out the batch of
    /// some time ago. What fills none, and the last block, is opened here, behind all of them.
    pub(super) fn open_next_batch(&mut self) -> Result<Step, Error> {
        let Some(batch) = self.batch_len() else { return self.open_next() };
        // The last block may be longer than a batch: threads are not started for each piece of it.
        let least = batch.max(self.least);
        while !self.settling && !self.is_crew_full() && self.window.len() >= least {
            self.send(batch)?;
        }
        if self.settling || self.is_crew_full() {
            if self.receive()? {
                return Ok(Step::Plaintext);
            }
            return self.open_the_rest();
        }
        Ok(Step::Input)
    }

    fn is_crew_full(&self) -> bool {
        self.crew.as_ref().is_some_and(OpenCrew::is_full)
    }

    /// Sends the regular frames at the front of the window to the other threads. What is wrong
    /// with the head of one counts once the frames in front of it were given out.
    fn send(&mut self, batch: usize) -> Result<(), Error> {
        let State::Body(body) = &mut self.state else { return Err(Error::StreamEnded) };
        let crew = match &mut self.crew {
            Some(crew) => crew,
            None => self.crew.insert(OpenCrew::start(&self.threads, body)?),
        };
        match body.next_run(self.window.unread(), batch) {
            Ok(Some(run)) => {
                let blocks = self.window.split_front(run.sealed_len(), crew.window());
                crew.put(run, blocks);
            }
            Ok(None) => self.settling = true,
            Err(error) => (self.settling, self.fault) = (true, Some(error)),
        }
        Ok(())
    }

    /// Waits for the next batch from the other threads; false if there is none.
    fn receive(&mut self) -> Result<bool, Error> {
        let Some(crew) = &mut self.crew else { return Ok(false) };
        let Some(Opened { plaintext, len, fault }) = crew.next()? else { return Ok(false) };
        self.output = Output::Batch(plaintext, 0..len);
        if fault.is_some() {
            (self.crew, self.settling, self.fault) = (None, true, fault);
        }
        Ok(len > 0)
    }

    /// Nothing is with the other threads: opens what the window holds, or says what was wrong.
    fn open_the_rest(&mut self) -> Result<Step, Error> {
        if let Some(fault) = self.fault.take() {
            return Err(fault.into());
        }
        if let (State::Body(body), Some(crew)) = (&mut self.state, self.crew.take()) {
            crew.finish(body)?;
        }
        match (self.open_next()?, &self.state) {
            (Step::Input, State::Body(body)) if self.ended => {
                body.finish(self.window.unread())?;
                Ok(Step::End)
            }
            (Step::Input, _) => {
                self.settling = false;
                Ok(Step::Input)
            }
            (step, _) => Ok(step),
        }
    }
}

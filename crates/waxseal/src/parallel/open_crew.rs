//! Threads that open the batches of a stream.

use waxseal_crypto::SecretBytes;
use waxseal_message::{BodyDecryptor, MessageError, OpenRun};

use super::crew::Crew;
use super::task::OpenTask;
use super::threads::Threads;
use crate::Error;
use crate::pump::Window;

/// What a stream of a message has on other threads: see [`Threads`].
pub(crate) struct OpenCrew {
    crew: Crew<OpenTask<Window, Plaintext>>,
    /// Buffers that came back.
    windows: Vec<Window>,
    plaintexts: Vec<SecretBytes>,
}

/// Wipes itself wherever it is dropped.
struct Plaintext(SecretBytes);

impl AsMut<[u8]> for Plaintext {
    fn as_mut(&mut self) -> &mut [u8] {
        self.0.expose_mut()
    }
}

/// What came out of a batch.
pub(crate) struct Opened {
    pub(crate) plaintext: SecretBytes,
    /// Bytes of it that verified.
    pub(crate) len: usize,
    /// What was wrong behind them.
    pub(crate) fault: Option<MessageError>,
}

impl OpenCrew {
    /// Starts the threads, with the machine's collector.
    pub(crate) fn start(threads: &Threads, body: &mut BodyDecryptor) -> Result<Self, Error> {
        let crew = Crew::new(threads, body.lend_collector()?);
        Ok(Self { crew, windows: Vec::new(), plaintexts: Vec::new() })
    }

    pub(crate) fn is_full(&self) -> bool {
        self.crew.is_full()
    }

    /// An empty window, to fill while the others are in flight.
    pub(crate) fn window(&mut self) -> Window {
        self.windows.pop().unwrap_or_else(Window::new)
    }

    /// Sends the frames at the front of `blocks` to be opened.
    pub(crate) fn put(&mut self, run: OpenRun, blocks: Window) {
        let held = self.plaintexts.pop().filter(|plaintext| plaintext.len() >= run.plaintext_len());
        let plaintext = held.unwrap_or_else(|| SecretBytes::zeroed(run.plaintext_len()));
        self.crew.put(OpenTask::new(run, blocks, Plaintext(plaintext)));
    }

    /// The next opened frames, `None` if none are in flight. The plaintext comes back with
    /// [`OpenCrew::give_back`].
    pub(crate) fn next(&mut self) -> Result<Option<Opened>, Error> {
        let Some(mut task) = self.crew.next()? else { return Ok(None) };
        let (len, fault) = task.result();
        task.blocks.clear();
        self.windows.push(task.blocks);
        Ok(Some(Opened { plaintext: task.plaintext.0, len, fault }))
    }

    /// Takes a buffer back whose bytes were given out.
    pub(crate) fn give_back(&mut self, plaintext: SecretBytes) {
        self.plaintexts.push(plaintext);
    }

    /// Ends the threads, when nothing is in flight, and gives the collector back.
    pub(crate) fn finish(self, body: &mut BodyDecryptor) -> Result<(), Error> {
        Ok(body.take_back(self.crew.finish()?)?)
    }
}

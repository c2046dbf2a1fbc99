//! Several threads on one message: frames are independent, so they are sealed and opened by the
//! batch, in any order, and collected in theirs.
//!
//! ```text
//! a machine hands out runs of frames ---> Line: any thread takes the next batch, seals or opens it,
//!   (Encryptor, BodyDecryptor)                  one at a time hashes what is next in order
//! whoever drives the machine <----------- Line: batches come out in order
//! ```
//!
//! The caller's thread is one of them: it takes batches itself while it has to wait.

mod crew;
mod line;
mod one_shot;
mod open_crew;
mod seal_crew;
mod task;
mod threads;

pub(crate) use one_shot::{open_runs, seal_runs};
pub(crate) use open_crew::{OpenCrew, Opened};
pub(crate) use seal_crew::SealCrew;
pub use threads::Threads;

use waxseal_message::MessageError;

use crate::Error;

fn panicked() -> Error {
    MessageError::Usage("a thread that panicked").into()
}

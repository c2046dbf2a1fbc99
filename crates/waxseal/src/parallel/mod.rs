//! Several threads on one message: frames are independent, so they are sealed and opened by the
//! batch, in any order, and collected in theirs.
//!
//! ```text
//! a machine hands out runs of frames ---> Line: any thread takes the next batch, seals or opens it,
//!   (Encryptor, BodyDecryptor)                  one at a time hashes what is next in order
//! whoever drives the machine <----------- Line: batches come out in order
//! ```
//!
//! The caller's thread is one of them: it takes batches itself while it has to wait. What a message
//! must be, and what is wrong with it, is decided by the same machines, and is the same. How many
//! verified frames come out in front of a bad one differs: several threads give out batch by batch, one
//! thread none of those that it opened in the same call.
//!
//! Memory: a call over memory needs some hundred bytes for each batch. A stream holds batches, two for
//! each thread, of 256 KiB or one frame: one that encrypts seals each where its plaintext stands, one that decrypts holds it as
//! message and as plaintext. Its frames leave by the batch: flushing brings out
//! what is whole, and a reader asks its source for a batch before it gives out the first.
//!
//! Threads start when a stream's first batch is full, or for a message of four batches and more in
//! memory. They end with the stream or the call; those that a panic ended make an error of it.
//!
//! ```
//! # use std::io::Write;
//! # use waxseal::{Client, RawAesKeyring, SecretBytes, native};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let crypto = native::provider();
//! # let key = SecretBytes::random(crypto.random, 32)?;
//! # let client = Client::new(crypto, RawAesKeyring::new(crypto, "docs", "key", key)?);
//! let plaintext = vec![7; 5 << 20];
//! let message = client.encrypt(&plaintext).frame_length(64 << 10).threads(2).wait()?.message;
//!
//! let mut writer = client.decrypt_writer(Vec::new()).threads(2).wait()?;
//! writer.write_all(&message)?;
//! assert_eq!(writer.finish()?, plaintext);
//! # Ok(())
//! # }
//! ```

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

pub(crate) fn panicked() -> Error {
    MessageError::Usage("a thread that panicked").into()
}

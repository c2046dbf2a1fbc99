//! The core that makes and opens messages, without input and output.
//!
//! It waits for nothing and owns no buffer: bytes come and go by slices, materials come from
//! outside. One-shot calls, streams of every kind and parallel workers are the same machines
//! with different callers.
//!
//! ```text
//! encrypt: EncryptOptions::request -> (materials) -> Encryptor::new -> push ... -> finish
//! decrypt: HeaderDecoder::push ... -> ParsedHeader::request -> (materials)
//!          -> ParsedHeader::authenticate -> BodyDecryptor::push ... -> finish
//! ```

mod body_decryptor;
mod body_progress;
mod encryptor;
mod error;
mod frame_cipher;
mod frame_map;
mod frame_run;
mod header_authentication;
mod header_writer;
mod keys;
mod options;
mod parsed_header;
mod signature;

pub use body_decryptor::BodyDecryptor;
pub use body_progress::{BodyProgress, InPlace, Next};
pub use encryptor::{Encryptor, Progress};
pub use error::MessageError;
pub use frame_cipher::FrameCipher;
pub use frame_map::FrameMap;
pub use frame_run::{DoneRun, FailedRun, FrameCollector, OpenRun, SealRun};
pub use options::{DEFAULT_FRAME_LENGTH, DecryptOptions, EncryptOptions, SignedMessages};
pub use parsed_header::ParsedHeader;

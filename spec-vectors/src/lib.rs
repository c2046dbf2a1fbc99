//! Test vectors of the message format, and their runner.
//!
//! ```text
//! path -> Source (folder or zip) -> forms: manifest -> Case -> Runner -> Outcome -> Report
//! ```
//!
//! A [`case::Case`] says what to decrypt, with which keys, and what must come of it. Each form
//! of manifest has a file of its own in [`forms`], which makes cases and knows nothing about
//! running them.

pub mod case;
pub mod forms;
pub mod keys;
pub mod kms;
pub mod load;
pub mod report;
pub mod run;
pub mod source;
pub mod write;
pub mod wycheproof;

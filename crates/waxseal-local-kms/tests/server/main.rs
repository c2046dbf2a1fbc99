//! The server over real sockets, with requests that AWS's own signer signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod audit;
mod errors;
mod limits;
#[path = "../support/log.rs"]
mod log;
mod refusals;
mod signed;

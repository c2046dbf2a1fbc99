//! Signatures at the public API, with the embedded KMS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod pinning;
mod place;
mod pykmssig;
mod schemes;
mod sources;
mod three_accounts;
mod trees;

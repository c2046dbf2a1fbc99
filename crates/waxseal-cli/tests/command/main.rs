//! The command, run as users run it: the real binary on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    missing_docs
)]

mod aws_kms;
mod caching;
mod demo;
mod endings;
mod inspect;
mod keygen;
mod killed;
mod kms;
mod kms_serve;
mod outputs;
mod progress;
mod ranges;
mod refusals;
mod round_trips;
mod signatures;
mod support;

//! The `waxseal` command: encrypts, decrypts and inspects files in the AWS Encryption SDK
//! message format. What it takes and does is described in `docs/command.md`.
//!
//! The way of the data, from the outside in:
//!
//! | step | module |
//! |---|---|
//! | the command line | `cli` |
//! | one module for each subcommand | `keygen`, `encrypt`, `decrypt`, `inspect`, `sign`, `verify`, `kms`, `demo` |
//! | the wrapping keys that `--key` names | `key` |
//! | the cache of data keys that `--cache-max-age` asks for | `cache` |
//! | which files are read, and where each output goes | `plan` |
//! | all files, several at a time | `batch` |
//! | one file through the client | `stream`, between `input` and `output`, through `armor`; a part of it, `range` |
//! | a file that appears whole or not at all | `temporary`, `cleanup` |
//! | how it ends | `failure` |
//!
//! `kms_sig` is another command, with the command line and the words of another project's.

mod armor;
mod batch;
mod cache;
mod cleanup;
mod cli;
mod decrypt;
mod demo;
mod encrypt;
mod failure;
mod input;
mod inspect;
mod key;
mod keygen;
mod kms;
mod kms_sig;
mod output;
mod plan;
mod progress;
mod provider;
mod range;
mod sign;
mod signature;
mod stream;
mod temporary;
mod terminal;
mod value;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::cleanup::Cleanup;
use crate::cli::{Cli, Session};
use crate::failure::Exit;

pub use crate::kms_sig::run as run_kms_sig;

/// Runs the command with these arguments, the program's name first, and returns its exit code:
/// 0 done, 1 failed to verify or decrypt, 2 usage, 3 input or output, 4 key service.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed terminal is no reason for another error.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let session = Session { quiet: cli.quiet, cleanup: Cleanup::default() };
    if cli.quiet {
        kms::silence();
    }
    match cli.command.run(&session) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.report();
            failure.exit.into()
        }
    }
}

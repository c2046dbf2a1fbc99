//! `waxseal kms`: the embedded KMS, its keys and its server.

mod access_key;
mod access_keys;
mod alias;
mod audit;
mod calls;
mod create_key;
mod list;
mod notice;
mod policy;
mod serve;
mod state;
mod store;

pub(crate) use calls::{CallerArgs, Calls};
pub(crate) use notice::silence;
pub(crate) use store::Store;

use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Exit, Failure};

/// An embedded KMS, for development, tests and demos
///
/// Its keys are in one file. `--key local:alias/NAME` uses them without a server; `waxseal kms
/// serve` is AWS KMS for every AWS client on this machine. It is no HSM: who can read the file
/// and its key has the keys.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    CreateKey(create_key::Args),
    List(list::Args),
    Alias(alias::Args),
    Policy(policy::Args),
    /// Let a key be used again
    Enable(state::Args),
    /// Keep a key from being used
    Disable(state::Args),
    AccessKeys(access_keys::Args),
    Serve(serve::Args),
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    match &args.command {
        Command::CreateKey(args) => create_key::run(args, session),
        Command::List(args) => list::run(args),
        Command::Alias(args) => alias::run(args),
        Command::Policy(args) => policy::run(args),
        Command::Enable(args) => state::run(args, "EnableKey"),
        Command::Disable(args) => state::run(args, "DisableKey"),
        Command::AccessKeys(args) => access_keys::run(args),
        Command::Serve(args) => serve::run(args, session),
    }
}

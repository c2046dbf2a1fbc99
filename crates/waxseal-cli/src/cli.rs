//! The command line: its subcommands, and what all of them share.

use clap::{Parser, Subcommand};

use crate::cleanup::Cleanup;
use crate::failure::{Exit, Failure};
use crate::{decrypt, demo, encrypt, inspect, keygen, kms, sign, verify};

pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a message, or the key for it, failed to verify or decrypt
  2  the command line, a key argument or a key file is wrong
  3  input or output failed, or an output exists and --force was not given
  4  a key service denied or failed
With several files all are tried; of their codes the first of 1, 4, 3, 2 counts.";

/// Encrypts and decrypts files in the AWS Encryption SDK message format.
#[derive(Debug, Parser)]
#[command(name = "waxseal", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// Show no progress bar and no notes; errors are shown all the same
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Keygen(keygen::Args),
    Encrypt(Box<encrypt::Args>),
    Decrypt(Box<decrypt::Args>),
    Inspect(inspect::Args),
    Sign(Box<sign::Args>),
    Verify(Box<verify::Args>),
    Kms(Box<kms::Args>),
    Demo(demo::Args),
}

/// What the whole run shares.
pub(crate) struct Session {
    pub(crate) quiet: bool,
    pub(crate) cleanup: Cleanup,
}

impl Command {
    pub(crate) fn run(&self, session: &Session) -> Result<Exit, Failure> {
        match self {
            Self::Keygen(args) => keygen::run(args, session),
            Self::Encrypt(args) => encrypt::run(args, session),
            Self::Decrypt(args) => decrypt::run(args, session),
            Self::Inspect(args) => inspect::run(args, session),
            Self::Sign(args) => sign::run(args, session),
            Self::Verify(args) => verify::run(args, session),
            Self::Kms(args) => kms::run(args, session),
            Self::Demo(args) => demo::run(args, session),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}

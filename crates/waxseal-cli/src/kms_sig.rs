//! `kms-sig`: the command lines, the words and the exit codes of the command of this name, over
//! the same scheme, so that a user of it changes nothing.
//!
//! Two of its faults are not here. The signature file appears whole or not at all; and `--key`
//! pins the keys whose signatures are accepted. Without it a signature of any key passes that
//! KMS lets the caller decrypt with, as ever, but not without a warning.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Parser};
use waxseal::{CryptoProvider, EncryptionContext};
use waxseal_sign::{ContentDigest, DigestKind, EncryptedDigest, SignError, Signer, Verified, Verifier};

use crate::cleanup::Cleanup;
use crate::failure::{Direction, Failure};
use crate::input::Source;
use crate::key::{KeyService, SigningKey};
use crate::output::{Destination, Output, OutputRules};
use crate::progress::Progress;
use crate::provider::Provider;
use crate::signature;
use crate::temporary::Readers;
use crate::terminal::{print, say};

const INVALID: u8 = 1;
const FAILED: u8 = 2;

const VERSION: &str = env!("CARGO_PKG_VERSION");

const WARNING: &str =
    "kms-sig: warning: without --key a signature under any key passes that you may decrypt with";

/// Sign and verify files with AWS KMS
#[derive(Debug, Parser)]
#[command(name = "kms-sig", version, disable_version_flag = true, disable_help_subcommand = true)]
#[command(arg = Arg::new("version").short('v').long("version").action(ArgAction::Version).help("Print the version"))]
enum Cli {
    /// Sign a file
    Sign {
        /// The key: an id, an ARN or an alias of KMS, or local:NAME
        key_id: SigningKey,
        file: PathBuf,
        sig: PathBuf,
        /// The encryption context: k1=v1,k2=v2
        #[arg(long, value_name = "CONTEXT", default_value = "", value_parser = context)]
        context: EncryptionContext,
    },
    /// Verify a file's signature
    Verify {
        file: PathBuf,
        sig: PathBuf,
        /// The encryption context: k1=v1,k2=v2
        #[arg(long, value_name = "CONTEXT", default_value = "", value_parser = context)]
        context: EncryptionContext,
        /// A key whose signatures are accepted: the ARN of a key, or local:NAME; can be repeated
        #[arg(long = "key", value_name = "KEY")]
        keys: Vec<SigningKey>,
    },
    /// Print the version: in the lines of the model, which names its compiler and its build
    Version,
}

/// Runs `kms-sig` with these arguments, the program's name first, and returns its exit code: 0
/// done, 1 an invalid signature, 2 any other failure.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    // It has words of its own, and nothing else to say.
    crate::kms::silence();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            return print(&format!("{VERSION}\n")).map_or(FAILED.into(), |()| ExitCode::SUCCESS);
        }
        Err(error) => {
            // A closed terminal is no reason for another error.
            let _ = error.print();
            return if error.use_stderr() { FAILED.into() } else { ExitCode::SUCCESS };
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(End::Invalid) => {
            say("invalid signature");
            INVALID.into()
        }
        Err(End::Failed(failure)) => {
            failure.text().iter().for_each(|text| say(&text.replacen("waxseal:", "kms-sig:", 1)));
            FAILED.into()
        }
    }
}

/// How a run ends that isn't done.
enum End {
    Invalid,
    Failed(Failure),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Cli {
    fn run(&self) -> Result<(), End> {
        match self {
            Self::Sign { key_id, file, sig, context } => Ok(sign(key_id, file, sig, context)?),
            Self::Verify { file, sig, context, keys } => verify(file, sig, context, keys),
            Self::Version => {
                Ok(print(&format!("version: {VERSION}\ngoversion: unknown\nbuildtime: unknown\n"))?)
            }
        }
    }
}

fn sign(key_id: &SigningKey, file: &Path, sig: &Path, context: &EncryptionContext) -> Result<(), Failure> {
    signature::keep_apart(&[file.to_path_buf()], &[sig.to_path_buf()])?;
    let cleanup = Cleanup::default();
    let rules = OutputRules { force: true, sync: false, readers: Readers::Umask, cleanup: &cleanup };
    let mut output = Output::create(&Destination::File(sig.to_path_buf()), rules)?;
    let service = KeyService::open(std::slice::from_ref(key_id), None, None)?;
    let key = service.keys.first().ok_or_else(|| Failure::usage("a key is missing"))?;
    let signer = Signer::new(crypto(), EncryptedDigest::new(service.clients.clone()), key.as_str());
    let signer = signer.context(context.clone()).map_err(wrong)?;
    let content = digest(file)?;
    let signed = service.run(signer.sign_raw(&content)).map_err(wrong)?;
    output.write_all(&signed.signature).map_err(Failure::output)?;
    output.finish()
}

fn verify(file: &Path, sig: &Path, context: &EncryptionContext, keys: &[SigningKey]) -> Result<(), End> {
    let service = KeyService::open(keys, None, None)?;
    let verifier = match keys {
        [] => {
            say(WARNING);
            Ok(Verifier::danger_any_key(crypto(), service.clients.clone()))
        }
        _ => Verifier::new(crypto(), service.clients.clone(), &service.keys),
    };
    let verifier = verifier.and_then(|verifier| verifier.context(context.clone())).map_err(wrong)?;
    let signature = signature::read(&Source::File(sig.to_path_buf()), signature::MAX_LEN)?;
    let content = digest(file)?;
    let scheme = EncryptedDigest::new(service.clients.clone());
    match service.run(verifier.verify_raw(&scheme, &signature, &content)) {
        Ok(Verified { key, .. }) => Ok(print(&format!("valid signature from {key}\n"))?),
        Err(error) if error.is_invalid_signature() => Err(End::Invalid),
        Err(error) => Err(signature::unknown(wrong(error), keys.is_empty()).into()),
    }
}

fn crypto() -> &'static CryptoProvider {
    Provider::DEFAULT.crypto()
}

fn digest(file: &Path) -> Result<ContentDigest, Failure> {
    let source = Source::File(file.to_path_buf());
    let progress = Progress::start(source.len(), false);
    let input = source.open(&progress).map_err(|failure| failure.about(&source))?;
    let digest = ContentDigest::of_reader(crypto(), DigestKind::Sha512, input);
    digest.map_err(|error| Failure::io(error).about(&source))
}

fn wrong(error: SignError) -> Failure {
    Failure::signature(error, Direction::Decrypt)
}

/// `k1=v1,k2=v2`: split at each comma, then at the first equals sign. Nothing is escaped, and of
/// a key that is given twice the last value counts.
fn context(text: &str) -> Result<EncryptionContext, String> {
    let mut context = EncryptionContext::new();
    for pair in text.split(',').filter(|_| !text.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is not key=value"))?;
        context.insert(key.to_owned(), value.to_owned());
    }
    Ok(context)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_context_splits_at_commas_then_at_the_first_equals_sign() {
        assert_eq!(context(""), Ok(EncryptionContext::new()));
        assert_eq!(context("a=b=c,d="), Ok([("a", "b=c"), ("d", "")].into()));
        assert_eq!(context("a=b,a=c"), Ok([("a", "c")].into()));
        for wrong in ["a", "a=b,"] {
            assert!(context(wrong).is_err(), "{wrong:?}");
        }
    }
}

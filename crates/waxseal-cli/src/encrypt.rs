//! `waxseal encrypt`.

use std::io::IsTerminal;

use waxseal::{AlgorithmSuite, Client, CommitmentPolicy, EncryptOptions};

use crate::batch::{FileArgs, ThreadsByLen};
use crate::cache::CacheArgs;
use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Direction, Exit, Failure};
use crate::key::KeyArgs;
use crate::output::{Destination, Output, OutputRules};
use crate::plan::{Job, Plan};
use crate::progress::Progress;
use crate::temporary::Readers;
use crate::value::{self, ContextPair};
use crate::{input, stream};

/// The library's own, for inputs that are no longer than this.
const SMALL_INPUT: u64 = 1 << 20;
const SMALL_FRAME: u32 = 4096;

/// For longer inputs: less overhead, and still far below what any reader limits.
const LARGE_FRAME: u32 = 64 << 10;

/// Encrypt files
///
/// FILE becomes FILE.waxseal, standard input goes to standard output, unless -o says
/// otherwise. A file appears once it is complete, or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    cache: CacheArgs,
    /// A pair of the encryption context: authenticated with the message, and not secret; can be
    /// repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = value::context_pair)]
    context: Vec<ContextPair>,
    /// The algorithm suite, by name or id [default: the commitment policy's, 0x0578 or 0x0378]
    #[arg(long, value_name = "SUITE", value_parser = value::suite)]
    algorithm: Option<&'static AlgorithmSuite>,
    /// Bytes of a frame [default: 4096 for files of up to 1 MiB, else 64K]
    #[arg(long, value_name = "BYTES", value_parser = value::frame_size)]
    frame_length: Option<u32>,
    /// Which suites may be written
    #[arg(long, value_name = "POLICY", default_value_t, value_parser = value::commitment_policy)]
    commitment_policy: CommitmentPolicy,
    /// Wrap the data key with so many keys at most
    #[arg(long, value_name = "N", default_value_t = u16::MAX, value_parser = clap::value_parser!(u16).range(1..))]
    max_encrypted_data_keys: u16,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let plan = args.files.plan(Direction::Encrypt)?;
    refuse_terminal(&plan, args.files.armor)?;
    let client = args
        .cache
        .apply(args.keys.client(Direction::Encrypt)?)?
        .commitment_policy(args.commitment_policy)
        .encrypt_options(args.options()?);
    let rules = args.files.output_rules(Readers::Umask, session);
    let threads = args.files.threads(&plan);
    let exit =
        args.files.run(plan, session, &|job, progress| args.encrypt(job, &client, rules, threads, progress));
    CacheArgs::tell(&client, session);
    Ok(exit)
}

impl Args {
    fn options(&self) -> Result<EncryptOptions, Failure> {
        let mut options = EncryptOptions::default();
        options.encryption_context = value::encryption_context(&self.context)?;
        options.suite = self.algorithm;
        options.max_encrypted_data_keys = self.max_encrypted_data_keys;
        Ok(options)
    }

    fn encrypt(
        &self,
        job: &Job,
        client: &Client,
        rules: OutputRules<'_>,
        threads: ThreadsByLen,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let mut output = Output::create(&job.output, rules)?;
        let input = job.input.open(progress)?;
        let frame_length = self.frame_length.unwrap_or_else(|| frame_length_for(&input));
        let threads = threads.of(input.len());
        let bound = self.cache.plaintext_len_bound(&input);
        let mut request = client.encrypt_reader(input).frame_length(frame_length).threads(threads);
        if let Some(bytes) = bound {
            request = request.plaintext_len_bound(bytes);
        }
        stream::encrypt(request, &mut output, self.files.armor)?;
        output.finish()
    }
}

fn frame_length_for(input: &input::Input<'_>) -> u32 {
    match input.len() {
        Some(len) if len <= SMALL_INPUT => SMALL_FRAME,
        _ => LARGE_FRAME,
    }
}

/// Binary data does no good to a terminal.
fn refuse_terminal(plan: &Plan, armor: bool) -> Result<(), Failure> {
    let to_stdout = plan.jobs.iter().any(|job| job.output == Destination::Stdout);
    if to_stdout && !armor && std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "a message is binary and standard output is a terminal; use -o FILE or --armor",
        ));
    }
    Ok(())
}

//! `waxseal decrypt`.

use waxseal::{Client, CommitmentPolicy, DecryptOptions, SignedMessages};

use crate::batch::{FileArgs, ThreadsByLen};
use crate::cache::CacheArgs;
use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Direction, Exit, Failure};
use crate::key::KeyArgs;
use crate::output::{Output, OutputRules};
use crate::plan::Job;
use crate::progress::Progress;
use crate::range::{self, Part, RangeArgs};
use crate::stream::{self, Armored};
use crate::temporary::Readers;
use crate::value::{self, ContextPair};

/// Decrypt files
///
/// FILE.waxseal becomes FILE, readable by its owner alone; standard input goes to standard
/// output, unless -o says otherwise. A file appears once all of its message verified, or not
/// at all. Standard output gets each frame as soon as it verified, and the exit code says
/// whether the whole did.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    keys: KeyArgs,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    range: RangeArgs,
    /// A pair that the message's encryption context must have; can be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = value::context_pair)]
    context: Vec<ContextPair>,
    /// Which suites may be read
    #[arg(long, value_name = "POLICY", default_value_t, value_parser = value::commitment_policy)]
    commitment_policy: CommitmentPolicy,
    /// Refuse messages with more encrypted data keys
    #[arg(long, value_name = "N", default_value_t = u16::MAX, value_parser = clap::value_parser!(u16).range(1..))]
    max_encrypted_data_keys: u16,
    /// Refuse messages with longer frames [default: 64M]
    #[arg(long, value_name = "BYTES", value_parser = value::frame_size)]
    max_frame_length: Option<u32>,
    /// Refuse longer unframed messages [default: 64M]
    #[arg(long, value_name = "BYTES", value_parser = value::size)]
    max_unframed_length: Option<u64>,
    /// Refuse signed messages: then whatever reaches standard output is final
    #[arg(long)]
    decrypt_unsigned: bool,
    /// Try a header that doesn't verify once more as the .NET SDK 4.0.0 wrote it
    #[arg(long)]
    net_v4_0_0_retry: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let part = args.range.part(&args.files)?;
    let plan = args.files.plan(Direction::Decrypt)?;
    let client = args
        .cache
        .apply(args.keys.client(Direction::Decrypt)?)?
        .commitment_policy(args.commitment_policy)
        .decrypt_options(args.options()?);
    let rules = args.files.output_rules(Readers::Owner, session);
    let Some(part) = part else {
        let threads = args.files.threads(&plan);
        let exit = args
            .files
            .run(plan, session, &|job, progress| args.decrypt(job, &client, rules, threads, progress));
        CacheArgs::tell(&client, session);
        return Ok(exit);
    };
    Ok(args.files.run_towards(None, plan, session, &|job, progress| {
        args.decrypt_part(part, job, &client, rules, progress)
    }))
}

impl Args {
    fn options(&self) -> Result<DecryptOptions, Failure> {
        let mut options = DecryptOptions::default();
        options.reproduced_context = value::encryption_context(&self.context)?;
        options.max_encrypted_data_keys = self.max_encrypted_data_keys;
        options.max_frame_length = self.max_frame_length.unwrap_or(options.max_frame_length);
        options.max_unframed_len = self.max_unframed_length.unwrap_or(options.max_unframed_len);
        options.net_v4_0_0_retry = self.net_v4_0_0_retry;
        if self.decrypt_unsigned {
            options.signed_messages = SignedMessages::Refuse;
        }
        Ok(options)
    }

    fn decrypt(
        &self,
        job: &Job,
        client: &Client,
        rules: OutputRules<'_>,
        threads: ThreadsByLen,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let mut output = Output::create(&job.output, rules)?;
        let input = job.input.open(progress)?;
        let threads = threads.of(input.len());
        let input = Armored::new(input, self.files.armor);
        stream::decrypt(client.decrypt_reader(input).threads(threads), threads, &mut output)?;
        output.finish()
    }

    fn decrypt_part(
        &self,
        part: Part,
        job: &Job,
        client: &Client,
        rules: OutputRules<'_>,
        progress: &Progress,
    ) -> Result<(), Failure> {
        range::require_regular(job)?;
        let mut output = Output::create(&job.output, rules)?;
        let request = client.decrypt_range(job.input.open(progress)?);
        self.range.decrypt(part, request, &mut output)?;
        output.finish()
    }
}

//! `waxseal-vectors`: runs test vectors, and writes messages for other SDKs to open.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use waxseal::CryptoProvider;
use waxseal_vectors::kms::Kms;
use waxseal_vectors::load::{CaseSet, load, load_data_keys};
use waxseal_vectors::report::{Report, Style};
use waxseal_vectors::run::Runner;
use waxseal_vectors::write::write;

/// Runs test vectors of the AWS Encryption SDK message format.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Decrypts what manifests describe, and compares. Exits with 1 if a test fails, with 2 if
    /// a manifest can't be read. Keys of AWS KMS are asked for where AWS_ENDPOINT_URL_KMS says;
    /// without it tests that need them are skipped.
    Decrypt {
        #[command(flatten)]
        run: Run,
        /// Try headers that don't verify once more as the .NET SDK 4.0.0 wrote them.
        #[arg(long)]
        net_v4_0_0_retry: bool,
    },
    /// Unwraps the data keys of manifests that have no messages, and compares. Exits as
    /// `decrypt` does.
    Keyring {
        #[command(flatten)]
        run: Run,
    },
    /// Writes messages of all kinds with a manifest, for other SDKs to open.
    Write {
        /// A folder; it is made if it is not there.
        folder: PathBuf,
        /// Who does the cryptography.
        #[arg(long, value_enum, default_value_t)]
        provider: Provider,
    },
}

#[derive(Args)]
struct Run {
    /// Manifests, folders or zips.
    #[arg(required = true, value_name = "MANIFEST-OR-ZIP")]
    paths: Vec<PathBuf>,
    /// Who does the cryptography.
    #[arg(long, value_enum, default_value_t)]
    provider: Provider,
    /// Print a JSON object for each test.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Provider {
    #[default]
    Native,
    Rustcrypto,
}

impl Provider {
    fn get(self) -> &'static CryptoProvider {
        match self {
            Self::Native => waxseal::native::provider(),
            Self::Rustcrypto => waxseal::rustcrypto::provider(),
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("waxseal-vectors: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Decrypt { run, net_v4_0_0_retry } => run.all(load, net_v4_0_0_retry),
        Command::Keyring { run } => run.all(load_data_keys, false),
        Command::Write { folder, provider } => {
            let count = write(&folder, provider.get())?;
            println!("{count} messages written to {}", folder.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Run {
    fn all(&self, load: fn(&Path) -> Result<Vec<CaseSet>>, net_v4_0_0_retry: bool) -> Result<ExitCode> {
        let runner = Runner { crypto: self.provider.get(), net_v4_0_0_retry, kms: Kms::from_env()? };
        let style = if self.json { Style::Json } else { Style::Text };
        let mut report = Report::new(io::stdout().lock(), style);
        for path in &self.paths {
            load(path)?.iter().try_for_each(|set| run_set(set, &runner, &mut report))?;
        }
        let failed = report.finish()?.failed;
        Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn run_set(set: &CaseSet, runner: &Runner, report: &mut Report<impl io::Write>) -> Result<()> {
    for case in &set.cases {
        report.case(&set.label, case, &runner.run(case))?;
    }
    Ok(report.end_of_manifest(&set.label)?)
}

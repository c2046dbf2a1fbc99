//! `waxseal sign`.

use std::io::Write;
use std::path::{Path, PathBuf};

use waxseal_sign::{Manifest, Scheme, SchemeId, Signer};

use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Direction, Exit, Failure};
use crate::input::Source;
use crate::key::{KeyService, SigningKey};
use crate::output::{Destination, Output, OutputRules};
use crate::progress::Progress;
use crate::signature::{self, ServiceArgs};
use crate::temporary::Readers;
use crate::value;

/// Sign files and directory trees with a key of KMS
///
/// The signature of FILE is FILE.waxsig: an envelope with scheme, key, context and signature. That of a
/// directory is a text with the name, size and digest of each file in it, and the envelope. A signature
/// appears whole or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Files and directories to sign; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The signature of the one FILE; `-` is standard output [default: FILE.waxsig]
    #[arg(long, value_name = "FILE")]
    sig: Option<PathBuf>,
    /// The key that signs: arn:..., alias/..., a key id, or local:NAME
    #[arg(long, short, value_name = "KEY")]
    key: SigningKey,
    /// encrypted-digest, sealed-digests, kms-asymmetric or kms-mac
    #[arg(long, value_name = "SCHEME", default_value = "encrypted-digest", value_parser = signature::scheme)]
    scheme: SchemeId,
    /// KMS's name of the algorithm [default: ECDSA_SHA_256 of kms-asymmetric, HMAC_SHA_256 of kms-mac]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<String>,
    #[command(flatten)]
    service: ServiceArgs,
    /// Write the signature alone, in the form that others know
    #[arg(long, conflicts_with = "armor")]
    raw: bool,
    /// Write what pykmssig 0.0.8 reads; goes with --raw and --scheme sealed-digests
    #[arg(long, requires = "raw")]
    for_pykmssig: bool,
    /// Write the envelope as text
    #[arg(long, short)]
    armor: bool,
    /// Replace existing signatures
    #[arg(long, short)]
    force: bool,
    /// Put every signature on the disk before it gets its name; replaced ones always are
    #[arg(long)]
    sync: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if args.sig.is_some() && args.files.len() > 1 {
        return Err(Failure::usage("--sig names the signature of one file"));
    }
    args.keep_apart()?;
    let service = KeyService::open(
        std::slice::from_ref(&args.key),
        args.service.region.as_deref(),
        args.service.profile.as_deref(),
    )?;
    let signing = Signing { args, session, signer: args.signer(&service)?, service };
    let progress = Progress::start(signature::total_len(&args.files), session.quiet);
    let mut exit = Exit::Done;
    for file in &args.files {
        if let Err(failure) = signing.sign(file, &progress) {
            let failure = failure.about(Source::of(file));
            failure.text().iter().for_each(|text| progress.say(text));
            exit = exit.worse(failure.exit);
        }
    }
    Ok(exit)
}

impl Args {
    fn keep_apart(&self) -> Result<(), Failure> {
        let files = |paths: &[PathBuf]| {
            paths.iter().filter(|path| Source::of(path) != Source::Stdin).cloned().collect::<Vec<_>>()
        };
        let places: Result<Vec<_>, _> =
            self.files.iter().map(|file| signature::place(file, self.sig.as_deref())).collect();
        signature::keep_apart(&files(&self.files), &files(&places?))
            .map_err(|failure| failure.hint("--sig names another place"))
    }

    fn signer(&self, service: &KeyService) -> Result<Signer, Failure> {
        let crypto = self.service.provider.crypto();
        let key = service.keys.first().ok_or_else(|| Failure::usage("a key is missing"))?;
        let context = value::encryption_context(&self.service.context)?;
        let signer = Signer::new(crypto, self.scheme(service)?, key.as_str());
        signer.context(context).map_err(wrong)
    }

    fn scheme(&self, service: &KeyService) -> Result<Box<dyn Scheme>, Failure> {
        if self.for_pykmssig && self.scheme != SchemeId::SealedDigests {
            return Err(Failure::usage("--for-pykmssig goes with --scheme sealed-digests"));
        }
        let method = signature::method(self.scheme, self.algorithm.as_deref())?;
        let crypto = self.service.provider.crypto();
        signature::scheme_of(method, crypto, service.clients.clone(), |sealed| match self.for_pykmssig {
            true => sealed.for_pykmssig(),
            false => sealed,
        })
    }
}

struct Signing<'a> {
    args: &'a Args,
    session: &'a Session,
    signer: Signer,
    service: KeyService,
}

impl Signing<'_> {
    fn sign(&self, file: &Path, progress: &Progress) -> Result<(), Failure> {
        let place = signature::place(file, self.args.sig.as_deref())?;
        let mut output = self.output(&place)?;
        let signed = match file.is_dir() {
            true => self.tree(file, progress)?,
            false => self.file(file, progress)?,
        };
        output.write_all(&signed).map_err(Failure::output)?;
        output.finish()
    }

    fn output(&self, place: &Path) -> Result<Output, Failure> {
        let destination = match Source::of(place) {
            Source::Stdin => Destination::Stdout,
            Source::File(path) => Destination::File(path),
        };
        let Args { force, sync, .. } = *self.args;
        let cleanup = &self.session.cleanup;
        Output::create(&destination, OutputRules { force, sync, readers: Readers::Umask, cleanup })
    }

    fn file(&self, file: &Path, progress: &Progress) -> Result<Vec<u8>, Failure> {
        let input = Source::of(file).open(progress)?;
        let content = self.signer.digest_reader(input).map_err(wrong)?;
        if self.args.raw {
            let signed = self.service.run(self.signer.sign_raw(&content)).map_err(wrong)?;
            return Ok(signed.signature);
        }
        let envelope = self.service.run(self.signer.sign(&content)).map_err(wrong)?;
        let written = match self.args.armor {
            true => envelope.to_armor().map(String::into_bytes),
            false => envelope.to_bytes(),
        };
        written.map_err(|error| wrong(error.into()))
    }

    fn tree(&self, root: &Path, progress: &Progress) -> Result<Vec<u8>, Failure> {
        if self.args.raw {
            return Err(Failure::usage("a directory has no raw form"));
        }
        let crypto = self.args.service.provider.crypto();
        let manifest =
            Manifest::of_tree(crypto, root, &mut |bytes| progress.advance(bytes)).map_err(wrong)?;
        let signed = self.service.run(self.signer.sign_manifest(manifest)).map_err(wrong)?;
        signed.to_text().map(String::into_bytes).map_err(wrong)
    }
}

fn wrong(error: waxseal_sign::SignError) -> Failure {
    Failure::signature(error, Direction::Encrypt)
}

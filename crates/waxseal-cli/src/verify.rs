//! `waxseal verify`.

use std::path::{Path, PathBuf};

use waxseal_sign::{
    AcceptedKey, ContentDigest, Difference, Envelope, InvalidSignature, PublicKey, Scheme, SchemeId,
    SignError, SignedManifest, Verified, Verifier,
};

use crate::cli::{EXIT_CODES, Session};
use crate::failure::{Direction, Exit, Failure};
use crate::input::Source;
use crate::key::{KeyService, SigningKey, read_key_file};
use crate::progress::Progress;
use crate::signature::{self, ServiceArgs};
use crate::terminal::{print, printable};
use crate::value;

/// Verify signatures of files and directory trees
///
/// Says for each FILE which key signed it, by which scheme, with which context; for a directory, which files
/// changed, are missing or are new. The exit code is 0 only if all of it is valid.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// Files and directories to verify; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The signature of the one FILE [default: FILE.waxsig]
    #[arg(long, value_name = "FILE")]
    sig: Option<PathBuf>,
    #[command(flatten)]
    accepted: AcceptedArgs,
    /// The scheme of a signature in its raw form; an envelope says its own
    #[arg(long, value_name = "SCHEME", value_parser = signature::scheme)]
    scheme: Option<SchemeId>,
    /// KMS's name of the raw form's algorithm [default: ECDSA_SHA_256 of kms-asymmetric, HMAC_SHA_256 of kms-mac]
    #[arg(long, value_name = "NAME", requires = "scheme")]
    algorithm: Option<String>,
    /// Accept raw sealed-digests that whoever verifies could have made: pykmssig 0.0.1's
    #[arg(long, requires = "scheme")]
    danger_accept_forgeable: bool,
    #[command(flatten)]
    service: ServiceArgs,
}

/// Whose signatures are accepted.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct AcceptedArgs {
    /// A key whose signatures are accepted: the ARN of a key, or local:NAME; can be repeated
    #[arg(long = "key", short, value_name = "KEY")]
    keys: Vec<SigningKey>,
    /// A public key whose signatures are accepted, in PEM or DER, without asking KMS; can be repeated
    #[arg(long, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// Accept signatures of any key that KMS lets you use, an attacker's too
    #[arg(long, conflicts_with_all = ["keys", "public_key"])]
    danger_any_key: bool,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    if args.sig.is_some() && args.files.len() > 1 {
        return Err(Failure::usage("--sig names the signature of one file"));
    }
    let service = KeyService::open(
        &args.accepted.keys,
        args.service.region.as_deref(),
        args.service.profile.as_deref(),
    )?;
    let verifying = Verifying { args, verifier: args.verifier(&service)?, raw: args.raw(&service)?, service };
    let progress = Progress::start(signature::total_len(&args.files), session.quiet);
    let mut exit = Exit::Done;
    for file in &args.files {
        if let Err(failure) = verifying.verify(file, &progress) {
            let failure = signature::unknown(failure, args.accepted.danger_any_key).about(Source::of(file));
            failure.text().iter().for_each(|text| progress.say(text));
            exit = exit.worse(failure.exit);
        }
    }
    Ok(exit)
}

impl Args {
    fn verifier(&self, service: &KeyService) -> Result<Verifier, Failure> {
        let (crypto, clients) = (self.service.provider.crypto(), service.clients.clone());
        let verifier = match self.accepted.danger_any_key {
            true => Verifier::danger_any_key(crypto, clients),
            false => Verifier::of_keys(crypto, clients, self.accepted.keys(&service.keys)?).map_err(wrong)?,
        };
        verifier.context(value::encryption_context(&self.service.context)?).map_err(wrong)
    }

    /// Refuses an envelope that says another scheme than the options.
    fn agree(&self, envelope: &Envelope) -> Result<(), Failure> {
        let Some(scheme) = self.scheme else { return Ok(()) };
        let algorithm = envelope.method.algorithm_name();
        let same_algorithm = self.algorithm.is_none() || self.algorithm.as_deref() == algorithm;
        if envelope.method.scheme() == scheme && same_algorithm {
            return Ok(());
        }
        Err(Failure::invalid("its envelope says another scheme or algorithm"))
    }

    /// The scheme of raw signatures.
    fn raw(&self, service: &KeyService) -> Result<Option<Box<dyn Scheme>>, Failure> {
        let Some(scheme) = self.scheme else { return Ok(None) };
        if self.danger_accept_forgeable && scheme != SchemeId::SealedDigests {
            return Err(Failure::usage("--danger-accept-forgeable goes with --scheme sealed-digests"));
        }
        let method = signature::method(scheme, self.algorithm.as_deref())?;
        let crypto = self.service.provider.crypto();
        let scheme = signature::scheme_of(method, crypto, service.clients.clone(), |sealed| {
            match self.danger_accept_forgeable {
                true => sealed.danger_accept_forgeable(),
                false => sealed,
            }
        });
        scheme.map(Some)
    }
}

impl AcceptedArgs {
    fn keys(&self, arns: &[String]) -> Result<Vec<AcceptedKey>, Failure> {
        let mut keys = Vec::new();
        for arn in arns {
            keys.push(AcceptedKey::arn(arn).map_err(wrong)?);
        }
        for path in &self.public_key {
            let key = read_key_file(path)
                .and_then(|content| PublicKey::from_pem_or_der(content.expose()).map_err(Failure::wrong_use));
            keys.push(AcceptedKey::public_key(key.map_err(|failure| failure.about(path.display()))?));
        }
        Ok(keys)
    }
}

struct Verifying<'a> {
    args: &'a Args,
    verifier: Verifier,
    raw: Option<Box<dyn Scheme>>,
    service: KeyService,
}

impl Verifying<'_> {
    fn verify(&self, file: &Path, progress: &Progress) -> Result<(), Failure> {
        let place = Source::of(&signature::place(file, self.args.sig.as_deref())?);
        let verified = match file.is_dir() {
            true => self.tree(file, &signature::read(&place, signature::MAX_TREE_LEN)?, progress)?,
            false => self.file(file, &signature::read(&place, signature::MAX_LEN)?, progress)?,
        };
        print(&told(file, &verified))
    }

    fn file(&self, file: &Path, signature: &[u8], progress: &Progress) -> Result<Verified, Failure> {
        let crypto = self.args.service.provider.crypto();
        let digest = |kind| {
            let input = Source::of(file).open(progress)?;
            ContentDigest::of_reader(crypto, kind, input).map_err(Failure::io)
        };
        let verified = match (&self.raw, Envelope::is_one(signature)) {
            (_, true) => {
                let envelope =
                    Envelope::from_bytes_or_armor(signature).map_err(|error| wrong(error.into()))?;
                self.args.agree(&envelope)?;
                let content = digest(envelope.digest())?;
                self.service.run(self.verifier.verify(&envelope, &content))
            }
            (Some(scheme), false) => {
                let content = digest(scheme.method().digest())?;
                let verified = self.service.run(self.verifier.verify_raw(&**scheme, signature, &content));
                return verified.map_err(wrong_raw);
            }
            (None, false) if SignedManifest::is_one(signature) => {
                // If nothing is there, that is what is wrong.
                Source::of(file).open(progress)?;
                return Err(Failure::invalid("it is one of a directory tree"));
            }
            (None, false) => {
                let error = wrong(waxseal_sign::EnvelopeError::Magic.into());
                return Err(error.hint("--scheme says what a raw signature is"));
            }
        };
        verified.map_err(wrong)
    }

    fn tree(&self, root: &Path, signature: &[u8], progress: &Progress) -> Result<Verified, Failure> {
        if Envelope::is_one(signature) {
            return Err(Failure::invalid("it is one of a file"));
        }
        let signed = SignedManifest::from_bytes(signature).map_err(wrong)?;
        self.args.agree(signed.envelope())?;
        let verified = self.service.run(self.verifier.verify_manifest(&signed)).map_err(wrong)?;
        let crypto = self.args.service.provider.crypto();
        let differences = signed
            .manifest()
            .compare_tree(crypto, root, &mut |bytes| progress.advance(bytes))
            .map_err(wrong)?;
        match differences.as_slice() {
            [] => Ok(verified),
            differences => Err(different(differences)),
        }
    }
}

/// What can't be read says nothing of the signature; anything else does.
fn different(differences: &[Difference]) -> Failure {
    let known = differences.iter().any(|difference| !matches!(difference, Difference::Unknown { .. }));
    let exit = if known { Exit::NotVerified } else { Exit::InputOutput };
    Failure::different(exit, &differences.iter().map(line).collect::<Vec<_>>())
}

fn line(difference: &Difference) -> String {
    match difference {
        Difference::Changed(name) => format!("changed: {}", printable(name)),
        Difference::Missing(name) => format!("missing: {}", printable(name)),
        Difference::Extra(name) => format!("not signed: {}", printable(name)),
        Difference::Unknown { name, why } => format!("unknown: {}: {why}", printable(name)),
        _ => "different".to_owned(),
    }
}

/// Which key, which scheme, which context.
fn told(file: &Path, verified: &Verified) -> String {
    let Verified { key, method, context, .. } = verified;
    let algorithm = method.algorithm_name().map(|name| format!(", {name}")).unwrap_or_default();
    let mut text = format!(
        "{}: valid signature of {} ({}{algorithm})\n",
        printable(&Source::of(file).to_string()),
        printable(key),
        method.scheme()
    );
    for (key, value) in context.iter() {
        text.push_str(&format!("  context: {}={}\n", printable(key), printable(value)));
    }
    text
}

/// Only of a raw signature may a forgeable one be taken.
fn wrong_raw(error: SignError) -> Failure {
    let forgeable = matches!(error, SignError::Invalid(InvalidSignature::Forgeable));
    let failure = wrong(error);
    match forgeable {
        true => failure.hint("--danger-accept-forgeable takes it all the same, as pykmssig does"),
        false => failure,
    }
}

fn wrong(error: SignError) -> Failure {
    Failure::signature(error, Direction::Decrypt)
}

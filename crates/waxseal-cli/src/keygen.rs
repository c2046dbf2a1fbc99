//! `waxseal keygen`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use waxseal::crypto::{RsaPrivateDer, RsaPublicDer};
use waxseal::{CryptoProvider, RawAesKeyring, SecretBytes};

use crate::cli::Session;
use crate::failure::{Exit, Failure};
use crate::key::{DEFAULT_NAMESPACE, RawAesKeyFile};
use crate::output::{Destination, Output, OutputRules};
use crate::progress::Progress;
use crate::provider::Provider;
use crate::temporary::Readers;
use crate::terminal::printable;
use crate::value;

/// Make wrapping keys
///
/// Files are readable by their owner alone (mode 0600), and an existing file is never replaced.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    RawAes(RawAes),
    Rsa(Rsa),
}

/// A raw AES key, in a file of its own
#[derive(Debug, clap::Args)]
struct RawAes {
    /// The file to write
    file: PathBuf,
    /// The key's length
    #[arg(long, default_value_t = 256, value_parser = bits([128, 192, 256]))]
    bits: usize,
    /// The namespace that messages name the key with
    #[arg(long, default_value = DEFAULT_NAMESPACE, value_parser = value::key_name)]
    namespace: String,
    /// The name that messages name the key with [default: 16 random hexadecimal digits]
    #[arg(long, value_parser = value::key_name)]
    name: Option<String>,
    /// The cryptography to use
    #[arg(long, value_enum, default_value_t = Provider::DEFAULT)]
    provider: Provider,
}

/// An RSA key pair, in PEM
#[derive(Debug, clap::Args)]
struct Rsa {
    /// The file to write the private key to (PKCS#8)
    file: PathBuf,
    /// The file to write the public key to (SPKI) [default: FILE with .pub.pem in place of .pem]
    #[arg(long, value_name = "FILE")]
    public: Option<PathBuf>,
    /// The modulus's length
    #[arg(long, default_value_t = 3072, value_parser = bits([2048, 3072, 4096]))]
    bits: usize,
    /// The cryptography to use
    #[arg(long, value_enum, default_value_t = Provider::DEFAULT)]
    provider: Provider,
}

fn bits(allowed: [usize; 3]) -> impl Fn(&str) -> Result<usize, String> + Clone {
    move |text| {
        let bits = text.parse().ok().filter(|bits| allowed.contains(bits));
        bits.ok_or_else(|| format!("expected {}, {} or {}", allowed[0], allowed[1], allowed[2]))
    }
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    // Large RSA keys can take their time.
    let progress = Progress::start(None, session.quiet);
    let note = match &args.kind {
        Kind::RawAes(args) => raw_aes(args, session)?,
        Kind::Rsa(args) => rsa(args, session)?,
    };
    if !session.quiet {
        progress.say(&printable(&note));
    }
    Ok(Exit::Done)
}

fn raw_aes(args: &RawAes, session: &Session) -> Result<String, Failure> {
    let crypto = args.provider.crypto();
    let key = SecretBytes::random(crypto.random, args.bits / 8).map_err(failed)?;
    let name = args.name.clone().map_or_else(|| random_name(crypto), Ok)?;
    let (namespace, bits, file) = (&args.namespace, args.bits, args.file.display());
    let copy = SecretBytes::copy_of(key.expose());
    // Refuses names that no message can hold before there is a file with them.
    RawAesKeyring::new(crypto, namespace, &name, copy).map_err(Failure::wrong_use)?;
    let note = format!("{file}: a {bits}-bit AES key, {namespace}/{name}; use it as --key raw-aes:{file}");
    let content = RawAesKeyFile { namespace: Some(namespace.clone()), name: Some(name), key };
    let mut output = create(&args.file, session)?;
    write(&mut output, content.to_text().as_bytes(), &args.file)?;
    output.finish()?;
    Ok(note)
}

fn random_name(crypto: &CryptoProvider) -> Result<String, Failure> {
    let mut bytes = [0; 8];
    crypto.random.fill(&mut bytes).map_err(failed)?;
    Ok(hex::encode(bytes))
}

fn rsa(args: &Rsa, session: &Session) -> Result<String, Failure> {
    let public_file = args.public.clone().unwrap_or_else(|| public_name(&args.file));
    if public_file == args.file {
        return Err(Failure::usage("the private and the public key need a file each"));
    }
    let mut private_output = create(&args.file, session)?;
    let mut public_output = create(&public_file, session)?;
    let (private, public) = generate(args)?;
    write(&mut private_output, private.to_pem().map_err(Failure::wrong_use)?.expose(), &args.file)?;
    write(&mut public_output, public.to_pem().map_err(Failure::wrong_use)?.as_bytes(), &public_file)?;
    private_output.finish()?;
    public_output.finish().inspect_err(|_| {
        // Half a pair is no pair. If that fails too, the first error is the one to tell.
        let _ = fs::remove_file(&args.file);
    })?;
    let (private, public) = (args.file.display(), public_file.display());
    Ok(format!("{private}, {public}: a {}-bit RSA key pair; use it as --key rsa:{private}", args.bits))
}

/// `key.pub.pem` for `key.pem`.
fn public_name(private: &Path) -> PathBuf {
    let stem = if private.extension().is_some_and(|extension| extension == "pem") {
        private.with_extension("")
    } else {
        private.to_path_buf()
    };
    let mut name = stem.into_os_string();
    name.push(".pub.pem");
    name.into()
}

fn generate(args: &Rsa) -> Result<(RsaPrivateDer, RsaPublicDer), Failure> {
    let crypto = args.provider.crypto();
    let private = crypto.rsa.generate(args.bits).map_err(failed)?;
    let key = crypto.rsa.private_key(&private).map_err(Failure::wrong_use)?;
    let public = key.public_key().map_err(failed)?;
    Ok((private, public))
}

fn failed(error: waxseal::crypto::CryptoError) -> Failure {
    Failure::client(waxseal::MessageError::from(error).into(), crate::failure::Direction::Encrypt)
}

fn create(file: &Path, session: &Session) -> Result<Output, Failure> {
    let cleanup = &session.cleanup;
    let rules = OutputRules { force: false, sync: true, readers: Readers::Owner, cleanup };
    Output::create(&Destination::File(file.to_path_buf()), rules)
}

fn write(output: &mut Output, content: &[u8], file: &Path) -> Result<(), Failure> {
    output.write_all(content).map_err(|error| Failure::io(error).about(file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_stand_beside_private_ones() {
        assert_eq!(public_name(Path::new("a/key.pem")), Path::new("a/key.pub.pem"));
        assert_eq!(public_name(Path::new("key")), Path::new("key.pub.pem"));
    }
}

//! What `sign` and `verify` share: their options, and where signatures stand.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use waxseal::CryptoProvider;
use waxseal_kms::ClientSupplier;
use waxseal_sign::{
    EncryptedDigest, Envelope, KmsAsymmetric, KmsMac, Manifest, Method, Scheme, SchemeId, SealedDigests,
};

use crate::failure::{Exit, Failure};
use crate::input::{Source, stdin};
use crate::output::directory_of;
use crate::provider::Provider;
use crate::value::{self, ContextPair};

const SUFFIX: &str = ".waxsig";

/// Whom a run asks, and by what cryptography.
#[derive(Debug, clap::Args)]
pub(crate) struct ServiceArgs {
    /// A pair of the context: authenticated, and not secret; can be repeated
    #[arg(long, short, value_name = "KEY=VALUE", value_parser = value::context_pair)]
    pub(crate) context: Vec<ContextPair>,
    /// The region of aliases and key ids [default: that of the environment or the profile]
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// The profile in AWS's configuration files
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The cryptography to use
    #[arg(long, value_enum, default_value_t = Provider::DEFAULT)]
    pub(crate) provider: Provider,
}

/// The name of a scheme.
pub(crate) fn scheme(text: &str) -> Result<SchemeId, String> {
    text.parse().map_err(|error: waxseal_sign::UnknownScheme| error.to_string())
}

/// The method of a scheme and an algorithm's name.
pub(crate) fn method(scheme: SchemeId, algorithm: Option<&str>) -> Result<Method, Failure> {
    Method::named(scheme, algorithm).map_err(Failure::wrong_use)
}

/// A scheme, with what only `sealed-digests` knows.
pub(crate) fn scheme_of(
    method: Method,
    crypto: &'static CryptoProvider,
    clients: Arc<dyn ClientSupplier>,
    sealed: impl FnOnce(SealedDigests) -> SealedDigests,
) -> Result<Box<dyn Scheme>, Failure> {
    Ok(match method {
        Method::EncryptedDigest => Box::new(EncryptedDigest::new(clients)),
        Method::SealedDigests => Box::new(sealed(SealedDigests::new(crypto, clients))),
        Method::KmsAsymmetric(algorithm) => Box::new(KmsAsymmetric::new(crypto, clients, algorithm)),
        Method::KmsMac(algorithm) => Box::new(KmsMac::new(crypto, clients, algorithm)),
        _ => return Err(Failure::usage("this scheme is not known here")),
    })
}

/// Where the signature of a file stands: at the name that was given, or beside the file.
pub(crate) fn place(file: &Path, named: Option<&Path>) -> Result<PathBuf, Failure> {
    match named {
        Some(path) => Ok(path.to_path_buf()),
        None if Source::of(file) == Source::Stdin => {
            Err(Failure::usage("--sig says where the signature of standard input is"))
        }
        None => {
            let mut name = OsString::from(without_slash(file));
            name.push(SUFFIX);
            Ok(name.into())
        }
    }
}

/// Refuses signatures that would replace what is signed, or stand in a directory that is: whatever links
/// lead there.
pub(crate) fn keep_apart(inputs: &[PathBuf], signatures: &[PathBuf]) -> Result<(), Failure> {
    // What can't be resolved is told of when it is opened.
    let inputs: BTreeSet<PathBuf> = inputs.iter().filter_map(|path| path.canonicalize().ok()).collect();
    for signature in signatures {
        let Ok(place) = resolved(signature) else { continue };
        if let Some(input) = place.ancestors().find(|path| inputs.contains(*path)) {
            let text = match input == place {
                true => "the signature would replace a file that is signed",
                false => "the signature would stand in the directory that it signs",
            };
            return Err(Failure::usage(text).about(signature.display()));
        }
    }
    Ok(())
}

/// Where a file would be written that may not be there yet.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    if path.symlink_metadata().is_ok() {
        return path.canonicalize();
    }
    Ok(directory_of(path).canonicalize()?.join(path.file_name().unwrap_or_default()))
}

/// `dir/` is `dir`: its signature stands beside it, not in it.
fn without_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Bytes of a file's signature that are read at most; armor is a third longer than an envelope.
pub(crate) const MAX_LEN: usize = 2 * Envelope::MAX_LEN;

/// Bytes of a tree's signature that are read at most.
pub(crate) const MAX_TREE_LEN: usize = Manifest::MAX_LEN + MAX_LEN;

/// A signature, or what can't be one since it is longer than `limit`.
pub(crate) fn read(source: &Source, limit: usize) -> Result<Vec<u8>, Failure> {
    let file = match source {
        Source::Stdin => stdin(),
        Source::File(path) => File::open(path),
    };
    let mut bytes = Vec::new();
    let read = file.and_then(|file| file.take(limit as u64).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| Failure::io(error).about(source))
}

/// The failure to find out whether a signature is valid, with a word on whom an unpinned verifier asks.
pub(crate) fn unknown(failure: Failure, unpinned: bool) -> Failure {
    match unpinned && failure.exit == Exit::KeyService {
        true => failure.hint("without a key AWS KMS is asked; --key local:NAME names one of an embedded KMS"),
        false => failure,
    }
}

/// Bytes of all inputs, if all of them are files: the length of a tree is not known before it is read.
pub(crate) fn total_len(files: &[PathBuf]) -> Option<u64> {
    files.iter().map(|file| Source::of(file).len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_stands_beside_its_file() {
        let beside = |name: &str| place(Path::new(name), None).unwrap();
        assert_eq!(beside("a/b.txt"), Path::new("a/b.txt.waxsig"));
        assert_eq!(beside("a/dir/"), Path::new("a/dir.waxsig"));
        assert_eq!(place(Path::new("a"), Some(Path::new("s"))).unwrap(), Path::new("s"));
        assert!(place(Path::new("-"), None).is_err());
    }
}

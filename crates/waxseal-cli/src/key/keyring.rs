//! Keyrings of the keys that a command line names.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use waxseal::crypto::{HashAlgorithm, KeyError, RsaPrivateDer, RsaPublicDer};
use waxseal::{CryptoProvider, Keyring, RawAesKeyring, RawRsaKeyring, RsaPadding, SecretBytes};
use zeroize::Zeroizing;

use super::argument::{DEFAULT_NAMESPACE, Encoding, KeyArgument, Names};
use super::file::RawAesKeyFile;
use super::kms::Kms;
use super::local::Stores;
use crate::failure::Failure;

/// No key file is longer, and nothing larger is read.
const MAX_KEY_FILE_LEN: usize = 64 << 10;

/// The name of an AES key that has none of its own.
const DEFAULT_AES_NAME: &str = "raw-aes";

/// The keyring of one key. `kms` is the way to AWS KMS, if the run has one.
pub(super) fn of(
    key: &KeyArgument,
    crypto: &'static CryptoProvider,
    kms: Option<&Kms<'_>>,
    stores: &mut Stores,
) -> Result<Arc<dyn Keyring>, Failure> {
    match key {
        KeyArgument::RawAes { file, names, encoding } => {
            raw_aes(crypto, file, names, *encoding).map_err(|failure| failure.about(file.display()))
        }
        KeyArgument::Rsa { file, names, padding } => {
            rsa(crypto, file, names, *padding).map_err(|failure| failure.about(file.display()))
        }
        KeyArgument::KmsArn(name) | KeyArgument::KmsAlias(name) => match kms {
            Some(kms) => kms.keyring(name).map_err(|failure| failure.about(name)),
            None => Err(no_service(name)),
        },
        KeyArgument::Local(key) => stores.keyring(key),
    }
}

fn no_service(key: &str) -> Failure {
    Failure::usage("this run has no way to the key's service; use raw-aes:FILE or rsa:FILE.pem").about(key)
}

fn raw_aes(
    crypto: &'static CryptoProvider,
    path: &Path,
    names: &Names,
    encoding: Option<Encoding>,
) -> Result<Arc<dyn Keyring>, Failure> {
    let file = RawAesKeyFile::parse(read(path)?.expose(), encoding).map_err(Failure::usage)?;
    let namespace = first_of(&names.namespace, file.namespace, DEFAULT_NAMESPACE);
    let name = first_of(&names.name, file.name, DEFAULT_AES_NAME);
    Ok(Arc::new(RawAesKeyring::new(crypto, namespace, name, file.key).map_err(Failure::wrong_use)?))
}

fn first_of(asked: &Option<String>, stored: Option<String>, default: &str) -> String {
    asked.clone().or(stored).unwrap_or_else(|| default.to_owned())
}

fn rsa(
    crypto: &'static CryptoProvider,
    path: &Path,
    names: &Names,
    padding: RsaPadding,
) -> Result<Arc<dyn Keyring>, Failure> {
    let content = read(path)?;
    let private = match RsaPrivateDer::from_pem_or_der(content.expose()) {
        Ok(private) => Some(private),
        Err(KeyError::Kind { .. }) => None,
        Err(error) => return Err(Failure::wrong_use(error)),
    };
    let public = match &private {
        Some(private) => public_half(crypto, private)?,
        None => RsaPublicDer::from_pem_or_der(content.expose()).map_err(Failure::wrong_use)?,
    };
    let namespace = first_of(&names.namespace, None, DEFAULT_NAMESPACE);
    let name = names.name.clone().unwrap_or_else(|| fingerprint(crypto, &public));
    let keyring = match &private {
        Some(private) => {
            let private = private.expose_der();
            RawRsaKeyring::with_key_pair(crypto, namespace, name, padding, public.as_der(), private)
        }
        None => RawRsaKeyring::with_public_key(crypto, namespace, name, padding, public.as_der()),
    };
    Ok(Arc::new(keyring.map_err(Failure::wrong_use)?))
}

fn public_half(crypto: &CryptoProvider, private: &RsaPrivateDer) -> Result<RsaPublicDer, Failure> {
    let private = crypto.rsa.private_key(private).map_err(Failure::wrong_use)?;
    private.public_key().map_err(Failure::wrong_use)
}

/// The name of an RSA key that has none: both halves of a pair find the same.
fn fingerprint(crypto: &CryptoProvider, public: &RsaPublicDer) -> String {
    let mut digest = crypto.digest.start(HashAlgorithm::Sha256);
    digest.update(public.as_der());
    let digest = digest.finish();
    format!("rsa-{}", hex::encode(digest.as_ref().get(..8).unwrap_or_default()))
}

/// A key file's content, without a copy left behind.
pub(crate) fn read(path: &Path) -> Result<SecretBytes, Failure> {
    let mut content = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE_LEN + 1));
    let file = File::open(path).map_err(Failure::io)?;
    file.take(MAX_KEY_FILE_LEN as u64 + 1).read_to_end(&mut content).map_err(Failure::io)?;
    if content.len() > MAX_KEY_FILE_LEN {
        return Err(Failure::usage("too long for a key file"));
    }
    Ok(SecretBytes::from(std::mem::take(&mut *content)))
}

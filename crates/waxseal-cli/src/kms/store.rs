//! The store's file, and what opens it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use waxseal::SecretBytes;
use waxseal_local_kms::{LocalKms, LocalKmsError, LocalKmsOptions, StoreKey};
use zeroize::Zeroizing;

use super::{audit, notice};
use crate::cli::Session;
use crate::failure::Failure;
use crate::key::{DEFAULT_NAMESPACE, RawAesKeyFile, read_key_file};
use crate::output::{Destination, Output, OutputRules, directory_of};
use crate::provider::Provider;
use crate::temporary::{Readers, sync_directory};

const STORE: &str = "WAXSEAL_KMS_STORE";
const PASSPHRASE: &str = "WAXSEAL_KMS_PASSPHRASE";
const KEY_LEN: usize = 32;

/// Where the keys are, and what opens them.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
#[command(next_help_heading = "The store")]
pub(crate) struct Store {
    /// The store's file [default: WAXSEAL_KMS_STORE in the environment, else waxseal/kms.redb in the
    /// user's folder for data]
    #[arg(id = "store_file", long = "store", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A file with the store's key: one of `waxseal keygen raw-aes`, or 32 bytes [default: the
    /// store's name with .key behind it, made with the store]
    #[arg(id = "store_key", long = "store-key", value_name = "FILE", conflicts_with = "passphrase_file")]
    pub(crate) key: Option<PathBuf>,
    /// A file with the store's passphrase; WAXSEAL_KMS_PASSPHRASE can hold it as well
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The account of all keys, twelve digits [default: the store's own, 111122223333 in a new one]
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
}

impl Store {
    /// The KMS of a store that is there.
    pub(crate) fn open(&self) -> Result<LocalKms, Failure> {
        let file = self.path()?;
        match file.try_exists() {
            Ok(true) => self.open_at(&file, audit::from_env().as_deref()),
            Ok(false) => Err(Failure::io(io::Error::new(
                io::ErrorKind::NotFound,
                "there is no store; `waxseal kms create-key` makes one",
            ))
            .about(file.display())),
            Err(error) => Err(Failure::io(error).about(file.display())),
        }
    }

    /// The same; where there is no store, a new one, with a new key unless one is named.
    pub(crate) fn open_or_create(&self, session: &Session, log: Option<&Path>) -> Result<LocalKms, Failure> {
        let file = self.path()?;
        if !file.exists() {
            create_directory(&file).map_err(|error| Failure::io(error).about(file.display()))?;
            let key_file = default_key_file(&file);
            if self.uses_default_key() && !key_file.exists() {
                create_key(&key_file, session)?;
            }
        }
        self.open_at(&file, log)
    }

    /// Options of a KMS that has no file either.
    pub(crate) fn options(&self) -> LocalKmsOptions {
        LocalKmsOptions { account: self.account.clone(), ..LocalKmsOptions::default() }
    }

    /// The same store, named as every other name of its files is when it is made canonical.
    pub(crate) fn canonical(&self) -> Result<Self, Failure> {
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        let file = self.path()?;
        let key = if self.uses_default_key() { Some(default_key_file(&file)) } else { self.key.clone() };
        Ok(Self {
            file: Some(real(file)),
            key: key.map(real),
            passphrase_file: self.passphrase_file.clone().map(real),
            account: self.account.clone(),
        })
    }

    /// Its calls are logged to a file, if there is one.
    fn open_at(&self, file: &Path, log: Option<&Path>) -> Result<LocalKms, Failure> {
        let key = self.key(file)?;
        let opened = LocalKms::open_with(file, &key, self.options());
        let kms = opened.map_err(|error| failure(error).about(file.display()))?;
        if let Some(log) = log {
            audit::write_to(&kms, log)?;
        }
        notice::show();
        Ok(kms)
    }

    fn path(&self) -> Result<PathBuf, Failure> {
        let named = self.file.clone().or_else(|| std::env::var_os(STORE).map(PathBuf::from));
        named.or_else(default_file).ok_or_else(|| Failure::usage("no home directory; name a file by --store"))
    }

    fn key(&self, file: &Path) -> Result<StoreKey, Failure> {
        if let Some(path) = &self.passphrase_file {
            return passphrase_in(path).map_err(|failure| failure.about(path.display()));
        }
        if let (None, Some(passphrase)) = (&self.key, std::env::var_os(PASSPHRASE)) {
            return passphrase_of(passphrase);
        }
        let path = self.key.clone().unwrap_or_else(|| default_key_file(file));
        key_in(&path).map_err(|failure| failure.about(path.display()))
    }

    fn uses_default_key(&self) -> bool {
        self.key.is_none() && self.passphrase_file.is_none() && std::env::var_os(PASSPHRASE).is_none()
    }
}

/// What opening or writing a store can come to.
pub(super) fn failure(error: LocalKmsError) -> Failure {
    match error {
        LocalKmsError::AlreadyOpen { .. } => Failure::io(io::Error::new(io::ErrorKind::WouldBlock, error))
            .hint(
                "if that is `waxseal kms serve`, go through it: AWS_ENDPOINT_URL_KMS, and --key alias/NAME",
            ),
        LocalKmsError::Io(_) | LocalKmsError::Damaged { .. } => Failure::io(io::Error::other(error)),
        _ => Failure::wrong_use(error),
    }
}

fn default_file() -> Option<PathBuf> {
    dirs::data_local_dir().map(|folder| folder.join("waxseal").join("kms.redb"))
}

fn default_key_file(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".key");
    name.into()
}

/// The folder of a file, for its owner alone if it is new.
fn create_directory(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let new: Vec<&Path> = folder.ancestors().take_while(|path| is_missing(path)).collect();
    builder.create(folder)?;
    // A store that outlives a crash needs all folders on the way to it.
    new.into_iter().try_for_each(|path| sync_directory(directory_of(path)))
}

fn is_missing(path: &Path) -> bool {
    !path.as_os_str().is_empty() && !path.exists()
}

fn create_key(path: &Path, session: &Session) -> Result<(), Failure> {
    let random = Provider::DEFAULT.crypto().random;
    let key = SecretBytes::random(random, KEY_LEN).map_err(Failure::randomness)?;
    let (namespace, name) = (Some(DEFAULT_NAMESPACE.to_owned()), Some("kms-store".to_owned()));
    let content = RawAesKeyFile { namespace, name, key };
    let rules = OutputRules { force: false, sync: true, readers: Readers::Owner, cleanup: &session.cleanup };
    let mut output = Output::create(&Destination::File(path.to_path_buf()), rules)?;
    let written = output.write_all(content.to_text().as_bytes());
    written.map_err(|error| Failure::io(error).about(path.display()))?;
    output.finish()
}

fn key_in(path: &Path) -> Result<StoreKey, Failure> {
    let content = read_key_file(path)?;
    let file = RawAesKeyFile::parse(content.expose(), None).map_err(Failure::usage)?;
    Ok(StoreKey::KeyBytes(file.key))
}

/// The file's text without the line break behind it.
fn passphrase_in(path: &Path) -> Result<StoreKey, Failure> {
    let content = read_key_file(path)?;
    let text = content.expose();
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Ok(StoreKey::Passphrase(SecretBytes::copy_of(text)))
}

fn passphrase_of(variable: OsString) -> Result<StoreKey, Failure> {
    let text = variable.into_string().map_err(|_| Failure::usage("not text").about(PASSPHRASE))?;
    Ok(StoreKey::Passphrase(SecretBytes::copy_of(Zeroizing::new(text).as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stands_beside_the_store() {
        assert_eq!(default_key_file(Path::new("a/kms.redb")), Path::new("a/kms.redb.key"));
    }

    #[test]
    fn a_passphrase_ends_before_the_line_break() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passphrase");
        for text in ["open sesame", "open sesame\n", "open sesame\r\n"] {
            fs::write(&path, text).unwrap();
            let StoreKey::Passphrase(passphrase) = passphrase_in(&path).unwrap() else {
                panic!("a passphrase")
            };
            assert_eq!(passphrase.expose(), b"open sesame");
        }
    }
}

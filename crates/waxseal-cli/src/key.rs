//! Wrapping keys: what `--key` names, the files that hold them, the keyring they make.

mod argument;
mod file;
mod keyring;
mod kms;
mod local;
mod runtime;
mod signing;

pub(crate) use argument::{DEFAULT_NAMESPACE, KeyArgument};
pub(crate) use file::RawAesKeyFile;
pub(crate) use keyring::read as read_key_file;
pub(crate) use local::for_local;
pub(crate) use signing::{KeyService, SigningKey};
use waxseal::{Client, MultiKeyring, Parking};

use self::kms::{Kms, KmsArgs};
use self::local::Stores;
use self::runtime::Runtime;
use crate::failure::{Direction, Failure};
use crate::provider::Provider;

const KEY_HELP: &str = "\
A wrapping key; repeat it for several. When encrypting, the first makes the data key
and all wrap it; when decrypting, any one will do.
  raw-aes:FILE[?OPTIONS]  a raw AES key: a file of `waxseal keygen raw-aes`, or 16, 24
                          or 32 bytes as they are, in hexadecimal or in base64
                          options: namespace=, name=, encoding=raw|hex|base64
  rsa:FILE.pem[?OPTIONS]  an RSA key in PEM or DER, private or (to encrypt) public
                          options: namespace=, name=, padding=pkcs1|oaep-sha1|
                          oaep-sha256|oaep-sha384|oaep-sha512
                          (oaep-sha256 by default)
  arn:..., alias/...      a key of AWS KMS, by the usual AWS settings (AWS_PROFILE,
                          AWS_REGION, AWS_ENDPOINT_URL_KMS, ...); decrypting needs the
                          ARN of a key, or --discovery
  local:NAME[?OPTIONS]    a key of the embedded KMS (`waxseal kms`): alias/NAME, an id or
                          an ARN; options: store=, store-key=, passphrase-file=,
                          region=, principal=
Options are joined by `&`, with %XX for characters in their values";

/// The keys of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    #[arg(long = "key", short, value_name = "KEY", required_unless_present = "discovery", help = "A wrapping key: raw-aes:FILE, rsa:FILE.pem, arn:..., alias/... or local:NAME; can be repeated", long_help = KEY_HELP)]
    keys: Vec<KeyArgument>,
    #[command(flatten)]
    kms: KmsArgs,
    /// The cryptography to use
    #[arg(long, value_enum, default_value_t = Provider::DEFAULT)]
    provider: Provider,
}

impl KeyArgs {
    /// A client of all keys; the first one makes data keys.
    pub(crate) fn client(&self, direction: Direction) -> Result<Client, Failure> {
        let crypto = self.provider.crypto();
        self.kms.check()?;
        if !self.calls_kms() {
            // Such keys wait for nothing; a cache over them, for other threads.
            return Ok(Client::new(crypto, self.keyring(None)?).runtime(Parking));
        }
        if self.kms.discovery && direction == Direction::Encrypt {
            return Err(Failure::usage("--discovery only decrypts; name a key to encrypt with by --key"));
        }
        kms::check_unrelated(&self.keys)?;
        let runtime = Runtime::start()?;
        let keyring = self.keyring(Some(&Kms::new(&self.kms, &runtime)))?;
        Ok(Client::new(crypto, keyring).runtime(runtime))
    }

    fn calls_kms(&self) -> bool {
        self.kms.discovery || self.keys.iter().any(|key| key.of_kms().is_some())
    }

    fn keyring(&self, kms: Option<&Kms<'_>>) -> Result<MultiKeyring, Failure> {
        let crypto = self.provider.crypto();
        let (mut keyrings, mut stores) = (Vec::new(), Stores::default());
        for key in &self.keys {
            keyrings.push(keyring::of(key, crypto, kms, &mut stores)?);
        }
        if let Some(kms) = kms.filter(|_| self.kms.discovery) {
            keyrings.push(kms.discovery()?);
        }
        let mut keyrings = keyrings.into_iter();
        MultiKeyring::new(keyrings.next(), keyrings.collect()).map_err(Failure::wrong_use)
    }
}

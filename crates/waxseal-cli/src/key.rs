//! Wrapping keys: what `--key` names, the files that hold them, the keyring they make.

mod argument;
mod file;
mod keyring;

pub(crate) use argument::{DEFAULT_NAMESPACE, KeyArgument, for_raw_aes};
pub(crate) use file::RawAesKeyFile;
pub(crate) use keyring::read as read_key_file;
use waxseal::{CryptoProvider, MultiKeyring};

use crate::failure::Failure;
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
  arn:..., alias/..., local:NAME
                          a key of a key service; this build has none
Options are joined by `&`, with %XX for characters in their values";

/// The keys of a run.
#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    #[arg(long = "key", short, value_name = "KEY", required = true, help = "A wrapping key: raw-aes:FILE or rsa:FILE.pem; can be repeated", long_help = KEY_HELP)]
    keys: Vec<KeyArgument>,
    /// The cryptography to use
    #[arg(long, value_enum, default_value_t = Provider::DEFAULT)]
    provider: Provider,
}

impl KeyArgs {
    pub(crate) fn crypto(&self) -> &'static CryptoProvider {
        self.provider.crypto()
    }

    /// A keyring of all keys; the first one makes data keys.
    pub(crate) fn keyring(&self) -> Result<MultiKeyring, Failure> {
        keyring::of(&self.keys, self.crypto())
    }
}

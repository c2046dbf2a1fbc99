//! The text behind `--key`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use waxseal::RsaPadding;

use super::local::LocalKey;

/// The namespace of a key that has none of its own.
pub(crate) const DEFAULT_NAMESPACE: &str = "waxseal";

/// A key as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyArgument {
    RawAes {
        file: PathBuf,
        names: Names,
        encoding: Option<Encoding>,
    },
    Rsa {
        file: PathBuf,
        names: Names,
        padding: RsaPadding,
    },
    /// `arn:...`: a key of a key service.
    KmsArn(String),
    /// `alias/...`: an alias at a key service.
    KmsAlias(String),
    /// `local:NAME`: a key of the embedded KMS.
    Local(LocalKey),
}

/// How a message names a raw key; what is `None` comes from the key's file or a default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

/// How a file holds a bare AES key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Raw,
    Hex,
    Base64,
}

impl KeyArgument {
    /// The name of a key of AWS KMS.
    pub(super) fn of_kms(&self) -> Option<&str> {
        match self {
            Self::KmsArn(name) | Self::KmsAlias(name) => Some(name),
            _ => None,
        }
    }
}

impl FromStr for KeyArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("arn:") {
            return Ok(Self::KmsArn(text.to_owned()));
        }
        if text.starts_with("alias/") {
            return Ok(Self::KmsAlias(text.to_owned()));
        }
        match text.split_once(':') {
            Some(("raw-aes", rest)) => raw_aes(rest),
            Some(("rsa", rest)) => rsa(rest),
            Some(("local", rest)) => local(rest),
            _ => Err("expected raw-aes:FILE, rsa:FILE.pem, arn:..., alias/... or local:NAME".into()),
        }
    }
}

fn raw_aes(text: &str) -> Result<KeyArgument, String> {
    let (file, mut options) = split(text)?;
    let names = options.take_names();
    let encoding = options.take("encoding").map(|text| encoding(&text)).transpose()?;
    options.finish("namespace, name and encoding")?;
    Ok(KeyArgument::RawAes { file: file.into(), names, encoding })
}

fn rsa(text: &str) -> Result<KeyArgument, String> {
    let (file, mut options) = split(text)?;
    let names = options.take_names();
    let padding = options.take("padding").map_or(Ok(RsaPadding::OaepSha256), |text| padding(&text))?;
    options.finish("namespace, name and padding")?;
    Ok(KeyArgument::Rsa { file: file.into(), names, padding })
}

fn local(text: &str) -> Result<KeyArgument, String> {
    let (name, mut options) = split(text)?;
    let key = LocalKey::new(name, |option| options.take(option));
    options.finish("store, store-key, passphrase-file, region and principal")?;
    Ok(KeyArgument::Local(key))
}

fn encoding(text: &str) -> Result<Encoding, String> {
    match text {
        "raw" => Ok(Encoding::Raw),
        "hex" => Ok(Encoding::Hex),
        "base64" => Ok(Encoding::Base64),
        _ => Err("the encodings are raw, hex and base64".into()),
    }
}

fn padding(text: &str) -> Result<RsaPadding, String> {
    match text {
        "pkcs1" => Ok(RsaPadding::Pkcs1v15),
        "oaep-sha1" => Ok(RsaPadding::OaepSha1),
        "oaep-sha256" => Ok(RsaPadding::OaepSha256),
        "oaep-sha384" => Ok(RsaPadding::OaepSha384),
        "oaep-sha512" => Ok(RsaPadding::OaepSha512),
        _ => Err("the paddings are pkcs1, oaep-sha1, oaep-sha256, oaep-sha384 and oaep-sha512".into()),
    }
}

/// `name=value` options that are taken one after the other.
struct Options(BTreeMap<String, String>);

impl Options {
    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn take_names(&mut self) -> Names {
        Names { namespace: self.take("namespace"), name: self.take("name") }
    }

    /// Fails for an option that nobody took.
    fn finish(self, known: &str) -> Result<(), String> {
        match self.0.into_keys().next() {
            Some(name) => Err(format!("unknown option {name:?}; there are {known}")),
            None => Ok(()),
        }
    }
}

/// The file or name, and the options behind the last `?`.
fn split(text: &str) -> Result<(&str, Options), String> {
    let (file, options) = text.rsplit_once('?').unwrap_or((text, ""));
    if file.is_empty() {
        return Err("the file or the key's name is missing".into());
    }
    let mut taken = BTreeMap::new();
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option
            .split_once('=')
            .ok_or("behind `?` stand options, name=value; end with `?` if it belongs to the file's name")?;
        if taken.insert(name.to_owned(), percent_decoded(value)?).is_some() {
            return Err(format!("the option {name:?} is given twice"));
        }
    }
    Ok((file, Options(taken)))
}

/// `text` with its `%XX` decoded.
fn percent_decoded(text: &str) -> Result<String, String> {
    const WRONG: &str = "behind % stand two hexadecimal digits";
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next().ok_or(WRONG)?, bytes.next().ok_or(WRONG)?];
        let mut one = [0];
        hex::decode_to_slice(digits, &mut one).map_err(|_| WRONG)?;
        decoded.extend_from_slice(&one);
    }
    String::from_utf8(decoded).map_err(|_| "the value is not UTF-8".into())
}

#[cfg(test)]
mod tests {
    use super::super::local::for_local;
    use super::*;
    use crate::kms::{CallerArgs, Store};

    fn parse(text: &str) -> KeyArgument {
        text.parse().unwrap()
    }

    #[test]
    fn the_forms_of_raw_keys() {
        let plain = KeyArgument::RawAes { file: "k".into(), names: Names::default(), encoding: None };
        assert_eq!(parse("raw-aes:k"), plain);
        let names = Names { namespace: Some("a b".into()), name: Some("c&d".into()) };
        let file = "C:\\k".into();
        let full = KeyArgument::RawAes { file, names, encoding: Some(Encoding::Hex) };
        assert_eq!(parse("raw-aes:C:\\k?namespace=a%20b&name=c%26d&encoding=hex"), full);
        let names = Names { namespace: None, name: Some("n".into()) };
        let rsa = KeyArgument::Rsa { file: "k.pem".into(), names, padding: RsaPadding::OaepSha1 };
        assert_eq!(parse("rsa:k.pem?padding=oaep-sha1&name=n"), rsa);
        assert!(
            matches!(parse("rsa:k.pem"), KeyArgument::Rsa { padding: RsaPadding::OaepSha256, .. }),
            "the default padding"
        );
    }

    #[test]
    fn a_question_mark_can_belong_to_the_files_name() {
        let KeyArgument::RawAes { file, .. } = parse("raw-aes:what?.key?") else { panic!("another kind") };
        assert_eq!(file, PathBuf::from("what?.key"));
        assert!("raw-aes:what?.key".parse::<KeyArgument>().is_err());
    }

    #[test]
    fn keys_of_services_are_kinds_of_their_own() {
        let arn = "arn:aws:kms:us-west-2:111122223333:key/mrk-1";
        assert_eq!(parse(arn), KeyArgument::KmsArn(arn.into()));
        assert_eq!(parse("alias/backup"), KeyArgument::KmsAlias("alias/backup".into()));
        let KeyArgument::Local(key) = parse("local:alias/demo") else { panic!("another kind") };
        assert_eq!(
            (key.name.as_str(), key.store, key.caller),
            ("alias/demo", Store::default(), CallerArgs::default())
        );
    }

    #[test]
    fn a_local_key_names_its_store_and_its_caller() {
        let all = "local:k?store=s&store-key=f&region=eu-west-1&principal=arn:aws:iam::111122223333:user/a";
        let KeyArgument::Local(key) = parse(all) else { panic!("another kind") };
        assert_eq!((key.store.file, key.store.key), (Some("s".into()), Some("f".into())));
        assert_eq!(key.caller.region.as_deref(), Some("eu-west-1"));
        assert_eq!(key.caller.principal.as_deref(), Some("arn:aws:iam::111122223333:user/a"));
        let store = Store { file: Some("/a?b&c%20".into()), ..Store::default() };
        let text = for_local("alias/a", &store, Some("eu-west-1"));
        let KeyArgument::Local(key) = parse(&text) else { panic!("another kind") };
        assert_eq!((key.name.as_str(), key.store), ("alias/a", store));
        assert_eq!(key.caller.region.as_deref(), Some("eu-west-1"));
        assert_eq!(for_local("alias/a", &Store::default(), None), "local:alias/a");
    }

    #[test]
    fn everything_else_is_refused() {
        for wrong in [
            "",
            "key",
            "aes:k",
            "raw-aes:",
            "raw-aes:?name=x",
            "local:",
            "local:?store=s",
            "local:alias/a?account=1",
            "raw-aes:k?padding=pkcs1",
            "raw-aes:k?encoding=pem",
            "rsa:k?encoding=hex",
            "rsa:k?padding=pss",
            "rsa:k?name",
            "rsa:k?name=a&name=b",
            "rsa:k?name=%4",
            "rsa:k?name=%zz",
            "rsa:k?name=%ff",
        ] {
            assert!(wrong.parse::<KeyArgument>().is_err(), "{wrong:?}");
        }
    }
}

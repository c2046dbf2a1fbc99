//! Files that hold a raw AES key.
//!
//! `waxseal keygen raw-aes` writes lines of `field = value`, with `#` before comments:
//!
//! ```text
//! # A raw AES wrapping key for waxseal. Whoever has it opens your messages.
//! namespace = waxseal
//! name = 2f86cb8f7b63f2d1
//! key = MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
//! ```
//!
//! A bare key is read too: 16, 24 or 32 bytes, as they are, in hexadecimal or in base64.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use waxseal::SecretBytes;
use zeroize::Zeroizing;

use super::argument::Encoding;

const HEADING: &str = "# A raw AES wrapping key for waxseal. Whoever has it opens your messages.";
const FIELDS: [&str; 3] = ["namespace", "name", "key"];
const KEY_LENGTHS: [usize; 3] = [16, 24, 32];

/// Padding may be there or not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A key, and how messages name it.
#[derive(Debug)]
pub(crate) struct RawAesKeyFile {
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) key: SecretBytes,
}

impl RawAesKeyFile {
    /// The content of a key file. The names have no line breaks and no space around them.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(1 << 10));
        let key = Zeroizing::new(STANDARD.encode(self.key.expose()));
        text.push_str(HEADING);
        for (field, value) in [
            ("namespace", self.namespace.as_deref()),
            ("name", self.name.as_deref()),
            ("key", Some(key.as_str())),
        ] {
            value.into_iter().for_each(|value| text.extend(["\n", field, " = ", value]));
        }
        text.push('\n');
        text
    }

    /// Reads a key file, or a bare key. Errors say nothing about what the file has in it.
    pub(crate) fn parse(content: &[u8], encoding: Option<Encoding>) -> Result<Self, String> {
        if encoding.is_none()
            && let Ok(text) = std::str::from_utf8(content)
            && fields(text).any(|(field, _)| FIELDS.contains(&field))
        {
            return Self::parse_fields(text);
        }
        let key = bare_key(content, encoding)?;
        Ok(Self { namespace: None, name: None, key })
    }

    fn parse_fields(text: &str) -> Result<Self, String> {
        let [mut namespace, mut name, mut key] = [None; 3];
        for (field, value) in fields(text) {
            let place = match field {
                "namespace" => &mut namespace,
                "name" => &mut name,
                "key" => &mut key,
                _ => return Err("the key file has a line that is no field of a key file".into()),
            };
            if place.replace(value).is_some() {
                return Err(format!("the key file has the field {field:?} twice"));
            }
        }
        let key = base64(key.ok_or("the key file has no key")?.as_bytes());
        let key = key.ok_or("the key is not base64 of 16, 24 or 32 bytes")?;
        Ok(Self { namespace: namespace.map(str::to_owned), name: name.map(str::to_owned), key })
    }
}

/// The lines that are neither empty nor comments; one without `=` is a field without value.
fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (field, value) = line.split_once('=').unwrap_or((line, ""));
        (field.trim(), value.trim())
    })
}

fn bare_key(content: &[u8], encoding: Option<Encoding>) -> Result<SecretBytes, String> {
    let decode = |encoding| match encoding {
        Encoding::Raw => raw(content),
        Encoding::Hex => hexadecimal(content.trim_ascii()),
        Encoding::Base64 => base64(content.trim_ascii()),
    };
    if let Some(encoding) = encoding {
        return decode(encoding).ok_or_else(|| "not a key of 16, 24 or 32 bytes in this encoding".into());
    }
    // 32 hexadecimal digits are also base64 text of 24 bytes, by a chance that no random key
    // of 24 bytes has; so hexadecimal comes first.
    let text = decode(Encoding::Hex).or_else(|| decode(Encoding::Base64));
    match (text, decode(Encoding::Raw)) {
        (Some(_), Some(_)) => {
            Err("bytes that can be the key, or text of it: say encoding=raw, hex or base64".into())
        }
        (Some(key), None) | (None, Some(key)) => Ok(key),
        (None, None) => Err("neither a key file nor a bare key of 16, 24 or 32 bytes".into()),
    }
}

fn raw(content: &[u8]) -> Option<SecretBytes> {
    KEY_LENGTHS.contains(&content.len()).then(|| SecretBytes::copy_of(content))
}

fn hexadecimal(text: &[u8]) -> Option<SecretBytes> {
    let len = KEY_LENGTHS.into_iter().find(|len| 2 * len == text.len())?;
    let mut key = SecretBytes::zeroed(len);
    hex::decode_to_slice(text, key.expose_mut()).ok()?;
    Some(key)
}

fn base64(text: &[u8]) -> Option<SecretBytes> {
    let decoded = SecretBytes::from(BASE64.decode(text).ok()?);
    KEY_LENGTHS.contains(&decoded.len()).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(content: &[u8]) -> Result<Vec<u8>, String> {
        RawAesKeyFile::parse(content, None).map(|file| file.key.expose().to_vec())
    }

    #[test]
    fn a_key_file_reads_back_as_written() {
        let key = || SecretBytes::copy_of(&[7; 32]);
        let file = RawAesKeyFile { namespace: Some("my app".into()), name: Some("a = b".into()), key: key() };
        let read = RawAesKeyFile::parse(file.to_text().as_bytes(), None).unwrap();
        assert_eq!((read.namespace.as_deref(), read.name.as_deref()), (Some("my app"), Some("a = b")));
        assert!(read.key.ct_eq(&key()));
    }

    #[test]
    fn names_may_be_missing_and_lines_may_end_as_on_windows() {
        let read = RawAesKeyFile::parse(b"key=AAAAAAAAAAAAAAAAAAAAAA==\r\n", None).unwrap();
        assert_eq!((read.namespace, read.name, read.key.expose()), (None, None, [0; 16].as_slice()));
    }

    #[test]
    fn broken_key_files_are_refused() {
        for wrong in [
            "name = x",
            "key = AAAA",
            "key = AAAAAAAAAAAAAAAAAAAAAA==\nkey = AAAAAAAAAAAAAAAAAAAAAA==",
            "key = AAAAAAAAAAAAAAAAAAAAAA==\ncolour = red",
            "key = AAAAAAAAAAAAAAAAAAAAAA==\nAAAA",
        ] {
            assert!(parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn bare_keys_are_read_in_every_encoding() {
        for len in KEY_LENGTHS {
            let key = vec![0xf7; len];
            assert_eq!(parse(&key), Ok(key.clone()), "raw, {len} bytes");
            assert_eq!(parse(format!("{}\n", hex::encode(&key)).as_bytes()), Ok(key.clone()));
            assert_eq!(parse(format!("{}\n", STANDARD.encode(&key)).as_bytes()), Ok(key.clone()));
            let unpadded = STANDARD.encode(&key).trim_end_matches('=').to_owned() + "\n";
            assert_eq!(parse(unpadded.as_bytes()), Ok(key));
        }
        for len in [0, 15, 17, 31, 33, 64] {
            assert!(parse(&vec![0xf7; len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn text_that_could_be_the_key_itself_must_be_named() {
        let text = b"00112233445566778899aabbccddeeff";
        assert!(parse(text).unwrap_err().contains("encoding="));
        let read = |encoding| RawAesKeyFile::parse(text, Some(encoding)).map(|file| file.key.len());
        assert_eq!(read(Encoding::Raw), Ok(32));
        assert_eq!(read(Encoding::Hex), Ok(16));
        assert_eq!(read(Encoding::Base64), Ok(24));
    }
}

//! The encryption context: text pairs that are authenticated with the message, not secret.
//!
//! Source: `framework/structures.md`, "Encryption Context", "Serialization".

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use crate::reader::{Reader, Stop, put_len, put_prefixed};
use crate::{FormatError, FormatProblem};

const PAIRS: &str = "encryption context";

/// Text pairs that are authenticated with a message. Keys are kept in the order of their
/// UTF-8 bytes, which is the order that is written.
///
/// ```
/// # use waxseal_format::EncryptionContext;
/// let context = EncryptionContext::from([("tenant", "7"), ("purpose", "backup")]);
/// assert_eq!(context.get("tenant").map(String::as_str), Some("7"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EncryptionContext(BTreeMap<String, String>);

impl EncryptionContext {
    /// A context without pairs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the serialization: nothing for an empty context, else the count and the
    /// sorted pairs.
    ///
    /// # Errors
    /// [`FormatProblem::TooLong`] if there are more than 65,535 pairs, or if a key or a value
    /// has more bytes than that.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        if self.is_empty() {
            return Ok(());
        }
        put_len(out, PAIRS, self.len())?;
        for (key, value) in self.iter() {
            put_prefixed(out, "encryption context key", key.as_bytes())?;
            put_prefixed(out, "encryption context value", value.as_bytes())?;
        }
        Ok(())
    }

    /// The serialization in a buffer of its own: the associated data of key wrapping.
    ///
    /// # Errors
    /// As [`EncryptionContext::encode`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads a serialization whole. Takes pairs in any order, and a count of zero for an
    /// empty context, which old writers made.
    ///
    /// # Errors
    /// A [`FormatError`] for text that is not UTF-8, a key that stands twice, and bytes left
    /// over or missing.
    pub fn decode(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::decode_at(bytes, 0)
    }

    pub(crate) fn decode_at(bytes: &[u8], base: usize) -> Result<Self, FormatError> {
        let mut reader = Reader::new(bytes, base);
        let pairs = decode_pairs(&mut reader).map_err(|stop| match stop {
            Stop::Malformed(error) => error,
            Stop::Need(total) => mismatch(&reader, total.saturating_sub(bytes.len())),
        })?;
        let left = bytes.len().saturating_sub(reader.position());
        if left == 0 { Ok(pairs) } else { Err(mismatch(&reader, left)) }
    }
}

fn mismatch(reader: &Reader<'_>, bytes: usize) -> FormatError {
    reader.error(PAIRS, FormatProblem::Mismatch(bytes))
}

fn decode_pairs(reader: &mut Reader<'_>) -> Result<EncryptionContext, Stop> {
    let mut context = EncryptionContext::new();
    if reader.is_at_end() {
        return Ok(context);
    }
    for _ in 0..reader.u16()? {
        let key = reader.prefixed_str("encryption context key")?;
        let value = reader.prefixed_str("encryption context value")?;
        if context.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(reader.error(PAIRS, FormatProblem::DuplicateKey(key.to_owned())).into());
        }
    }
    Ok(context)
}

impl Deref for EncryptionContext {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for EncryptionContext {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for EncryptionContext {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for EncryptionContext {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<BTreeMap<String, String>> for EncryptionContext {
    fn from(pairs: BTreeMap<String, String>) -> Self {
        Self(pairs)
    }
}

impl<'a> IntoIterator for &'a EncryptionContext {
    type Item = (&'a String, &'a String);
    type IntoIter = std::collections::btree_map::Iter<'a, String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_context_is_no_bytes_and_reads_back_from_a_count_of_zero_too() {
        assert!(EncryptionContext::new().to_bytes().unwrap().is_empty());
        assert!(EncryptionContext::decode(&[]).unwrap().is_empty());
        assert!(EncryptionContext::decode(&[0, 0]).unwrap().is_empty());
    }

    #[test]
    fn pairs_are_written_in_the_order_of_their_bytes() {
        // U+FF5E sorts before U+1F600 by UTF-8, behind it by UTF-16.
        let context = EncryptionContext::from([("\u{1f600}", "2"), ("\u{ff5e}", "1"), ("", "0")]);
        let bytes = context.to_bytes().unwrap();
        assert_eq!(&bytes[..7], &[0, 3, 0, 0, 0, 1, b'0']);
        assert_eq!(&bytes[7..12], &[0, 3, 0xef, 0xbd, 0x9e]);
        assert_eq!(EncryptionContext::decode(&bytes).unwrap(), context);
    }

    #[test]
    fn unsorted_pairs_are_taken_and_doubled_keys_are_not() {
        let unsorted = [0, 2, 0, 1, b'b', 0, 0, 0, 1, b'a', 0, 0];
        assert_eq!(EncryptionContext::decode(&unsorted).unwrap().len(), 2);
        let doubled = [0, 2, 0, 1, b'a', 0, 0, 0, 1, b'a', 0, 0];
        let error = EncryptionContext::decode(&doubled).unwrap_err();
        assert_eq!(error.problem, FormatProblem::DuplicateKey("a".into()));
    }

    #[test]
    fn every_cut_and_a_byte_too_many_are_refused() {
        let bytes = EncryptionContext::from([("key", "value"), ("k", "v")]).to_bytes().unwrap();
        for cut in 1..bytes.len() {
            assert!(EncryptionContext::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert_eq!(EncryptionContext::decode(&longer).unwrap_err().problem, FormatProblem::Mismatch(1));
    }

    #[test]
    fn what_does_not_fit_two_bytes_is_refused() {
        let context = EncryptionContext::from([("k", "v".repeat(65_536))]);
        let error = context.to_bytes().unwrap_err();
        assert_eq!(error.problem, FormatProblem::TooLong { found: 65_536, limit: 65_535 });
    }
}

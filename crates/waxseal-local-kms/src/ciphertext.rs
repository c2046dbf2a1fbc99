//! What a symmetric key's ciphertext looks like from inside. To its users it is opaque.
//!
//! ```text
//! version     1 byte    1
//! kind        1 byte    0: a key of one region, 1: a multi-region key
//! key id      16 bytes  the UUID, or what follows `mrk-`
//! generation  4 bytes   which of the key's materials, big-endian
//! IV          12 bytes  random
//! ciphertext  as long as the plaintext
//! tag         16 bytes
//! ```
//!
//! AES-256-GCM. Associated data: `waxseal-local-kms ciphertext`, the 22 bytes of version, kind, key
//! id and generation, and the encryption context: the count of its pairs, then each pair in the
//! order of the keys' bytes, key and value each behind its length; count and lengths are 4 bytes
//! big-endian. So `{a: bc}` never passes for `{ab: c}`.
//!
//! The region is not in it: replicas of a multi-region key share id and material.

use uuid::Uuid;
use waxseal_crypto::SecretBytes;
use waxseal_format::EncryptionContext;

use crate::material::{MaterialFault, SymmetricKey, random_array};

const VERSION: u8 = 1;
const HEAD_LEN: usize = 22;
const IV_LEN: usize = 12;
const LABEL: &[u8] = b"waxseal-local-kms ciphertext";
const MULTI_REGION_PREFIX: &str = "mrk-";

/// Which material of which key a ciphertext is under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Under {
    pub(crate) key_id: String,
    pub(crate) generation: u32,
}

/// A ciphertext, taken apart and not yet verified.
pub(crate) struct Parsed<'a> {
    pub(crate) under: Under,
    head: &'a [u8],
    iv: [u8; IV_LEN],
    sealed: &'a [u8],
}

/// Encrypts under the material that `under` names.
pub(crate) fn seal(
    under: &Under,
    key: &SymmetricKey,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, MaterialFault> {
    let iv = random_array()?;
    let mut blob = head(under)?;
    let sealed = key.seal(iv, &associated_data(&blob, context)?, plaintext)?;
    blob.extend_from_slice(&iv);
    blob.extend_from_slice(&sealed);
    Ok(blob)
}

/// Takes a ciphertext apart; `None` if it is not one.
pub(crate) fn parse(blob: &[u8]) -> Option<Parsed<'_>> {
    let (head, rest) = blob.split_at_checked(HEAD_LEN)?;
    let (iv, sealed) = rest.split_first_chunk::<IV_LEN>()?;
    let (&[version, kind], rest) = head.split_first_chunk::<2>()?;
    let (id, generation) = rest.split_first_chunk::<16>()?;
    if version != VERSION {
        return None;
    }
    let uuid = Uuid::from_bytes(*id);
    let key_id = match kind {
        0 => uuid.hyphenated().to_string(),
        1 => format!("{MULTI_REGION_PREFIX}{}", uuid.simple()),
        _ => return None,
    };
    let generation = u32::from_be_bytes(generation.try_into().ok()?);
    Some(Parsed { under: Under { key_id, generation }, head, iv: *iv, sealed })
}

impl Parsed<'_> {
    /// The plaintext, if nothing of ciphertext and context was changed.
    pub(crate) fn open(
        &self,
        key: &SymmetricKey,
        context: &EncryptionContext,
    ) -> Result<SecretBytes, MaterialFault> {
        key.open(self.iv, &associated_data(self.head, context)?, self.sealed)
    }
}

fn head(under: &Under) -> Result<Vec<u8>, MaterialFault> {
    let (kind, id) = match under.key_id.strip_prefix(MULTI_REGION_PREFIX) {
        Some(id) => (1, id),
        None => (0, under.key_id.as_str()),
    };
    let id = Uuid::try_parse(id).map_err(|_| MaterialFault)?;
    let mut head = vec![VERSION, kind];
    head.extend_from_slice(id.as_bytes());
    head.extend_from_slice(&under.generation.to_be_bytes());
    Ok(head)
}

fn associated_data(head: &[u8], context: &EncryptionContext) -> Result<Vec<u8>, MaterialFault> {
    let mut data = [LABEL, head].concat();
    put_count(&mut data, context.len())?;
    for text in context.iter().flat_map(|(key, value)| [key, value]) {
        put_count(&mut data, text.len())?;
        data.extend_from_slice(text.as_bytes());
    }
    Ok(data)
}

fn put_count(data: &mut Vec<u8>, count: usize) -> Result<(), MaterialFault> {
    let count = u32::try_from(count).map_err(|_| MaterialFault)?;
    data.extend_from_slice(&count.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn under(key_id: &str) -> Under {
        Under { key_id: key_id.to_owned(), generation: 3 }
    }

    #[test]
    fn a_ciphertext_tells_its_key_and_opens_under_it_alone() {
        for id in ["1234abcd-12ab-34cd-56ef-1234567890ab", "mrk-1234abcd12ab34cd56ef1234567890ab"] {
            let key = SymmetricKey::new(&[7; 32]).unwrap();
            let context = [("a", "bc")].into();
            let blob = seal(&under(id), &key, &context, b"plain").unwrap();
            let parsed = parse(&blob).unwrap();
            assert_eq!(parsed.under, under(id));
            assert_eq!(parsed.open(&key, &context).unwrap().expose(), b"plain");
            assert!(parsed.open(&SymmetricKey::new(&[8; 32]).unwrap(), &context).is_err());
        }
    }

    #[test]
    fn contexts_that_read_alike_are_not_alike() {
        let key = SymmetricKey::new(&[7; 32]).unwrap();
        let id = under("1234abcd-12ab-34cd-56ef-1234567890ab");
        let blob = seal(&id, &key, &[("a", "bc")].into(), b"plain").unwrap();
        let parsed = parse(&blob).unwrap();
        for other in [vec![("ab", "c")], vec![("a", "b"), ("c", "")], vec![("a", "bc"), ("", "")], vec![]] {
            let other: EncryptionContext = other.into_iter().collect();
            assert!(parsed.open(&key, &other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn what_is_cut_is_no_ciphertext() {
        let key = SymmetricKey::new(&[7; 32]).unwrap();
        let id = under("1234abcd-12ab-34cd-56ef-1234567890ab");
        let blob = seal(&id, &key, &EncryptionContext::new(), b"").unwrap();
        assert_eq!(blob.len(), 50);
        for len in 0..blob.len() {
            let opened = parse(&blob[..len]).map(|cut| cut.open(&key, &EncryptionContext::new()));
            assert!(opened.is_none_or(|opened| opened.is_err()), "{len}");
        }
    }
}

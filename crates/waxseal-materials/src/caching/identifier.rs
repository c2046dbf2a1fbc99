//! Names of cache entries.
//!
//! Source: `framework/caching-cmm.md` 0.4.0, "Appendix A: Cache Entry Identifier Formulas". These
//! are the formulas in force, with SHA-384 and with resource and scope identifiers, so that a
//! cache can be shared with a hierarchical keyring. The Python SDK computes those of version 0.3.0,
//! SHA-512 over hashes of the parts, and by that version's text so do the other published ones.
//! Identifiers never leave a process, so nothing depends on their being the same.

use std::fmt;

use waxseal_crypto::{CryptoProvider, HashAlgorithm};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey};

use crate::{DecryptMaterialsRequest, EncryptionMaterialsRequest, MaterialsError};

/// Who an entry is of, and what for.
const CACHING_CMM: u8 = 0x01;
const ENCRYPT: u8 = 0x01;
const DECRYPT: u8 = 0x02;

/// Between fields.
const NULL_BYTE: u8 = 0x00;

/// The name of a cache entry: a SHA-384 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CacheIdentifier([u8; 48]);

impl From<[u8; 48]> for CacheIdentifier {
    fn from(digest: [u8; 48]) -> Self {
        Self(digest)
    }
}

impl AsRef<[u8]> for CacheIdentifier {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CacheIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// "Encryption Materials, Without Algorithm Suite", "Encryption Materials, With Algorithm Suite".
pub(super) fn of_encryption(
    crypto: &CryptoProvider,
    partition_id: &str,
    request: &EncryptionMaterialsRequest,
) -> Result<CacheIdentifier, MaterialsError> {
    let mut fields = begin(ENCRYPT, partition_id);
    match request.suite {
        None => fields.extend([0x00, NULL_BYTE]),
        Some(suite) => {
            fields.extend([0x01, NULL_BYTE]);
            push_suite(&mut fields, suite);
        }
    }
    request.encryption_context.encode(&mut fields)?;
    digest(crypto, &fields)
}

/// "Decryption Materials". Also returns how many bytes of what was digested are data keys:
/// without that, data keys and context could pass into each other, since nothing says where
/// the former end.
pub(super) fn of_decryption(
    crypto: &CryptoProvider,
    partition_id: &str,
    request: &DecryptMaterialsRequest,
) -> Result<(CacheIdentifier, usize), MaterialsError> {
    let mut fields = begin(DECRYPT, partition_id);
    push_suite(&mut fields, request.suite);
    let start = fields.len();
    push_sorted(&mut fields, &request.encrypted_data_keys)?;
    let data_keys_len = fields.len().saturating_sub(start);
    fields.push(NULL_BYTE);
    request.encryption_context.encode(&mut fields)?;
    Ok((digest(crypto, &fields)?, data_keys_len))
}

fn begin(scope: u8, partition_id: &str) -> Vec<u8> {
    let mut fields = Vec::with_capacity(512);
    fields.extend([CACHING_CMM, NULL_BYTE, scope, NULL_BYTE]);
    fields.extend_from_slice(partition_id.as_bytes());
    fields.push(NULL_BYTE);
    fields
}

fn push_suite(fields: &mut Vec<u8>, suite: &AlgorithmSuite) {
    fields.extend(suite.id.to_be_bytes());
    fields.push(NULL_BYTE);
}

fn push_sorted(fields: &mut Vec<u8>, keys: &[EncryptedDataKey]) -> Result<(), MaterialsError> {
    if let [key] = keys {
        return Ok(key.encode(fields)?);
    }
    let mut serialized = Vec::with_capacity(keys.len());
    for key in keys {
        let mut bytes = Vec::new();
        key.encode(&mut bytes)?;
        serialized.push(bytes);
    }
    serialized.sort_unstable();
    fields.extend(serialized.into_iter().flatten());
    Ok(())
}

fn digest(crypto: &CryptoProvider, fields: &[u8]) -> Result<CacheIdentifier, MaterialsError> {
    let mut state = crypto.digest.start(HashAlgorithm::Sha384);
    state.update(fields);
    let digest = state.finish().as_ref().try_into();
    digest.map(CacheIdentifier).map_err(|_| MaterialsError::Illegal("a digest of another length"))
}

#[cfg(test)]
mod tests {
    use waxseal_format::EncryptionContext;

    use super::*;

    // The known answers were computed apart from this code, by Python's hashlib:
    //
    //   from hashlib import sha384
    //   from struct import pack
    //   def text(b): return pack(">H", len(b)) + b
    //   def context(c):
    //       if not c: return b""
    //       pairs = (text(k.encode()) + text(c[k].encode()) for k in sorted(c, key=str.encode))
    //       return pack(">H", len(c)) + b"".join(pairs)
    //   def encrypt(partition, suite, c):
    //       suite = b"\0" if suite is None else b"\1\0" + pack(">H", suite)
    //       return sha384(b"\0".join([b"\1", b"\1", partition, suite, context(c)])).hexdigest()
    //   def decrypt(partition, suite, edks, c):
    //       edks = b"".join(sorted(text(p) + text(i) + text(k) for p, i, k in edks))
    //       return sha384(b"\0".join([b"\1", b"\2", partition, pack(">H", suite), edks, context(c)])).hexdigest()
    //
    // Contexts and data keys are those of the Python SDK's tests, whose own answers are of the
    // older formulas.
    const PARTITION: &str = "partition";

    fn full() -> EncryptionContext {
        EncryptionContext::from([("this", "is"), ("a", "non-empty"), ("encryption", "context")])
    }

    fn data_keys() -> [EncryptedDataKey; 2] {
        [
            EncryptedDataKey::new(
                "this is a provider ID",
                "this is some key info",
                "super secret key, now with encryption!",
            ),
            EncryptedDataKey::new(
                "another provider ID!",
                "this is some different key info",
                "better super secret key, now with encryption!",
            ),
        ]
    }

    fn encryption(suite: Option<u16>, context: EncryptionContext) -> String {
        let request = EncryptionMaterialsRequest {
            suite: suite.and_then(AlgorithmSuite::from_id),
            encryption_context: context,
            ..EncryptionMaterialsRequest::default()
        };
        let crypto = waxseal_native::provider();
        format!("{:?}", of_encryption(crypto, PARTITION, &request).unwrap())
    }

    fn decryption(suite: u16, keys: &[EncryptedDataKey], context: EncryptionContext) -> String {
        let suite = AlgorithmSuite::from_id(suite).unwrap();
        let request = DecryptMaterialsRequest::new(suite, keys.to_vec(), context);
        let (id, data_keys_len) = of_decryption(waxseal_native::provider(), PARTITION, &request).unwrap();
        let expected: usize = keys
            .iter()
            .map(|key| 6 + key.provider_id.len() + key.provider_info.len() + key.ciphertext.len())
            .sum();
        assert_eq!(data_keys_len, expected);
        format!("{id:?}")
    }

    #[test]
    fn known_answers_to_encrypt() {
        let none = EncryptionContext::new;
        for (suite, context, answer) in [
            (
                None,
                none(),
                "d31c8f705202d529ed9449b09452fc78097f90b95e96ee4c306ae08e090c010812879c75692376ebb57341a1de576d89",
            ),
            (
                Some(0x0578),
                none(),
                "b7897b1e0e3f8d91341eb2ec2fc2ae30386373716b183cfbbdb856918a433f0c3ca80365d02495c033b28912f12b4ee5",
            ),
            (
                None,
                full(),
                "b9385938456eacd92d86fb238c91e1c73fcd5368fe7c1e5ec2879c02d98228fa67c2c6aa684e5dd9cc7bb08640be62b3",
            ),
            (
                Some(0x0378),
                full(),
                "19496ecf9ea99ddf1f21978dccb3814cc46dde69e595e410a6d325cfc8f79f40a2a8ae5ea7778726d1356b9e2714cd65",
            ),
        ] {
            assert_eq!(encryption(suite, context), answer);
        }
    }

    #[test]
    fn known_answers_to_decrypt() {
        let keys = data_keys();
        let one = "16fc95683a3cce957f5b4c91a40841628b1e4c05a59564db1651afb4f6ac11073c06338f279b6e76e83108113e884148";
        assert_eq!(decryption(0x0178, &keys[..1], EncryptionContext::new()), one);
        let two = "f8da8892f7b51e5848d906f8a355292715577d638c9a6daddfa3e5df52e6d2d9b24ac199e6e089c5f07404dd9e7e6c29";
        assert_eq!(decryption(0x0578, &keys, full()), two);
        let [first, second] = keys;
        assert_eq!(decryption(0x0578, &[second, first], full()), two, "the order of keys doesn't count");
    }
}

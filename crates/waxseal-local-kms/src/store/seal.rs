//! How the secrets in a store are sealed: AES-256-GCM under the store's key, which is random and
//! sealed itself under a key that comes from a passphrase or a key file.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use serde::{Deserialize, Serialize};
use waxseal_crypto::SecretBytes;

use crate::LocalKmsError;
use crate::material::{MaterialFault, SymmetricKey, random, random_array};
use crate::service::StoreKey;

const KEY_LEN: usize = 32;
const IV_LEN: usize = 12;

/// The second recommended option of RFC 9106, section 4: 64 MiB, three passes, four lanes.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// What a store may ask for at most, so that opening one takes bounded memory and time.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 16;

/// How the key comes about that the store's key is sealed under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Unlock {
    /// Argon2id of a passphrase.
    Passphrase { memory_kib: u32, passes: u32, lanes: u32, salt: String },
    /// HKDF-SHA-256 of the bytes of a key file.
    KeyBytes { salt: String },
}

/// Seals and opens what a store keeps secret.
pub(super) struct Sealer(SymmetricKey);

/// A new store: how it is unlocked, its key sealed, and its key.
pub(super) struct NewStore {
    pub(super) unlock: Unlock,
    pub(super) sealed_key: Vec<u8>,
}

/// Seals a fresh store key. `account` is bound to it.
pub(super) fn new_store(key: &StoreKey, account: &str) -> Result<NewStore, LocalKmsError> {
    let salt = hex::encode(random_array::<16>()?);
    let unlock = match key {
        StoreKey::Passphrase(_) => {
            Unlock::Passphrase { memory_kib: MEMORY_KIB, passes: PASSES, lanes: LANES, salt }
        }
        StoreKey::KeyBytes(_) => Unlock::KeyBytes { salt },
    };
    let store_key = random(KEY_LEN)?;
    let sealer = Sealer::new(&unlocking_key(&unlock, key)?)?;
    let sealed_key = sealer.seal(&store_key_data(account), &store_key)?;
    Ok(NewStore { unlock, sealed_key })
}

/// Opens a store's key.
pub(super) fn open_store_key(
    key: &StoreKey,
    unlock: &Unlock,
    account: &str,
    sealed_key: &[u8],
) -> Result<SecretBytes, LocalKmsError> {
    let sealer = Sealer::new(&unlocking_key(unlock, key)?)?;
    sealer.open(&store_key_data(account), sealed_key).map_err(|_| LocalKmsError::WrongStoreKey)
}

impl Sealer {
    pub(super) fn new(key: &SecretBytes) -> Result<Self, MaterialFault> {
        SymmetricKey::new(key.expose()).map(Self)
    }

    /// IV, ciphertext and tag.
    pub(super) fn seal(&self, data: &[u8], secret: &SecretBytes) -> Result<Vec<u8>, MaterialFault> {
        let iv = random_array::<IV_LEN>()?;
        let mut sealed = iv.to_vec();
        sealed.extend(self.0.seal(iv, data, secret.expose())?);
        Ok(sealed)
    }

    pub(super) fn open(&self, data: &[u8], sealed: &[u8]) -> Result<SecretBytes, MaterialFault> {
        let (iv, sealed) = sealed.split_first_chunk::<IV_LEN>().ok_or(MaterialFault)?;
        self.0.open(*iv, data, sealed)
    }
}

/// What is bound to sealed bytes: a label and parts, each behind its length.
pub(super) fn bound(label: &str, parts: &[&str]) -> Vec<u8> {
    let mut data = b"waxseal-local-kms store ".to_vec();
    for part in [label].iter().chain(parts) {
        let len = u64::try_from(part.len()).unwrap_or(u64::MAX);
        data.extend_from_slice(&len.to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}

fn store_key_data(account: &str) -> Vec<u8> {
    bound("store key", &[account])
}

fn unlocking_key(unlock: &Unlock, key: &StoreKey) -> Result<SecretBytes, LocalKmsError> {
    match (unlock, key) {
        (Unlock::Passphrase { memory_kib, passes, lanes, salt }, StoreKey::Passphrase(passphrase)) => {
            let params = argon2_params(*memory_kib, *passes, *lanes)?;
            stretch(passphrase, &decoded(salt)?, params)
        }
        (Unlock::KeyBytes { salt }, StoreKey::KeyBytes(bytes)) => expand(bytes, &decoded(salt)?),
        _ => Err(LocalKmsError::WrongStoreKey),
    }
}

fn argon2_params(memory_kib: u32, passes: u32, lanes: u32) -> Result<Params, LocalKmsError> {
    if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES || lanes > MAX_LANES {
        return Err(damaged("it asks for too much work"));
    }
    Params::new(memory_kib, passes, lanes, Some(KEY_LEN)).map_err(|_| damaged("its parameters of Argon2id"))
}

fn stretch(passphrase: &SecretBytes, salt: &[u8], params: Params) -> Result<SecretBytes, LocalKmsError> {
    if passphrase.is_empty() {
        return Err(LocalKmsError::StoreKeyLength { found: 0 });
    }
    let mut key = SecretBytes::zeroed(KEY_LEN);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose(), salt, key.expose_mut())
        .map_err(|_| LocalKmsError::Crypto("Argon2id"))?;
    Ok(key)
}

fn expand(bytes: &SecretBytes, salt: &[u8]) -> Result<SecretBytes, LocalKmsError> {
    if bytes.len() != KEY_LEN {
        return Err(LocalKmsError::StoreKeyLength { found: bytes.len() });
    }
    let mut key = SecretBytes::zeroed(KEY_LEN);
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(bytes.expose());
    let info: [&[u8]; 1] = [b"waxseal-local-kms store key"];
    pseudorandom
        .expand(&info, HKDF_SHA256)
        .and_then(|output| output.fill(key.expose_mut()))
        .map_err(|_| LocalKmsError::Crypto("HKDF"))?;
    Ok(key)
}

fn decoded(salt: &str) -> Result<Vec<u8>, LocalKmsError> {
    hex::decode(salt).map_err(|_| damaged("its salt"))
}

fn damaged(what: &str) -> LocalKmsError {
    LocalKmsError::Damaged { what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_key_opens_with_its_passphrase_and_account_alone() {
        let passphrase = |text: &str| StoreKey::Passphrase(SecretBytes::copy_of(text.as_bytes()));
        let store = new_store(&passphrase("right"), "111122223333").unwrap();
        let open = |key: &StoreKey, account| open_store_key(key, &store.unlock, account, &store.sealed_key);
        assert_eq!(open(&passphrase("right"), "111122223333").unwrap().len(), 32);
        for (key, account) in [
            (passphrase("wrong"), "111122223333"),
            (passphrase("right"), "999988887777"),
            (StoreKey::KeyBytes(SecretBytes::zeroed(32)), "111122223333"),
        ] {
            assert!(matches!(open(&key, account), Err(LocalKmsError::WrongStoreKey)));
        }
        let empty = open(&passphrase(""), "111122223333");
        assert!(matches!(empty, Err(LocalKmsError::StoreKeyLength { found: 0 })));
    }

    #[test]
    fn what_is_bound_is_unambiguous() {
        assert_ne!(bound("a", &["bc", "d"]), bound("a", &["b", "cd"]));
        let sealer = Sealer::new(&SecretBytes::zeroed(32)).unwrap();
        let sealed = sealer.seal(&bound("material", &["a", "0"]), &SecretBytes::zeroed(32)).unwrap();
        assert!(sealer.open(&bound("material", &["a", "0"]), &sealed).is_ok());
        assert!(sealer.open(&bound("material", &["a", "1"]), &sealed).is_err());
        assert!(sealer.open(&bound("material", &["a", "0"]), &sealed[..11]).is_err());
    }

    #[test]
    fn a_store_that_asks_for_too_much_is_refused() {
        assert!(argon2_params(u32::MAX, 1, 1).is_err());
        assert!(argon2_params(64, u32::MAX, 1).is_err());
        assert!(argon2_params(0, 0, 0).is_err());
    }
}

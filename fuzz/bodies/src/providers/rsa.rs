//! RSA unwrapping: right ciphertexts, changed ones, and blocks of every wrong padding.

use std::sync::OnceLock;

use rsa::BigUint;
use waxseal::RsaPadding;
use waxseal::crypto::{HashAlgorithm, RsaPrivateDer, RsaPrivateKey};

use crate::Choices;
use crate::edits::edited;
use crate::keys;
use crate::setup::providers;

const PADDINGS: [RsaPadding; 5] = [
    RsaPadding::Pkcs1v15,
    RsaPadding::OaepSha256,
    RsaPadding::OaepSha384,
    RsaPadding::OaepSha512,
    RsaPadding::OaepSha1,
];

/// Bytes of the modulus.
const LEN: usize = 256;

type Keys = [Box<dyn RsaPrivateKey>; 2];

/// The same key, set up by both providers.
fn private_keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let key = RsaPrivateDer::from_pem_or_der(keys::right()).unwrap();
        providers().map(|provider| provider.rsa.private_key(&key).unwrap())
    })
}

/// Unwraps what one provider wrapped, or a block that was padded here.
pub(super) fn check(choices: &mut Choices<'_>) {
    let padding = choices.pick(&PADDINGS);
    let longer = choices.one_in(4);
    let mut wrapped = match choices.below(3) {
        0 => wrapped(choices, padding),
        1 => raw(&pkcs1_block(choices)),
        _ => raw(&oaep_block(choices, padding)),
    };
    if longer {
        // The same number, in one byte more than it may have.
        wrapped.insert(0, 0);
    }
    let unwrapped = private_keys()
        .each_ref()
        .map(|key| key.unwrap(padding, &wrapped).map(|secret| secret.expose().to_vec()));
    assert_eq!(unwrapped[0], unwrapped[1], "{padding:?} {wrapped:02x?}");
}

fn wrapped(choices: &mut Choices<'_>, padding: RsaPadding) -> Vec<u8> {
    let public = private_keys()[0].public_key().unwrap();
    let key = providers()[choices.below(2)].rsa.public_key(&public).unwrap();
    let secret = choices.bytes(choices.clone().below(200));
    match key.wrap(padding, secret) {
        Ok(wrapped) => edited(choices, wrapped, 1),
        Err(_) => choices.bytes(LEN + 1).to_vec(),
    }
}

/// The public operation on a block that may be no padding at all (RFC 8017, 5.1.1).
fn raw(block: &[u8]) -> Vec<u8> {
    let (n, e) = keys::right_public();
    let number = BigUint::from_bytes_be(block).modpow(&e, &n).to_bytes_be();
    [vec![0; LEN - number.len()], number].concat()
}

/// A block for PKCS#1 v1.5 (RFC 8017, 7.2.1), some of whose bytes may be wrong.
fn pkcs1_block(choices: &mut Choices<'_>) -> Vec<u8> {
    let secret_len = choices.pick(&[32, 0, 1, 16, 245, 246, 247, 253]);
    let mut block = vec![0xa5; LEN - secret_len];
    block[..2].copy_from_slice(&[0, 2]);
    *block.last_mut().unwrap() = 0;
    block.extend(vec![0x5a; secret_len]);
    for _ in 0..choices.below(4) {
        let at = if choices.one_in(2) { choices.below(LEN) } else { choices.below(16) };
        block[at] = choices.pick(&[0, 1, 2, 0xff]);
    }
    block
}

/// A block for OAEP (RFC 8017, 7.1.1), some of whose bytes were wrong before they were masked.
fn oaep_block(choices: &mut Choices<'_>, padding: RsaPadding) -> Vec<u8> {
    let hash = match padding {
        RsaPadding::OaepSha384 => HashAlgorithm::Sha384,
        RsaPadding::OaepSha512 => HashAlgorithm::Sha512,
        _ => HashAlgorithm::Sha256,
    };
    let mut seed = vec![choices.u8(); hash.output_len()];
    let mut data = digest(hash, b"");
    let secret_len = choices.below(LEN - 1 - 2 * seed.len());
    data.resize(LEN - 2 - seed.len() - secret_len, 0);
    data.push(1);
    data.resize(LEN - 1 - seed.len(), 0x5a);
    for _ in 0..choices.below(3) {
        let at = choices.below(data.len());
        data[at] = choices.pick(&[0, 1, 2, 0xff]);
    }
    mask(hash, &seed, &mut data);
    mask(hash, &data, &mut seed);
    [vec![u8::from(choices.one_in(8))], seed, data].concat()
}

/// MGF1 of `seed`, added to `data` (RFC 8017, B.2.1).
fn mask(hash: HashAlgorithm, seed: &[u8], data: &mut [u8]) {
    for (chunk, counter) in data.chunks_mut(hash.output_len()).zip(0_u32..) {
        let mask = digest(hash, &[seed, &counter.to_be_bytes()].concat());
        chunk.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn digest(hash: HashAlgorithm, bytes: &[u8]) -> Vec<u8> {
    let mut state = providers()[0].digest.start(hash);
    state.update(bytes);
    state.finish().as_ref().to_vec()
}

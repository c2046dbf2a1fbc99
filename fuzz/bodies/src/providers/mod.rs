//! Both providers against each other: the same answer from each primitive, and the same
//! outcome for each message.

mod ecdh;
mod ecdsa;
mod rsa;

use waxseal::crypto::{AeadAlgorithm, AeadKey, HashAlgorithm, HkdfOutput};
use waxseal::parallel::Threads;
use waxseal::{DecryptOptions, Error};

use crate::Choices;
use crate::choices::Sizes;
use crate::edits::edited;
use crate::open;
use crate::setup::{
    clients, decrypt_options, encrypt_options, openers, pick_suite, providers, restart_randomness, under,
};

/// Which primitive, then its input.
pub fn body(input: &[u8]) {
    restart_randomness();
    let mut choices = Choices::new(input);
    // What takes long comes seldom.
    match choices.below(32) {
        0..8 => aead(&mut choices),
        8..10 => digest(&mut choices),
        10..13 => hkdf(&mut choices),
        13..18 => ecdsa::check(&mut choices),
        18 => rsa::check(&mut choices),
        19 => ecdh::check(&mut choices),
        20 => ecdh::check_hmac(&mut choices),
        21..24 => made_message(&mut choices),
        _ => given_message(&mut choices),
    }
}

const AEADS: [AeadAlgorithm; 3] =
    [AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes192Gcm, AeadAlgorithm::Aes256Gcm];

fn aead(choices: &mut Choices<'_>) {
    let algorithm = choices.pick(&AEADS);
    let key = choices.array::<32>();
    let key_len = if choices.one_in(16) { choices.below(33) } else { algorithm.key_len() };
    let [native, rustcrypto] = providers().map(|provider| provider.aead.key(algorithm, &key[..key_len]));
    let (native, rustcrypto) = match (native, rustcrypto) {
        (Ok(native), Ok(rustcrypto)) => (native, rustcrypto),
        (native, rustcrypto) => return assert_eq!(native.err(), rustcrypto.err()),
    };
    let nonce = choices.array();
    let flip = choices.u8();
    let aad_len = choices.below(300);
    let (aad, plaintext) = (choices.bytes(aad_len), choices.rest());
    let sealed = [&native, &rustcrypto].map(|key| seal_both_ways(&**key, &nonce, aad, plaintext));
    assert_eq!(sealed[0], sealed[1]);
    let mut tag = sealed[0].1;
    tag[usize::from(flip) % 16] ^= flip >> 4;
    for key in [&native, &rustcrypto] {
        let opened = open_both_ways(&**key, &nonce, aad, &sealed[0].0, &tag);
        assert_eq!(opened.as_deref(), (flip >> 4 == 0).then_some(plaintext));
    }
}

/// Ciphertext and tag, made apart from the plaintext and in its place.
fn seal_both_ways(key: &dyn AeadKey, nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> (Vec<u8>, [u8; 16]) {
    let mut apart = vec![0; plaintext.len()];
    let tag = key.seal(nonce, aad, plaintext, &mut apart).unwrap();
    let mut in_place = plaintext.to_vec();
    assert_eq!(key.seal_in_place(nonce, aad, &mut in_place).unwrap(), tag);
    assert_eq!(in_place, apart);
    (apart, tag)
}

fn open_both_ways(
    key: &dyn AeadKey,
    nonce: &[u8; 12],
    aad: &[u8],
    ciphertext: &[u8],
    tag: &[u8; 16],
) -> Option<Vec<u8>> {
    let mut apart = vec![0; ciphertext.len()];
    let result = key.open(nonce, aad, ciphertext, tag, &mut apart);
    let mut in_place = ciphertext.to_vec();
    assert_eq!(key.open_in_place(nonce, aad, &mut in_place, tag), result);
    assert!(result.is_err() || in_place == apart);
    result.is_ok().then_some(apart)
}

const HASHES: [HashAlgorithm; 3] = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];

fn digest(choices: &mut Choices<'_>) {
    let hash = choices.pick(&HASHES);
    let mut sizes = Sizes::new(choices);
    let bytes = choices.rest();
    let digests = providers().map(|provider| {
        let mut state = provider.digest.start(hash);
        sizes.cut(bytes).into_iter().for_each(|piece| state.update(piece));
        state.finish()
    });
    assert_eq!(digests[0], digests[1]);
}

fn hkdf(choices: &mut Choices<'_>) {
    let hash = choices.pick(&HASHES);
    let lens = [choices.u16() % 20_000, choices.u16() % 200].map(usize::from);
    let (salt_len, key_len) = (choices.below(200), choices.below(200));
    let (salt, key, info) = (choices.bytes(salt_len), choices.bytes(key_len), choices.rest());
    let derived = providers().map(|provider| {
        let mut outputs = lens.map(|len| vec![0; len]);
        let [one, two] = &mut outputs;
        let wanted = &mut [HkdfOutput { info, output: one }, HkdfOutput { info: b"two", output: two }];
        provider.kdf.hkdf(hash, salt, key, wanted).map(|()| outputs)
    });
    assert_eq!(derived[0], derived[1]);
}

fn made_message(choices: &mut Choices<'_>) {
    let client = &clients(1)[choices.below(2)];
    let mut encrypt = encrypt_options(pick_suite(choices));
    encrypt.frame_length = 1 + u32::from(choices.u8());
    let script = choices.bytes(24);
    let client = under(client, encrypt.commitment_policy);
    let message = client.encrypt(choices.rest()).options(encrypt).wait().unwrap().message;
    let message = edited(&mut Choices::new(script), message, 2);
    assert_same_outcome(&decrypt_options(), &message);
}

fn given_message(choices: &mut Choices<'_>) {
    let mut options = decrypt_options();
    options.net_v4_0_0_retry = choices.one_in(2);
    let script = choices.bytes(24);
    let message = edited(&mut Choices::new(script), choices.rest().to_vec(), 2);
    assert_same_outcome(&options, &message);
}

fn assert_same_outcome(options: &DecryptOptions, message: &[u8]) {
    let outcomes = openers().each_ref().map(|client| {
        let (plaintext, error) = open::one_shot(client, options, &Threads::default(), message);
        (plaintext, error.as_ref().map(Error::class))
    });
    assert_eq!(outcomes[0], outcomes[1]);
}

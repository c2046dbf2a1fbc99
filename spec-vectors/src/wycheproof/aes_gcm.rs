//! AES-GCM: opened in both forms, and sealed again where the test is valid.

use anyhow::Result;
use serde::Deserialize;
use waxseal_crypto::{AeadAlgorithm, AeadKey, CryptoError, CryptoProvider, Nonce, Tag};

use super::{File, FileReport, Hex, Seen, Test};

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "keySize")]
    key_bits: usize,
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct Input {
    key: Hex,
    iv: Hex,
    aad: Hex,
    msg: Hex,
    ct: Hex,
    tag: Hex,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    for group in File::<Group>::groups(json)? {
        for test in &group.tests {
            report.judge(test, see(group.key_bits, &test.input, provider)?);
        }
    }
    Ok(())
}

fn see(key_bits: usize, input: &Input, provider: &CryptoProvider) -> Result<Seen> {
    let algorithm = match key_bits {
        128 => AeadAlgorithm::Aes128Gcm,
        192 => AeadAlgorithm::Aes192Gcm,
        256 => AeadAlgorithm::Aes256Gcm,
        bits => return Ok(Seen::Skipped(format!("AES with a key of {bits} bits"))),
    };
    let Ok(nonce) = Nonce::try_from(&*input.iv) else {
        return Ok(Seen::Skipped("AES-GCM with an IV that has not 12 bytes".into()));
    };
    let Ok(tag) = Tag::try_from(&*input.tag) else {
        return Ok(Seen::Skipped("AES-GCM with a tag that has not 16 bytes".into()));
    };
    let key = provider.aead.key(algorithm, &input.key)?;
    Ok(see_with(&*key, &nonce, &tag, input))
}

fn see_with(key: &dyn AeadKey, nonce: &Nonce, tag: &Tag, input: &Input) -> Seen {
    let (mut in_place, mut apart) = (input.ct.to_vec(), vec![0; input.ct.len()]);
    let opened = key.open_in_place(nonce, &input.aad, &mut in_place, tag);
    if opened != key.open(nonce, &input.aad, &input.ct, tag, &mut apart) {
        return Seen::Wrong("opened in place or apart, not in both forms");
    }
    match opened {
        Err(CryptoError::Failed) => Seen::Refused,
        Err(_) => Seen::Wrong("refused for another reason"),
        Ok(()) if *in_place != *input.msg || *apart != *input.msg => Seen::Wrong("another plaintext"),
        Ok(()) => see_sealed(key, nonce, tag, input),
    }
}

fn see_sealed(key: &dyn AeadKey, nonce: &Nonce, tag: &Tag, input: &Input) -> Seen {
    let (mut in_place, mut apart) = (input.msg.to_vec(), vec![0; input.msg.len()]);
    let tags = [
        key.seal_in_place(nonce, &input.aad, &mut in_place),
        key.seal(nonce, &input.aad, &input.msg, &mut apart),
    ];
    let right = tags == [Ok(*tag), Ok(*tag)] && *in_place == *input.ct && *apart == *input.ct;
    if right { Seen::Right } else { Seen::Wrong("sealed to something else") }
}

//! HKDF.

use anyhow::{Result, bail};
use serde::Deserialize;
use waxseal_crypto::{CryptoProvider, HashAlgorithm, HkdfOutput};

use super::{File, FileReport, Header, Hex, Seen, Test};

#[derive(Deserialize)]
struct Group {
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct Input {
    ikm: Hex,
    salt: Hex,
    info: Hex,
    size: usize,
    okm: Hex,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    let header: Header = serde_json::from_slice(json)?;
    let hash = match header.algorithm.as_str() {
        "HKDF-SHA-256" => HashAlgorithm::Sha256,
        "HKDF-SHA-384" => HashAlgorithm::Sha384,
        "HKDF-SHA-512" => HashAlgorithm::Sha512,
        other => bail!("{other} is no HKDF"),
    };
    for test in File::<Group>::groups(json)?.iter().flat_map(|group| &group.tests) {
        report.judge(test, see(hash, &test.input, provider));
    }
    Ok(())
}

fn see(hash: HashAlgorithm, input: &Input, provider: &CryptoProvider) -> Seen {
    let mut output = vec![0; input.size];
    let mut outputs = [HkdfOutput { info: &input.info, output: &mut output }];
    match provider.kdf.hkdf(hash, &input.salt, &input.ikm, &mut outputs) {
        Err(_) => Seen::Refused,
        Ok(()) if *output == *input.okm => Seen::Right,
        Ok(()) => Seen::Wrong("another output"),
    }
}

//! HMAC: a code is made and compared, the message in one part and in two.

use anyhow::{Result, bail};
use serde::Deserialize;
use waxseal_crypto::{CryptoProvider, HashAlgorithm, constant_time_eq};

use super::{File, FileReport, Header, Hex, Seen, Test};

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "tagSize")]
    tag_bits: usize,
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct Input {
    key: Hex,
    msg: Hex,
    tag: Hex,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    let header: Header = serde_json::from_slice(json)?;
    let hash = match header.algorithm.as_str() {
        "HMACSHA256" => HashAlgorithm::Sha256,
        "HMACSHA384" => HashAlgorithm::Sha384,
        "HMACSHA512" => HashAlgorithm::Sha512,
        other => bail!("{other} is no HMAC"),
    };
    for group in File::<Group>::groups(json)? {
        for test in &group.tests {
            report.judge(test, see(hash, group.tag_bits / 8, &test.input, provider)?);
        }
    }
    Ok(())
}

fn see(hash: HashAlgorithm, tag_len: usize, input: &Input, provider: &CryptoProvider) -> Result<Seen> {
    let (mut whole, mut parts) = (vec![0; hash.output_len()], vec![0; hash.output_len()]);
    provider.mac.hmac(hash, &input.key, &[&input.msg], &mut whole)?;
    let (start, end) = input.msg.split_at(input.msg.len() / 2);
    provider.mac.hmac(hash, &input.key, &[start, end], &mut parts)?;
    if whole != parts {
        return Ok(Seen::Wrong("another code of the same message in parts"));
    }
    whole.truncate(tag_len);
    Ok(if constant_time_eq(&whole, &input.tag) { Seen::Right } else { Seen::Refused })
}

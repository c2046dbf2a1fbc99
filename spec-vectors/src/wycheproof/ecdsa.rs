//! ECDSA over P-256 and P-384, signatures in DER. Each is verified with the public key in both
//! of its forms.

use anyhow::Result;
use serde::Deserialize;
use waxseal_crypto::{CryptoProvider, DigestOutput, HashAlgorithm, SignatureAlgorithm};

use super::{File, FileReport, Hex, Seen, Test};

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "publicKey")]
    public_key: PublicKey,
    sha: String,
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct PublicKey {
    curve: String,
    uncompressed: Hex,
}

#[derive(Deserialize)]
struct Input {
    msg: Hex,
    sig: Hex,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    for group in File::<Group>::groups(json)? {
        for test in &group.tests {
            report.judge(test, see(&group, &test.input, provider));
        }
    }
    Ok(())
}

fn see(group: &Group, input: &Input, provider: &CryptoProvider) -> Seen {
    let algorithm = match (group.public_key.curve.as_str(), group.sha.as_str()) {
        ("secp256r1", "SHA-256") => SignatureAlgorithm::EcdsaP256Sha256,
        ("secp384r1", "SHA-384") => SignatureAlgorithm::EcdsaP384Sha384,
        (curve, sha) => return Seen::Skipped(format!("ECDSA over {curve} with {sha}")),
    };
    let uncompressed = &*group.public_key.uncompressed;
    let Some(compressed) = compress(algorithm, uncompressed) else {
        return Seen::Wrong("the public key is no point");
    };
    let digest = digest(algorithm.hash(), &input.msg, provider);
    let verify = |key: &[u8]| provider.signatures.verify(algorithm, key, &digest, &input.sig);
    match (verify(uncompressed), verify(&compressed)) {
        (Ok(()), Ok(())) => Seen::Right,
        (Err(_), Err(_)) => Seen::Refused,
        _ => Seen::Wrong("verified with one form of the public key alone"),
    }
}

fn compress(algorithm: SignatureAlgorithm, uncompressed: &[u8]) -> Option<Vec<u8>> {
    let (x, y) = uncompressed.strip_prefix(&[4])?.split_at_checked(algorithm.field_len())?;
    Some([&[2 + (y.last()? & 1)], x].concat())
}

fn digest(hash: HashAlgorithm, message: &[u8], provider: &CryptoProvider) -> DigestOutput {
    let mut digest = provider.digest.start(hash);
    digest.update(message);
    digest.finish()
}

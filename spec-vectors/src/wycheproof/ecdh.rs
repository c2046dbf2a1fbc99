//! ECDH over P-256, P-384 and P-521. Public keys come as points or as SPKI; each is also checked,
//! and tried in the other form.

use anyhow::{Context, Result};
use serde::Deserialize;
use waxseal_crypto::{
    AgreementKey, CryptoProvider, EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyError, SecretBytes,
};

use super::{File, FileReport, Hex, Seen, Test};

#[derive(Deserialize)]
struct Group {
    curve: String,
    encoding: String,
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct Input {
    public: Hex,
    private: Hex,
    shared: Hex,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    for group in File::<Group>::groups(json)? {
        for test in &group.tests {
            report.judge(test, see(&group, &test.input, provider)?);
        }
    }
    Ok(())
}

fn see(group: &Group, input: &Input, provider: &CryptoProvider) -> Result<Seen> {
    let curve = match group.curve.as_str() {
        "secp256r1" => EcdhCurveSpec::P256,
        "secp384r1" => EcdhCurveSpec::P384,
        "secp521r1" => EcdhCurveSpec::P521,
        other => return Ok(Seen::Skipped(format!("ECDH over {other}"))),
    };
    let key = provider.agreement.private_key(&private_key(curve, &input.private)?)?;
    Ok(match public_key(curve, &group.encoding, &input.public) {
        Ok(peer) => see_agreed(&*key, &peer, input, provider),
        Err(_) => Seen::Refused,
    })
}

/// The file writes the number as Java does: with a zero in front of a set high bit, and
/// without leading zeros.
fn private_key(curve: EcdhCurveSpec, number: &[u8]) -> Result<EcPrivateKey> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let digits = number.get(start..).unwrap_or_default();
    let mut scalar = SecretBytes::zeroed(curve.field_len());
    let place = curve.field_len().checked_sub(digits.len()).context("a private key that is too long")?;
    scalar.expose_mut().iter_mut().skip(place).zip(digits).for_each(|(to, from)| *to = *from);
    Ok(EcPrivateKey::from_scalar(curve, scalar)?)
}

fn public_key(curve: EcdhCurveSpec, encoding: &str, bytes: &[u8]) -> Result<EcPublicKey, KeyError> {
    match encoding {
        "asn" => EcPublicKey::from_der(bytes),
        _ => EcPublicKey::from_sec1(curve, bytes),
    }
}

fn see_agreed(key: &dyn AgreementKey, peer: &EcPublicKey, input: &Input, provider: &CryptoProvider) -> Seen {
    let (agreed, checked) = (key.agree(peer), provider.agreement.check(peer));
    match (agreed, checked) {
        (Ok(secret), _) if *secret.expose() != *input.shared => Seen::Wrong("another secret"),
        (Ok(_), Ok(checked)) => see_other_forms(key, &checked, input),
        (Err(_), Err(_)) => Seen::Refused,
        // A point of another curve is one, but not to agree with.
        (Err(_), Ok(checked)) if checked.curve() != key.public_key().curve() => Seen::Refused,
        _ => Seen::Wrong("agreed, and not checked, or the other way round"),
    }
}

fn see_other_forms(key: &dyn AgreementKey, checked: &EcPublicKey, input: &Input) -> Seen {
    let compressed = EcPublicKey::from_sec1(checked.curve(), &checked.to_compressed());
    let same = |peer: &EcPublicKey| key.agree(peer).is_ok_and(|secret| *secret.expose() == *input.shared);
    let right = same(checked) && compressed.is_ok_and(|compressed| same(&compressed));
    if right { Seen::Right } else { Seen::Wrong("agreed with one form of the public key alone") }
}

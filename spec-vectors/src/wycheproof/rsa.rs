//! RSA decryption, PKCS#1 v1.5 and OAEP. What opens is also wrapped anew and opened again.

use anyhow::Result;
use serde::Deserialize;
use waxseal_crypto::{CryptoProvider, KeyError, RsaPadding, RsaPrivateDer, RsaPrivateKey};

use super::{File, FileReport, Hex, Seen, Test};

/// Below this, no provider takes a key.
const MIN_BITS: usize = 2048;

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "keySize")]
    key_bits: usize,
    #[serde(rename = "privateKeyPkcs8")]
    private_key: Hex,
    /// The hash of OAEP; PKCS#1 v1.5 has none.
    sha: Option<String>,
    #[serde(rename = "mgfSha")]
    mgf_sha: Option<String>,
    tests: Vec<Test<Input>>,
}

#[derive(Deserialize)]
struct Input {
    msg: Hex,
    ct: Hex,
    label: Option<Hex>,
}

pub(super) fn run(json: &[u8], provider: &CryptoProvider, report: &mut FileReport<'_>) -> Result<()> {
    for group in File::<Group>::groups(json)? {
        let key = set_up(&group, provider);
        for test in &group.tests {
            let seen = match &key {
                Ok((padding, key)) => see(*padding, &**key, &test.input, provider),
                Err(NoKey::Unused(reason)) => Seen::Skipped(reason.clone()),
                Err(NoKey::Refused) => Seen::Wrong("the key was refused"),
            };
            report.judge(test, seen);
        }
    }
    Ok(())
}

/// Why a group has no key.
enum NoKey {
    /// Nothing uses such keys.
    Unused(String),
    /// The provider refused one that it should take.
    Refused,
}

impl From<KeyError> for NoKey {
    fn from(_: KeyError) -> Self {
        Self::Refused
    }
}

fn set_up(group: &Group, provider: &CryptoProvider) -> Result<(RsaPadding, Box<dyn RsaPrivateKey>), NoKey> {
    let padding = match (group.sha.as_deref(), group.mgf_sha.as_deref()) {
        (None, None) => RsaPadding::Pkcs1v15,
        (Some("SHA-1"), Some("SHA-1")) => RsaPadding::OaepSha1,
        (Some("SHA-256"), Some("SHA-256")) => RsaPadding::OaepSha256,
        (Some("SHA-384"), Some("SHA-384")) => RsaPadding::OaepSha384,
        (Some("SHA-512"), Some("SHA-512")) => RsaPadding::OaepSha512,
        (sha, mgf_sha) if sha == mgf_sha => return Err(NoKey::Unused("OAEP with SHA-224".into())),
        _ => return Err(NoKey::Unused("OAEP with another hash in MGF1".into())),
    };
    if group.key_bits < MIN_BITS {
        return Err(NoKey::Unused(format!("RSA keys below {MIN_BITS} bits")));
    }
    let key = RsaPrivateDer::from_pem_or_der(&group.private_key)?;
    Ok((padding, provider.rsa.private_key(&key)?))
}

fn see(padding: RsaPadding, key: &dyn RsaPrivateKey, input: &Input, provider: &CryptoProvider) -> Seen {
    if input.label.as_ref().is_some_and(|label| !label.is_empty()) {
        return Seen::Skipped("OAEP with a label".into());
    }
    match key.unwrap(padding, &input.ct) {
        Err(_) => Seen::Refused,
        Ok(secret) if *secret.expose() != *input.msg => Seen::Wrong("another secret"),
        Ok(_) if !wraps(padding, key, &input.msg, provider) => Seen::Wrong("did not wrap anew"),
        Ok(_) => Seen::Right,
    }
}

fn wraps(padding: RsaPadding, key: &dyn RsaPrivateKey, secret: &[u8], provider: &CryptoProvider) -> bool {
    let public = key.public_key().ok().and_then(|public| provider.rsa.public_key(&public).ok());
    let wrapped = public.and_then(|public| public.wrap(padding, secret).ok());
    let again = wrapped.and_then(|wrapped| key.unwrap(padding, &wrapped).ok());
    again.is_some_and(|again| again.expose() == secret)
}

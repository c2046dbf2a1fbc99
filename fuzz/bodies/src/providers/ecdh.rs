//! ECDH with any point, and HMAC.

use waxseal::crypto::{EcPrivateKey, EcPublicKey, EcdhCurveSpec, HashAlgorithm};

use crate::Choices;
use crate::setup::providers;

/// Agrees with any point under any number.
pub(super) fn check(choices: &mut Choices<'_>) {
    let curve = choices.pick(EcdhCurveSpec::ALL);
    let mut scalar = choices.bytes(curve.field_len()).to_vec();
    scalar.resize(curve.field_len(), 1);
    let key = EcPrivateKey::from_scalar(curve, scalar.into()).unwrap();
    let [native, rustcrypto] = providers().map(|provider| provider.agreement.private_key(&key));
    assert_eq!(native.as_ref().err(), rustcrypto.as_ref().err());
    let (Ok(native), Ok(rustcrypto)) = (native, rustcrypto) else { return };
    assert_eq!(native.public_key(), rustcrypto.public_key());
    let mut point =
        choices.pick(&[native.public_key().as_sec1(), &native.public_key().to_compressed()]).to_vec();
    for (to, from) in point.iter_mut().zip(choices.rest()) {
        *to ^= from;
    }
    let Ok(point) = EcPublicKey::from_sec1(curve, &point) else { return };
    let [checked, again] = providers().map(|provider| provider.agreement.check(&point));
    assert_eq!(checked, again);
    let agreed = [&native, &rustcrypto].map(|key| key.agree(&point).ok());
    let secrets = agreed.each_ref().map(|secret| secret.as_ref().map(|secret| secret.expose()));
    assert_eq!(secrets[0], secrets[1]);
    assert_eq!(secrets[0].is_some(), checked.is_ok());
}

/// Any key, and a message in two parts.
pub(super) fn check_hmac(choices: &mut Choices<'_>) {
    let hash = choices.pick(&[HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512]);
    let (key_len, part_len) = (choices.below(200), choices.below(200));
    let (key, part, rest) = (choices.bytes(key_len), choices.bytes(part_len), choices.rest());
    let codes = providers().map(|provider| {
        let mut code = vec![0; hash.output_len()];
        provider.mac.hmac(hash, key, &[part, rest], &mut code).unwrap();
        code
    });
    assert_eq!(codes[0], codes[1]);
}

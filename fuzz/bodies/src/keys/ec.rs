//! EC keys: encoded right, or with something changed; both providers take the same, and agree
//! on the same secrets.

use waxseal::crypto::{EcPrivateKey, EcPublicKey, EcdhCurveSpec};

use crate::Choices;
use crate::der::{integer, sequence, tagged};
use crate::setup::providers;

/// id-ecPublicKey, then the curves P-256, P-384, P-521 and secp256k1.
const EC: &[u8] = &[42, 134, 72, 206, 61, 2, 1];
const CURVES: [&[u8]; 4] =
    [&[42, 134, 72, 206, 61, 3, 1, 7], &[43, 129, 4, 0, 34], &[43, 129, 4, 0, 35], &[43, 129, 4, 0, 10]];

/// PKCS#8 or SPKI, in DER, on a curve that the key may be too long or too short for.
pub(super) fn encoded(choices: &mut Choices<'_>) -> Vec<u8> {
    let curve = tagged(6, choices.pick(&CURVES));
    let algorithm = sequence(&[tagged(6, EC), curve.clone()]);
    let point = [&[0], point(choices).as_slice()].concat();
    if choices.one_in(2) {
        return sequence(&[algorithm, tagged(3, &point)]);
    }
    let mut inner = vec![integer(&[1]), tagged(4, &scalar(choices))];
    inner.extend(choices.one_in(4).then(|| tagged(0xa0, &curve)));
    inner.extend(choices.one_in(2).then(|| tagged(0xa1, &tagged(3, &point))));
    sequence(&[integer(&[0]), algorithm, tagged(4, &sequence(&inner))])
}

fn scalar(choices: &mut Choices<'_>) -> Vec<u8> {
    let len = choices.pick(&[32, 48, 66, 0, 31, 33]);
    let mut bytes = vec![choices.pick(&[1, 0, 0xff]); len];
    bytes.iter_mut().take(1).for_each(|byte| *byte &= 1);
    bytes
}

/// The point of the number of ones, in both forms, or bytes like one.
fn point(choices: &mut Choices<'_>) -> Vec<u8> {
    let curve = choices.pick(EcdhCurveSpec::ALL);
    let mut one = vec![1; curve.field_len()];
    one[0] = 0;
    let key = EcPrivateKey::from_scalar(curve, one.into()).unwrap();
    let key = providers()[0].agreement.private_key(&key).unwrap();
    let point = key.public_key();
    match choices.below(4) {
        0 => point.as_sec1().to_vec(),
        1 => point.to_compressed(),
        2 => vec![0],
        _ => {
            let mut changed = point.to_compressed();
            changed[0] = choices.u8();
            changed
        }
    }
}

/// Reads `bytes` as either half, in either encoding.
pub(super) fn check_readers(bytes: &[u8]) {
    for public in [EcPublicKey::from_der(bytes), EcPublicKey::from_pem(bytes)].into_iter().flatten() {
        assert_eq!(EcPublicKey::from_der(&public.to_der().unwrap()), Ok(public.clone()));
        assert_eq!(EcPublicKey::from_pem(public.to_pem().unwrap().as_bytes()), Ok(public.clone()));
        check_public(&public);
    }
    for private in [EcPrivateKey::from_der(bytes), EcPrivateKey::from_pem(bytes)].into_iter().flatten() {
        let again = EcPrivateKey::from_pem(private.to_pem().unwrap().expose()).unwrap();
        assert_eq!(again.expose_scalar(), private.expose_scalar());
        check_private(&private);
    }
}

fn check_public(key: &EcPublicKey) {
    let [native, rustcrypto] = providers().map(|provider| provider.agreement.check(key));
    assert_eq!(native, rustcrypto);
    if let Ok(checked) = native {
        assert_eq!(checked.to_compressed(), key.to_compressed());
    }
}

fn check_private(key: &EcPrivateKey) {
    let [native, rustcrypto] = providers().map(|provider| provider.agreement.private_key(key));
    assert_eq!(native.is_ok(), rustcrypto.is_ok(), "{native:?}, {rustcrypto:?}");
    if let (Ok(native), Ok(rustcrypto)) = (native, rustcrypto) {
        assert_eq!(native.public_key(), rustcrypto.public_key());
        let (mine, theirs) = (native.agree(native.public_key()), rustcrypto.agree(native.public_key()));
        assert!(mine.unwrap().ct_eq(&theirs.unwrap()));
    }
}

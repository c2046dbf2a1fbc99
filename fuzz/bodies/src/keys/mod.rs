//! RSA and EC keys in PEM and DER: any bytes, and right ones with something changed. Both providers
//! take the same keys, and use them alike.

mod agreement;
mod build;
mod ec;
mod parts;

use rsa::BigUint;
use waxseal::crypto::{KeyError, RsaPrivateDer, RsaPublicDer};

use crate::Choices;
use crate::edits::edited;
use crate::setup::restart_randomness;

/// A right key: PKCS#1 in DER.
pub(crate) fn right() -> &'static [u8] {
    parts::ONE
}

/// Its modulus and its exponent.
pub(crate) fn right_public() -> (BigUint, BigUint) {
    parts::right_public()
}

/// Choices, then what they leave to the input.
pub fn body(input: &[u8]) {
    restart_randomness();
    let mut choices = Choices::new(input);
    // A private operation takes much longer than all the rest.
    let use_it = choices.one_in(8);
    let built = match choices.below(4) {
        0 => choices.rest().to_vec(),
        1 => {
            let script = choices.bytes(24);
            edited(&mut Choices::new(script), choices.rest().to_vec(), 3)
        }
        _ => build::key(&mut choices),
    };
    check_readers(&built, use_it);
}

fn check_readers(bytes: &[u8], use_it: bool) {
    ec::check_readers(bytes);
    let public = RsaPublicDer::from_pem_or_der(bytes);
    let private = RsaPrivateDer::from_pem_or_der(bytes);
    assert!(public.is_err() || private.is_err(), "a public and a private key at once");
    check_kinds(&public, &private);
    if let Ok(key) = public {
        assert_eq!(RsaPublicDer::from_pem_or_der(key.as_der()), Ok(key.clone()));
        assert_eq!(RsaPublicDer::from_pem_or_der(key.to_pem().unwrap().as_bytes()), Ok(key.clone()));
        agreement::check_public(&key);
    }
    if let Ok(key) = private {
        for again in [key.expose_der(), key.to_pem().unwrap().expose()] {
            assert!(RsaPrivateDer::from_pem_or_der(again).unwrap().ct_eq(&key));
        }
        agreement::check_private(&key, use_it);
    }
}

/// A key of one kind is called that by the reader of the other; what is no key is none to both.
fn check_kinds(public: &Result<RsaPublicDer, KeyError>, private: &Result<RsaPrivateDer, KeyError>) {
    let kind = |error: &KeyError| matches!(error, KeyError::Kind { .. });
    match (public, private) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => assert!(kind(error), "{error}"),
        (Err(one), Err(other)) => assert_eq!(kind(one), kind(other), "{one}, {other}"),
        (Ok(_), Ok(_)) => {}
    }
}

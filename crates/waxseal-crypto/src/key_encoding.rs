//! What the encodings of RSA and EC keys have in common.

mod form;
pub(crate) mod pem;

use pkcs1::ALGORITHM_OID as RSA;
use pkcs1::ObjectIdentifier;

pub(crate) use self::form::Form;
use crate::KeyError;

/// `id-ecPublicKey` (RFC 5480, 2.1.1).
pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_OAEP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.7");

/// Fails unless the algorithm `found` is the one `wanted`; `half` is what of the key there is.
pub(crate) fn check_algorithm(
    wanted: ObjectIdentifier,
    found: ObjectIdentifier,
    half: &str,
    expected: &'static str,
) -> Result<(), KeyError> {
    match found {
        found if found == wanted => Ok(()),
        RSA => Err(kind(format!("an RSA {half}"), expected)),
        EC => Err(kind(format!("an EC {half}"), expected)),
        RSA_PSS => Err(kind(format!("an RSASSA-PSS {half}"), expected)),
        RSA_OAEP => Err(kind(format!("an RSAES-OAEP {half}"), expected)),
        other => Err(kind(format!("a {half} of algorithm {other}"), expected)),
    }
}

pub(crate) fn kind(found: impl Into<String>, expected: &'static str) -> KeyError {
    KeyError::Kind { found: found.into(), expected }
}

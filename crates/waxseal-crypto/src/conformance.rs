//! What every provider has to do, as checks that a provider's author runs in a test:
//!
//! ```no_run
//! # fn my_provider() -> waxseal_crypto::CryptoProvider { unimplemented!() }
//! # fn main() -> Result<(), waxseal_crypto::conformance::ConformanceFailure> {
//! waxseal_crypto::conformance::check(&my_provider())
//! # }
//! ```
//!
//! The checks hold known answers of the standards, round trips, and what has to be refused.
//! They take a few seconds where RSA keys are made slowly.

mod aead;
mod agreement;
mod digest;
mod kdf;
mod mac;
mod random;
mod rsa;
mod rsa_answers;
mod signatures;

use std::fmt;

use thiserror::Error;

use crate::CryptoProvider;

/// A provider doesn't do what it has to.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{provider} fails at \"{check}\": {detail}")]
#[non_exhaustive]
pub struct ConformanceFailure {
    /// The provider's name.
    pub provider: &'static str,
    /// The check's name.
    pub check: &'static str,
    /// What was seen.
    pub detail: String,
}

/// One check, for those who want a test of each.
#[derive(Clone, Copy)]
pub struct Check {
    /// What is checked.
    pub name: &'static str,
    run: fn(&CryptoProvider) -> Result<(), Fault>,
}

impl Check {
    /// Runs the check.
    ///
    /// # Errors
    /// [`ConformanceFailure`] at the first thing that is wrong.
    pub fn run(&self, provider: &CryptoProvider) -> Result<(), ConformanceFailure> {
        (self.run)(provider).map_err(|Fault(detail)| ConformanceFailure {
            provider: provider.name,
            check: self.name,
            detail,
        })
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({:?})", self.name)
    }
}

/// All checks.
pub const CHECKS: &[Check] = &[
    Check { name: "AES-GCM: known answers", run: aead::known_answers },
    Check { name: "AES-GCM: in place and out of place agree", run: aead::forms_agree },
    Check { name: "AES-GCM: what was changed is refused", run: aead::changes_are_refused },
    Check { name: "AES-GCM: wrong lengths are refused", run: aead::lengths_are_refused },
    Check { name: "SHA-2: known answers", run: digest::known_answers },
    Check { name: "SHA-2: however the input is cut", run: digest::cuts_agree },
    Check { name: "HKDF: known answers", run: kdf::known_answers },
    Check { name: "HKDF: outputs don't depend on each other", run: kdf::outputs_are_independent },
    Check { name: "HKDF: outputs that are too long are refused", run: kdf::long_outputs_are_refused },
    Check { name: "HMAC: known answers", run: mac::known_answers },
    Check { name: "HMAC: outputs of another length are refused", run: mac::lengths_are_refused },
    Check { name: "HMAC: key derivation in counter mode", run: mac::counter_mode_answers },
    Check { name: "ECDSA: known answers", run: signatures::known_answers },
    Check { name: "ECDSA: what was signed verifies", run: signatures::round_trip },
    Check { name: "ECDSA: what was changed is refused", run: signatures::changes_are_refused },
    Check { name: "ECDSA: other public keys are refused", run: signatures::bad_keys_are_refused },
    Check { name: "ECDSA: another algorithm's digest is refused", run: signatures::digests_must_fit },
    Check { name: "ECDH: known answers", run: agreement::known_answers },
    Check { name: "ECDH: both sides agree", run: agreement::both_sides_agree },
    Check { name: "ECDH: what is no point is refused", run: agreement::points_off_the_curve_are_refused },
    Check { name: "ECDH: another curve's point is refused", run: agreement::other_curves_are_refused },
    Check { name: "ECDH: bad private keys are refused", run: agreement::bad_private_keys_are_refused },
    Check { name: "RSA: known answers", run: rsa::known_answers },
    Check { name: "RSA: round trips", run: rsa::round_trips },
    Check { name: "RSA: what was changed is refused", run: rsa::changes_are_refused },
    Check { name: "RSA: secrets that are too long are refused", run: rsa::long_secrets_are_refused },
    Check { name: "RSA: fresh keys", run: rsa::fresh_keys },
    Check { name: "RSA: weak and inconsistent keys are refused", run: rsa::bad_keys_are_refused },
    Check { name: "random: fills, and differs", run: random::fills_and_differs },
];

/// Runs all checks.
///
/// # Errors
/// [`ConformanceFailure`] at the first thing that is wrong.
pub fn check(provider: &CryptoProvider) -> Result<(), ConformanceFailure> {
    CHECKS.iter().try_for_each(|check| check.run(provider))
}

/// What a check saw; any error becomes one, so that checks can use `?`.
struct Fault(String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(format!("unexpected error: {error}"))
    }
}

fn require(holds: bool, otherwise: impl Into<String>) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault(otherwise.into())) }
}

fn require_eq(found: &[u8], expected: &[u8], what: &str) -> Result<(), Fault> {
    require(found == expected, format!("{what}: {found:02x?} instead of {expected:02x?}"))
}

/// Requires exactly this error.
fn require_err<T, E: PartialEq + fmt::Debug>(
    result: Result<T, E>,
    expected: &E,
    what: &str,
) -> Result<(), Fault> {
    match result {
        Err(found) if found == *expected => Ok(()),
        Err(found) => Err(Fault(format!("{what}: {found:?} instead of {expected:?}"))),
        Ok(_) => Err(Fault(format!("{what}: accepted"))),
    }
}

/// The bytes of a known answer, whose text is all hexadecimal digits and white space.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[u32]| pair.iter().fold(0, |byte, digit| byte * 16 + digit);
    digits.chunks(2).map(|pair| u8::try_from(byte(pair)).unwrap_or_default()).collect()
}

/// The same bytes with one bit flipped in the byte at `index`, counted around the end.
fn flipped(bytes: &[u8], index: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    let index = index.checked_rem(bytes.len()).unwrap_or_default();
    flipped.iter_mut().skip(index).take(1).for_each(|byte| *byte ^= 1);
    flipped
}

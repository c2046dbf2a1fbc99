//! The provider does what every provider has to.

#![allow(clippy::unwrap_used, missing_docs)]

use waxseal_crypto::conformance;

#[test]
fn conforms() {
    for check in conformance::CHECKS {
        check.run(waxseal_rustcrypto::provider()).unwrap();
    }
}

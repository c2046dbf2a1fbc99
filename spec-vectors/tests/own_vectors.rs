//! The project's own vectors: what the Python and the JavaScript SDK wrote, and what waxseal
//! writes itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeSet;

use common::{counts, outcomes, own_vectors, providers, runner};
use waxseal_vectors::report::Counts;
use waxseal_vectors::write::write;

/// Eleven suites, five of them with keyrings, and all of them with ECDH.
const PYTHON: usize = 11 * 7 + 5 * 2 + 11 * 2;
/// Data keys without messages.
const DATA_KEYS: usize = 275;
const NODE: usize = 11 * 6;
const WAXSEAL: usize = 11 * 19;

#[test]
fn messages_of_the_other_sdks_open_with_both_providers() {
    for crypto in providers() {
        let found = counts(&own_vectors(), runner(crypto));
        assert_eq!(
            found,
            Counts { passed: PYTHON + NODE + DATA_KEYS, failed: 0, skipped: 0 },
            "{}",
            crypto.name
        );
    }
}

#[test]
fn the_other_sdks_wrote_every_suite() {
    for manifest in ["python.json", "python-ecdh.json", "node.json"] {
        let names = outcomes(&own_vectors().join(manifest), runner(providers()[0]));
        let suites: BTreeSet<&str> = names.iter().map(|(name, _)| &name[..4]).collect();
        assert_eq!(suites.len(), 11, "{manifest}");
    }
}

#[test]
fn what_one_provider_writes_the_other_opens() {
    let [native, rustcrypto] = providers();
    for (writer, reader) in [(native, rustcrypto), (rustcrypto, native)] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(write(folder.path(), writer).unwrap(), WAXSEAL);
        let found = counts(folder.path(), runner(reader));
        assert_eq!(found, Counts { passed: WAXSEAL, failed: 0, skipped: 0 }, "{}", writer.name);
    }
}

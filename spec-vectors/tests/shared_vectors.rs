//! The published vectors, where they are at hand: in the folder that `WAXSEAL_SHARED_VECTORS`
//! names, or in `../shared/vectors` beside the workspace.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use common::{counts, outcomes, providers};
use waxseal::ErrorClass;
use waxseal_vectors::case::{Case, KeyringSpec, MaterialsSpec, Plan};
use waxseal_vectors::load::load;
use waxseal_vectors::report::Counts;
use waxseal_vectors::run::{Runner, Verdict};

const INVALID_NET: &str = "awses-decrypt/invalid-Net-4.0.0.zip";
const HISTORY_NET: &str = "awses-decrypt/history-net4.0.0.zip";

/// The path of a set. `None`, after saying that its test is skipped, where nothing is shared
/// and the variable doesn't ask for it.
fn shared(set: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let asked = std::env::var_os("WAXSEAL_SHARED_VECTORS").map(PathBuf::from);
    let folder = asked.or_else(|| beside.is_dir().then_some(beside));
    if folder.is_none() {
        println!("skipped: {set} is not at hand; WAXSEAL_SHARED_VECTORS may name a folder that has it");
    }
    Some(folder?.join(set))
}

fn check(set: &str, net_v4_0_0_retry: bool, [passed, failed, skipped]: [usize; 3]) {
    let Some(path) = shared(set) else { return };
    for crypto in providers() {
        let found = counts(&path, Runner { crypto, net_v4_0_0_retry, kms: None });
        assert_eq!(found, Counts { passed, failed, skipped }, "{}", crypto.name);
    }
}

#[test]
fn python_1_3_5_needs_kms() {
    check("awses-decrypt/python-1.3.5.zip", false, [0, 0, 360]);
}

#[test]
fn dafny_4_1_0() {
    check("awses-decrypt/dafny-4.1.0-v5.zip", false, [286, 0, 201]);
}

/// Counted apart, so that none of them is among the skipped.
#[test]
fn required_context_and_raw_ecdh_of_dafny_4_1_0() {
    all_pass("awses-decrypt/dafny-4.1.0-v5.zip", 55, requires_context);
    all_pass("awses-decrypt/dafny-4.1.0-v5.zip", 99, has_raw_ecdh_key);
}

/// So many cases of the set are chosen, and each passes.
fn all_pass(set: &str, count: usize, chosen: fn(&Case) -> bool) {
    let Some(path) = shared(set) else { return };
    for crypto in providers() {
        let cases = load(&path).unwrap().into_iter().flat_map(|set| set.cases);
        let cases: Vec<_> = cases.filter(chosen).collect();
        let outcomes = cases.iter().map(|case| common::runner(crypto).run(case));
        let passed = outcomes.filter(|outcome| outcome.verdict == Verdict::Passed).count();
        assert_eq!((passed, cases.len()), (count, count), "{}", crypto.name);
    }
}

fn has_raw_ecdh_key(case: &Case) -> bool {
    let Plan::Decrypt(decryption) = &case.plan else { return false };
    let (MaterialsSpec::Default(keyring) | MaterialsSpec::RequiredContext(_, keyring)) =
        &decryption.materials;
    has_raw_ecdh(keyring)
}

fn has_raw_ecdh(keyring: &KeyringSpec) -> bool {
    match keyring {
        KeyringSpec::RawEcdh(_) => true,
        KeyringSpec::Multi(parts) => parts.iter().any(has_raw_ecdh),
        _ => false,
    }
}

fn requires_context(case: &Case) -> bool {
    let Plan::Decrypt(decryption) = &case.plan else { return false };
    matches!(decryption.materials, MaterialsSpec::RequiredContext(..))
}

#[test]
fn net_4_0_1() {
    check("awses-decrypt/v4-Net-4.0.1.zip", false, [99, 0, 33]);
}

#[test]
fn net_4_0_0_where_it_was_right() {
    check("awses-decrypt/valid-Net-4.0.0.zip", false, [5, 0, 0]);
}

#[test]
fn net_4_0_0_where_it_was_wrong() {
    check(INVALID_NET, false, [0, 28, 0]);
    check(INVALID_NET, true, [28, 0, 0]);
}

#[test]
fn net_4_0_0_fails_at_the_header_tag() {
    let Some(path) = shared(INVALID_NET) else { return };
    for (name, outcome) in outcomes(&path, common::runner(providers()[0])) {
        assert_eq!(outcome.verdict, Verdict::Failed, "{name}");
        assert_eq!(outcome.error_class, Some(ErrorClass::HeaderTag), "{name}");
    }
}

#[test]
fn net_4_0_0_as_it_was_published_first() {
    check(HISTORY_NET, false, [15, 84, 33]);
    check(HISTORY_NET, true, [99, 0, 33]);
}

#[test]
fn python_1_3_0_of_2017() {
    check("awses-legacy-2017/python-1.3.0-legacy-raw900.zip", false, [900, 0, 360]);
}

#[test]
fn commitment_known_answers() {
    check("known-answers/commitment-test-vectors.python.json", false, [46, 0, 0]);
    check("known-answers/commitment-test-vectors.java.json", false, [46, 0, 0]);
}

#[test]
fn decrypt_oracle() {
    check("known-answers/decrypt-oracle-vectors.json", false, [18, 0, 9]);
}

#[test]
fn unframed_fixtures() {
    check("nonframed-fixtures", false, [2, 0, 0]);
}

#[test]
fn data_keys_without_messages() {
    check("mpl-decrypt/python", false, [929, 0, 629]);
    check("mpl-decrypt/go", false, [367, 0, 283]);
}

#[test]
fn performance_ciphertexts() {
    check("perf-ciphertexts", false, [8, 0, 12]);
}

//! What the tests of the runner share.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use waxseal::CryptoProvider;
use waxseal_vectors::load::load;
use waxseal_vectors::report::Counts;
use waxseal_vectors::run::{Outcome, Runner, Verdict};

pub(crate) fn providers() -> [&'static CryptoProvider; 2] {
    [waxseal::native::provider(), waxseal::rustcrypto::provider()]
}

pub(crate) fn runner(crypto: &'static CryptoProvider) -> Runner {
    Runner { crypto, net_v4_0_0_retry: false, kms: None }
}

/// The folder of the project's own vectors.
pub(crate) fn own_vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Names and outcomes of all the cases of a path.
pub(crate) fn outcomes(path: &Path, runner: Runner) -> Vec<(String, Outcome)> {
    let sets = load(path).unwrap();
    let cases = sets.into_iter().flat_map(|set| set.cases);
    cases.map(|case| (case.name.clone(), runner.run(&case))).collect()
}

/// How many passed, failed and were skipped; says which ones failed.
pub(crate) fn counts(path: &Path, runner: Runner) -> Counts {
    let mut counts = Counts::default();
    for (name, outcome) in outcomes(path, runner) {
        counts.add(outcome.verdict);
        if outcome.verdict == Verdict::Failed {
            println!("{name}: {outcome:?}");
        }
    }
    counts
}

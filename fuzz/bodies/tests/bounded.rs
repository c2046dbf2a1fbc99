//! Every body over seeds, over every finding that there was, and over a bounded number of
//! generated inputs: what the fuzzers do without end, on stable Rust and in seconds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{TestError, TestRunner};
use waxseal_fuzz_bodies::seeds::{of_key, of_message};
use waxseal_fuzz_bodies::{TARGETS, Target};

/// The files in a folder beside this crate's manifest, in order; none if there is no folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What the project's own vectors and test keys make, a few of each.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let read = |folder: &str| files(folder).into_iter().filter_map(|file| fs::read(file).ok());
    let vectors = read("../../spec-vectors/vectors/python").chain(read("../../spec-vectors/vectors/node"));
    let keys = read("../../crates/waxseal-materials/tests/keys").map(|key| of_key(&key));
    let all = vectors.step_by(5).flat_map(|message| of_message(&message)).chain(keys);
    all.filter(|(target, _)| *target == name).map(|(_, seed)| seed).take(40).collect()
}

/// Every finding that there was, by file.
fn regressions(name: &str) -> Vec<(String, Vec<u8>)> {
    let files = files(&format!("regressions/{name}")).into_iter();
    files.map(|file| (file.display().to_string(), fs::read(file).unwrap())).collect()
}

fn target(name: &str) -> Target {
    *TARGETS.iter().find(|target| target.0 == name).unwrap()
}

fn run_committed(name: &str) {
    let body = target(name).1;
    let seeds = seeds(name).into_iter().enumerate().map(|(at, seed)| (format!("seed {at}"), seed));
    for (label, input) in regressions(name).into_iter().chain(seeds) {
        assert!(catch_unwind(|| body(&input)).is_ok(), "{label} breaks the property of {name}");
    }
}

/// Bytes of any kind, and committed inputs that were changed in a few places.
fn inputs(name: &str, longest: usize) -> impl Strategy<Value = Vec<u8>> + use<> {
    let regressions = regressions(name).into_iter().map(|(_, input)| input);
    let seeds: Vec<Vec<u8>> = regressions.chain(seeds(name)).chain([Vec::new()]).collect();
    let edits = vec((any::<Index>(), any::<u8>()), 0..6);
    let changed = (select(seeds), edits, vec(any::<u8>(), 0..40)).prop_map(|(mut seed, edits, more)| {
        seed.extend(more);
        for (at, value) in edits.into_iter().filter(|_| !seed.is_empty()).collect::<Vec<_>>() {
            let at = at.index(seed.len());
            seed[at] = value;
        }
        seed
    });
    proptest::prop_oneof![vec(any::<u8>(), 0..longest), changed]
}

fn run_generated(name: &str, cases: u32, longest: usize) {
    let body = target(name).1;
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let result = TestRunner::new(config).run(&inputs(name, longest), |input| {
        catch_unwind(AssertUnwindSafe(|| body(&input)))
            .map_err(|_| proptest::test_runner::TestCaseError::fail("the property doesn't hold"))
    });
    if let Err(TestError::Fail(reason, input)) = result {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        panic!("{name}: {reason}; put these bytes into regressions/{name}: {hex}");
    }
}

macro_rules! targets {
    ($($name:ident: $cases:literal inputs of up to $longest:literal bytes;)*) => {
        $(mod $name {
            #[test]
            fn holds_for_every_committed_input() {
                super::run_committed(stringify!($name));
            }

            #[test]
            fn holds_for_generated_inputs() {
                super::run_generated(stringify!($name), $cases, $longest);
            }
        })*

        #[test]
        fn every_target_is_tested() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(TARGETS.iter().map(|target| target.0).collect::<Vec<_>>(), tested);
        }
    };
}

targets! {
    header: 20_000 inputs of up to 400 bytes;
    frame: 20_000 inputs of up to 200 bytes;
    decrypt: 10_000 inputs of up to 120 bytes;
    roundtrip: 1000 inputs of up to 600 bytes;
    streams: 3000 inputs of up to 3000 bytes;
    encrypting: 3000 inputs of up to 200 bytes;
    keys: 10_000 inputs of up to 100 bytes;
    providers: 4000 inputs of up to 300 bytes;
    signatures: 20_000 inputs of up to 400 bytes;
    kms_protocol: 3000 inputs of up to 400 bytes;
    kms_ciphertext: 10_000 inputs of up to 300 bytes;
    kms_policy: 3000 inputs of up to 400 bytes;
    kms_store: 200 inputs of up to 300 bytes;
}

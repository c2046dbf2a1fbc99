//! Wycheproof's test vectors pass with both providers: the selection that is kept here always,
//! all of them where the shared vectors lie beside the workspace or where
//! `WAXSEAL_SHARED_VECTORS` says.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::{Path, PathBuf};

use waxseal_crypto::CryptoProvider;
use waxseal_vectors::wycheproof;

fn passes(vectors: &Path, provider: &CryptoProvider, passed: usize) {
    let report = wycheproof::run(vectors, provider).unwrap();
    println!("{}: {report}", provider.name);
    assert!(report.failed.is_empty(), "{report}");
    assert_eq!(report.passed, passed, "{report}");
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/wycheproof")
}

/// `None` where there is nothing shared, unless the variable asks for it.
fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors");
    let asked = std::env::var_os("WAXSEAL_SHARED_VECTORS").map(PathBuf::from);
    let folder = asked.or_else(|| beside.is_dir().then_some(beside))?;
    Some(folder.join("wycheproof/wycheproof-selection.zip"))
}

#[test]
fn kept_vectors_pass_with_the_native_provider() {
    passes(&kept(), waxseal_native::provider(), 1838);
}

#[test]
fn kept_vectors_pass_with_the_portable_provider() {
    passes(&kept(), waxseal_rustcrypto::provider(), 1838);
}

#[test]
fn shared_vectors_pass_with_the_native_provider() {
    if let Some(zip) = shared() {
        passes(&zip, waxseal_native::provider(), 6642);
    }
}

#[test]
fn shared_vectors_pass_with_the_portable_provider() {
    if let Some(zip) = shared() {
        passes(&zip, waxseal_rustcrypto::provider(), 6642);
    }
}

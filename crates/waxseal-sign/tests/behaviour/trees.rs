//! Directory trees: signed as a whole, and compared file by file.

use std::fs;
use std::path::Path;

use waxseal_sign::{Difference, Envelope, Manifest, Method, SignError, SignedManifest, TreeProblem};

use crate::place::{Place, crypto, digest, is_invalid, pairs};

fn write(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in [("a.txt", "one"), ("dir/b c.txt", "two"), ("dir/deep/\u{e4}", ""), ("z", "three")]
    {
        write(root.path(), name, content);
    }
    root
}

fn manifest(root: &Path) -> Manifest {
    Manifest::of_tree(crypto(), root, &mut |_| ()).unwrap()
}

#[tokio::test]
async fn a_tree_is_signed_and_what_changed_is_named() {
    let (place, root) = (Place::new(), tree());
    let key = place.key_for(Method::EncryptedDigest);
    let signer = place.signer(Method::EncryptedDigest, &key, &[("release", "1")]);
    let signed = signer.sign_manifest(manifest(root.path())).await.unwrap();
    let signed = SignedManifest::from_bytes(signed.to_text().unwrap().as_bytes()).unwrap();
    let verified = place.verifier(&[&key]).verify_manifest(&signed).await.unwrap();
    assert_eq!((verified.key, verified.context), (key, pairs(&[("release", "1")])));
    assert!(signed.manifest().differences(&manifest(root.path())).is_empty());

    write(root.path(), "a.txt", "One");
    fs::remove_file(root.path().join("dir/b c.txt")).unwrap();
    write(root.path(), "dir/new", "");
    let expected = [
        Difference::Changed("a.txt".into()),
        Difference::Missing("dir/b c.txt".into()),
        Difference::Extra("dir/new".into()),
    ];
    assert_eq!(signed.manifest().differences(&manifest(root.path())), expected);
}

#[tokio::test]
async fn a_changed_manifest_is_invalid() {
    let (place, root) = (Place::new(), tree());
    let key = place.key_for(Method::EncryptedDigest);
    let signer = place.signer(Method::EncryptedDigest, &key, &[]);
    let text = signer.sign_manifest(manifest(root.path())).await.unwrap().to_text().unwrap();
    let changed = SignedManifest::from_bytes(text.replace(" 5 z\n", " 6 z\n").as_bytes()).unwrap();
    is_invalid(place.verifier(&[&key]).verify_manifest(&changed).await);
    for cut in [0, 10, text.find("-----BEGIN").unwrap(), text.len() - 30] {
        let error = SignedManifest::from_bytes(&text.as_bytes()[..cut]).unwrap_err();
        assert!(error.is_invalid_signature(), "{error:?}");
    }
}

/// Neither is a signature of a file with the manifest's text one of the tree, nor the other way round.
#[tokio::test]
async fn a_file_and_a_tree_are_told_apart() {
    let (place, root) = (Place::new(), tree());
    let method = Method::EncryptedDigest;
    let (key, manifest) = (place.key_for(method), manifest(root.path()));
    let signer = place.signer(method, &key, &[]);
    let content = digest(method, manifest.to_text().as_bytes());
    let of_file = signer.sign(&content).await.unwrap();
    let text = manifest.to_text() + &of_file.to_armor().unwrap();
    let verifier = place.verifier(&[&key]);
    is_invalid(verifier.verify_manifest(&SignedManifest::from_bytes(text.as_bytes()).unwrap()).await);
    let of_tree = signer.sign_manifest(manifest).await.unwrap();
    is_invalid(verifier.verify(of_tree.envelope(), &content).await);
    let mark = of_tree.envelope().context.clone();
    assert!(matches!(signer.context(mark), Err(SignError::Usage(_))));
    let unmarked = Envelope { context: pairs(&[]), ..of_tree.envelope().clone() };
    is_invalid(verifier.verify(&unmarked, &content).await);
}

#[cfg(unix)]
#[test]
fn links_are_signed_and_never_followed() {
    let (root, outside) = (tree(), tree());
    std::os::unix::fs::symlink(outside.path(), root.path().join("out")).unwrap();
    std::os::unix::fs::symlink("a.txt", root.path().join("in")).unwrap();
    let before = manifest(root.path());
    assert_eq!(before.entries().len(), 6, "nothing of the other tree");
    write(outside.path(), "a.txt", "changed outside");
    assert_eq!(manifest(root.path()), before);
    fs::remove_file(root.path().join("in")).unwrap();
    fs::copy(root.path().join("a.txt"), root.path().join("in")).unwrap();
    assert_eq!(before.differences(&manifest(root.path())), [Difference::Changed("in".into())]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_and_special_files_are_refused() {
    use std::os::unix::ffi::OsStrExt;
    let root = tree();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(root.path().join(name), b"").unwrap();
    let refused = |root: &Path| Manifest::of_tree(crypto(), root, &mut |_| ()).unwrap_err();
    let error = refused(root.path());
    assert!(matches!(error, SignError::Tree { problem: TreeProblem::NotUtf8, .. }), "{error:?}");
    let signed = manifest(tree().path());
    let compared = |root: &Path| signed.compare_tree(crypto(), root, &mut |_| ()).unwrap();
    assert_eq!(compared(root.path()), [Difference::Extra("caf\u{fffd}".into())]);
    let root = tree();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
    let error = refused(root.path());
    assert!(matches!(error, SignError::Tree { problem: TreeProblem::Special, .. }), "{error:?}");
    fs::remove_file(root.path().join("z")).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(root.path().join("z")).unwrap();
    let expected = [Difference::Extra("socket".into()), Difference::Changed("z".into())];
    assert_eq!(compared(root.path()), expected);
    assert!(matches!(
        refused(&root.path().join("nowhere")),
        SignError::Tree { problem: TreeProblem::Io(_), .. }
    ));
}

#[test]
fn progress_counts_every_byte() {
    let root = tree();
    let mut bytes = 0;
    Manifest::of_tree(crypto(), root.path(), &mut |read| bytes += read).unwrap();
    assert_eq!(bytes, 11);
}

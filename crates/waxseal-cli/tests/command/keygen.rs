//! `waxseal keygen`.

use crate::support::Place;

#[test]
fn an_aes_key_file_is_text_with_names() {
    let place = Place::empty();
    let run = place.run(&["keygen", "raw-aes", "k", "--namespace", "my app", "--name", "n 1"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("--key raw-aes:k"), "{}", run.stderr);
    let text = String::from_utf8(place.read("k")).unwrap();
    assert!(text.contains("\nnamespace = my app\nname = n 1\nkey = "), "the names");
    place.run(&["-q", "keygen", "raw-aes", "k2"]).ends(0);
    place.run(&["-q", "keygen", "raw-aes", "k3"]).ends(0);
    let keys = ["k2", "k3"].map(|name| place.read(name));
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn keys_of_every_length_work() {
    let place = Place::empty();
    place.write("file", "content");
    for bits in ["128", "192", "256"] {
        place.run(&["-q", "keygen", "raw-aes", bits, "--bits", bits]).ends(0);
        let key = format!("raw-aes:{bits}");
        place.run(&["encrypt", "file", "--force", "--key", &key]).ends(0);
        let run = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", &key]).ends(0);
        assert_eq!(run.stdout, b"content");
    }
}

#[test]
fn an_existing_file_is_never_replaced() {
    let place = Place::empty();
    for name in ["k", "r.pem", "half.pub.pem"] {
        place.write(name, "old");
    }
    place.run(&["keygen", "raw-aes", "k"]).ends(3);
    place.run(&["keygen", "rsa", "r.pem", "--bits", "2048"]).ends(3);
    place.run(&["keygen", "rsa", "half.pem", "--bits", "2048"]).ends(3).says("half.pub.pem");
    for name in ["k", "r.pem", "half.pub.pem"] {
        assert_eq!(place.read(name), b"old");
    }
    assert_eq!(place.names(), ["half.pub.pem", "k", "r.pem"]);
}

#[test]
fn an_rsa_pair_is_two_files_in_pem() {
    let place = Place::empty();
    let run = place.run(&["keygen", "rsa", "r.pem", "--bits", "2048"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stderr.contains("--key rsa:r.pem"), "{}", run.stderr);
    assert!(place.read("r.pem").starts_with(b"-----BEGIN PRIVATE KEY-----\n"));
    assert!(place.read("r.pub.pem").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));
    place.run(&["-q", "keygen", "rsa", "a", "--public", "b", "--bits", "2048"]).ends(0);
    assert_eq!(place.names(), ["a", "b", "r.pem", "r.pub.pem"]);
}

#[cfg(unix)]
#[test]
fn keys_are_their_owners_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::empty();
    place.run(&["-q", "keygen", "raw-aes", "k"]).ends(0);
    place.run(&["-q", "keygen", "rsa", "r.pem", "--bits", "2048"]).ends(0);
    for name in ["k", "r.pem", "r.pub.pem"] {
        let mode = place.path(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    symlink("elsewhere", place.path("link")).unwrap();
    place.run(&["keygen", "raw-aes", "link"]).ends(3);
    assert!(!place.path("elsewhere").exists());
}

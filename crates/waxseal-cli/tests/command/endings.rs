//! Exit codes, and what is said with them.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Place, noise};

#[test]
fn help_is_no_failure_and_documents_the_codes() {
    let place = Place::empty();
    for args in
        [["--help", ""].as_slice(), &["encrypt", "--help"], &["decrypt", "--help"], &["inspect", "--help"]]
    {
        let args: Vec<&str> = args.iter().copied().filter(|arg| !arg.is_empty()).collect();
        let run = place.run(&args).ends(0);
        for code in ["0  done", "1  ", "2  ", "3  ", "4  "] {
            assert!(run.text().contains(code), "{args:?}");
        }
    }
    assert!(place.run(&["--version"]).ends(0).text().starts_with("waxseal "));
}

#[test]
fn usage_errors() {
    let place = Place::new();
    place.write("file", "content");
    place.write("dir/file", "content");
    place.write("short-key", "too short");
    for args in [
        &[][..],
        &["frobnicate"],
        &["encrypt", "file"],
        &["encrypt", "--key", "raw-aes:key"],
        &["encrypt", "file", "--key", "key"],
        &["encrypt", "file", "--key", "raw-aes:short-key"],
        &["encrypt", "file", "--key", "rsa:key"],
        &["encrypt", "file", "--key", "raw-aes:key?namespace=aws-kms"],
        &["encrypt", "file", "--key", "raw-aes:key", "--context", "novalue"],
        &["encrypt", "file", "--key", "raw-aes:key", "--context", "aws-crypto-x=1"],
        &["encrypt", "file", "--key", "raw-aes:key", "--context", "a=1", "--context", "a=2"],
        &["encrypt", "file", "--key", "raw-aes:key", "--algorithm", "0x9999"],
        &["encrypt", "file", "--key", "raw-aes:key", "--algorithm", "0x0178"],
        &["encrypt", "file", "--key", "raw-aes:key", "--frame-length", "0"],
        &["encrypt", "file", "--key", "raw-aes:key", "--commitment-policy", "none"],
        &["encrypt", "file", "--key", "raw-aes:key", "--max-encrypted-data-keys", "0"],
        &[
            "encrypt",
            "file",
            "--key",
            "raw-aes:key",
            "-k",
            "raw-aes:other-key",
            "--max-encrypted-data-keys",
            "1",
        ],
        &["encrypt", "dir", "--key", "raw-aes:key"],
        &["encrypt", "file", "dir/file", "-o", "-", "--key", "raw-aes:key"],
        &["encrypt", "file", "-", "--key", "raw-aes:key"],
        &["decrypt", "file", "--key", "raw-aes:key"],
        &["keygen", "raw-aes", "new", "--bits", "100"],
        &["keygen", "raw-aes", "new", "--namespace", "aws-kms"],
        &["keygen", "raw-aes", "new", "--name", "two\nlines"],
        &["keygen", "rsa", "new", "--bits", "1024"],
        &["keygen", "rsa", "new", "--public", "new"],
    ] {
        let run = place.run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.is_empty() && run.stdout.is_empty(), "{args:?}");
    }
    assert_eq!(place.names(), ["dir", "file", "short-key"]);
}

#[test]
fn input_and_output_errors() {
    let place = Place::new();
    place.write("file", "content");
    for args in [
        &["encrypt", "missing", "--key", "raw-aes:key"][..],
        &["decrypt", "missing.waxseal", "--key", "raw-aes:key"],
        &["encrypt", "file", "--key", "raw-aes:missing"],
        &["encrypt", "file", "-o", "no/such/directory", "--key", "raw-aes:key"],
        &["inspect", "missing"],
        &["inspect", "."],
        &["keygen", "raw-aes", "no/such/directory"],
        &["demo", "missing"],
    ] {
        assert_eq!(place.run(args).code, Some(3), "{args:?}");
    }
    assert_eq!(place.names(), ["file"]);
}

#[test]
fn errors_are_one_line_that_names_the_file() {
    let place = Place::new();
    let run = place.encrypt(&["missing\u{1b}[1m"]).ends(3);
    assert_eq!(run.stderr.lines().count(), 1);
    assert!(run.stderr.starts_with("waxseal: missing\\u{1b}[1m: "), "{}", run.stderr);
}

#[test]
fn a_reader_that_goes_away_ends_it_without_a_word() {
    let place = Place::new();
    place.write("file", noise(4 << 20));
    place.encrypt(&["file", "--algorithm=0x0478"]).ends(0);
    for args in [
        ["decrypt", "--key=raw-aes:key", "file.waxseal", "-o", "-"],
        ["encrypt", "--key=raw-aes:key", "file", "-o", "-"],
    ] {
        let mut child = place.spawn(&args);
        child.stdout.take().unwrap().read_exact(&mut [0; 10]).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(3), ""));
    }
    let mut command = place.command(&["inspect", "file.waxseal"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

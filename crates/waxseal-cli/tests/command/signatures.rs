//! `waxseal sign`, `waxseal verify` and `kms-sig`, with keys of an embedded KMS.

use std::process::Command;

use crate::support::{Place, Run, noise};

const KEY: &str = "local:alias/signer?store=kms";
const OTHER: &str = "local:alias/other?store=kms";

/// A place with a store, two symmetric keys and a file.
fn place() -> Place {
    let place = Place::empty();
    for alias in ["alias/signer", "alias/other"] {
        place.run(&["-q", "kms", "create-key", "--store", "kms", "--alias", alias]).ends(0);
    }
    place.write("file", noise(100_000));
    place
}

fn with_key(place: &Place, alias: &str, spec: &str, usage: &str) -> String {
    let args =
        ["-q", "kms", "create-key", "--store", "kms", "--alias", alias, "--spec", spec, "--usage", usage];
    place.run(&args).ends(0);
    format!("local:{alias}?store=kms")
}

fn kms_sig(place: &Place, args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kms-sig"));
    command.args(args).current_dir(place.path("."));
    // Nobody is there to ask.
    command.env("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1").env("AWS_REGION", "us-east-1");
    command
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_MAX_ATTEMPTS", "1");
    Run::of(command.output().unwrap())
}

#[test]
fn a_signature_says_its_key_scheme_and_context() {
    let place = place();
    place.run(&["sign", "file", "--key", KEY, "-c", "tenant=7"]).ends(0);
    let run = place.run(&["verify", "file", "--key", KEY]).ends(0);
    let text = run.text();
    assert!(text.starts_with("file: valid signature of arn:aws:kms:us-east-1:111122223333:key/"), "{text}");
    assert!(text.contains("(encrypted-digest)") && text.contains("\n  context: tenant=7\n"), "{text}");
    place.run(&["verify", "file", "--key", KEY, "-c", "tenant=7"]).ends(0);
    place.run(&["verify", "file", "--key", KEY, "-c", "tenant=8"]).ends(1).says("\"tenant\"");
    place.write("file", "changed");
    place.run(&["verify", "file", "--key", KEY]).ends(1).says("file: invalid signature");
}

#[test]
fn every_scheme_signs_on_the_command_line() {
    let place = place();
    let ecdsa = with_key(&place, "alias/ecdsa", "ECC_NIST_P256", "SIGN_VERIFY");
    let rsa = with_key(&place, "alias/rsa", "RSA_2048", "SIGN_VERIFY");
    let mac = with_key(&place, "alias/mac", "HMAC_256", "GENERATE_VERIFY_MAC");
    for (key, scheme) in [
        (KEY, &["--scheme", "encrypted-digest"][..]),
        (KEY, &["--scheme", "sealed-digests"]),
        (&ecdsa, &["--scheme", "kms-asymmetric"]),
        (&rsa, &["--scheme", "kms-asymmetric", "--algorithm", "RSASSA_PSS_SHA_384"]),
        (&mac, &["--scheme", "kms-mac"]),
    ] {
        place.run(&[&["sign", "file", "--force", "--armor", "--key", key], scheme].concat()).ends(0);
        assert!(place.read("file.waxsig").starts_with(b"-----BEGIN WAXSEAL SIGNATURE-----\n"));
        place.run(&["verify", "file", "--key", key]).ends(0);
        place.run(&["verify", "file", "--key", OTHER]).ends(1).says("not made by an accepted key");

        place
            .run(&[&["sign", "file", "--raw", "--force", "--sig", "raw", "--key", key], scheme].concat())
            .ends(0);
        let raw = ["verify", "file", "--sig", "raw", "--key", key];
        place.run(&[&raw, scheme].concat()).ends(0);
        place.run(&raw).ends(1).says("--scheme says what a raw signature is");
    }
    place.run(&["sign", "file", "--key", KEY, "--algorithm", "ECDSA_SHA_256", "--sig", "x"]).ends(2);
    place.run(&["sign", "file", "--key", "raw-aes:key", "--sig", "x"]).ends(2);
    assert!(!place.path("x").exists());
}

#[test]
fn a_key_must_be_named_or_the_danger() {
    let place = place();
    place.run(&["sign", "file", "--key", KEY]).ends(0);
    place.run(&["verify", "file"]).ends(2).says("--danger-any-key");
    place
        .run(&["verify", "file", "--key", "alias/signer"])
        .ends(2)
        .says("an alias can be pointed at another key");
}

#[test]
fn signatures_appear_whole_and_are_not_replaced_unasked() {
    let place = place();
    place.run(&["sign", "file", "--key", "local:alias/nobody?store=kms"]).ends(2);
    place.run(&["sign", "missing", "file", "--key", KEY]).ends(3).says("missing");
    assert!(!place.path("missing.waxsig").exists());
    let before = place.read("file.waxsig");
    place.run(&["sign", "file", "--key", KEY]).ends(3).says("--force replaces it");
    assert_eq!(place.read("file.waxsig"), before);
    place.run(&["kms", "disable", "alias/signer", "--store", "kms"]).ends(0);
    place.run(&["sign", "file", "--key", KEY, "--force"]).ends(4).says("DisabledException");
    assert_eq!(place.read("file.waxsig"), before, "a failure destroys nothing");
    place.run(&["verify", "file", "--key", KEY]).ends(4);
}

#[test]
fn pipes_are_signed_and_verified() {
    let place = place();
    let sign = ["sign", "-", "--sig", "s", "--key", KEY];
    place.run_with(&sign, b"from a pipe").ends(0);
    place.run_with(&["verify", "-", "--sig", "s", "--key", KEY], b"from a pipe").ends(0);
    place.run_with(&["verify", "-", "--sig", "s", "--key", KEY], b"another").ends(1);
    place.run_with(&["sign", "-", "--key", KEY], b"").ends(2).says("--sig");
    let run = place.run(&["sign", "file", "--sig", "-", "--armor", "--key", KEY]).ends(0);
    assert!(run.text().ends_with("-----END WAXSEAL SIGNATURE-----\n"));
}

#[test]
fn a_tree_says_what_changed() {
    let place = place();
    for name in ["tree/a", "tree/dir/b", "tree/dir/c"] {
        place.write(name, name);
    }
    place.run(&["sign", "tree/", "--key", KEY]).ends(0);
    assert!(place.read("tree.waxsig").starts_with(b"waxseal manifest 1\nfile "));
    place.run(&["verify", "tree", "--key", KEY]).ends(0);
    place.write("tree/a", "other");
    std::fs::remove_file(place.path("tree/dir/b")).unwrap();
    place.write("tree/d", "");
    let run = place.run(&["verify", "tree", "--key", KEY]).ends(1);
    run.says("changed: a\n").says("missing: dir/b\n").says("not signed: d").says("3 of its files");
    place
        .run(&["sign", "tree", "--sig", "tree/s", "--key", KEY])
        .ends(2)
        .says("would stand in the directory");
    place.run(&["verify", "tree", "--key", OTHER]).ends(1).says("not made by an accepted key");
    place.run(&["sign", "file", "--key", KEY]).ends(0);
    let verify = |file: &str, sig: &str| place.run(&["verify", file, "--sig", sig, "--key", KEY]);
    verify("file", "tree.waxsig").ends(1).says("it is one of a directory tree");
    verify("tree", "file.waxsig").ends(1).says("it is one of a file");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_signed_hides_no_change() {
    let place = place();
    place.write("tree/a", "a");
    place.write("tree/dir/b", "b");
    place.run(&["sign", "tree", "--key", KEY]).ends(0);
    let _socket = std::os::unix::net::UnixListener::bind(place.path("tree/socket")).unwrap();
    let verify = || place.run(&["verify", "tree", "--key", KEY]);
    verify().ends(1).says("not signed: socket").says("1 of its files");
    place.write("tree/a", "changed");
    verify().ends(1).says("changed: a\n").says("not signed: socket").says("2 of its files");
    place.run(&["sign", "tree", "--key", KEY, "--force"]).ends(3).says("neither a file");
    place.write("tree/a", "a");
    std::fs::remove_file(place.path("tree/socket")).unwrap();
    verify().ends(0);
}

/// A signature never takes the place of what it signs, by whatever name.
#[test]
fn no_input_is_replaced() {
    let place = place();
    place.write("tree/a", "a");
    let content = place.read("file");
    let mut names = vec!["file", "./file", "tree/../file"];
    if cfg!(unix) {
        std::os::unix::fs::symlink("file", place.path("link")).unwrap();
        std::os::unix::fs::symlink("tree/a", place.path("into")).unwrap();
        names.push("link");
        let run = place.run(&["sign", "tree", "--sig", "into", "--key", KEY, "--force"]);
        run.ends(2).says("would stand in the directory");
    }
    for name in names {
        let run = place.run(&["sign", "file", "--sig", name, "--key", KEY, "--force"]);
        run.ends(2).says("would replace a file that is signed");
        kms_sig(&place, &["sign", KEY, "file", name]).ends(2).says("would replace a file that is signed");
        assert_eq!(place.read("file"), content, "{name}");
    }
    assert_eq!(place.read("tree/a"), b"a");
    place.run(&["sign", "file", "--key", KEY]).ends(0);
    let before = place.read("file.waxsig");
    place.run(&["sign", "file", "file.waxsig", "--key", KEY, "--force"]).ends(2);
    assert_eq!(place.read("file.waxsig"), before);
}

#[test]
fn options_that_say_another_scheme_than_the_envelope_are_refused() {
    let place = place();
    place.run(&["sign", "file", "--key", KEY]).ends(0);
    let verify = |rest: &[&str]| place.run(&[&["verify", "file", "--key", KEY], rest].concat());
    verify(&["--scheme", "encrypted-digest"]).ends(0);
    verify(&["--scheme", "kms-mac"]).ends(1).says("another scheme");
    verify(&["--scheme", "kms-mac", "--danger-accept-forgeable"]).ends(2).says("sealed-digests");
    place.write("tree/a", "a");
    place.run(&["sign", "tree", "--key", KEY]).ends(0);
    place.run(&["verify", "tree", "--key", KEY, "--scheme", "encrypted-digest"]).ends(0);
    place.run(&["verify", "tree", "--key", KEY, "--scheme", "kms-mac"]).ends(1).says("another scheme");
    std::fs::remove_dir_all(place.path("tree")).unwrap();
    place.run(&["verify", "tree", "--key", KEY]).ends(3).says("No such file");
}

#[test]
fn kms_sig_has_its_words_and_exit_codes() {
    let place = place();
    kms_sig(&place, &["sign", KEY, "file", "sig", "--context=a=b,c=d"]).ends(0);
    let verify = |rest: &[&str]| kms_sig(&place, &[&["verify", "file", "sig"], rest].concat());
    let valid = verify(&["--context=a=b,c=d", "--key", KEY]).ends(0);
    assert!(
        valid.text().starts_with("valid signature from arn:aws:kms:us-east-1:111122223333:key/"),
        "{}",
        valid.text()
    );
    for wrong in
        [&["--context=a=b", "--key", KEY][..], &["--key", KEY], &["--context=a=b,c=d", "--key", OTHER]]
    {
        let run = verify(wrong).ends(1);
        assert_eq!((run.stderr.as_str(), run.text()), ("invalid signature\n", ""));
    }
    let version = env!("CARGO_PKG_VERSION");
    let lines = kms_sig(&place, &["version"]).ends(0);
    assert_eq!(lines.text(), format!("version: {version}\ngoversion: unknown\nbuildtime: unknown\n"));
    assert_eq!(kms_sig(&place, &["-v"]).ends(0).text(), format!("{version}\n"));
    kms_sig(&place, &["verify", "missing", "sig", "--key", KEY]).ends(2).says("kms-sig: missing");
    kms_sig(&place, &["verify", "file"]).ends(2);
    kms_sig(&place, &["sign", KEY, "file", "sig2", "--context=a"]).ends(2);
}

#[test]
fn kms_sig_warns_without_a_pin_and_keeps_the_old_signature() {
    let place = place();
    kms_sig(&place, &["sign", KEY, "file", "sig"]).ends(0);
    let before = place.read("sig");
    let run = kms_sig(&place, &["verify", "file", "sig"]).ends(2);
    run.says("kms-sig: warning: without --key").says("hint: without a key AWS KMS is asked");
    kms_sig(&place, &["sign", "alias/nowhere", "file", "sig"]).ends(2);
    assert_eq!(place.read("sig"), before, "a failure destroys nothing");
    kms_sig(&place, &["sign", KEY, "file", "sig"]).ends(0);
    assert_ne!(place.read("sig"), before);
}

#[cfg(target_os = "linux")]
#[test]
fn long_work_is_shown() {
    use std::io::Write;
    let (place, terminal) = (place(), crate::support::Terminal::new());
    let mut command = place.command(&["sign", "-", "--sig", "s", "--key", KEY]);
    let mut child = command.stdin(std::process::Stdio::piped()).stderr(terminal.side()).spawn().unwrap();
    drop(command);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&noise(1000)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1800));
    drop(stdin);
    assert!(child.wait().unwrap().success());
    let text = terminal.shown();
    assert!(text.contains("1000 B"), "{text:?}");
}

//! Messages that don't verify leave nothing, and leave alone what was there.

use crate::support::{Place, UNSIGNED, noise};

/// A place with `file`, its message `m`, and an old output `out`.
fn with_message(args: &[&str]) -> Place {
    let place = Place::new();
    place.write("file", noise(20_000));
    place.encrypt(&[&["file", "-o", "m", "--context", "tenant=7"], args].concat()).ends(0);
    place.write("out", "old");
    place
}

/// Decrypting to a new file, and in place of an old one, fails with 1 and changes nothing.
#[track_caller]
fn refuses(place: &Place, args: &[&str]) -> String {
    let before = place.names();
    place.decrypt(&[&["m", "-o", "new"], args].concat()).ends(1);
    let run = place.decrypt(&[&["m", "-o", "out", "--force"], args].concat()).ends(1);
    assert_eq!(place.read("out"), b"old");
    assert_eq!(place.names(), before);
    run.stderr
}

#[test]
fn a_context_that_differs() {
    let place = with_message(&[]);
    place.decrypt(&["m", "-o", "-", "--context", "tenant=7"]).ends(0);
    assert!(refuses(&place, &["--context", "tenant=8"]).contains("tenant"));
    refuses(&place, &["--context", "tenant=7", "--context", "other=1"]);
    refuses(&place, &["--context", "Tenant=7"]);
}

#[test]
fn another_key() {
    let place = with_message(&[]);
    let run = place.run(&["decrypt", "m", "-o", "out", "--force", "--key", "raw-aes:other-key"]).ends(1);
    run.says("waxseal/other");
    let same_name = "raw-aes:other-key?name=one";
    place.run(&["decrypt", "m", "-o", "out", "--force", "--key", same_name]).ends(1).says("waxseal/one");
    assert_eq!(place.read("out"), b"old");
}

#[test]
fn messages_that_were_cut() {
    for args in [[UNSIGNED].as_slice(), &[]] {
        let place = with_message(args);
        let message = place.read("m");
        for cut in [0, 1, 60, 300, 5000, message.len() / 2, message.len() - 1] {
            place.write("m", &message[..cut]);
            assert!(refuses(&place, &[]).contains("truncated"), "cut at {cut}");
        }
    }
}

#[test]
fn messages_that_were_changed() {
    for args in [[UNSIGNED].as_slice(), &[]] {
        let place = with_message(args);
        let message = place.read("m");
        for at in [0, 5, 40, 120, 3000, message.len() / 2, message.len() - 1] {
            let mut changed = message.clone();
            changed[at] ^= 1;
            place.write("m", changed);
            refuses(&place, &[]);
        }
        place.write("m", [message.as_slice(), b"\0"].concat());
        assert!(refuses(&place, &[]).contains("follow"));
    }
}

#[test]
fn base64_text_without_armor_and_binary_with_it() {
    let place = with_message(&["--armor"]);
    assert!(refuses(&place, &[]).contains("--armor"));
    let text = place.read("m");
    place.write("m", &text[..text.len() / 2]);
    refuses(&place, &["--armor"]);
    let place = with_message(&[]);
    assert!(refuses(&place, &["--armor"]).contains("--armor"));
}

#[test]
fn what_the_options_refuse() {
    let place = with_message(&["--frame-length", "8K", "--key", "raw-aes:other-key"]);
    assert!(refuses(&place, &["--max-frame-length", "4096"]).contains("--max-frame-length"));
    assert!(refuses(&place, &["--max-encrypted-data-keys", "1"]).contains("encrypted data key count"));
    assert!(refuses(&place, &["--decrypt-unsigned"]).contains("signed"));
    place.decrypt(&["m", "-o", "-", "--max-frame-length", "8K", "--max-encrypted-data-keys", "2"]).ends(0);

    let place = with_message(&["--algorithm=0x0178", "--commitment-policy=ForbidEncryptAllowDecrypt"]);
    assert!(refuses(&place, &[]).contains("--commitment-policy"));
    place
        .decrypt(&["m", "-o", "-", "--commitment-policy", "RequireEncryptAllowDecrypt", "--decrypt-unsigned"])
        .ends(0);
}

#[test]
fn standard_output_gets_what_verified_and_the_code_says_that_it_is_not_all() {
    let place = with_message(&[UNSIGNED]);
    let mut message = place.read("m");
    *message.last_mut().unwrap() ^= 1;
    place.write("m", message);
    let run = place.decrypt(&["m", "-o", "-"]).ends(1);
    assert!(run.stdout.len() < 20_000);
    assert_eq!(run.stdout, noise(20_000)[..run.stdout.len()]);
}

#[test]
fn one_bad_file_of_several_fails_alone() {
    let place = Place::new();
    let names = ["a", "b", "c", "d"];
    names.iter().for_each(|name| place.write(name, name));
    place.encrypt(&["a", "b", "c", "d", "-o", "sealed"]).ends(0);
    place.write("sealed/b.waxseal", "\u{1}broken");
    let run = place.decrypt(&["-r", "sealed", "missing", "-o", "back"]).ends(1);
    let run = run.says("sealed/b.waxseal: ").says("missing: ");
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    for name in ["a", "c", "d"] {
        assert_eq!(place.read(&format!("back/{name}")), name.as_bytes());
    }
    assert!(!place.path("back/b").exists());
}

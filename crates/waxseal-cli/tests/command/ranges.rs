//! `decrypt --range`: a part of the plaintext, from the frames that hold it.

use crate::support::{Place, Run, UNSIGNED, noise};

const LEN: usize = 20_000;

/// A place with the message `m`, of `noise(LEN)` unless the arguments name another file.
fn with_message(args: &[&str]) -> Place {
    let place = Place::new();
    place.write("file", noise(LEN));
    place.encrypt(&[&["file", "-o", "m", "--frame-length", "1000"], args].concat()).ends(0);
    place
}

fn part(place: &Place, range: &str) -> Run {
    place.decrypt(&["m", "-o", "-", "--range", range])
}

#[test]
fn each_form_gives_its_part_of_the_plaintext() {
    let place = with_message(&[UNSIGNED]);
    let plain = noise(LEN);
    for (range, expected) in [
        ("0..20000", 0..LEN),
        ("0..", 0..LEN),
        ("..1", 0..1),
        ("..1_000", 0..1000),
        ("999..1001", 999..1001),
        ("1000..2000", 1000..2000),
        ("1_234..17_777", 1234..17_777),
        ("19999..", 19_999..LEN),
        ("500..500", 500..500),
        ("20000..", LEN..LEN),
    ] {
        for provider in ["native", "rustcrypto"] {
            let run = place.decrypt(&["m", "-o", "-", "--range", range, "--provider", provider]).ends(0);
            assert_eq!(run.stdout, plain[expected.clone()], "{range} with {provider}");
        }
    }
}

#[test]
fn a_part_that_is_longer_than_any_buffer() {
    let place = Place::new();
    let plain = noise(3 << 20);
    place.write("big", &plain);
    place.encrypt(&["big", "-o", "m", UNSIGNED, "--frame-length", "50000"]).ends(0);
    assert_eq!(part(&place, "12345..3_000_001").ends(0).stdout, plain[12_345..3_000_001]);
}

#[test]
fn an_empty_plaintext_has_its_empty_part() {
    let place = Place::new();
    place.write("empty", "");
    place.encrypt(&["empty", "-o", "m", UNSIGNED]).ends(0);
    assert!(part(&place, "0..").ends(0).stdout.is_empty());
    part(&place, "..1").ends(2).says("which has 0 bytes");
}

#[test]
fn it_goes_where_decrypt_would_put_the_whole() {
    let place = with_message(&[UNSIGNED]);
    std::fs::rename(place.path("m"), place.path("copy.waxseal")).unwrap();
    place.decrypt(&["copy.waxseal", "--range", "10..20"]).ends(0);
    assert_eq!(place.read("copy"), noise(LEN)[10..20]);
    place.decrypt(&["copy.waxseal", "--range", "..5"]).ends(3).says("--force");
    place.decrypt(&["copy.waxseal", "--range", "..5", "--force"]).ends(0);
    assert_eq!(place.read("copy"), noise(LEN)[..5]);
}

#[test]
fn a_range_outside_the_plaintext_is_told_its_length_and_writes_nothing() {
    let place = with_message(&[UNSIGNED]);
    for range in ["..20001", "20001..", "5..99999999999", "18446744073709551615.."] {
        let run = part(&place, range).ends(2).says("which has 20000 bytes");
        assert!(run.stdout.is_empty());
    }
    place.decrypt(&["m", "-o", "out", "--range", "..20001"]).ends(2);
    assert_eq!(place.names(), ["file", "m"]);
}

#[test]
fn wrong_uses_are_told_before_anything_is_read() {
    let place = with_message(&[UNSIGNED]);
    for range in ["..", "5", "7..5", "-1..5", "1..=5", "1K.."] {
        place.decrypt(&["m", "-o", "-", &format!("--range={range}")]).ends(2).says("--range");
    }
    place.decrypt(&["m", "file", "-o", "out/", "--range", "..5"]).ends(2).says("one file");
    place.decrypt(&["-", "--range", "..5"]).ends(2).says("standard input");
    place.decrypt(&["m", "-o", "-", "--range", "..5", "--armor"]).ends(2).says("--armor");
    place.decrypt(&["m", "-o", "out/", "--range", "..5", "--recursive"]).ends(2).says("--recursive");
    place.decrypt(&["m", "-o", "-", "--danger-without-message-signature"]).ends(2).says("--range");
    assert_eq!(place.names(), ["file", "m"]);
}

#[test]
fn signed_messages_take_the_option_that_names_the_danger() {
    let place = with_message(&[]);
    let run = part(&place, "5..10").ends(1).says("signed").says("--danger-without-message-signature");
    assert!(run.stdout.is_empty());
    let dangerous = ["m", "-o", "-", "--range", "5..10", "--danger-without-message-signature"];
    assert_eq!(place.decrypt(&dangerous).ends(0).stdout, noise(LEN)[5..10]);
    place.decrypt(&[&dangerous, ["--decrypt-unsigned"].as_slice()].concat()).ends(2);
}

#[test]
fn an_unframed_message_has_no_parts() {
    let place = Place::new();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec-vectors/vectors");
    std::fs::copy(format!("{vectors}/python/0178-unframed"), place.path("m")).unwrap();
    place.write("aes-256", "UZqkdhD2xBnn75Yj4B9UVmbi9czkURjxcTztGCMyl0g=");
    let key = "raw-aes:aes-256?encoding=base64&namespace=waxseal-test&name=aes-256";
    let policy = "--commitment-policy=RequireEncryptAllowDecrypt";
    let whole = ["decrypt", "m", "-o", "-", "--key", key, policy];
    place.run(&whole).ends(0);
    let run = place.run(&[&whole, ["--range", "..1"].as_slice()].concat()).ends(2);
    assert!(run.says("unframed").says("without --range").stdout.is_empty());
}

#[test]
fn only_the_frames_of_the_part_are_read_and_each_must_verify() {
    let place = with_message(&[UNSIGNED]);
    let mut message = place.read("m");
    // The final frame is a full one, with a longer head.
    let frames = message.len() - 20 * 1032 - 8;
    message[frames + 10 * 1032 + 500] ^= 1;
    place.write("m", &message);
    let plain = noise(LEN);
    assert_eq!(part(&place, "..10000").ends(0).stdout, plain[..10_000], "before the changed frame");
    assert_eq!(part(&place, "11000..").ends(0).stdout, plain[11_000..], "behind it");
    let run = part(&place, "9000..11000").ends(1);
    assert!(plain[9000..].starts_with(&run.stdout) && run.stdout.len() <= 1000);
    place.decrypt(&["m", "-o", "out", "--range", "10500..10501"]).ends(1);
    assert!(!place.path("out").exists());
}

#[test]
fn messages_that_were_cut_or_grown_give_no_part() {
    let place = with_message(&[UNSIGNED]);
    let message = place.read("m");
    for cut in [0, 40, 300, message.len() / 2, message.len() - 1] {
        place.write("m", &message[..cut]);
        assert!(part(&place, "..1").ends(1).stdout.is_empty(), "cut at {cut}");
    }
    place.write("m", [message.as_slice(), b"\0"].concat());
    part(&place, "..1").ends(1);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_without_waiting_for_it() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap();
    assert!(made.success());
    place.decrypt(&["pipe", "-o", "-", "--range", "..1"]).ends(2).says("regular file");
}

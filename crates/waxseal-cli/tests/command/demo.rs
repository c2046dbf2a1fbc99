//! `waxseal demo`.

use crate::support::{Place, noise};

#[test]
fn it_runs_the_commands_that_it_prints_and_leaves_nothing() {
    let place = Place::empty();
    place.write("a file", noise(10_000));
    place.write("tmp/kept", "");
    let mut command = place.command(&["-q", "demo", "a file"]);
    let output = command.env("TMPDIR", place.path("tmp")).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "$ waxseal kms create-key --alias alias/demo --store ",
        "arn:aws:kms:us-east-1:111122223333:key/",
        "$ waxseal encrypt 'a file' -o ",
        "$ waxseal inspect ",
        "0x0578",
        "aws-kms",
        "purpose = demo",
        "$ waxseal decrypt ",
        "byte for byte: 10000 bytes",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert_eq!(place.names(), ["a file", "tmp"]);
    assert_eq!(std::fs::read_dir(place.path("tmp")).unwrap().count(), 1);
}

#[test]
fn without_a_file_it_takes_one_that_is_always_there() {
    let run = Place::empty().run(&["-q", "demo"]).ends(0);
    assert!(run.text().contains("byte for byte"));
}

#[cfg(unix)]
#[test]
fn ended_by_a_signal_it_leaves_no_key() {
    use std::os::unix::process::ExitStatusExt;
    use std::time::{Duration, Instant};

    let place = Place::empty();
    place.write("tmp/kept", "");
    assert!(std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    let left = || std::fs::read_dir(place.path("tmp")).unwrap().count();
    let mut command = place.command(&["-q", "demo", "pipe"]);
    command.env("TMPDIR", place.path("tmp")).stdout(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while left() == 1 {
        assert!(Instant::now() < deadline, "it made its directory");
        std::thread::sleep(Duration::from_millis(10));
    }
    crate::killed::send("TERM", &child);
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    assert_eq!(left(), 1);
}

//! Runs that are ended from outside leave what was there, and nothing else.
#![cfg(unix)]

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::Duration;

use crate::support::{Place, UNSIGNED, noise};

/// Only where files can be without names does even the last one leave nothing.
const SIGNALS: &[(&str, i32)] = if cfg!(target_os = "linux") {
    &[("HUP", 1), ("INT", 2), ("TERM", 15), ("KILL", 9)]
} else {
    &[("INT", 2), ("TERM", 15)]
};

/// The signals that end a child of this process: one that was started with a signal ignored,
/// as `nohup` does, hands that on, and the command honours it.
fn signals() -> impl Iterator<Item = (&'static str, i32)> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    SIGNALS.iter().copied().filter(move |(_, number)| ignored & (1 << (number - 1)) == 0)
}

pub(crate) fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Gives the child this input, more than a pipe holds, so that it has read much of it and
/// written what it made of that; then ends it while it waits for more.
fn ended_in_the_middle(mut child: Child, input: &[u8], signal: &str) -> Option<i32> {
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().unwrap().is_none(), "it is still at work");
    send(signal, &child);
    child.wait().unwrap().signal()
}

#[test]
fn decrypting() {
    let place = Place::new();
    place.write("file", noise(2 << 20));
    place.encrypt(&["file", "-o", "m", UNSIGNED]).ends(0);
    let message = place.read("m");
    place.write("out", "old");
    for (signal, number) in signals() {
        for out in ["new", "out"] {
            let child = place.spawn(&["decrypt", "-", "-o", out, "--force", "--key", "raw-aes:key"]);
            assert_eq!(ended_in_the_middle(child, &message[..1 << 20], signal), Some(number));
        }
        assert_eq!(place.read("out"), b"old", "{signal}");
        assert_eq!(place.names(), ["file", "m", "out"], "{signal}");
    }
}

#[test]
fn encrypting() {
    let place = Place::new();
    place.write("out", "old");
    for (signal, number) in signals() {
        let child = place.spawn(&["encrypt", "-", "-o", "out", "--force", "--key", "raw-aes:key"]);
        assert_eq!(ended_in_the_middle(child, &noise(1 << 20), signal), Some(number));
        assert_eq!(place.read("out"), b"old", "{signal}");
        assert_eq!(place.names(), ["out"], "{signal}");
    }
}

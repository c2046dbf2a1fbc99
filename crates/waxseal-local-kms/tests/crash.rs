//! Processes that are killed while they write lose nothing that they acknowledged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use common::{ok, text, user};
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tempfile::TempDir;
use waxseal_crypto::SecretBytes;
use waxseal_local_kms::{LocalKms, StoreKey};

const STORE: &str = "WAXSEAL_TEST_CRASH_STORE";
const KILLS: usize = 200;
const KILLS_OF_A_STORE: usize = 20;
const WRITERS: usize = 4;

fn open(path: &Path) -> LocalKms {
    LocalKms::open(path, &StoreKey::KeyBytes(SecretBytes::from([7; 32]))).expect("the store opens")
}

/// The process that is killed; alone it does nothing. Four clients make keys and use them, and
/// say so line by line.
#[test]
fn writer() {
    let Some(path) = std::env::var_os(STORE) else {
        return;
    };
    let kms = open(Path::new(&path));
    thread::scope(|scope| {
        for client in 0..WRITERS {
            let kms = kms.clone();
            scope.spawn(move || write_for_ever(&kms, client));
        }
    });
}

fn write_for_ever(kms: &LocalKms, client: usize) {
    let alice = user("alice");
    for number in 0_u64.. {
        let key = common::create(kms, &alice, json!({}));
        let name = format!("alias/{client}-{}", key.rsplit('/').next().expect("an id"));
        ok(kms, &alice, "CreateAlias", json!({"AliasName": name, "TargetKeyId": key}));
        if number % 3 == 0 {
            ok(kms, &alice, "RotateKeyOnDemand", json!({"KeyId": key}));
        }
        let data_key = ok(kms, &alice, "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 16}));
        let line = format!(
            "ack {key} {name} {} {}\n",
            text(&data_key["CiphertextBlob"]),
            text(&data_key["Plaintext"])
        );
        std::io::stdout().lock().write_all(line.as_bytes()).expect("a reader");
    }
}

#[test]
fn kills_lose_no_acknowledged_key() {
    let mut random = StdRng::try_from_rng(&mut SysRng).expect("randomness");
    let mut acknowledged = 0;
    for _ in 0..KILLS / KILLS_OF_A_STORE {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("store");
        let mut lines = Vec::new();
        for kill in 0..KILLS_OF_A_STORE {
            let after = Duration::from_micros(random.random_range(1_000..150_000));
            let fresh = run_and_kill(&path, after, kill % 2 == 1);
            check(&open(&path), &fresh);
            lines.extend(fresh);
        }
        check(&open(&path), &lines);
        acknowledged += lines.len();
    }
    assert!(acknowledged >= KILLS / 2, "{acknowledged} keys were written before {KILLS} kills");
    println!("{acknowledged} acknowledged keys, {KILLS} kills");
}

/// What the process acknowledged before it was killed: so long after its start, or after its first
/// acknowledgement.
fn run_and_kill(path: &Path, after: Duration, from_first: bool) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["writer", "--exact", "--nocapture"])
        .env(STORE, path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let output = child.stdout.take().expect("its output");
    let (heard, first) = channel();
    let reader = thread::spawn(move || read_acknowledged(output, &heard));
    if from_first {
        first.recv_timeout(Duration::from_secs(60)).expect("an acknowledgement");
    }
    thread::sleep(after);
    child.kill().expect("killed");
    child.wait().expect("gone");
    reader.join().expect("read")
}

/// The lines that came whole.
fn read_acknowledged(output: impl Read, heard: &Sender<()>) -> Vec<String> {
    let mut output = BufReader::new(output);
    let mut lines = Vec::new();
    let mut line = String::new();
    while output.read_line(&mut line).expect("text") > 0 && line.ends_with('\n') {
        if let Some(acknowledged) = line.strip_prefix("ack ") {
            lines.push(acknowledged.trim_end().to_owned());
            // Nobody listens any more when the process was killed.
            heard.send(()).ok();
        }
        line.clear();
    }
    lines
}

fn check(kms: &LocalKms, lines: &[String]) {
    for line in lines {
        let parts: Vec<&str> = line.split(' ').collect();
        let [key, alias, ciphertext, plaintext] = parts.as_slice() else {
            panic!("{line}");
        };
        let request = json!({"KeyId": alias, "CiphertextBlob": ciphertext});
        let opened = ok(kms, &user("alice"), "Decrypt", request);
        assert_eq!((&opened["KeyId"], &opened["Plaintext"]), (&json!(key), &json!(plaintext)));
    }
}

//! `waxseal kms serve`, and keys of AWS KMS by its endpoint.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::support::Place;

/// A running server and what it printed.
struct Served {
    child: Child,
    exports: Vec<(String, String)>,
}

impl Served {
    fn start(place: &Place, args: &[&str]) -> Self {
        let all = [&["kms", "serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut command = place.command(&all);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let expected = if args.iter().any(|arg| arg.starts_with("--access-key")) { 3 } else { 5 };
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(expected);
        let exports = lines.map(|line| {
            let line = line.unwrap();
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        Self { exports: exports.collect(), child }
    }

    /// The command, with the settings that the server printed.
    fn command(&self, place: &Place, args: &[&str]) -> Command {
        let mut command = place.command(args);
        command.envs(self.exports.iter().map(|(name, value)| (name, value)));
        command.env("AWS_CONFIG_FILE", "none").env("AWS_SHARED_CREDENTIALS_FILE", "none");
        command
    }

    fn run(&self, place: &Place, args: &[&str]) -> Result<Vec<u8>, String> {
        let output = self.command(place, args).output().unwrap();
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }

    /// Ends it as a terminal would, and gives its exit code and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        crate::killed::send("INT", &self.child);
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key in the store `s`.
fn place_with_key() -> (Place, String) {
    let place = Place::empty();
    place.write("file", "content");
    let arn = place.run(&["-q", "kms", "create-key", "--store=s", "--alias=alias/demo"]).ends(0);
    let arn = arn.text().trim().to_owned();
    (place, arn)
}

#[test]
fn its_keys_are_keys_of_aws_kms() {
    let (place, arn) = place_with_key();
    let served = Served::start(&place, &["--store=s"]);
    served.run(&place, &["-q", "encrypt", "file", "--key", "alias/demo"]).unwrap();
    let decrypt = |key: &[&str]| served.run(&place, &[&["decrypt", "file.waxseal", "-o", "-"], key].concat());
    assert_eq!(decrypt(&["--key", &arn]).unwrap(), b"content");
    assert_eq!(decrypt(&["--discovery", "--account", "111122223333"]).unwrap(), b"content");
    assert!(decrypt(&["--discovery", "--account", "444455556666"]).is_err());
    let (code, said) = served.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("for development, tests and demos") && !said.contains("Warning"), "{said}");
    let local = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", "local:alias/demo?store=s"]);
    assert_eq!(local.ends(0).stdout, b"content");
}

#[test]
fn a_store_that_is_served_is_not_opened_twice() {
    let (place, _) = place_with_key();
    let served = Served::start(&place, &["--store=s"]);
    place.run(&["kms", "list", "--store=s"]).ends(3).says("another process").says("AWS_ENDPOINT_URL_KMS");
    let (code, _) = served.end();
    assert_eq!(code, Some(0));
    place.run(&["kms", "list", "--store=s"]).ends(0);
}

#[test]
fn it_keeps_its_own_access_key() {
    let (place, _) = place_with_key();
    let secret = || {
        let served = Served::start(&place, &["--store=s"]);
        served.exports.iter().find(|(name, _)| name == "AWS_SECRET_ACCESS_KEY").unwrap().1.clone()
    };
    let first = secret();
    assert_eq!(first.len(), 40);
    assert_eq!(secret(), first);
    let volatile = Served::start(&place, &["--volatile"]);
    assert!(volatile.exports.iter().all(|(_, value)| *value != first));
}

#[test]
fn access_keys_stand_for_principals_that_policies_name() {
    let (place, arn) = place_with_key();
    let statement = |principal: &str, action: &str| {
        let principal = format!("arn:aws:iam::111122223333:{principal}");
        serde_json::json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": action, "Resource": "*" })
    };
    let statements = [statement("user/a", "kms:GenerateDataKey"), statement("user/AKIDC", "kms:Decrypt")];
    place
        .write("p.json", serde_json::json!({ "Version": "2012-10-17", "Statement": statements }).to_string());
    let put = ["kms", "policy", "--store=s", "alias/demo", "p.json", "--bypass-policy-lockout-safety-check"];
    place.run(&put).ends(0);
    let keys = ["--access-key=AKIDA:one=arn:aws:iam::111122223333:user/a", "--access-key=AKIDC:three"];
    place.write("audit.jsonl", "{\"torn");
    let served = Served::start(&place, &["--store=s", "--audit=audit.jsonl", keys[0], keys[1]]);
    let run = |id: &str, secret: &str, args: &[&str]| {
        let mut command = served.command(&place, args);
        let output =
            command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let encrypt = ["-q", "encrypt", "file", "--force", "--key", &arn];
    let decrypt = ["-q", "decrypt", "file.waxseal", "-o", "-", "--key", &arn];
    assert_eq!(run("AKIDA", "one", &encrypt), (Some(0), String::new()));
    assert_eq!(run("AKIDC", "three", &decrypt), (Some(0), String::new()));
    for (id, secret, args, code) in [
        ("AKIDC", "three", &encrypt[..], "AccessDeniedException"),
        ("AKIDA", "one", &decrypt, "AccessDeniedException"),
        ("AKIDA", "three", &encrypt, "InvalidSignatureException"),
        ("AKIDB", "one", &encrypt, "UnrecognizedClientException"),
    ] {
        let (exit, said) = run(id, secret, args);
        assert!(exit == Some(4) && said.contains(code), "{id} {said}");
    }
    let audit = String::from_utf8(place.read("audit.jsonl")).unwrap();
    let outcomes = audit.lines().filter(|line| line.contains("AccessDeniedException")).count();
    assert_eq!(outcomes, 2, "{audit}");
    assert!(audit.contains("user/a\"") && audit.contains("user/AKIDC\""), "{audit}");
    let (torn, whole) = audit.split_once('\n').unwrap();
    let is_json = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert!(torn == "{\"torn" && whole.lines().all(is_json), "{audit}");
}

#[test]
fn access_keys_are_shown_and_forgotten() {
    let (place, _) = place_with_key();
    let arn = "arn:aws:sts::111122223333:assumed-role/r/who=a";
    let served = Served::start(&place, &["--store=s", &format!("--access-key=AKIDA:b25l=={arn}")]);
    let list = |served: &Served, secret: &str| {
        let mut command =
            served.command(&place, &["-q", "encrypt", "file", "--force", "--key", "alias/demo"]);
        command.env("AWS_ACCESS_KEY_ID", "AKIDA").env("AWS_SECRET_ACCESS_KEY", secret);
        String::from_utf8(command.output().unwrap().stderr).unwrap()
    };
    assert_eq!(list(&served, "b25l="), "");
    let (code, said) = served.end();
    assert_eq!(code, Some(0));
    assert!(said.contains(&format!("Accepts AKIDA as {arn}\n")) && !said.contains("b25l"), "{said}");
    let keys = |args: &[&str]| place.run(&[&["kms", "access-keys", "--store=s"], args].concat());
    assert_eq!(keys(&[]).ends(0).text(), format!("AKIDA  {arn}\n"));
    keys(&["--remove=AKIDA"]).ends(0);
    keys(&["--remove=AKIDA"]).ends(2).says("no such access key");
    assert_eq!(keys(&[]).ends(0).text(), "");
    let served = Served::start(&place, &["--store=s"]);
    assert!(list(&served, "b25l=").contains("UnrecognizedClientException"));
    let (_, said) = served.end();
    assert!(!said.contains("AKIDA"), "{said}");
}

#[test]
fn it_warns_where_others_can_listen() {
    let place = Place::empty();
    let mut command = place.command(&["kms", "serve", "--volatile", "--listen", "0.0.0.0:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    crate::killed::send("TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("Warning: this is not a loopback address"));
}

#[test]
fn what_contradicts_itself_is_usage() {
    let place = Place::empty();
    for args in [
        &["--volatile", "--store=s"][..],
        &["--volatile", "--passphrase-file=p"],
        &["--access-key=nonsense"],
        &["--listen=nowhere"],
    ] {
        place.run(&[&["kms", "serve"], args].concat()).ends(2);
    }
    assert!(place.names().is_empty());
}

//! Keys of AWS KMS: the command with the usual AWS settings, against a server on loopback.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use waxseal::SecretBytes;
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, Caller, LocalKms};

use crate::support::{Place, Run, noise};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const ACCOUNT: &str = "111122223333";
const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";

/// KMS on loopback with a key in each of two regions, and a multi-Region key in both.
pub(crate) struct Kms {
    kms: LocalKms,
    server: Server,
    _runtime: tokio::runtime::Runtime,
    log: Log,
    pub(crate) east: String,
    west: String,
    mrk: String,
}

/// The audit log of a KMS.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kms {
    pub(crate) fn new() -> Self {
        let kms = LocalKms::volatile();
        let log = Log::default();
        kms.audit_to(log.clone());
        let secret = Arc::new(SecretBytes::copy_of(b"secret"));
        let id = "AKIDEXAMPLE".to_owned();
        kms.add_access_key(AccessKey { id, secret, principal: ALICE.to_owned() }).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = runtime.block_on(Server::bind(address, kms.clone(), ServerOptions::default())).unwrap();
        let key = |region, input: &Value| {
            call(&kms, region, "CreateKey", input)["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
        };
        let (east, west) = (key(EAST, &json!({})), key(WEST, &json!({})));
        let mrk = key(EAST, &json!({"MultiRegion": true}));
        call(&kms, EAST, "ReplicateKey", &json!({"KeyId": mrk, "ReplicaRegion": WEST}));
        call(&kms, EAST, "CreateAlias", &json!({"AliasName": "alias/east", "TargetKeyId": east}));
        Self { kms, server, _runtime: runtime, log, east, west, mrk }
    }

    /// How often this operation was called, by its audit log.
    pub(crate) fn calls(&self, operation: &str) -> usize {
        let log = String::from_utf8(self.log.0.lock().unwrap().clone()).unwrap();
        let operations = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        operations.filter(|line| line["operation"] == operation).count()
    }

    /// Runs the command with this server as KMS, in the region east.
    pub(crate) fn run(&self, place: &Place, args: &[&str]) -> Run {
        run_with(place, &self.server.endpoint(), args)
    }
}

fn call(kms: &LocalKms, region: &str, operation: &str, input: &Value) -> Value {
    let reply = kms.call(&Caller::new(ALICE, region), operation, input.to_string().as_bytes());
    serde_json::from_slice(reply.unwrap().expose()).unwrap_or_default()
}

fn run_with(place: &Place, endpoint: &str, args: &[&str]) -> Run {
    Run::of(with_settings(&mut place.command(args), endpoint).output().unwrap())
}

fn with_settings<'c>(command: &'c mut Command, endpoint: &str) -> &'c mut Command {
    command.env_remove("AWS_PROFILE").envs([
        ("AWS_ENDPOINT_URL_KMS", endpoint),
        ("AWS_REGION", EAST),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_CONFIG_FILE", "aws-config"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ])
}

#[test]
fn strict_refuses_what_discovery_opens() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", noise(10_000));
    kms.run(&place, &["encrypt", "a", "--key", &kms.east, "--context", "tenant=7"]).ends(0);
    let opens = |args: &[&str]| {
        let run = kms.run(&place, &[&["decrypt", "-f", "a.waxseal", "-o", "b"], args].concat());
        if run.code == Some(0) {
            assert_eq!(place.read("b"), noise(10_000));
        }
        run
    };
    opens(&["--key", &kms.east, "--context", "tenant=7"]).ends(0);
    opens(&["--key", &kms.west]).ends(1).says("not a key of this message");
    opens(&["--key", &kms.west, "--key", &kms.east]).ends(0);
    opens(&["--discovery"]).ends(0);
    opens(&["--discovery", "--account", ACCOUNT]).ends(0);
    opens(&["--discovery", "--account", "444455556666", "--account", ACCOUNT]).ends(0);
    opens(&["--discovery", "--account", "444455556666"]).ends(1).says("filter: partition aws, accounts 4444");
    opens(&["--discovery", "--account", ACCOUNT, "--partition", "aws-cn"])
        .ends(1)
        .says("filter: partition aws-cn");
    opens(&["--discovery", "--region", WEST]).ends(0);
}

#[test]
fn several_keys_of_several_regions_each_open() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", b"text");
    kms.run(&place, &["encrypt", "a", "-k", &kms.east, "-k", &kms.west, "-k", &kms.mrk]).ends(0);
    let replica = kms.mrk.replace(EAST, WEST);
    for key in [&kms.east, &kms.west, &kms.mrk, &replica] {
        kms.run(&place, &["decrypt", "a.waxseal", "-o", "-", "-k", key]).ends(0);
    }
    kms.run(&place, &["encrypt", "a", "-o", "c", "-k", &kms.mrk, "-k", &replica]).ends(2).says("related");
}

#[test]
fn multi_region_messages_open_in_the_region_of_discovery() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", b"text");
    kms.run(&place, &["encrypt", "a", "-k", &kms.mrk]).ends(0);
    call(&kms.kms, EAST, "DisableKey", &json!({"KeyId": kms.mrk}));
    let decrypt = ["decrypt", "a.waxseal", "-o", "-", "--discovery"];
    kms.run(&place, &decrypt).ends(4).says("DisabledException");
    kms.run(&place, &[&decrypt[..], &["--region", WEST]].concat()).ends(0);
}

#[test]
fn aliases_encrypt_and_say_why_they_do_not_decrypt() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", b"text");
    kms.run(&place, &["encrypt", "a", "-k", "alias/east"]).ends(0);
    let run = kms.run(&place, &["decrypt", "a.waxseal", "-o", "-", "-k", "alias/east"]).ends(1);
    run.says("alias/east is an alias").says("give the key ARN");
    kms.run(&place, &["decrypt", "a.waxseal", "-o", "-", "-k", &kms.east]).ends(0);
    kms.run(&place, &["encrypt", "a", "-o", "b", "-k", "alias/nobody"]).ends(4).says("NotFoundException");
    kms.run(&place, &["encrypt", "a", "-o", "b", "-k", "alias/east", "--region", WEST]).ends(4);
    assert_eq!(place.names(), ["a", "a.waxseal"]);
}

#[test]
fn a_profile_says_region_and_credentials() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", b"text");
    let wrong =
        "[profile wrong]\nregion = us-east-1\naws_access_key_id = AKIDOTHER\naws_secret_access_key = x\n";
    let west = "[profile west]\nregion = us-west-2\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n";
    place.write("aws-config", format!("{wrong}{west}"));
    let run = |profile: &str| {
        let mut command = place.command(&["encrypt", "-f", "a", "-k", "alias/west", "--profile", profile]);
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"] {
            command.env_remove(name);
        }
        command.env("AWS_ENDPOINT_URL_KMS", kms.server.endpoint());
        command.env("AWS_CONFIG_FILE", "aws-config").env("AWS_SHARED_CREDENTIALS_FILE", "none");
        Run::of(command.output().unwrap())
    };
    call(&kms.kms, WEST, "CreateAlias", &json!({"AliasName": "alias/west", "TargetKeyId": kms.west}));
    run("wrong").ends(4).says("UnrecognizedClientException");
    run("west").ends(0);
}

#[test]
fn kms_that_denies_or_is_down_ends_with_4_and_leaves_no_output() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", noise(100_000));
    kms.run(&place, &["encrypt", "a", "-k", &kms.east]).ends(0);
    call(&kms.kms, EAST, "DisableKey", &json!({"KeyId": kms.east}));
    kms.run(&place, &["encrypt", "a", "-o", "b", "-k", &kms.east]).ends(4).says("DisabledException");
    kms.run(&place, &["decrypt", "a.waxseal", "-o", "b", "-k", &kms.east]).ends(4).says("DisabledException");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    run_with(&place, &nobody, &["encrypt", "a", "-o", "b", "-k", &kms.east]).ends(4);
    run_with(&place, &nobody, &["decrypt", "a.waxseal", "-o", "b", "-k", &kms.east])
        .ends(4)
        .says("check the key service and try again");
    assert_eq!(place.names(), ["a", "a.waxseal"]);
}

#[test]
fn what_names_no_key_is_wrong_use() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", b"text");
    let encrypt = |args: &[&str]| kms.run(&place, &[&["encrypt", "a"], args].concat());
    encrypt(&["--discovery"]).ends(2).says("--discovery only decrypts");
    encrypt(&["-k", "arn:aws:kms:us-east-1:1:grant/1"]).ends(2).says("neither \"key\" nor \"alias\"");
    encrypt(&["-k", "arn:aws:s3:::bucket"]).ends(2);
    encrypt(&["-k", "alias/"]).ends(2).says("alias is empty");
    encrypt(&[]).ends(2);
    encrypt(&["-k", &kms.east, "--account", ACCOUNT]).ends(2).says("--discovery");
    encrypt(&["-k", &kms.east, "--partition", "aws"]).ends(2).says("--discovery");
    kms.run(&place, &["decrypt", "a", "--discovery", "-k", &kms.east]).ends(2);
    kms.run(&place, &["decrypt", "a", "--discovery", "--partition", "aws-us-gov"]).ends(2).says("--account");
    assert_eq!(place.names(), ["a"]);
}

#[test]
fn files_are_signed_by_an_alias_and_verified_by_the_keys_arn() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", noise(1000));
    kms.run(&place, &["sign", "a", "--key", "alias/east", "-c", "k=v"]).ends(0);
    let run = kms.run(&place, &["verify", "a", "--key", &kms.west, "--key", &kms.east]).ends(0);
    assert!(run.text().contains(&kms.east) && run.text().contains("k=v"), "{}", run.text());
    kms.run(&place, &["verify", "a", "--danger-any-key"]).ends(0);
    kms.run(&place, &["verify", "a", "--key", &kms.west]).ends(1).says("not made by an accepted key");
    kms.run(&place, &["sign", "a", "--key", &kms.mrk, "-f", "--scheme", "sealed-digests"]).ends(0);
    kms.run(&place, &["verify", "a", "--key", &kms.mrk.replace(EAST, WEST)]).ends(0);
}

#[test]
fn kms_sig_verifies_any_key_with_a_warning_and_pinned_ones_without() {
    let (kms, place) = (Kms::new(), Place::empty());
    place.write("a", noise(1000));
    let kms_sig = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kms-sig"));
        command.args(args).current_dir(place.path("."));
        Run::of(with_settings(&mut command, &kms.server.endpoint()).output().unwrap())
    };
    kms_sig(&["sign", "alias/east", "a", "s", "--context=k=v"]).ends(0);
    let verify = |rest: &[&str]| kms_sig(&[&["verify", "a", "s", "--context=k=v"], rest].concat());
    let said = format!("valid signature from {}\n", kms.east);
    assert_eq!(verify(&["--key", &kms.east]).ends(0).text(), said);
    let unpinned = verify(&[]);
    assert_eq!((unpinned.code, unpinned.text()), (Some(0), said.as_str()));
    unpinned.says("kms-sig: warning: without --key");
    assert_eq!(verify(&["--key", &kms.west]).ends(1).stderr, "invalid signature\n");
    let blob = std::fs::read(place.path("s")).unwrap();
    assert!(blob.len() > 64 && !blob.starts_with(b"WAXSIG"), "the ciphertext alone");
}

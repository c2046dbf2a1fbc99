//! The programs with key ARNs as arguments: AWS's client by the usual settings, against the embedded
//! KMS's server.
#![allow(missing_docs, clippy::unwrap_used)]

use std::process::{Command, Output};
use std::sync::Arc;

use tokio::runtime::Runtime;
use waxseal::SecretBytes;
use waxseal_examples::{ALICE, EmbeddedKms};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, LocalKms};

struct Service {
    kms: EmbeddedKms,
    server: Server,
    _runtime: Runtime,
}

impl Service {
    fn new() -> Self {
        let kms = LocalKms::volatile();
        let secret = Arc::new(SecretBytes::copy_of(b"secret"));
        let access_key = AccessKey { id: "AKIDEXAMPLE".to_owned(), secret, principal: ALICE.to_owned() };
        kms.add_access_key(access_key).unwrap();
        let runtime = Runtime::new().unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = runtime.block_on(Server::bind(address, kms.clone(), ServerOptions::default())).unwrap();
        Self { kms: kms.into(), server, _runtime: runtime }
    }

    fn run(&self, program: &str, keys: &[String]) -> Output {
        let settings = [
            ("AWS_ENDPOINT_URL_KMS", self.server.endpoint().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_CONFIG_FILE", "no-such-file"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        Command::new(program).args(keys).env_remove("AWS_PROFILE").envs(settings).output().unwrap()
    }

    fn runs(&self, program: &str, keys: &[String]) {
        let output = self.run(program, keys);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program}: {out}{err}");
        assert!(keys.iter().all(|key| out.contains(key)), "{program} worked with other keys: {out}");
    }
}

#[test]
fn every_program_of_kms_keys_runs_with_keys_of_an_account() {
    let service = Service::new();
    let two = service.kms.create_keys(["us-west-2", "eu-west-1"]).unwrap();
    for program in [
        env!("CARGO_BIN_EXE_custom_cmm"),
        env!("CARGO_BIN_EXE_custom_keyring"),
        env!("CARGO_BIN_EXE_kms_discovery"),
        env!("CARGO_BIN_EXE_kms_strict"),
        env!("CARGO_BIN_EXE_limit_encrypted_data_keys"),
        env!("CARGO_BIN_EXE_python_readme"),
    ] {
        service.runs(program, &two);
    }
    let one = service.kms.create_keys(["eu-north-1"]).unwrap();
    for program in [
        env!("CARGO_BIN_EXE_custom_master_key_provider"),
        env!("CARGO_BIN_EXE_rds_activity_stream"),
        env!("CARGO_BIN_EXE_required_encryption_context"),
    ] {
        service.runs(program, &one);
    }
    let replicas = service.kms.create_multi_region_key("us-east-1", "eu-central-1").unwrap();
    service.runs(env!("CARGO_BIN_EXE_kms_multi_region"), &replicas);
}

#[test]
fn wrong_arguments_are_refused_with_what_is_wanted() {
    let service = Service::new();
    let program = env!("CARGO_BIN_EXE_kms_strict");
    let one = service.kms.create_keys(["eu-north-1"]).unwrap();
    let alias = "arn:aws:kms:eu-north-1:111122223333:alias/mine".to_owned();
    for (keys, wanted) in [
        (vec![one[0].clone()], "give the ARNs of 2 KMS keys"),
        (vec!["mine".to_owned(), one[0].clone()], "\"mine\" is no ARN"),
        (vec![one[0].clone(), alias], "names an alias"),
    ] {
        let output = service.run(program, &keys);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && err.contains(wanted), "{keys:?}: {err}");
    }
}

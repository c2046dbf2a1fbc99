//! Signatures and what others wrote: the aws command, pykmssig's logic over the Python SDK, and
//! openssl. Theirs go to the embedded KMS over its socket. Run by `peers/run.sh`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "behaviour/place.rs"]
#[allow(dead_code)]
mod place;

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use place::{Place, alice, crypto, digest, is_invalid, pairs};
use serde_json::{Value, json};
use tempfile::TempDir;
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::{MacAlgorithm, SigningAlgorithm};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, Caller};
use waxseal_sign::{Method, SealedDigests, Signer};

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TEXT: &str = "attack at dawn, \u{e4} at dusk";

/// The embedded KMS behind a socket, and a folder for files.
struct Served {
    place: Place,
    server: Server,
    folder: TempDir,
}

impl Served {
    async fn start() -> Self {
        let place = Place::new();
        let secret = Arc::new(SecretBytes::copy_of(SECRET.as_bytes()));
        place.0.add_access_key(AccessKey { id: ID.into(), secret, principal: alice().principal }).unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(address, place.0.clone(), ServerOptions::default()).await.unwrap();
        Self { place, server, folder: tempfile::tempdir().unwrap() }
    }

    fn program(&self, name: &str) -> Command {
        let folder = std::env::var_os("WAXSEAL_PEERS_BIN").map(PathBuf::from);
        let folder = folder.expect("WAXSEAL_PEERS_BIN is not set: run peers/run.sh");
        let mut command = Command::new(folder.join(name));
        command.env("AWS_ENDPOINT_URL_KMS", self.server.endpoint()).current_dir(self.folder.path()).envs([
            ("AWS_DEFAULT_REGION", place::REGION),
            ("AWS_ACCESS_KEY_ID", ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_CONFIG_FILE", "none"),
            ("AWS_SHARED_CREDENTIALS_FILE", "none"),
            ("AWS_PAGER", ""),
        ]);
        command
    }

    fn aws(&self, args: &[&str]) -> Result<Value, String> {
        let output = self.program("aws").args(["kms", "--output", "json"]).args(args).output().unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap()),
            false => Err(String::from_utf8(output.stderr).unwrap()),
        }
    }

    /// Bytes as an argument of the aws command.
    fn bytes(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        format!("fileb://{name}")
    }

    /// pykmssig's logic, once.
    fn pykmssig(&self, task: Value) -> Value {
        let mut command = self.program("python");
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/pykmssig_logic.py"));
        // It writes every refusal to standard error at length; the answers say it too.
        command.stderr(Stdio::null());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        writeln!(process.stdin.take().unwrap(), "{task}").unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        process.wait().unwrap();
        serde_json::from_str(&line).expect("the Python packages are there")
    }
}

fn of(reply: &Value, field: &str) -> Vec<u8> {
    STANDARD.decode(reply[field].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the aws command: peers/run.sh"]
async fn the_aws_command_makes_and_opens_signatures_of_kms_sig() {
    let served = Served::start().await;
    let method = Method::EncryptedDigest;
    let (key, content) = (served.place.key_for(method), digest(method, TEXT.as_bytes()));
    let plaintext = served.bytes("digest", content.bytes());
    let context = ["--encryption-context", "tenant=7"];
    let theirs =
        served.aws(&[&["encrypt", "--key-id", &key, "--plaintext", &plaintext], &context[..]].concat());
    let verifier = served.place.verifier(&[&key]).context(pairs(&[("tenant", "7")])).unwrap();
    let scheme = served.place.scheme(method);
    let theirs = of(&theirs.unwrap(), "CiphertextBlob");
    assert_eq!(verifier.verify_raw(&*scheme, &theirs, &content).await.unwrap().key, key);
    is_invalid(verifier.verify_raw(&*scheme, &theirs, &digest(method, b"other")).await);

    let ours = served.place.signer(method, &key, &[("tenant", "7")]).sign_raw(&content).await.unwrap();
    let ours = served.bytes("ours", &ours.signature);
    let opened = served.aws(&[&["decrypt", "--ciphertext-blob", &ours], &context[..]].concat()).unwrap();
    assert_eq!(
        (of(&opened, "Plaintext").as_slice(), opened["KeyId"].as_str()),
        (content.bytes(), Some(key.as_str()))
    );
    assert!(
        served
            .aws(&["decrypt", "--ciphertext-blob", &ours])
            .unwrap_err()
            .contains("InvalidCiphertextException")
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the Python SDK: peers/run.sh"]
async fn pykmssigs_logic_takes_ours_and_ours_takes_what_it_makes() {
    let served = Served::start().await;
    let method = Method::SealedDigests;
    let (key, content) = (served.place.key_for(method), digest(method, TEXT.as_bytes()));
    let scheme = SealedDigests::new(crypto(), served.place.clients(&alice()));

    let theirs = served.pykmssig(json!({"op": "sign", "key": key, "message": TEXT}));
    let theirs = of(&theirs, "signature");
    let verifier = served.place.verifier(&[&key]);
    assert_eq!(verifier.verify_raw(&scheme, &theirs, &content).await.unwrap().key, key);
    is_invalid(verifier.verify_raw(&scheme, &theirs, &digest(method, b"other")).await);

    let ours = Signer::new(crypto(), scheme.clone().for_pykmssig(), &key).sign_raw(&content).await.unwrap();
    let verify = |signature: &[u8], message| {
        served.pykmssig(json!({"op": "verify", "message": message, "signature": STANDARD.encode(signature)}))
    };
    let answer = verify(&ours.signature, TEXT);
    assert_eq!(answer["status"], "valid", "{answer}");
    assert_eq!(answer["sigs_a"], answer["sigs_b"]);
    assert_eq!(verify(&ours.signature, "other")["status"], "invalid");
    let attackers = served.place.key_for(method);
    let forged =
        Signer::new(crypto(), scheme.clone().for_pykmssig(), &attackers).sign_raw(&content).await.unwrap();
    assert_eq!(verify(&forged.signature, TEXT)["status"], "valid", "nothing is pinned there");
    is_invalid(verifier.verify_raw(&scheme, &forged.signature, &content).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openssl: peers/run.sh"]
async fn openssl_takes_raw_asymmetric_signatures() {
    let served = Served::start().await;
    for algorithm in SigningAlgorithm::ALL {
        let method = Method::KmsAsymmetric(*algorithm);
        let (key, content) = (served.place.key_for(method), digest(method, TEXT.as_bytes()));
        let signed = served.place.signer(method, &key, &[]).sign_raw(&content).await.unwrap();
        let public = served.place.call("GetPublicKey", json!({ "KeyId": key }));
        for (name, bytes) in [
            ("public.der", of(&public, "PublicKey")),
            ("signature", signed.signature),
            ("file", TEXT.into()),
            ("other", b"other".to_vec()),
        ] {
            std::fs::write(served.folder.path().join(name), bytes).unwrap();
        }
        let name = algorithm.as_str();
        let hash = format!("-sha{}", &name[name.len() - 3..]);
        let mut args =
            vec!["dgst", &hash, "-verify", "public.der", "-keyform", "DER", "-signature", "signature"];
        if name.contains("PSS") {
            args.extend(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]);
        }
        let verify = |file| {
            let mut command = Command::new("openssl");
            command.args(&args).arg(file).current_dir(served.folder.path()).output().unwrap()
        };
        let said = verify("file");
        assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
        assert_eq!(said.stdout, b"Verified OK\n");
        assert!(!verify("other").status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the aws command: peers/run.sh"]
async fn the_aws_command_takes_raw_codes_and_signatures() {
    let served = Served::start().await;
    let method = Method::KmsMac(MacAlgorithm::HmacSha384);
    let (key, content) = (served.place.key_for(method), digest(method, TEXT.as_bytes()));
    let made = served.place.signer(method, &key, &[]).sign_raw(&content).await.unwrap();
    let (message, mac) = (served.bytes("digest", content.bytes()), served.bytes("mac", &made.signature));
    let args = [
        "verify-mac",
        "--key-id",
        &key,
        "--message",
        &message,
        "--mac",
        &mac,
        "--mac-algorithm",
        "HMAC_SHA_384",
    ];
    assert_eq!(served.aws(&args).unwrap()["MacValid"], json!(true));

    let method = Method::KmsAsymmetric(SigningAlgorithm::EcdsaSha256);
    let (key, content) = (served.place.key_for(method), digest(method, TEXT.as_bytes()));
    let message = served.bytes("digest", content.bytes());
    let args = [
        "sign",
        "--key-id",
        &key,
        "--message",
        &message,
        "--message-type",
        "DIGEST",
        "--signing-algorithm",
        "ECDSA_SHA_256",
    ];
    let theirs = of(&served.aws(&args).unwrap(), "Signature");
    let verifier = served.place.verifier(&[&key]);
    assert_eq!(verifier.verify_raw(&*served.place.scheme(method), &theirs, &content).await.unwrap().key, key);
}

/// The policies of the keys in the template, with its parameters filled in.
fn template_policies(served: &Served, parameters: &[(&str, &Caller)]) -> Value {
    let mut command = served.program("python");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/template_policies.py"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/cloudformation/three-accounts.yaml"));
    command.args(parameters.iter().map(|(name, caller)| format!("{name}={}", caller.principal)));
    serde_json::from_slice(&command.output().unwrap().stdout).expect("cfn-lint's reader is there")
}

fn may(place: &Place, caller: &Caller, operation: &str, request: Value) -> bool {
    match place.try_call(caller, operation, request) {
        Ok(_) => true,
        Err(error) if error.code == "AccessDeniedException" => false,
        Err(error) => panic!("{operation}: {error}"),
    }
}

/// The template's own policies, given to an embedded KMS, have the story's effect.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs cfn-lint: peers/run.sh"]
async fn the_template_gives_each_account_what_the_story_says() {
    let served = Served::start().await;
    let [a, b, c] = [("111122223333", "a"), ("222233334444", "b"), ("333344445555", "c")]
        .map(|(account, name)| place::user(account, name));
    let administrator = alice();
    let who = [&administrator, &a, &b, &c];
    let names = ["AdministratorArn", "SignerArn", "CarrierArn", "VerifierArn"];
    let policies = template_policies(&served, &std::array::from_fn::<_, 4, _>(|at| (names[at], who[at])));
    // The administrator, who uses nothing; A; B; C.
    for (name, encrypt, generate, decrypt) in [
        ("Alpha", [false, true, false, false], [false, true, false, false], [false, false, false, true]),
        ("Beta", [false; 4], [false, true, false, false], [false, true, true, true]),
    ] {
        let key = served.place.key(json!({"Policy": policies[name].to_string()}));
        let data_key = json!({"KeyId": key, "KeySpec": "AES_256"});
        let made = served.place.try_call(&a, "GenerateDataKey", data_key.clone()).unwrap();
        for (operation, request, expected) in [
            ("Encrypt", json!({"KeyId": key, "Plaintext": "AAAA"}), encrypt),
            ("GenerateDataKey", data_key, generate),
            ("Decrypt", json!({"CiphertextBlob": made["CiphertextBlob"]}), decrypt),
        ] {
            let found = who.map(|caller| may(&served.place, caller, operation, request.clone()));
            assert_eq!(found, expected, "{name}: {operation}");
        }
    }
}

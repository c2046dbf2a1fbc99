//! What a manifest says is done: each rule with a test that it lets pass and one that it fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::{outcomes, own_vectors, providers, runner};
use serde_json::{Value, json};
use waxseal::ErrorClass;
use waxseal_vectors::load::load;
use waxseal_vectors::run::{Outcome, Verdict};

use Verdict::{Failed, Passed, Skipped};

fn reference(name: &str) -> String {
    format!("file://{}", own_vectors().join(name).display())
}

fn aes(key: &str) -> Value {
    json!({"type": "raw", "provider-id": "waxseal-test", "key": key, "encryption-algorithm": "aes"})
}

/// A message of 100 bytes for `aes-256`, unsigned and without commitment.
fn unsigned() -> Value {
    json!({"ciphertext": reference("python/0178-unframed"), "master-keys": [aes("aes-256")], "result": right()})
}

/// The same, signed.
fn signed() -> Value {
    json!({"ciphertext": reference("python/0378-unframed"), "master-keys": [aes("aes-256")], "result": right()})
}

fn right() -> Value {
    json!({"output": {"plaintext": reference("plaintexts/100")}})
}

fn wrong() -> Value {
    json!({"output": {"plaintext": reference("plaintexts/128")}})
}

fn error() -> Value {
    json!({"error": {"error-description": "because"}})
}

/// A test with fields replaced or added.
fn with(mut test: Value, fields: Value) -> Value {
    let fields = fields.as_object().unwrap().clone();
    test.as_object_mut().unwrap().extend(fields);
    test
}

fn manifest(version: u32, test: &Value) -> Value {
    json!({
        "manifest": {"type": "awses-decrypt", "version": version},
        "keys": reference("keys.json"),
        "tests": {"one": test},
    })
}

/// What comes of a manifest with this test alone; the same with both providers.
fn run(version: u32, test: &Value) -> (Verdict, Option<ErrorClass>) {
    run_document(&manifest(version, test))
}

fn run_document(document: &Value) -> (Verdict, Option<ErrorClass>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    fs::write(&path, document.to_string()).unwrap();
    let [native, rustcrypto] = providers().map(|crypto| outcomes(&path, runner(crypto)).remove(0).1);
    let ends = |outcome: Outcome| {
        println!("{outcome:?}");
        (outcome.verdict, outcome.error_class)
    };
    let (native, rustcrypto) = (ends(native), ends(rustcrypto));
    assert_eq!(native, rustcrypto);
    native
}

#[test]
fn a_wrong_plaintext_fails() {
    assert_eq!(run(3, &unsigned()), (Passed, None));
    assert_eq!(run(3, &with(unsigned(), json!({"result": wrong()}))), (Failed, None));
}

#[test]
fn an_error_must_come_where_one_is_due() {
    assert_eq!(run(3, &with(unsigned(), json!({"result": error()}))), (Failed, None));
    let other_key = with(unsigned(), json!({"master-keys": [aes("aes-128")]}));
    assert_eq!(run(3, &other_key), (Failed, Some(ErrorClass::Key)));
    assert_eq!(run(3, &with(other_key, json!({"result": error()}))), (Passed, Some(ErrorClass::Key)));
}

#[test]
fn a_changed_message_fails_with_its_class() {
    let folder = tempfile::tempdir().unwrap();
    let mut message = fs::read(own_vectors().join("python/0178-unframed")).unwrap();
    *message.last_mut().unwrap() ^= 1;
    let path = folder.path().join("changed");
    fs::write(&path, message).unwrap();
    let changed = with(unsigned(), json!({"ciphertext": format!("file://{}", path.display())}));
    assert_eq!(run(3, &changed), (Failed, Some(ErrorClass::BodyTag)));
    assert_eq!(run(3, &with(changed, json!({"result": error()}))), (Passed, Some(ErrorClass::BodyTag)));
}

#[test]
fn the_commitment_policy_is_kept() {
    let strict = with(unsigned(), json!({"x-commitment-policy": "RequireEncryptRequireDecrypt"}));
    assert_eq!(run(3, &strict), (Failed, Some(ErrorClass::Policy)));
    assert_eq!(run(3, &with(strict, json!({"result": error()}))), (Passed, Some(ErrorClass::Policy)));
    for policy in ["ForbidEncryptAllowDecrypt", "RequireEncryptAllowDecrypt"] {
        assert_eq!(run(3, &with(unsigned(), json!({"x-commitment-policy": policy}))), (Passed, None));
    }
    let unknown = with(unsigned(), json!({"x-commitment-policy": "Whatever", "result": error()}));
    assert_eq!(run(3, &unknown), (Failed, None));
}

#[test]
fn the_limit_of_data_keys_is_kept() {
    let two = with(
        unsigned(),
        json!({"ciphertext": reference("python/0178-two-data-keys"), "x-max-encrypted-data-keys": 2}),
    );
    assert_eq!(run(3, &two), (Passed, None));
    let one = with(two, json!({"x-max-encrypted-data-keys": 1}));
    assert_eq!(run(3, &one), (Failed, Some(ErrorClass::Limit)));
    assert_eq!(run(3, &with(one.clone(), json!({"result": error()}))), (Passed, Some(ErrorClass::Limit)));
    assert_eq!(
        run(3, &with(one, json!({"x-max-encrypted-data-keys": 0, "result": error()}))),
        (Failed, None)
    );
}

#[test]
fn a_stream_that_refuses_signed_messages_does() {
    let method = json!({"decryption-method": "streaming-unsigned-only"});
    assert_eq!(run(3, &signed()), (Passed, None));
    assert_eq!(run(3, &with(unsigned(), method.clone())), (Passed, None));
    let refused = with(signed(), method);
    assert_eq!(run(3, &refused), (Failed, Some(ErrorClass::Policy)));
    assert_eq!(run(3, &with(refused, json!({"result": error()}))), (Passed, Some(ErrorClass::Policy)));
}

#[test]
fn other_fields_are_ignored() {
    assert_eq!(run(3, &with(unsigned(), json!({"x-other": {"a": 1}, "unheard-of": []}))), (Passed, None));
}

#[test]
fn version_1_names_its_plaintext_itself() {
    let mut test = unsigned();
    test.as_object_mut().unwrap().remove("result");
    assert_eq!(run(1, &test), (Failed, None));
    assert_eq!(
        run(1, &with(test.clone(), json!({"plaintext": reference("plaintexts/100")}))),
        (Passed, None)
    );
    assert_eq!(run(1, &with(test, json!({"plaintext": reference("plaintexts/128")}))), (Failed, None));
}

#[test]
fn version_4_requires_its_context() {
    let required = with(
        unsigned(),
        json!({
            "ciphertext": reference("python/0178-required-context"),
            "cmm": "RequiredEncryptionContext",
            "encryption-context": {"tenant": "7"},
        }),
    );
    assert_eq!(run(4, &required), (Passed, None));
    let other = with(required.clone(), json!({"encryption-context": {"tenant": "8"}}));
    assert_eq!(run(4, &other), (Failed, Some(ErrorClass::Key)));
    let none = with(required, json!({"cmm": "Default", "encryption-context": {}}));
    assert_eq!(run(4, &none), (Failed, Some(ErrorClass::Key)));
}

/// A message of version 5 with keyrings, one level down.
fn scenario(fields: Value) -> Value {
    let scenario = json!({
        "type": "positive-esdk",
        "ciphertext": reference("python/0178-required-context"),
        "result": reference("plaintexts/100"),
        "decryptKeyDescription": {
            "type": "required-encryption-context-cmm",
            "underlying": aes("aes-256"),
            "requiredEncryptionContextKeys": ["tenant"],
        },
        "reproduced-encryption-context": {"tenant": "7"},
    });
    json!({"decryption-scenario": with(scenario, fields)})
}

#[test]
fn version_5_has_scenarios() {
    assert_eq!(run(5, &scenario(json!({}))), (Passed, None));
    assert_eq!(run(5, &scenario(json!({"result": reference("plaintexts/128")}))), (Failed, None));
    assert_eq!(run(5, &scenario(json!({"type": "negative-esdk"}))), (Failed, None));
    let missing = json!({"type": "negative-esdk", "reproduced-encryption-context": {}});
    assert_eq!(run(5, &scenario(missing)), (Passed, Some(ErrorClass::Context)));
}

/// A test of data keys without a message, by static material of sixteen bytes of one.
fn data_key(fields: Value) -> Value {
    let test = json!({
        "type": "positive-keyring",
        "algorithmSuiteId": "0014",
        "keyDescription": {"type": "static-material-keyring", "key": "ones"},
        "encryptedDataKeys": [{"keyProviderId": "p", "keyProviderInfo": "", "ciphertext": ""}],
        "encryptionContext": {"a": "b"},
        "reproducedEncryptionContext": {"c": "d"},
        "result": {
            "plaintextDataKey": "AQEBAQEBAQEBAQEBAQEBAQ==",
            "requiredEncryptionContextKeys": ["c"],
        },
    });
    json!({
        "manifest": {"type": "awses-mpl-decrypt", "version": 4},
        "keys": {
            "manifest": {"type": "keys", "version": 2},
            "keys": {
                "ones": {"type": "static-material", "plaintextDataKey": "AQEBAQEBAQEBAQEBAQEBAQ=="},
                "none": {"type": "static-material"},
            },
        },
        "tests": {"one": with(test, fields)},
    })
}

#[test]
fn data_keys_are_compared_without_a_message() {
    let negative = json!({"type": "negative-keyring", "result": null});
    assert_eq!(run_document(&data_key(json!({}))), (Passed, None));
    assert_eq!(run_document(&data_key(negative.clone())), (Failed, None));
    let zeros = json!({"plaintextDataKey": "AAAA", "requiredEncryptionContextKeys": ["c"]});
    assert_eq!(run_document(&data_key(json!({"result": zeros}))), (Failed, None));
    let keys = json!({"plaintextDataKey": "AQEBAQEBAQEBAQEBAQEBAQ==", "requiredEncryptionContextKeys": []});
    assert_eq!(run_document(&data_key(json!({"result": keys}))), (Failed, None));
    let none = json!({"keyDescription": {"type": "static-material-keyring", "key": "none"}});
    let (verdict, class) = run_document(&data_key(none.clone()));
    assert_eq!((verdict, class), (Failed, Some(ErrorClass::Materials)));
    assert_eq!(run_document(&data_key(with(none, negative))), (Passed, class));
    assert_eq!(run_document(&data_key(json!({"algorithmSuiteId": "6700"}))), (Skipped, None));
}

/// A message that an ECDH keyring opens.
fn by_ecdh(schema: &str, sender: &str, recipient: &str) -> Value {
    let keys = json!([{"type": "raw-ecdh", "schema": schema, "sender": sender, "recipient": recipient}]);
    with(unsigned(), json!({"ciphertext": reference("python/0178-ecdh-static"), "master-keys": keys}))
}

#[test]
fn ecdh_opens_by_its_schema_and_its_curve() {
    let curve = "ec-521";
    assert_eq!(run(3, &by_ecdh("static", curve, curve)), (Passed, None));
    assert_eq!(run(3, &by_ecdh("discovery", "discovery", curve)), (Passed, None));
    assert_eq!(run(3, &by_ecdh("discovery", "discovery", "ec-256")), (Failed, Some(ErrorClass::Key)));
    assert_eq!(run(3, &by_ecdh("ephemeral", "ephemeral", curve)), (Failed, Some(ErrorClass::Key)));
    assert_eq!(run(3, &by_ecdh("static", "ec-256", curve)), (Failed, None));
    assert_eq!(run(3, &by_ecdh("unheard-of", curve, curve)), (Failed, None));
    assert_eq!(run(3, &by_ecdh("static", "aes-256", curve)), (Failed, None));
}

#[test]
fn keys_that_are_not_there_skip_a_test_and_unknown_ones_fail_it() {
    for kind in ["aws-kms-hierarchy", "unheard-of"] {
        let test = with(unsigned(), json!({"master-keys": [{"type": kind, "key": "some-key"}]}));
        assert_eq!(run(3, &test), (Skipped, None), "{kind}");
    }
    for description in [kms_discovery(), json!({"type": "aws-kms"})] {
        let test = with(unsigned(), json!({"master-keys": [description]}));
        assert_eq!(run(3, &test), (Skipped, None), "{description}");
    }
    let unknown = json!({"type": "aws-kms", "key": "no-such-key"});
    assert_eq!(run(3, &with(unsigned(), json!({"master-keys": [unknown]}))), (Failed, None));
    assert_eq!(run(3, &with(unsigned(), json!({"master-keys": [aes("no-such-key")]}))), (Failed, None));
    assert_eq!(run(3, &with(unsigned(), json!({"master-keys": []}))), (Failed, None));
    assert_eq!(run(3, &with(unsigned(), json!({"ciphertext": reference("no-such-file")}))), (Failed, None));
    assert_eq!(run(3, &with(unsigned(), json!({"decryption-method": "unheard-of"}))), (Skipped, None));
}

#[test]
fn other_versions_and_other_documents_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    for document in [manifest(6, &unsigned()), manifest(0, &unsigned()), json!({"a": 1}), json!([])] {
        fs::write(&path, document.to_string()).unwrap();
        assert!(load(&path).is_err(), "{document}");
    }
    fs::write(&path, "{").unwrap();
    assert!(load(&path).is_err());
    assert!(load(folder.path().join("no-such-file").as_path()).is_err());
}

/// A zip, with a folder inside, of a manifest whose references are relative.
fn zipped(path: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).unwrap());
    let mut add = |name: &str, bytes: &[u8]| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    };
    let mut document = manifest(3, &unsigned());
    document["keys"] = json!("file://keys.json");
    document["tests"]["one"]["ciphertext"] = json!("file://ciphertexts/one");
    document["tests"]["one"]["result"]["output"]["plaintext"] = json!("file://plaintexts/one");
    add("set/manifest.json", document.to_string().as_bytes());
    for (name, from) in [
        ("keys.json", "keys.json"),
        ("ciphertexts/one", "python/0178-unframed"),
        ("plaintexts/one", "plaintexts/100"),
    ] {
        add(&format!("set/{name}"), &fs::read(own_vectors().join(from)).unwrap());
    }
    zip.finish().unwrap();
}

#[test]
fn a_zip_is_as_good_as_a_folder_and_found_inside_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.zip");
    zipped(&path);
    for path in [path.as_path(), folder.path()] {
        let [(name, outcome)] = outcomes(path, runner(providers()[0])).try_into().unwrap();
        assert_eq!((name.as_str(), outcome.verdict), ("one", Passed));
    }
}

/// A description of keys in KMS, which the tests don't have.
fn kms_discovery() -> Value {
    json!({"type": "aws-kms-mrk-aware-discovery", "default-mrk-region": "us-east-1"})
}

/// Exit code and standard output of the command.
fn command(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waxseal-vectors"));
    let output = command.args(arguments).env_remove("AWS_ENDPOINT_URL_KMS").output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_command_ends_with_its_counts_and_exits_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let path = path.to_str().unwrap();
    let kms = with(unsigned(), json!({"master-keys": [kms_discovery()]}));
    let mut document = manifest(3, &unsigned());
    document["tests"]["two"] = kms;
    fs::write(path, document.to_string()).unwrap();
    let (code, text) = command(&["decrypt", path, "--provider", "rustcrypto"]);
    assert_eq!(code, Some(0));
    assert_eq!(text.lines().last(), Some("1 passed, 0 failed, 1 skipped"));
    assert!(text.contains("skipped 1: needs keys of AWS KMS"), "{text}");

    document["tests"]["three"] = with(unsigned(), json!({"result": wrong()}));
    fs::write(path, document.to_string()).unwrap();
    let (code, text) = command(&["decrypt", path]);
    assert_eq!(code, Some(1));
    assert_eq!(text.lines().last(), Some("1 passed, 1 failed, 1 skipped"));
    assert!(text.contains("three: another plaintext"), "{text}");
    assert_eq!(command(&["decrypt", "no-such-file"]).0, Some(2));
}

#[test]
fn the_keyring_command_runs_data_keys_alone() {
    let data_keys = own_vectors().join("python-data-keys.json");
    let (code, text) = command(&["keyring", data_keys.to_str().unwrap()]);
    assert_eq!((code, text.lines().last()), (Some(0), Some("275 passed, 0 failed, 0 skipped")));
    let (code, of_folder) =
        command(&["keyring", own_vectors().to_str().unwrap(), "--provider", "rustcrypto"]);
    assert_eq!((code, of_folder.lines().last()), (Some(0), text.lines().last()));
    let messages = own_vectors().join("python-ecdh.json");
    assert_eq!(command(&["keyring", messages.to_str().unwrap()]).0, Some(2));
    assert_eq!(command(&["decrypt", messages.to_str().unwrap()]).0, Some(0));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let zeros = json!({"plaintextDataKey": "AAAA", "requiredEncryptionContextKeys": ["c"]});
    fs::write(&path, data_key(json!({"result": zeros})).to_string()).unwrap();
    let (code, text) = command(&["keyring", "--json", path.to_str().unwrap()]);
    assert_eq!((code, text.lines().last()), (Some(1), Some("0 passed, 1 failed, 0 skipped")));
}

#[test]
fn json_has_a_line_for_each_test() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.json");
    let mut document = manifest(3, &unsigned());
    document["tests"]["two"] = with(unsigned(), json!({"master-keys": [aes("aes-128")], "result": error()}));
    document["tests"]["three"] = with(unsigned(), json!({"master-keys": [kms_discovery()]}));
    fs::write(&path, document.to_string()).unwrap();
    let (code, text) = command(&["decrypt", "--json", path.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.last(), Some(&"2 passed, 0 failed, 1 skipped"));
    let tests: Vec<Value> = lines[..3].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |name: &str| tests.iter().find(|test| test["name"] == name).unwrap();
    assert_eq!(find("one")["outcome"], "passed");
    assert_eq!(find("one")["error_class"], Value::Null);
    assert_eq!(find("two")["outcome"], "passed");
    assert_eq!(find("two")["error_class"], "Key");
    assert_eq!(find("three")["outcome"], "skipped");
    assert!(find("three")["reason"].as_str().unwrap().contains("AWS KMS"));
}

//! `waxseal kms` but for the server, and `--key local:`.

use serde_json::Value;

use crate::support::{NOTICE, Place, Run};

const STORE: &str = "--store=kms/keys.redb";
const KEY: &str = "local:alias/demo?store=kms/keys.redb";

fn kms(place: &Place, args: &[&str]) -> Run {
    place.run(&[&["-q", "kms"], args, &[STORE]].concat())
}

/// With a store, a key of this alias, and a file.
fn place_with_key(alias: &str) -> (Place, String) {
    let place = Place::empty();
    place.write("file", "content");
    let arn = kms(&place, &["create-key", "--alias", alias]).ends(0).text().trim().to_owned();
    (place, arn)
}

fn encrypt(place: &Place, key: &str) -> Run {
    place.run(&["encrypt", "file", "--force", "--key", key, "-c", "tenant=7"])
}

fn decrypt(place: &Place, key: &str) -> Run {
    place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", key, "-c", "tenant=7"])
}

fn list(place: &Place) -> Value {
    serde_json::from_slice(&kms(place, &["list", "--json"]).ends(0).stdout).unwrap()
}

#[test]
fn a_local_key_encrypts_and_decrypts_by_every_name() {
    let (place, arn) = place_with_key("alias/demo");
    let id = arn.rsplit_once('/').unwrap().1;
    let names = ["alias/demo", id, &arn].map(|name| format!("local:{name}?store=kms/keys.redb"));
    for writer in &names {
        encrypt(&place, writer).ends(0);
        for reader in &names {
            assert_eq!(decrypt(&place, reader).ends(0).stdout, b"content");
        }
    }
    assert!(place.run(&["inspect", "file.waxseal"]).ends(0).text().contains(&arn));
    let wrong = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", KEY, "-c", "tenant=8"]);
    assert!(wrong.ends(1).stdout.is_empty());
}

#[test]
fn several_keys_of_one_store_are_used_together() {
    let (place, _) = place_with_key("alias/demo");
    kms(&place, &["create-key", "--alias", "alias/other", "--region", "eu-west-1"]).ends(0);
    let other = "local:alias/other?store=kms/keys.redb&region=eu-west-1";
    place.run(&["encrypt", "file", "--key", KEY, "--key", other]).ends(0);
    let other_alone = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", other]).ends(0);
    assert_eq!(other_alone.stdout, b"content");
    place
        .run(&["encrypt", "file", "--key", "local:alias/other?store=kms/keys.redb"])
        .ends(2)
        .says("no such alias");
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_store_and_its_key() {
    use std::os::unix::fs::PermissionsExt;
    let (place, _) = place_with_key("alias/demo");
    let mode = |name| std::fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["kms", "kms/keys.redb", "kms/keys.redb.key"].map(mode), [0o700, 0o600, 0o600]);
}

#[test]
fn without_a_name_the_store_is_in_the_users_folder() {
    let place = Place::empty();
    place.write("file", "content");
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        let command = command.env("HOME", place.path("home")).env("XDG_DATA_HOME", place.path("data"));
        let output = command.env_remove("WAXSEAL_KMS_STORE").output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let note = run(&["kms", "create-key", "--alias", "alias/demo"]);
    assert_eq!(note, format!("{NOTICE}use it as --key 'local:alias/demo'\n"));
    assert_eq!(run(&["kms", "list"]), NOTICE);
    assert_eq!(run(&["-q", "encrypt", "file", "--key", "local:alias/demo"]), "");
    let note = run(&["encrypt", "--force", "file", "--key", "local:alias/demo"]);
    assert_eq!(note.matches(NOTICE).count(), 1, "{note}");
    run(&["-q", "decrypt", "file.waxseal", "-o", "opened", "--key", "local:alias/demo"]);
    assert_eq!(place.read("opened"), b"content");
    if cfg!(target_os = "linux") {
        assert!(
            place.path("data/waxseal/kms.redb").exists() && place.path("data/waxseal/kms.redb.key").exists()
        );
    }
}

#[test]
fn what_is_asked_of_no_store_makes_none() {
    let place = Place::empty();
    place.write("file", "content");
    for args in [&["list"][..], &["alias", "alias/a", "k"], &["policy", "k"], &["enable", "k"]] {
        kms(&place, args).ends(3).says("there is no store");
    }
    encrypt(&place, KEY).ends(3).says("there is no store");
    assert_eq!(place.names(), ["file"]);
}

#[test]
fn keys_are_listed_with_their_aliases_and_states() {
    let (place, arn) = place_with_key("alias/demo");
    kms(&place, &["create-key", "--spec", "HMAC_256", "--description", "codes"]).ends(0);
    kms(&place, &["create-key", "--spec", "ECC_NIST_P384", "--usage", "SIGN_VERIFY"]).ends(0);
    kms(&place, &["disable", "alias/demo"]).ends(0);
    let keys = list(&place);
    let keys = keys.as_array().unwrap();
    assert_eq!(keys.len(), 3);
    let demo = keys.iter().find(|key| key["arn"] == arn.as_str()).unwrap();
    assert_eq!(demo["aliases"], serde_json::json!(["alias/demo"]));
    assert_eq!((demo["state"].as_str(), demo["multi_region"].as_bool()), (Some("Disabled"), Some(false)));
    let codes = keys.iter().find(|key| key["spec"] == "HMAC_256").unwrap();
    assert_eq!(
        (codes["usage"].as_str(), codes["description"].as_str()),
        (Some("GENERATE_VERIFY_MAC"), Some("codes"))
    );
    let run = kms(&place, &["list"]).ends(0);
    assert!(run.text().lines().any(|line| line.ends_with("Disabled  alias/demo")), "{}", run.text());
    assert_eq!(run.text().lines().count(), 4);
}

#[test]
fn a_disabled_key_does_nothing_until_it_is_enabled() {
    let (place, _) = place_with_key("alias/demo");
    encrypt(&place, KEY).ends(0);
    kms(&place, &["disable", "alias/demo"]).ends(0);
    encrypt(&place, KEY).ends(4).says("DisabledException");
    decrypt(&place, KEY).ends(4).says("DisabledException");
    kms(&place, &["enable", "alias/demo"]).ends(0);
    assert_eq!(decrypt(&place, KEY).ends(0).stdout, b"content");
}

#[test]
fn aliases_move_and_go() {
    let (place, first) = place_with_key("alias/demo");
    kms(&place, &["create-key", "--alias", "alias/demo"]).ends(2).says("is taken");
    assert_eq!(list(&place).as_array().unwrap().len(), 1);
    let second = kms(&place, &["create-key"]).ends(0).text().trim().to_owned();
    encrypt(&place, KEY).ends(0);
    kms(&place, &["alias", "alias/demo", &second]).ends(0);
    decrypt(&place, KEY).ends(1);
    kms(&place, &["alias", "alias/old", &first]).ends(0);
    assert_eq!(decrypt(&place, "local:alias/old?store=kms/keys.redb").ends(0).stdout, b"content");
    kms(&place, &["alias", "alias/old", "--delete"]).ends(0);
    decrypt(&place, "local:alias/old?store=kms/keys.redb").ends(2).says("no such alias");
    kms(&place, &["alias", "alias/old", "--delete"]).ends(4).says("NotFoundException");
}

#[test]
fn a_policy_says_who_may_do_what() {
    let (place, _) = place_with_key("alias/demo");
    let shown = kms(&place, &["policy", "alias/demo"]).ends(0);
    assert!(serde_json::from_slice::<Value>(&shown.stdout).unwrap()["Statement"].is_array());
    let allow = |who: &str, actions: &[&str]| {
        let principal = format!("arn:aws:iam::111122223333:{who}");
        serde_json::json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions, "Resource": "*" })
    };
    let administrator = ["kms:Put*", "kms:Get*", "kms:Describe*", "kms:ListAliases"];
    let statements = [allow("user/admin", &administrator), allow("user/writer", &["kms:GenerateDataKey"])];
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": statements });
    place.write("policy.json", policy.to_string());
    kms(&place, &["policy", "alias/demo", "policy.json"]).ends(4).says("MalformedPolicyDocumentException");
    kms(&place, &["policy", "alias/demo", "policy.json", "--bypass-policy-lockout-safety-check"]).ends(0);
    let writer = format!("{KEY}&principal=arn:aws:iam::111122223333:user/writer");
    encrypt(&place, &writer).ends(0);
    decrypt(&place, &writer).ends(4).says("AccessDeniedException");
    encrypt(&place, KEY).ends(4).says("AccessDeniedException");
    let admin = "--principal=arn:aws:iam::111122223333:user/admin";
    let shown = kms(&place, &["policy", "alias/demo", admin]).ends(0);
    assert_eq!(serde_json::from_slice::<Value>(&shown.stdout).unwrap(), policy);
}

#[test]
fn a_passphrase_opens_the_store_and_another_does_not() {
    let place = Place::empty();
    place.write("file", "content");
    place.write("right", "open sesame\n");
    place.write("wrong", "open barley\n");
    let create = |passphrase: &str| {
        let file = format!("--passphrase-file={passphrase}");
        place.run(&["-q", "kms", "create-key", "--store=s", "--alias", "alias/demo", &file])
    };
    create("right").ends(0);
    assert_eq!(place.names(), ["file", "right", "s", "wrong"]);
    create("wrong").ends(2).says("does not open the store");
    let key = |passphrase: &str| format!("local:alias/demo?store=s&passphrase-file={passphrase}");
    encrypt(&place, &key("right")).ends(0);
    decrypt(&place, &key("wrong")).ends(2).says("does not open the store");
    let mut command =
        place.command(&["decrypt", "file.waxseal", "-o", "-", "--key", "local:alias/demo?store=s"]);
    let output = command.env("WAXSEAL_KMS_PASSPHRASE", "open sesame").output().unwrap();
    assert_eq!(output.stdout, b"content");
}

#[test]
fn a_key_file_of_ones_own_opens_the_store() {
    let place = Place::new();
    place.write("file", "content");
    place.run(&["-q", "kms", "create-key", "--store=s", "--store-key=key", "--alias=alias/demo"]).ends(0);
    encrypt(&place, "local:alias/demo?store=s&store-key=key").ends(0);
    decrypt(&place, "local:alias/demo?store=s&store-key=other-key").ends(2).says("does not open the store");
    decrypt(&place, "local:alias/demo?store=s").ends(3);
    assert_eq!(place.names(), ["file", "file.waxseal", "s"]);
}

#[test]
fn the_same_command_line_means_the_same_key_in_no_other_account() {
    let (place, _) = place_with_key("alias/demo");
    kms(&place, &["list", "--account", "444455556666"]).ends(2).says("444455556666");
    kms(&place, &["create-key", "--account", "1"]).ends(2).says("twelve digits");
}

#[test]
fn two_names_of_one_store_are_one_store() {
    let place = Place::empty();
    place.write("file", "content");
    for alias in ["--alias=alias/a", "--alias=alias/b"] {
        place.run(&["-q", "kms", "create-key", "--store=s", alias]).ends(0);
    }
    let keys = ["--key=local:alias/a?store=s", "--key=local:alias/b?store=./s"];
    place.run(&["-q", "encrypt", "file", keys[0], keys[1]]).ends(0);
    place.run(&["-q", "decrypt", "file.waxseal", "-o", "-", keys[1]]).ends(0);
}

/// A key that the caller may not look at hides no other, and its state can be changed by who may do that.
#[test]
fn what_a_policy_hides_is_left_out_and_no_more() {
    let (place, _) = place_with_key("alias/demo");
    let admin = "arn:aws:iam::111122223333:user/admin";
    place.write(
        "policy",
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{admin}"}},
            "Action": ["kms:PutKeyPolicy", "kms:DisableKey", "kms:EnableKey", "kms:CreateAlias"], "Resource": "*"}}]}}"#
        ),
    );
    let hidden = ["create-key", "--alias", "alias/hidden", "--policy", "policy", "--principal", admin];
    let arn = kms(&place, &hidden).ends(0).text().trim().to_owned();
    let keys = list(&place);
    let find = |arn: &str| keys.as_array().unwrap().iter().find(|key| key["arn"] == arn).unwrap().clone();
    assert_eq!((&find(&arn)["state"], &find(&arn)["aliases"][0]), (&Value::Null, &"alias/hidden".into()));
    assert_eq!(keys.as_array().unwrap().iter().filter(|key| key["state"] == "Enabled").count(), 1);
    let table = kms(&place, &["list"]).ends(0).text().to_owned();
    assert!(table.lines().any(|line| line.contains(" - ") && line.ends_with("alias/hidden")), "{table}");
    kms(&place, &["disable", "alias/hidden", "--principal", admin]).ends(0);
    kms(&place, &["disable", "alias/hidden"]).ends(4).says("AccessDeniedException");
}

#[test]
fn a_key_whose_name_is_refused_is_told_or_not_made() {
    let (place, _) = place_with_key("alias/demo");
    for name in ["demo", "alias/a b", "alias/aws/s3"] {
        kms(&place, &["create-key", "--alias", name]).ends(2).says("no name for a key");
    }
    assert_eq!(list(&place).as_array().unwrap().len(), 1);
    let admin = "arn:aws:iam::111122223333:user/admin";
    place.write(
        "policy",
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{admin}"}},
            "Action": "kms:PutKeyPolicy", "Resource": "*"}}]}}"#
        ),
    );
    let run = kms(&place, &["create-key", "--alias", "alias/b", "--policy", "policy", "--principal", admin]);
    assert!(run.ends(4).says("the key is made, and has no name").text().starts_with("arn:aws:kms:"));
}

#[test]
fn every_command_leaves_its_calls_in_the_audit_log() {
    let (place, arn) = place_with_key("alias/demo");
    place.write("log", "half a line");
    for args in [&["encrypt", "file", "--key", KEY][..], &["-q", "kms", "list", STORE]] {
        let output = place.command(args).env("WAXSEAL_KMS_AUDIT", place.path("log")).output().unwrap();
        Run::of(output).ends(0);
    }
    let log = String::from_utf8(place.read("log")).unwrap();
    let lines: Vec<Value> = log.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    let made = lines.iter().find(|line| line["operation"] == "GenerateDataKey").unwrap();
    assert_eq!((&made["keys"][0], &made["outcome"]), (&arn.as_str().into(), &"Success".into()));
    assert!(lines.iter().any(|line| line["operation"] == "DescribeKey"));
}

#[test]
fn one_store_has_one_key_that_opens_it() {
    let (place, _) = place_with_key("alias/demo");
    let named = "local:alias/demo?store=kms/keys.redb&store-key=kms/keys.redb.key";
    place.run(&["encrypt", "file", "--key", KEY, "--key", named]).ends(0);
    let other = "local:alias/demo?store=kms/keys.redb&store-key=file";
    let run = place.run(&["encrypt", "file", "--force", "--key", KEY, "--key", other]);
    run.ends(2).says("one store is named with two keys");
}

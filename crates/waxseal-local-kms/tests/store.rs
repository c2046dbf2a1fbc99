//! The store file: what it keeps, who can open it, what it gives away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use common::{code, create, ok, symmetric, text, user, user_in};
use serde_json::{Value, json};
use tempfile::TempDir;
use waxseal_crypto::SecretBytes;
use waxseal_local_kms::{AccessKey, LocalKms, LocalKmsError, LocalKmsOptions, ManualClock, StoreKey};

const STORE: &str = "WAXSEAL_TEST_STORE";

fn key_bytes() -> StoreKey {
    StoreKey::KeyBytes(SecretBytes::from([7; 32]))
}

fn passphrase(text: &str) -> StoreKey {
    StoreKey::Passphrase(SecretBytes::copy_of(text.as_bytes()))
}

fn place(folder: &TempDir) -> PathBuf {
    folder.path().join("store.redb")
}

fn open(path: &Path) -> LocalKms {
    LocalKms::open(path, &key_bytes()).unwrap()
}

#[test]
fn all_is_there_when_the_store_is_opened_again() {
    let folder = TempDir::new().unwrap();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let kms = open(&place(&folder));
    let key = create(
        &kms,
        &alice,
        json!({"MultiRegion": true, "Description": "d", "Tags": [{"TagKey": "t", "TagValue": "v"}]}),
    );
    ok(&kms, &alice, "ReplicateKey", json!({"KeyId": key, "ReplicaRegion": "us-east-1"}));
    ok(&kms, &alice, "CreateAlias", json!({"AliasName": "alias/demo", "TargetKeyId": key}));
    let before = ok(&kms, &alice, "Encrypt", json!({"KeyId": key, "Plaintext": "aGk="}));
    ok(&kms, &alice, "RotateKeyOnDemand", json!({"KeyId": key}));
    ok(&kms, &alice, "EnableKeyRotation", json!({"KeyId": key}));
    let grant = json!({"KeyId": key, "GranteePrincipal": user("b").principal, "Operations": ["Decrypt"]});
    ok(&kms, &alice, "CreateGrant", grant);
    for (spec, usage) in [
        ("ECC_NIST_P521", "SIGN_VERIFY"),
        ("RSA_2048", "ENCRYPT_DECRYPT"),
        ("HMAC_512", "GENERATE_VERIFY_MAC"),
    ] {
        create(&kms, &alice, json!({"KeySpec": spec, "KeyUsage": usage}));
    }
    let secret = Arc::new(SecretBytes::copy_of(b"wJalrXUtnFEMI"));
    kms.add_access_key(AccessKey { id: "AKIA1".into(), secret, principal: alice.principal.clone() }).unwrap();
    let all = |kms: &LocalKms| -> Vec<Value> {
        let mut all = vec![ok(kms, &alice, "ListKeys", json!({})), ok(kms, &there, "ListKeys", json!({}))];
        for operation in [
            "DescribeKey",
            "ListGrants",
            "ListResourceTags",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "ListKeyRotations",
        ] {
            all.push(ok(kms, &alice, operation, json!({"KeyId": key})));
        }
        all.push(ok(kms, &alice, "ListAliases", json!({})));
        all
    };
    let written = all(&kms);
    drop(kms);

    let kms = open(&place(&folder));
    assert_eq!(all(&kms), written);
    let decrypt = json!({"CiphertextBlob": before["CiphertextBlob"]});
    ok(&kms, &there, "Decrypt", decrypt);
    let found = kms.access_key("AKIA1").unwrap();
    assert_eq!((found.secret.expose(), found.principal), (&b"wJalrXUtnFEMI"[..], alice.principal.clone()));
    assert!(kms.access_key("AKIA2").is_none());
    assert_eq!(kms.access_keys().iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["AKIA1"]);
    assert!(kms.remove_access_key("AKIA1").unwrap() && !kms.remove_access_key("AKIA1").unwrap());
    assert!(kms.access_key("AKIA1").is_none());
    ok(&kms, &alice, "DeleteAlias", json!({"AliasName": "alias/demo"}));
    drop(kms);
    let kms = open(&place(&folder));
    assert_eq!(ok(&kms, &alice, "ListAliases", json!({}))["Aliases"], json!([]));
    assert!(kms.access_keys().is_empty());
}

#[test]
fn a_deleted_key_is_gone_from_the_store() {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(ManualClock::new(SystemTime::now()));
    let options = LocalKmsOptions { clock: clock.clone(), ..LocalKmsOptions::default() };
    let kms = LocalKms::open_with(place(&folder), &key_bytes(), options.clone()).unwrap();
    let (alice, key) = (user("alice"), symmetric(&kms));
    ok(&kms, &alice, "ScheduleKeyDeletion", json!({"KeyId": key, "PendingWindowInDays": 7}));
    drop(kms);
    clock.advance(Duration::from_secs(8 * 24 * 60 * 60));
    let kms = LocalKms::open_with(place(&folder), &key_bytes(), options).unwrap();
    assert_eq!(code(&kms, &alice, "DescribeKey", json!({"KeyId": key})), "NotFoundException");
    drop(kms);
    assert_eq!(ok(&open(&place(&folder)), &alice, "ListKeys", json!({}))["Keys"], json!([]));
}

#[test]
fn only_its_own_key_opens_a_store() {
    let folder = TempDir::new().unwrap();
    let path = place(&folder);
    drop(LocalKms::open(&path, &passphrase("right")).unwrap());
    for wrong in [passphrase("Right"), key_bytes()] {
        let error = LocalKms::open(&path, &wrong).unwrap_err();
        assert!(matches!(error, LocalKmsError::WrongStoreKey), "{error}");
        assert_eq!(error.to_string(), "the passphrase or key file does not open the store");
    }
    let error = LocalKms::open(&path, &passphrase("")).unwrap_err();
    assert!(matches!(error, LocalKmsError::StoreKeyLength { found: 0 }));
    let short = StoreKey::KeyBytes(SecretBytes::zeroed(31));
    let error = LocalKms::open(folder.path().join("other"), &short).unwrap_err();
    assert!(matches!(error, LocalKmsError::StoreKeyLength { found: 31 }));
    assert!(!folder.path().join("other").exists());
    LocalKms::open(&path, &passphrase("right")).unwrap();
}

#[test]
fn a_store_is_of_one_account() {
    let folder = TempDir::new().unwrap();
    let of =
        |account: &str| LocalKmsOptions { account: Some(account.to_owned()), ..LocalKmsOptions::default() };
    let kms = LocalKms::open_with(place(&folder), &key_bytes(), of("999988887777")).unwrap();
    assert_eq!(kms.account(), "999988887777");
    drop(kms);
    assert_eq!(open(&place(&folder)).account(), "999988887777");
    let error = LocalKms::open_with(place(&folder), &key_bytes(), of("111122223333")).unwrap_err();
    assert!(matches!(error, LocalKmsError::OtherAccount { .. }));
    let error = LocalKms::open_with(place(&folder), &key_bytes(), of("12")).unwrap_err();
    assert!(matches!(error, LocalKmsError::InvalidAccount { .. }));
    assert!(LocalKms::volatile_with(of("11112222333x")).is_err());
}

#[test]
fn two_processes_do_not_share_a_store() {
    let folder = TempDir::new().unwrap();
    let path = place(&folder);
    let kms = open(&path);
    let error = LocalKms::open(&path, &key_bytes()).unwrap_err();
    assert!(matches!(error, LocalKmsError::AlreadyOpen { .. }));
    let other = Command::new(std::env::current_exe().unwrap())
        .args(["the_other_process", "--exact", "--nocapture"])
        .env(STORE, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&other.stdout).into_owned();
    assert!(said.contains("is open in another process"), "{said}");
    symmetric(&kms);
    drop(kms);
    open(&path);
}

/// The other process of the test above; alone it does nothing.
#[test]
fn the_other_process() {
    if let Some(path) = std::env::var_os(STORE) {
        println!("{}", LocalKms::open(path, &key_bytes()).unwrap_err());
    }
}

#[test]
fn secrets_do_not_stand_in_the_file() {
    let folder = TempDir::new().unwrap();
    let path = place(&folder);
    let kms = LocalKms::open(&path, &passphrase("correct horse battery")).unwrap();
    let secret = Arc::new(SecretBytes::copy_of(b"wJalrXUtnFEMIK7MDENG"));
    kms.add_access_key(AccessKey { id: "AKIA1".into(), secret, principal: user("a").principal }).unwrap();
    let key = create(&kms, &user("a"), json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}));
    drop(kms);
    let file = std::fs::read(&path).unwrap();
    let has = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"AKIA1") && has(text(&json!(key)).rsplit('/').next().unwrap().as_bytes()));
    for needle in [&b"correct horse"[..], b"wJalrXUtnFEMI", &hex::decode("06072a8648ce3d0201").unwrap()] {
        assert!(!has(needle));
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_a_new_store() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    open(&place(&folder));
    let mode = std::fs::metadata(place(&folder)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_store_is_damaged() {
    let folder = TempDir::new().unwrap();
    for bytes in [&b""[..], b"not a store", &[0; 8192]] {
        std::fs::write(place(&folder), bytes).unwrap();
        let error = LocalKms::open(place(&folder), &key_bytes()).unwrap_err();
        assert!(matches!(error, LocalKmsError::Damaged { .. }), "{error:?}");
        assert_eq!(std::fs::read(place(&folder)).unwrap(), bytes);
    }
    let nowhere = folder.path().join("no/such/folder/store");
    assert!(matches!(LocalKms::open(nowhere, &key_bytes()), Err(LocalKmsError::Io(_))));
}

/// A byte that was changed by accident is of no matter, or the store says that it is damaged. Whoever
/// changes policies, aliases or states on purpose is not found out: they are not authenticated.
#[test]
fn a_flipped_byte_is_damage_or_leaves_the_key_as_it_was() {
    let folder = TempDir::new().unwrap();
    let path = place(&folder);
    let kms = open(&path);
    let secret = Arc::new(SecretBytes::copy_of(b"secret"));
    kms.add_access_key(AccessKey { id: "AKIA1".into(), secret, principal: user("a").principal }).unwrap();
    // In the last commit, which the store must not silently go back behind.
    let key = symmetric(&kms);
    // As the file is when the process is killed, and when it closes the store.
    let killed = std::fs::read(&path).unwrap();
    drop(kms);
    let closed = std::fs::read(&path).unwrap();
    for whole in [killed, closed] {
        flip_bytes(&path, &key, &whole);
    }
}

fn flip_bytes(path: &Path, key: &str, whole: &[u8]) {
    let mut found_out = 0;
    let pages = whole.chunks(4096).enumerate();
    let first_used =
        pages.filter_map(|(page, bytes)| Some(page * 4096 + bytes.iter().position(|byte| *byte != 0)?));
    let some_more = (0..whole.len()).step_by(whole.len() / 100);
    for at in first_used.chain(some_more) {
        let mut changed = whole.to_vec();
        changed[at] ^= 0x55;
        std::fs::write(path, &changed).unwrap();
        match LocalKms::open(path, &key_bytes()) {
            Ok(kms) => {
                ok(&kms, &user("alice"), "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 1}));
            }
            Err(error) => {
                assert!(!matches!(error, LocalKmsError::Io(_)), "{at}: {error:?}");
                found_out += 1;
            }
        }
    }
    assert!(found_out > 0);
    for len in [1, 100, 4096, whole.len() / 2] {
        std::fs::write(path, &whole[..len]).unwrap();
        LocalKms::open(path, &key_bytes()).unwrap_err();
    }
}

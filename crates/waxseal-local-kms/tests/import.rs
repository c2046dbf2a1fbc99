//! Key material of the caller's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{call, code, create, ok, symmetric, text, user, user_in};
use hmac::{KeyInit as _, Mac as _};
use rsa::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms, LocalKmsOptions, ManualClock};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const NOW: u64 = 20_000 * 24 * 60 * 60;
const FOR_EVER: &str = "KEY_MATERIAL_DOES_NOT_EXPIRE";

fn with_clock() -> (LocalKms, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)));
    let options = LocalKmsOptions { clock: clock.clone(), ..LocalKmsOptions::default() };
    (LocalKms::volatile_with(options).unwrap(), clock)
}

/// The request that brings material in, wrapped as the KMS asks.
fn import(kms: &LocalKms, caller: &Caller, key: &str, material: &[u8], algorithm: &str) -> Value {
    let request = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": "RSA_2048"});
    let parameters = ok(kms, caller, "GetParametersForImport", request);
    let public = STANDARD.decode(text(&parameters["PublicKey"])).unwrap();
    let public = rsa::RsaPublicKey::from_public_key_der(&public).unwrap();
    let mut random = rsa::rand_core::OsRng;
    let wrapped = match algorithm {
        "RSAES_OAEP_SHA_1" => public.encrypt(&mut random, rsa::Oaep::new::<sha1_0_10::Sha1>(), material),
        _ => public.encrypt(&mut random, rsa::Oaep::new::<rsa::sha2::Sha256>(), material),
    };
    json!({
        "KeyId": key,
        "ImportToken": parameters["ImportToken"],
        "EncryptedKeyMaterial": STANDARD.encode(wrapped.unwrap()),
        "ExpirationModel": FOR_EVER,
    })
}

fn external(kms: &LocalKms) -> String {
    create(kms, &user("alice"), json!({"Origin": "EXTERNAL"}))
}

#[test]
fn a_key_waits_for_its_material_and_takes_only_the_same_again() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), external(&kms));
    let encrypt = json!({"KeyId": key, "Plaintext": "c2VjcmV0"});
    let state = || ok(&kms, &alice, "DescribeKey", json!({"KeyId": key}))["KeyMetadata"].clone();
    assert_eq!((&state()["KeyState"], &state()["Enabled"]), (&json!("PendingImport"), &json!(false)));
    assert_eq!(code(&kms, &alice, "Encrypt", encrypt.clone()), "KMSInvalidStateException");
    let first =
        ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &key, &[7; 32], "RSAES_OAEP_SHA_256"));
    assert_eq!((&first["KeyId"], &state()["ExpirationModel"]), (&json!(key), &json!(FOR_EVER)));
    let sealed = ok(&kms, &alice, "Encrypt", encrypt);
    let decrypt = json!({"CiphertextBlob": sealed["CiphertextBlob"]});

    ok(&kms, &alice, "DeleteImportedKeyMaterial", json!({"KeyId": key}));
    assert_eq!(code(&kms, &alice, "Decrypt", decrypt.clone()), "KMSInvalidStateException");
    let other = import(&kms, &alice, &key, &[8; 32], "RSAES_OAEP_SHA_256");
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", other), "IncorrectKeyMaterialException");
    let short = import(&kms, &alice, &key, &[7; 31], "RSAES_OAEP_SHA_256");
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", short), "IncorrectKeyMaterialException");
    let again =
        ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &key, &[7; 32], "RSAES_OAEP_SHA_1"));
    assert_eq!(again, first);
    assert_eq!(ok(&kms, &alice, "Decrypt", decrypt)["Plaintext"], "c2VjcmV0");
}

#[test]
fn material_expires() {
    let (kms, clock) = with_clock();
    let (alice, key) = (user("alice"), external(&kms));
    let mut request = import(&kms, &alice, &key, &[7; 32], "RSAES_OAEP_SHA_256");
    request["ExpirationModel"] = json!("KEY_MATERIAL_EXPIRES");
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", request.clone()), "ValidationException");
    for wrong in [NOW - 1, NOW + 366 * 86_400] {
        request["ValidTo"] = json!(wrong);
        assert_eq!(code(&kms, &alice, "ImportKeyMaterial", request.clone()), "ValidationException");
    }
    request["ValidTo"] = json!(NOW + 3600);
    ok(&kms, &alice, "ImportKeyMaterial", request);
    let data_key = json!({"KeyId": key, "NumberOfBytes": 32});
    clock.advance(Duration::from_secs(3599));
    ok(&kms, &alice, "GenerateDataKey", data_key.clone());
    clock.advance(Duration::from_secs(1));
    assert_eq!(code(&kms, &alice, "GenerateDataKey", data_key), "KMSInvalidStateException");
}

#[test]
fn a_token_is_for_one_key_and_one_day() {
    let (kms, clock) = with_clock();
    let (alice, key, other) = (user("alice"), external(&kms), external(&kms));
    let request = import(&kms, &alice, &key, &[7; 32], "RSAES_OAEP_SHA_256");
    let mut wrong = request.clone();
    wrong["KeyId"] = json!(other);
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", wrong), "InvalidImportTokenException");
    let mut wrong = request.clone();
    wrong["ImportToken"] = json!("AAAA");
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", wrong), "InvalidImportTokenException");
    let mut wrong = request.clone();
    wrong["EncryptedKeyMaterial"] = json!(STANDARD.encode([1; 256]));
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", wrong), "InvalidCiphertextException");
    clock.advance(DAY);
    assert_eq!(code(&kms, &alice, "ImportKeyMaterial", request), "ExpiredImportTokenException");
}

#[test]
fn keys_of_kmss_own_material_take_none() {
    let (kms, _clock) = with_clock();
    let request = json!({
        "KeyId": symmetric(&kms), "WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"
    });
    let alice = user("alice");
    assert_eq!(code(&kms, &alice, "GetParametersForImport", request), "UnsupportedOperationException");
    let request = json!({"KeyId": symmetric(&kms)});
    assert_eq!(code(&kms, &alice, "DeleteImportedKeyMaterial", request), "UnsupportedOperationException");
}

#[test]
fn each_replica_imports_the_same_material() {
    let (kms, _clock) = with_clock();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &alice, json!({"Origin": "EXTERNAL", "MultiRegion": true}));
    ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &primary, &[7; 32], "RSAES_OAEP_SHA_256"));
    ok(&kms, &alice, "ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
    let replica = primary.replace("eu-west-1", "us-east-1");
    let sealed = ok(&kms, &alice, "Encrypt", json!({"KeyId": primary, "Plaintext": "c2VjcmV0"}));
    let decrypt = json!({"CiphertextBlob": sealed["CiphertextBlob"], "KeyId": replica});
    assert_eq!(code(&kms, &there, "Decrypt", decrypt.clone()), "KMSInvalidStateException");
    let other = import(&kms, &there, &replica, &[8; 32], "RSAES_OAEP_SHA_256");
    assert_eq!(code(&kms, &there, "ImportKeyMaterial", other), "IncorrectKeyMaterialException");
    ok(&kms, &there, "ImportKeyMaterial", import(&kms, &there, &replica, &[7; 32], "RSAES_OAEP_SHA_256"));
    ok(&kms, &there, "Decrypt", decrypt.clone());
    ok(&kms, &alice, "DeleteImportedKeyMaterial", json!({"KeyId": primary}));
    ok(&kms, &there, "Decrypt", decrypt);
}

/// Material that is known makes codes that another library makes as well.
#[test]
fn imported_hmac_material_makes_the_codes_of_other_libraries() {
    let (kms, _clock) = with_clock();
    let alice = user("alice");
    let request = json!({"Origin": "EXTERNAL", "KeySpec": "HMAC_384", "KeyUsage": "GENERATE_VERIFY_MAC"});
    let key = create(&kms, &alice, request);
    ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &key, &[7; 48], "RSAES_OAEP_SHA_256"));
    let request =
        json!({"KeyId": key, "Message": STANDARD.encode("message"), "MacAlgorithm": "HMAC_SHA_384"});
    let code = ok(&kms, &alice, "GenerateMac", request)["Mac"].clone();
    let elsewhere = hmac::Hmac::<sha2::Sha384>::new_from_slice(&[7; 48]).unwrap();
    let elsewhere = elsewhere.chain_update("message").finalize().into_bytes();
    assert_eq!(STANDARD.decode(text(&code)).unwrap(), elsewhere.as_slice());
}

#[test]
fn wrapping_is_by_oaep() {
    let (kms, _clock) = with_clock();
    let (alice, key) = (user("alice"), external(&kms));
    let asked = |algorithm: &str, spec: &str| {
        let request = json!({"KeyId": key, "WrappingAlgorithm": algorithm, "WrappingKeySpec": spec});
        call(&kms, &alice, "GetParametersForImport", request).unwrap_err().code
    };
    assert_eq!(asked("RSAES_PKCS1_V1_5", "RSA_2048"), "UnsupportedOperationException");
    assert_eq!(asked("SYMMETRIC_DEFAULT", "RSA_2048"), "ValidationException");
    assert_eq!(asked("RSAES_OAEP_SHA_256", "HMAC_256"), "ValidationException");
}

#[test]
fn imported_material_goes_with_the_last_key_that_had_it() {
    let (kms, clock) = with_clock();
    let (alice, there) = (user("alice"), user_in("alice", "us-east-1"));
    let primary = create(&kms, &alice, json!({"Origin": "EXTERNAL", "MultiRegion": true}));
    ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &primary, &[7; 32], "RSAES_OAEP_SHA_256"));
    ok(&kms, &alice, "ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
    let replica = primary.replace("eu-west-1", "us-east-1");
    ok(&kms, &there, "ImportKeyMaterial", import(&kms, &there, &replica, &[7; 32], "RSAES_OAEP_SHA_256"));
    ok(&kms, &alice, "DeleteImportedKeyMaterial", json!({"KeyId": primary}));
    ok(&kms, &there, "ScheduleKeyDeletion", json!({"KeyId": replica, "PendingWindowInDays": 7}));
    clock.advance(8 * DAY);
    let described = ok(&kms, &alice, "DescribeKey", json!({"KeyId": primary}));
    assert_eq!(described["KeyMetadata"]["KeyState"], "PendingImport");
    ok(&kms, &alice, "ImportKeyMaterial", import(&kms, &alice, &primary, &[7; 32], "RSAES_OAEP_SHA_256"));
    ok(&kms, &alice, "Encrypt", json!({"KeyId": primary, "Plaintext": "aGk="}));
}

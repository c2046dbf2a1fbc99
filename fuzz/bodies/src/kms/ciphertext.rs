//! Blobs of any bytes, and right ones with something changed: what was encrypted alone opens, and
//! under its own context alone.

use std::sync::OnceLock;

use serde_json::{Value, json};
use waxseal_local_kms::LocalKms;

use super::{base64, bytes, call, create_key, ok};
use crate::Choices;
use crate::edits::edited;

const PLAINTEXT: &[u8] = b"what was encrypted";

/// A KMS with two keys, and a blob under the first.
struct Sealed {
    kms: LocalKms,
    keys: [String; 2],
    blob: Vec<u8>,
}

fn sealed() -> &'static Sealed {
    static SEALED: OnceLock<Sealed> = OnceLock::new();
    SEALED.get_or_init(|| {
        let kms = LocalKms::volatile();
        let keys = [create_key(&kms), create_key(&kms)];
        let request = json!({
            "KeyId": keys[0], "Plaintext": base64(PLAINTEXT), "EncryptionContext": right_context()
        });
        let blob = bytes(&ok(&kms, "Encrypt", &request)["CiphertextBlob"]);
        Sealed { kms, keys, blob }
    })
}

fn right_context() -> Value {
    json!({"tenant": "7", "purpose": "fuzz"})
}

/// One blob, one context, one key or none.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let Sealed { kms, keys, blob: right } = sealed();
    let context = match choices.below(4) {
        0 | 1 => right_context(),
        2 => json!({"tenant": "7"}),
        _ => json!({"tenant": String::from_utf8_lossy(choices.bytes(8)), "purpose": "fuzz"}),
    };
    let key = choices.pick(&[None, Some(&keys[0]), Some(&keys[1])]);
    let blob = match choices.below(4) {
        0 => choices.rest().to_vec(),
        _ => edited(&mut choices, right.clone(), 3),
    };
    let mut request = json!({"CiphertextBlob": base64(&blob), "EncryptionContext": context});
    if let Some(key) = key {
        request["KeyId"] = json!(key);
    }
    let is_right = blob == *right && context == right_context() && key != Some(&keys[1]);
    match call(kms, "Decrypt", request.to_string().as_bytes()) {
        Ok(opened) => {
            assert!(is_right, "another ciphertext opened");
            assert_eq!(bytes(&opened["Plaintext"]), PLAINTEXT);
        }
        Err(error) => assert!(!is_right, "the right one didn't open: {error}"),
    }
}

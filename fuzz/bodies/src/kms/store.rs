//! The store's file, of any bytes and with something changed: an error or a store, which can be asked.

use std::sync::OnceLock;

use serde_json::json;
use tempfile::TempDir;
use waxseal::SecretBytes;
use waxseal_local_kms::{LocalKms, StoreKey};

use super::{create_key, ok};
use crate::Choices;
use crate::edits::edited;

fn key() -> StoreKey {
    StoreKey::KeyBytes(SecretBytes::from([7; 32]))
}

/// A store with a key and an alias.
fn right() -> &'static [u8] {
    static RIGHT: OnceLock<Vec<u8>> = OnceLock::new();
    RIGHT.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("store");
        let kms = LocalKms::open(&path, &key()).unwrap();
        let arn = create_key(&kms);
        ok(&kms, "CreateAlias", &json!({"AliasName": "alias/a", "TargetKeyId": arn}));
        drop(kms);
        std::fs::read(path).unwrap()
    })
}

/// One file.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let bytes = match choices.below(4) {
        0 => choices.rest().to_vec(),
        _ => edited(&mut choices, right().to_vec(), 4),
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    std::fs::write(&path, bytes).unwrap();
    if let Ok(kms) = LocalKms::open(&path, &key()) {
        ok(&kms, "ListKeys", &json!({}));
        ok(&kms, "ListAliases", &json!({}));
    }
}

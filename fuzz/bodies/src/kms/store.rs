//! The store's file, of any bytes, with something changed, and with other records in it, whose checksums
//! are right: an error or a store, which can be asked.

use std::path::Path;
use std::sync::OnceLock;

use redb::{Database, ReadableTable, TableDefinition};
use serde_json::json;
use tempfile::TempDir;
use waxseal::SecretBytes;
use waxseal_local_kms::{LocalKms, StoreKey};

use super::{call, create_key, ok};
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
    let kind = choices.below(4);
    let crafted = kind > 1;
    let bytes = match kind {
        0 => choices.rest().to_vec(),
        1 => edited(&mut choices, right().to_vec(), 4),
        _ => right().to_vec(),
    };
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store");
    std::fs::write(&path, bytes).unwrap();
    if crafted {
        change_records(&path, &mut choices);
    }
    if let Ok(kms) = LocalKms::open(&path, &key()) {
        ask(&kms);
    }
}

/// Each key that there is answers, or refuses.
fn ask(kms: &LocalKms) {
    let keys = ok(kms, "ListKeys", &json!({}));
    ok(kms, "ListAliases", &json!({}));
    for key in keys["Keys"].as_array().unwrap() {
        let id = &key["KeyId"];
        for (operation, request) in [
            ("DescribeKey", json!({"KeyId": id})),
            ("GetKeyPolicy", json!({"KeyId": id})),
            ("Encrypt", json!({"KeyId": id, "Plaintext": "AAAA"})),
            ("ListGrants", json!({"KeyId": id})),
            ("GetKeyRotationStatus", json!({"KeyId": id})),
        ] {
            let _ = call(kms, operation, request.to_string().as_bytes());
        }
    }
}

/// Changes or removes the first records of a table, up to three.
macro_rules! change {
    ($transaction:expr, $choices:expr, $table:expr, $owned:expr, $lent:expr) => {{
        let mut table = $transaction.open_table($table).unwrap();
        let records: Vec<_> = table
            .iter()
            .unwrap()
            .map(|record| {
                let (key, value) = record.unwrap();
                ($owned(key.value()), value.value().to_vec())
            })
            .collect();
        for (key, value) in records.iter().take($choices.below(4)) {
            let value = edited($choices, value.clone(), 3);
            match $choices.below(4) {
                0 => drop(table.remove($lent(key)).unwrap()),
                _ => drop(table.insert($lent(key), value.as_slice()).unwrap()),
            }
        }
    }};
}

fn pair((first, second): &(String, String)) -> (&str, &str) {
    (first, second)
}

fn numbered((name, number): &(String, u32)) -> (&str, u32) {
    (name, *number)
}

fn change_records(path: &Path, choices: &mut Choices<'_>) {
    type Named = TableDefinition<'static, &'static str, &'static [u8]>;
    type Records = TableDefinition<'static, (&'static str, &'static str), &'static [u8]>;
    type Numbered = TableDefinition<'static, (&'static str, u32), &'static [u8]>;
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    match choices.below(3) {
        0 => {
            let table = Named::new(choices.pick(&["meta", "materials", "access-keys"]));
            change!(transaction, choices, table, |key: &str| key.to_owned(), String::as_str);
        }
        1 => {
            let table = Records::new(choices.pick(&["keys", "aliases"]));
            let owned = |key: (&str, &str)| (key.0.to_owned(), key.1.to_owned());
            change!(transaction, choices, table, owned, pair);
        }
        _ => {
            let owned = |key: (&str, u32)| (key.0.to_owned(), key.1);
            change!(transaction, choices, Numbered::new("sealed"), owned, numbered);
        }
    }
    transaction.commit().unwrap();
}

//! Long lists come in pages, each item once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{call, code, ok, symmetric, text, user};
use serde_json::{Value, json};
use waxseal_local_kms::LocalKms;

fn pages(kms: &LocalKms, operation: &str, mut request: Value, member: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    loop {
        let answer = ok(kms, &user("alice"), operation, request.clone());
        pages.push(answer[member].as_array().unwrap().clone());
        match (&answer["Truncated"], answer.get("NextMarker")) {
            (Value::Bool(true), Some(marker)) => request["Marker"] = marker.clone(),
            (Value::Bool(false), None) => return pages,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn keys_aliases_and_tags_come_in_pages() {
    let kms = LocalKms::volatile();
    let mut keys: Vec<String> = (0..7).map(|_| symmetric(&kms)).collect();
    keys.sort();
    let listed = pages(&kms, "ListKeys", json!({"Limit": 3}), "Keys");
    assert_eq!(listed.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let arns: Vec<String> = listed.iter().flatten().map(|key| text(&key["KeyArn"])).collect();
    assert_eq!(arns, keys);
    for (number, key) in keys.iter().enumerate().take(4) {
        let request = json!({"AliasName": format!("alias/{number}"), "TargetKeyId": key});
        ok(&kms, &user("alice"), "CreateAlias", request);
    }
    let listed = pages(&kms, "ListAliases", json!({"Limit": 2}), "Aliases");
    assert_eq!(listed.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    let listed = pages(&kms, "ListAliases", json!({"Limit": 2, "KeyId": keys[1]}), "Aliases");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0][0]["AliasName"], "alias/1");
    let tags: Vec<Value> = (0..5).map(|tag| json!({"TagKey": format!("t{tag}"), "TagValue": ""})).collect();
    ok(&kms, &user("alice"), "TagResource", json!({"KeyId": keys[0], "Tags": tags}));
    let listed = pages(&kms, "ListResourceTags", json!({"Limit": 1, "KeyId": keys[0]}), "Tags");
    assert_eq!(listed.concat(), tags);
}

#[test]
fn limits_and_markers_are_checked() {
    let kms = LocalKms::volatile();
    for limit in [0, -1, 1001] {
        assert_eq!(code(&kms, &user("alice"), "ListKeys", json!({"Limit": limit})), "ValidationException");
    }
    let error = call(&kms, &user("alice"), "ListKeys", json!({"Marker": "no"})).unwrap_err();
    assert_eq!(error.code, "InvalidMarkerException");
}

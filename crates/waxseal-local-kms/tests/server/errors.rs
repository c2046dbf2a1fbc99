//! KMS's own errors as they are on the wire: status, `__type` and `x-amzn-errortype`.

use serde_json::{Value, json};
use waxseal_local_kms::server::Server;

use crate::signed::{Reply, Request, Signing, server};

async fn call(server: &Server, operation: &str, body: &Value) -> Reply {
    Request::new(operation, &body.to_string()).signed(&Signing::default()).send(server.local_addr()).await
}

async fn key(server: &Server) -> Value {
    call(server, "CreateKey", &json!({})).await.body["KeyMetadata"]["KeyId"].clone()
}

/// A data key under `key`, with a context.
async fn data_key(server: &Server, key: &Value) -> Value {
    let request = json!({"KeyId": key, "NumberOfBytes": 32, "EncryptionContext": {"tenant": "7"}});
    call(server, "GenerateDataKey", &request).await.body["CiphertextBlob"].clone()
}

#[tokio::test]
async fn the_wrong_key_is_an_incorrect_key() {
    let server = server(|_| {}).await;
    let (key, other) = (key(&server).await, key(&server).await);
    let blob = data_key(&server, &key).await;
    let mut request = json!({"CiphertextBlob": blob, "EncryptionContext": {"tenant": "7"}, "KeyId": other});
    let reply = call(&server, "Decrypt", &request).await;
    let (status, code, _) = reply.error();
    assert_eq!((status, code), (400, "IncorrectKeyException"));
    request["KeyId"] = key;
    assert_eq!(call(&server, "Decrypt", &request).await.status, 200);
}

#[tokio::test]
async fn another_context_and_other_bytes_are_an_invalid_ciphertext() {
    let server = server(|_| {}).await;
    let blob = data_key(&server, &key(&server).await).await;
    let text = blob.as_str().unwrap();
    let first = if text.ends_with("AAAA") { "BBBB" } else { "AAAA" };
    let changed = format!("{}{first}", &text[..text.len() - 4]);
    for request in [
        json!({"CiphertextBlob": blob, "EncryptionContext": {"tenant": "8"}}),
        json!({"CiphertextBlob": changed, "EncryptionContext": {"tenant": "7"}}),
        json!({"CiphertextBlob": "AAAA", "EncryptionContext": {"tenant": "7"}}),
    ] {
        let reply = call(&server, "Decrypt", &request).await;
        assert_eq!(reply.error(), (400, "InvalidCiphertextException", ""), "{request}");
    }
}

#[tokio::test]
async fn a_disabled_key_is_disabled() {
    let server = server(|_| {}).await;
    let key = key(&server).await;
    let blob = data_key(&server, &key).await;
    assert_eq!(call(&server, "DisableKey", &json!({"KeyId": key})).await.status, 200);
    let decrypt = json!({"CiphertextBlob": blob, "EncryptionContext": {"tenant": "7"}});
    for (operation, request) in
        [("Decrypt", decrypt), ("GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 32}))]
    {
        let reply = call(&server, operation, &request).await;
        let (status, code, message) = reply.error();
        assert_eq!((status, code), (400, "DisabledException"), "{operation}");
        assert!(message.ends_with(" is disabled."), "{message}");
    }
}

//! The lines of requests that are refused before they are calls, and of calls that outlive their clients.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use waxseal_local_kms::LocalKms;

use crate::log::Log;
use crate::signed::{ID, Request, SECRET, Signing, now, server_of};

fn good() -> Request {
    Request::new("ListKeys", "{}").signed(&Signing::default())
}

#[tokio::test]
async fn every_refused_request_is_a_line() {
    let (kms, log) = (LocalKms::volatile(), Log::default());
    kms.audit_to(log.clone());
    let server = server_of(&kms, |options| options.max_body_len = 100).await;
    let signed = |signing: Signing<'_>| Request::new("ListKeys", "{}").signed(&signing);
    let long_name = format!("TrentService.{}", "x".repeat(5000));
    let twice = |text: &str| text.replace("SignedHeaders=", "SignedHeaders=content-type;");
    for request in [
        signed(Signing { secret: "another", ..Signing::default() }),
        signed(Signing { id: "AKIDOTHER", ..Signing::default() }),
        signed(Signing { time: now() - Duration::from_secs(600), ..Signing::default() }),
        Request::new("ListKeys", &" ".repeat(101)).signed(&Signing::default()),
        good().with("x-amz-target", |_| "DynamoDB_20120810.GetItem".into()),
        good().with("x-amz-target", |_| long_name.clone()),
        good().without("authorization"),
        good().with("authorization", |_| format!("AWS4-HMAC-SHA256 Credential={SECRET}")),
        good().with("authorization", twice),
    ] {
        assert_ne!(request.send(server.local_addr()).await.status, 200);
    }
    assert!(!log.text().contains(SECRET) && !log.text().contains("another"));
    let lines: Vec<Value> = log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    let id = json!(ID);
    assert_eq!(
        of("claimed_access_key_id"),
        [&id, &json!("AKIDOTHER"), &id, &id, &id, &id, &Value::Null, &Value::Null, &id].map(Clone::clone)
    );
    assert_eq!(
        of("outcome"),
        [
            "InvalidSignatureException",
            "UnrecognizedClientException",
            "InvalidSignatureException",
            "RequestEntityTooLargeException",
            "UnknownOperationException",
            "InvalidSignatureException",
            "MissingAuthenticationTokenException",
            "IncompleteSignatureException",
            "IncompleteSignatureException",
        ]
    );
    assert_eq!(
        (&lines[0]["operation"], &lines[4]["operation"]),
        (&json!("ListKeys"), &json!("DynamoDB_20120810.GetItem"))
    );
    assert_eq!(lines[5]["operation"].as_str().unwrap().len(), 256);
}

/// Writes when it is let.
struct Gate(Arc<Mutex<()>>);

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _open = self.0.lock().unwrap();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_outlives_its_client_counts_until_it_ends() {
    const SOON: Duration = Duration::from_millis(200);
    let (kms, gate) = (LocalKms::volatile(), Arc::new(Mutex::new(())));
    kms.audit_to(Gate(Arc::clone(&gate)));
    let server = server_of(&kms, |options| {
        options.max_calls = 1;
        options.request_timeout = SOON;
    })
    .await;
    let address = server.local_addr();
    let create = || Request::new("CreateKey", "{}").signed(&Signing::default());
    let (close, closed) = std::sync::mpsc::channel::<()>();
    let (shut, is_shut) = std::sync::mpsc::channel::<()>();
    let keeper = std::thread::spawn(move || {
        let _shut = gate.lock().unwrap();
        shut.send(()).unwrap();
        closed.recv().unwrap();
    });
    is_shut.recv().unwrap();
    assert_eq!(create().send(address).await.error().0, 408);
    let second = tokio::spawn(async move { create().send(address).await });
    tokio::time::sleep(SOON * 3).await;
    close.send(()).unwrap();
    keeper.join().unwrap();
    assert_eq!(second.await.unwrap().error().0, 408);
    let keys = loop {
        let reply = Request::new("ListKeys", "{}").signed(&Signing::default()).send(address).await;
        if reply.status == 200 {
            break reply.body["Keys"].as_array().unwrap().len();
        }
    };
    assert_eq!(keys, 1);
}

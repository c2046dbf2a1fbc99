//! KMS that fails in every way, on a real socket behind the AWS SDK: a clear error each time,
//! nothing leaked, no partial output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/stub.rs"]
mod stub;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stub::{KEY, REGION, Reply, Seen, Stub, good, settings};
use waxseal::{Client, KeyFailureReason, MaterialsError, native};
use waxseal_kms::{
    AwsClientSupplier, AwsKmsKeyring, AwsKmsKeys, ClientSupplier, StrictAwsKmsMasterKeyProvider,
    multi_keyring,
};

const TEXT: &[u8] = b"attack at dawn";

fn client(supplier: AwsClientSupplier) -> Client {
    let provider = StrictAwsKmsMasterKeyProvider::new(supplier, [KEY]).unwrap();
    Client::with_master_key_provider(native::provider(), provider)
}

/// Encrypts against a server that answers like this, and tells why it failed.
async fn failed(
    answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
) -> (KeyFailureReason, String) {
    let stub = Stub::start(answer).await;
    let error = client(AwsClientSupplier::new(stub.settings())).encrypt(TEXT).await.unwrap_err();
    told(error)
}

/// The reason, and the whole text: which leaks nothing.
fn told(error: waxseal::Error) -> (KeyFailureReason, String) {
    let text = format!("{error}\n{error:?}\n{}", chain(&error));
    assert!(text.contains(KEY), "{text}");
    for secret in [STANDARD.encode([7; 32]), STANDARD.encode([7; 31]), "[7, 7".to_owned(), "0707".to_owned()]
    {
        assert!(!text.contains(&secret), "{text}");
    }
    let waxseal::Error::Message(waxseal::MessageError::Materials(error)) = error else { panic!("{error:?}") };
    let reason = match error {
        MaterialsError::Wrap(failure) => failure.reason,
        MaterialsError::Unwrap(failures) => failures.as_slice().last().unwrap().reason,
        other => panic!("{other:?}"),
    };
    (reason, text)
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}\n")).collect()
}

fn with(mut answer: Value, field: &str, value: Value) -> Reply {
    answer[field] = value;
    Reply::Json(200, answer)
}

#[tokio::test]
async fn a_good_answer_makes_a_message_and_every_call_names_waxseal() {
    let stub = Stub::start(|_, request| Reply::Json(200, good(request))).await;
    let client = client(AwsClientSupplier::new(stub.settings()));
    let sealed = client.encrypt(TEXT).context("tenant", "7").await.unwrap();
    assert_eq!(client.decrypt(&sealed.message).await.unwrap().plaintext, TEXT);
    let seen = stub.seen();
    assert_eq!(
        seen.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(),
        ["GenerateDataKey", "Decrypt"]
    );
    for call in seen {
        let suffix = concat!(" waxseal/", env!("CARGO_PKG_VERSION"));
        assert!(
            call.user_agent.ends_with(suffix) && call.user_agent.contains("aws-sdk-rust"),
            "{}",
            call.user_agent
        );
        assert_eq!(call.body["KeyId"], KEY);
        assert_eq!(call.body["EncryptionContext"]["tenant"], "7");
    }
}

#[tokio::test]
async fn kms_that_is_down_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = client(AwsClientSupplier::new(settings(port))).encrypt(TEXT).await.unwrap_err();
    assert_eq!(told(error).0, KeyFailureReason::Unreachable);
}

#[tokio::test]
async fn kms_that_goes_down_mid_way_leaves_the_caller_with_an_error_alone() {
    let stub = Stub::start(|number, request| match number {
        0 => Reply::Json(200, good(request)),
        _ => Reply::HangUp,
    })
    .await;
    let client = client(AwsClientSupplier::new(stub.settings()));
    let mut message = Vec::new();
    client.encrypt_into(TEXT, &mut message).await.unwrap();
    let mut plaintext = b"as it was".to_vec();
    let error = client.decrypt_into(&message, &mut plaintext).await.unwrap_err();
    assert_eq!(told(error).0, KeyFailureReason::Unreachable);
    assert!(!plaintext.windows(TEXT.len()).any(|part| part == TEXT));
    assert_eq!(stub.seen().len(), 4, "three attempts behind the one that was answered");
}

#[tokio::test]
async fn throttling_is_tried_again_and_told_when_it_does_not_end() {
    let stub = Stub::start(|number, request| match number {
        0 | 1 => Reply::error(400, "ThrottlingException"),
        _ => Reply::Json(200, good(request)),
    })
    .await;
    client(AwsClientSupplier::new(stub.settings())).encrypt(TEXT).await.unwrap();
    assert_eq!(stub.seen().len(), 3);
    let (reason, text) = failed(|_, _| Reply::error(400, "ThrottlingException")).await;
    assert_eq!(reason, KeyFailureReason::Throttled);
    assert!(text.contains("ThrottlingException: as the test wants"), "{text}");
}

#[tokio::test]
async fn every_answer_that_is_an_error_has_its_reason() {
    for (status, code, reason) in [
        (400, "AccessDeniedException", KeyFailureReason::Denied),
        (400, "UnrecognizedClientException", KeyFailureReason::Credentials),
        (400, "NotFoundException", KeyFailureReason::Refused),
        (400, "DisabledException", KeyFailureReason::Refused),
        (400, "KMSInvalidStateException", KeyFailureReason::Refused),
        (400, "InvalidKeyUsageException", KeyFailureReason::Unsupported),
        (500, "KMSInternalException", KeyFailureReason::Unreachable),
        (503, "SomethingNew", KeyFailureReason::Unreachable),
        (400, "SomethingNew", KeyFailureReason::Refused),
    ] {
        let code_of = code.to_owned();
        let (found, text) = failed(move |_, _| Reply::error(status, &code_of)).await;
        assert_eq!(found, reason, "{code}");
        assert!(text.contains(code), "{text}");
    }
}

#[tokio::test]
async fn answers_that_are_no_answers_are_errors() {
    for (status, text) in
        [(500, "<html>"), (502, ""), (200, "<html>"), (200, "{}"), (200, "[]"), (200, "{\"KeyId\":")]
    {
        let (reason, told) = failed(move |_, _| Reply::Text(status, text)).await;
        let allowed = [KeyFailureReason::Unreachable, KeyFailureReason::Answer];
        assert!(allowed.contains(&reason), "{status} {text:?}: {told}");
    }
}

/// What can't be read is not kept, since it may hold a data key.
#[tokio::test]
async fn answers_that_break_off_behind_a_data_key_are_not_told() {
    for operation in ["GenerateDataKey", "Decrypt"] {
        for case in 0..4 {
            let stub = Stub::start(move |_, request| {
                let answer = good(request);
                if request.operation != operation {
                    return Reply::Json(200, answer);
                }
                let plaintext = answer["Plaintext"].as_str().unwrap();
                match case {
                    0 => Reply::Body(200, format!("{{\"Plaintext\":\"{plaintext}\",\"KeyId\":7}}")),
                    1 => Reply::Body(200, format!("{{\"Plaintext\":\"{plaintext}\",\"KeyId\":")),
                    2 => Reply::Body(
                        200,
                        format!("{{\"Plaintext\":\"{plaintext}\",\"CiphertextBlob\":\"!\",\"KeyId\":[]}}"),
                    ),
                    _ => Reply::Body(500, answer.to_string()),
                }
            })
            .await;
            let client = client(AwsClientSupplier::new(stub.settings()));
            let error = match client.encrypt(TEXT).await {
                Ok(sealed) => client.decrypt(&sealed.message).await.unwrap_err(),
                Err(error) => error,
            };
            let (reason, _) = told(error);
            let due = if case == 3 { KeyFailureReason::Unreachable } else { KeyFailureReason::Answer };
            assert_eq!(reason, due, "{operation}, case {case}");
        }
    }
}

/// Both operations see every fault, and what was there before stays or is wiped.
#[tokio::test]
async fn decrypting_meets_the_same_faults() {
    for (code, reason) in [
        ("AccessDeniedException", KeyFailureReason::Denied),
        ("ThrottlingException", KeyFailureReason::Throttled),
        ("InvalidCiphertextException", KeyFailureReason::Rejected),
        ("IncorrectKeyException", KeyFailureReason::WrongKey),
    ] {
        let stub = Stub::start(move |number, request| match number {
            0 => Reply::Json(200, good(request)),
            _ => Reply::error(400, code),
        })
        .await;
        let client = client(AwsClientSupplier::new(stub.settings()));
        let message = client.encrypt(TEXT).await.unwrap().message;
        let mut plaintext = Vec::new();
        let error = client.decrypt_into(&message, &mut plaintext).await.unwrap_err();
        assert_eq!(told(error).0, reason, "{code}");
        assert!(plaintext.is_empty());
    }
}

#[tokio::test]
async fn answers_that_do_not_fit_are_refused() {
    let short = STANDARD.encode([7; 31]);
    let (reason, text) = failed(move |_, request| with(good(request), "Plaintext", json!(short))).await;
    assert_eq!(reason, KeyFailureReason::Answer);
    assert!(text.contains("a data key of 31 bytes, the suite needs 32"), "{text}");

    let (reason, text) = failed(|_, request| with(good(request), "CiphertextBlob", json!(""))).await;
    assert_eq!(reason, KeyFailureReason::Answer);
    assert!(text.contains("empty ciphertext"), "{text}");

    let other = KEY.replace("1234abcd", "ffffffff");
    let (reason, text) = failed(move |_, request| with(good(request), "KeyId", json!(other))).await;
    assert_eq!(reason, KeyFailureReason::WrongKey);
    assert!(text.contains("ffffffff"), "{text}");

    for id in ["", "alias/a", "arn:aws:kms:us-east-1:111122223333:alias/a"] {
        let (reason, _) = failed(move |_, request| with(good(request), "KeyId", json!(id))).await;
        assert_eq!(reason, KeyFailureReason::Answer, "{id:?}");
    }
}

#[tokio::test]
async fn answers_to_decrypt_that_do_not_fit_are_refused() {
    let other = KEY.replace("1234abcd", "ffffffff");
    let cases = [
        ("KeyId", json!(other), KeyFailureReason::WrongKey),
        ("Plaintext", json!(STANDARD.encode([7; 33])), KeyFailureReason::Failed),
        ("Plaintext", json!(""), KeyFailureReason::Failed),
        ("Plaintext", Value::Null, KeyFailureReason::Answer),
        ("KeyId", Value::Null, KeyFailureReason::Answer),
    ];
    for (field, value, reason) in cases {
        let changed = value.clone();
        let stub = Stub::start(move |number, request| match number {
            0 => Reply::Json(200, good(request)),
            _ => with(good(request), field, changed.clone()),
        })
        .await;
        let client = client(AwsClientSupplier::new(stub.settings()));
        let sealed = client.encrypt(TEXT).await.unwrap();
        let error = client.decrypt(&sealed.message).await.unwrap_err();
        assert_eq!(told(error).0, reason, "{field} {value}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_unreachable() {
    let started = Instant::now();
    let (reason, text) = failed(|_, request| Reply::Late(Duration::from_secs(60), good(request))).await;
    assert_eq!(reason, KeyFailureReason::Unreachable);
    assert!(started.elapsed() < Duration::from_secs(30) && text.contains("timeout"), "{text}");
}

#[tokio::test]
async fn a_caller_that_cancels_waits_no_longer_and_can_call_again() {
    let stub = Stub::start(|number, request| match number {
        0 => Reply::Late(Duration::from_secs(60), good(request)),
        _ => Reply::Json(200, good(request)),
    })
    .await;
    let client = client(AwsClientSupplier::new(stub.settings()));
    let mut message = b"as it was".to_vec();
    let call = async { client.encrypt_into(TEXT, &mut message).await.map(|_| ()) };
    assert!(tokio::time::timeout(Duration::from_millis(300), call).await.is_err());
    assert_eq!(message, b"as it was", "nothing was written");
    client.encrypt_into(TEXT, &mut message).await.unwrap();
    assert_eq!(client.decrypt(&message).await.unwrap().plaintext, TEXT);
}

#[tokio::test]
async fn missing_credentials_are_told_as_such() {
    let stub = Stub::start(|_, request| Reply::Json(200, good(request))).await;
    let refuses = aws_sdk_kms::config::SharedCredentialsProvider::new(NoCredentials);
    let settings = stub.settings().into_builder().credentials_provider(refuses).build();
    let error = client(AwsClientSupplier::new(settings)).encrypt(TEXT).await.unwrap_err();
    let (reason, text) = told(error);
    assert_eq!(reason, KeyFailureReason::Credentials);
    assert!(text.lines().next().unwrap().ends_with("check the credentials for the key service"), "{text}");
    assert!(stub.seen().is_empty());
}

#[derive(Debug)]
struct NoCredentials;

impl aws_sdk_kms::config::ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let error = aws_credential_types::provider::error::CredentialsError::not_loaded("none");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err(error))
    }
}

/// The second of two keys fails after the first made the data key: there is no message then.
#[tokio::test]
async fn a_second_key_that_fails_leaves_no_message() {
    let second = KEY.replace("1234abcd", "2222abcd");
    type Fault = fn(&Seen) -> Reply;
    let faults: [(Fault, KeyFailureReason); 5] = [
        (|_| Reply::HangUp, KeyFailureReason::Unreachable),
        (|_| Reply::error(400, "AccessDeniedException"), KeyFailureReason::Denied),
        (|request| with(good(request), "CiphertextBlob", json!("")), KeyFailureReason::Answer),
        (|request| with(good(request), "KeyId", json!(KEY)), KeyFailureReason::WrongKey),
        (|request| with(good(request), "KeyId", json!("alias/a")), KeyFailureReason::Answer),
    ];
    for (fault, reason) in faults {
        let stub = Stub::start(move |_, request| match request.operation.as_str() {
            "Encrypt" => fault(request),
            _ => Reply::Json(200, good(request)),
        })
        .await;
        let supplier = AwsClientSupplier::new(stub.settings());
        let provider = StrictAwsKmsMasterKeyProvider::new(supplier, [KEY, &second]).unwrap();
        let client = Client::with_master_key_provider(native::provider(), provider);
        let mut message = b"as it was".to_vec();
        let error = client.encrypt_into(TEXT, &mut message).await.unwrap_err();
        let waxseal::Error::Message(waxseal::MessageError::Materials(MaterialsError::Wrap(failure))) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((failure.reason, failure.key.as_str()), (reason, second.as_str()));
        assert!(message.is_empty(), "nothing of a message");
    }
}

/// 64 tasks share one keyring on two threads, and every call waits: all come to their end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keyring_shared_by_64_tasks_on_two_threads_finishes() {
    let stub = Stub::start(|_, request| Reply::Late(Duration::from_millis(20), good(request))).await;
    let supplier = Arc::new(AwsClientSupplier::new(stub.settings()));
    let keyring = AwsKmsKeyring::new(supplier.client(Some(REGION)).await.unwrap(), KEY).unwrap();
    finishes_with_64_tasks(Client::new(native::provider(), keyring)).await;
    let second = KEY.replace("1234abcd", "2222abcd");
    let keys = AwsKmsKeys::with_generator(KEY).with_child(&second);
    finishes_with_64_tasks(Client::new(native::provider(), multi_keyring(&supplier, keys).await.unwrap()))
        .await;
    let provider = StrictAwsKmsMasterKeyProvider::new(supplier, [KEY, &second]).unwrap();
    finishes_with_64_tasks(Client::with_master_key_provider(native::provider(), provider)).await;
    assert_eq!(stub.seen().len(), 64 * (2 + 3 + 3));
}

async fn finishes_with_64_tasks(client: Client) {
    let client = Arc::new(client);
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let sealed = client.encrypt(TEXT).await.unwrap();
                client.decrypt(&sealed.message).await.unwrap().plaintext
            })
        })
        .collect();
    for task in tasks {
        let done = tokio::time::timeout(Duration::from_secs(60), task).await;
        assert_eq!(done.expect("a deadlock").unwrap(), TEXT);
    }
}

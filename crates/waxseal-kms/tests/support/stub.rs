//! A server on a real socket that answers as each test wants, well or badly.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// What the server does with one request.
pub(crate) enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    Body(u16, String),
    Late(Duration, Value),
    HangUp,
}

impl Reply {
    pub(crate) fn error(status: u16, code: &str) -> Self {
        Self::Json(status, json!({"__type": code, "message": "as the test wants"}))
    }
}

/// What the server does with the request of this number.
type Answer = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) operation: String,
    pub(crate) user_agent: String,
    pub(crate) body: Value,
}

#[derive(Clone)]
pub(crate) struct Stub {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Stub {
    /// A server that asks `answer` with the number of the request, counted from 0.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stub = Self { port: listener.local_addr().unwrap().port(), seen: Arc::default() };
        let (seen, answer) = (stub.seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), answer.clone()));
            }
        });
        stub
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn settings(&self) -> SdkConfig {
        settings(self.port)
    }
}

/// Settings for a server on this port, impatient and with three attempts.
pub(crate) fn settings(port: u16) -> SdkConfig {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
        .timeout_config(TimeoutConfig::builder().operation_timeout(Duration::from_secs(2)).build())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .build()
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Seen>>>, answer: Arc<Answer>) {
    let Some(request) = read(&mut stream).await else { return };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    let (status, body) = match answer(number, &request) {
        Reply::Json(status, body) => (status, body.to_string()),
        Reply::Text(status, text) => (status, text.to_owned()),
        Reply::Body(status, body) => (status, body),
        Reply::Late(delay, body) => {
            tokio::time::sleep(delay).await;
            (200, body.to_string())
        }
        Reply::HangUp => return,
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8(bytes[..head_len].to_vec()).unwrap();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let body_len: usize = header("content-length")?.parse().unwrap();
    while bytes.len() < head_len + body_len {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        operation: header("x-amz-target")?.trim_start_matches("TrentService.").to_owned(),
        user_agent: header("user-agent").unwrap_or_default(),
        body: serde_json::from_slice(&bytes[head_len..]).unwrap(),
    })
}

/// A good answer: data keys of 7s, ciphertexts that say which key they are under.
pub(crate) fn good(request: &Seen) -> Value {
    let ciphertext = STANDARD.encode([1; 100]);
    let len = usize::try_from(request.body["NumberOfBytes"].as_u64().unwrap_or(32)).unwrap();
    let key_id = request.body["KeyId"].as_str().unwrap_or(KEY);
    json!({"KeyId": key_id, "CiphertextBlob": ciphertext, "Plaintext": STANDARD.encode(vec![7; len])})
}

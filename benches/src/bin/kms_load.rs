//! Measures how many data keys and decryptions a second the embedded KMS answers, over loopback and in
//! process, and fails if a data key in process costs too much.
//!
//! `cargo run --release -p waxseal-benches --bin kms_load`

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use waxseal::SecretBytes;
use waxseal_kms::KmsClient;
use waxseal_kms::client::{DecryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, Caller, LocalKms};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const CONNECTIONS: usize = 64;
const REQUESTS: usize = 20_000;
const IN_PROCESS: u32 = 50_000;
const ROUNDS: usize = 5;

/// A row ends after this time, however many requests it has made.
const LONGEST: Duration = Duration::from_secs(20);

/// What a data key may cost in process.
const MOST: Duration = Duration::from_micros(20);

const ID: &str = "AKIDBENCH";
const SECRET: &str = "a secret of the bench";
const PRINCIPAL: &str = "arn:aws:iam::111122223333:root";
const REGION: &str = "us-east-1";

fn main() -> Outcome<()> {
    let kms = LocalKms::volatile();
    let secret = Arc::new(SecretBytes::copy_of(SECRET.as_bytes()));
    kms.add_access_key(AccessKey { id: ID.to_owned(), secret, principal: PRINCIPAL.to_owned() })?;
    let created = kms.call(&Caller::new(PRINCIPAL, REGION), "CreateKey", b"{}")?;
    let created: Value = serde_json::from_slice(created.expose())?;
    let arn = created.pointer("/KeyMetadata/Arn").and_then(Value::as_str).ok_or("an ARN")?.to_owned();
    tokio::runtime::Runtime::new()?.block_on(over_loopback(&kms, &arn))?;
    tokio::runtime::Builder::new_current_thread().build()?.block_on(in_process(&kms, &arn))
}

async fn over_loopback(kms: &LocalKms, arn: &str) -> Outcome<()> {
    let server = Server::bind("127.0.0.1:0".parse()?, kms.clone(), ServerOptions::default()).await?;
    let address = server.local_addr();
    let generate = json!({"KeyId": arn, "NumberOfBytes": 32, "EncryptionContext": {"tenant": "7"}});
    let made = Connection::open(address).await?.call("GenerateDataKey", &generate.to_string()).await?;
    let decrypt = json!({"CiphertextBlob": made.get("CiphertextBlob"), "EncryptionContext": {"tenant": "7"}});
    println!("over loopback, {CONNECTIONS} connections, signed requests, client in the same process");
    println!("{:<16} {:>9} {:>11}", "operation", "requests", "requests/s");
    for (operation, body) in [("GenerateDataKey", generate), ("Decrypt", decrypt)] {
        let (count, rate) = load(address, operation, &body.to_string()).await?;
        println!("{operation:<16} {count:>9} {rate:>11.0}");
    }
    server.shutdown().await;
    Ok(())
}

/// How many requests were answered, and how many in a second.
async fn load(address: SocketAddr, operation: &'static str, body: &str) -> Outcome<(usize, f64)> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await?);
    }
    let (left, start) = (Arc::new(AtomicUsize::new(REQUESTS)), Instant::now());
    let running: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(ask(connection, operation, body.to_owned(), Arc::clone(&left), start)))
        .collect();
    let mut count = 0;
    for task in running {
        count += task.await??;
    }
    Ok((count, f64::from(u32::try_from(count)?) / start.elapsed().as_secs_f64()))
}

/// Asks until all are asked together; how often it did.
async fn ask(
    mut connection: Connection,
    operation: &str,
    body: String,
    left: Arc<AtomicUsize>,
    start: Instant,
) -> Outcome<usize> {
    let take = |left: usize| left.checked_sub(1);
    let mut count = 0;
    while start.elapsed() < LONGEST && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        let reply = connection.call(operation, &body).await?;
        if reply.get("Plaintext").and_then(Value::as_str).is_none() {
            return Err("a reply without plaintext".into());
        }
        count += 1;
    }
    Ok(count)
}

/// A connection that is kept: HTTP/1.1, one signed request after the other.
struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(address: SocketAddr) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    async fn call(&mut self, operation: &str, body: &str) -> Outcome<Value> {
        self.0.write_all(request(operation, body)?.as_bytes()).await?;
        let (status, len) = self.head().await?;
        let mut reply = vec![0; len];
        self.0.read_exact(&mut reply).await?;
        match status.as_str() {
            "200" => Ok(serde_json::from_slice(&reply)?),
            other => Err(format!("{other}: {}", String::from_utf8_lossy(&reply)).into()),
        }
    }

    /// The reply's status and the length of its body.
    async fn head(&mut self) -> Outcome<(String, usize)> {
        let (mut status, mut len) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(Error::from(ErrorKind::UnexpectedEof).into());
            }
            match line.trim_end().split_once([' ', ':']) {
                None => return Ok((status, len)),
                Some(("HTTP/1.1", rest)) => status = rest.get(..3).unwrap_or_default().to_owned(),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    len = value.trim().parse()?;
                }
                Some(_) => {}
            }
        }
    }
}

/// A request, signed now.
fn request(operation: &str, body: &str) -> Outcome<String> {
    let target = format!("TrentService.{operation}");
    let headers =
        [("host", "127.0.0.1"), ("x-amz-target", &target), ("content-type", "application/x-amz-json-1.1")];
    let identity: Identity = Credentials::new(ID, SECRET, None, None, "bench").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(REGION)
        .name("kms")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()?
        .into();
    let signable = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new("POST", "http://127.0.0.1/", headers.into_iter(), signable)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let lines = headers.into_iter().chain(instructions.headers());
    let lines: String = lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Ok(format!("POST / HTTP/1.1\r\n{lines}content-length: {}\r\n\r\n{body}", body.len()))
}

async fn in_process(kms: &LocalKms, arn: &str) -> Outcome<()> {
    let client = kms.client(PRINCIPAL, REGION);
    let context = [("tenant", "7")].into();
    let generate = GenerateDataKeyRequest {
        key_id: arn,
        number_of_bytes: 32,
        encryption_context: &context,
        grant_tokens: &[],
    };
    let ciphertext = client.generate_data_key(generate).await?.ciphertext;
    let (mut data_keys, mut decryptions) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..IN_PROCESS {
            client.generate_data_key(generate).await?;
        }
        data_keys.push(start.elapsed() / IN_PROCESS);
        let start = Instant::now();
        for _ in 0..IN_PROCESS {
            let request = DecryptRequest {
                key_id: Some(arn),
                ciphertext: &ciphertext,
                encryption_context: &context,
                encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
                grant_tokens: &[],
            };
            client.decrypt(request).await?;
        }
        decryptions.push(start.elapsed() / IN_PROCESS);
    }
    println!("\nin process, one thread, medians of {ROUNDS} rounds of {IN_PROCESS}");
    println!("{:<16} {:>9} {:>11}", "operation", "us", "calls/s");
    let data_key = shown("GenerateDataKey", data_keys);
    shown("Decrypt", decryptions);
    match data_key < MOST {
        true => Ok(()),
        false => Err(format!("a data key costs {data_key:?}, not below {MOST:?}").into()),
    }
}

/// Prints the median.
fn shown(operation: &str, mut rounds: Vec<Duration>) -> Duration {
    rounds.sort();
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or(Duration::MAX);
    println!("{operation:<16} {:>9.2} {:>11.0}", median.as_secs_f64() * 1e6, 1.0 / median.as_secs_f64());
    median
}

//! A server to talk to, and requests to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use waxseal_crypto::SecretBytes;
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, LocalKms, ManualClock};

pub(crate) const ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const PRINCIPAL: &str = "arn:aws:iam::111122223333:user/alice";

/// The moment at which the servers of these tests stand still: 2026-02-03 04:05:06.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_770_091_506)
}

pub(crate) async fn server(change: impl FnOnce(&mut ServerOptions)) -> Server {
    server_of(&LocalKms::volatile(), change).await
}

pub(crate) async fn server_of(kms: &LocalKms, change: impl FnOnce(&mut ServerOptions)) -> Server {
    let secret = Arc::new(SecretBytes::copy_of(SECRET.as_bytes()));
    kms.add_access_key(AccessKey { id: ID.into(), secret, principal: PRINCIPAL.into() }).unwrap();
    let mut options = ServerOptions::default();
    options.clock = Arc::new(ManualClock::new(now()));
    change(&mut options);
    Server::bind("127.0.0.1:0".parse().unwrap(), kms.clone(), options).await.unwrap()
}

/// A request, good until it is changed.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) line: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: serde_json::Value,
}

/// How a request is signed.
pub(crate) struct Signing<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) token: Option<String>,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    pub(crate) time: SystemTime,
}

impl Default for Signing<'_> {
    fn default() -> Self {
        Self { id: ID, secret: SECRET, token: None, region: "eu-west-1", service: "kms", time: now() }
    }
}

impl Request {
    pub(crate) fn new(operation: &str, body: &str) -> Self {
        let headers = [
            ("host", "127.0.0.1"),
            ("x-amz-target", &format!("TrentService.{operation}")),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { line: "POST / HTTP/1.1", headers, body: body.into() }
    }

    pub(crate) fn signed(mut self, signing: &Signing<'_>) -> Self {
        let credentials = Credentials::new(signing.id, signing.secret, signing.token.clone(), None, "test");
        let identity: Identity = credentials.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(signing.region)
            .name(signing.service)
            .time(signing.time)
            .settings(SigningSettings::default())
            .build()
            .unwrap()
            .into();
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(&self.body);
        let request = SignableRequest::new("POST", "http://127.0.0.1/", headers, body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let added: Vec<_> = instructions.headers().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        self.headers.extend(added);
        self
    }

    /// With other text in a header.
    pub(crate) fn with(mut self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let header = self.headers.iter_mut().find(|(header, _)| header == name).unwrap();
        header.1 = change(&header.1);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        let before = self.headers.len();
        self.headers.retain(|(header, _)| header != name);
        assert!(self.headers.len() < before, "{name} was there");
        self
    }

    pub(crate) fn head(&self) -> String {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n", self.line, self.body.len())
    }

    pub(crate) async fn send(&self, address: SocketAddr) -> Reply {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(self.head().as_bytes()).await.unwrap();
        // A server that has refused the head already may not read on.
        let _ = stream.write_all(&self.body).await;
        Reply::read(&mut stream).await
    }
}

impl Reply {
    pub(crate) async fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("a reply");
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self { status, headers: headers.collect(), body: serde_json::from_str(body).unwrap_or_default() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|(header, value)| (header == name).then_some(value.as_str()))
    }

    /// The error's code and words, the same in all the places where clients look.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, &str, &str) {
        let code = self.body["__type"].as_str().unwrap_or_else(|| panic!("no error: {self:?}"));
        assert_eq!(self.header("x-amzn-errortype"), Some(code));
        assert_eq!(self.header("content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!(self.header("x-amzn-requestid").unwrap().len(), 36);
        (self.status, code, self.body["message"].as_str().unwrap_or_default())
    }
}

//! The embedded KMS on a socket: AWS KMS's JSON 1.1 protocol over HTTP/1.1.
//!
//! | step | module |
//! |---|---|
//! | connections, their number and their time | `listener` |
//! | one request becomes one reply | `exchange` |
//! | who signed the request | `sigv4` |
//! | a result or an error as bytes of HTTP | `reply` |
//!
//! There is no TLS and every caller is known by a shared secret: keep it on loopback.

mod exchange;
mod listener;
mod reply;
mod sigv4;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{Clock, LocalKms, SystemClock};

/// Limits of a server, and its clock.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerOptions {
    /// Bytes of a request's body at most; a longer one is refused with 413.
    pub max_body_len: usize,
    /// Connections at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// Calls that the store works on at a time; further ones wait.
    pub max_calls: usize,
    /// How long a connection may take to send a request's head. A connection without a request
    /// is closed after this time as well.
    pub header_timeout: Duration,
    /// How long a request may take from its head to its reply.
    pub request_timeout: Duration,
    /// How long [`Server::shutdown`] waits for running requests.
    pub shutdown_timeout: Duration,
    /// What requests' dates are compared with.
    pub clock: Arc<dyn Clock>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_body_len: 256 << 10,
            max_connections: 1024,
            max_calls: 64,
            header_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            shutdown_timeout: Duration::from_secs(10),
            clock: Arc::new(SystemClock),
        }
    }
}

/// A running server, on the Tokio runtime that started it. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    listener: JoinHandle<()>,
}

impl Server {
    /// Listens on `address`, with port 0 on one that is free, and serves the keys of `kms` to
    /// whoever signs with one of its access keys. Each call goes to the region that its
    /// signature names, so that one server is KMS in all regions.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub async fn bind(address: SocketAddr, kms: LocalKms, options: ServerOptions) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let listener = tokio::spawn(listener::serve(socket, kms, options, stopped));
        Ok(Self { address, stop, listener })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The URL that AWS's clients take as `AWS_ENDPOINT_URL_KMS`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Takes no more requests, waits for those that run, and ends.
    pub async fn shutdown(self) {
        // An error of either says that the listener has ended by itself.
        let _ = self.stop.send(());
        let _ = self.listener.await;
    }
}

//! Connections: their number, their time, their end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::ServerOptions;
use super::exchange::Exchange;
use crate::LocalKms;

/// A request's head is a line and a dozen headers.
const MAX_HEAD_LEN: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// Pause after a failed accept: mostly too many open files, which takes time to get better.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stopped` is told, or its other end is dropped.
pub(super) async fn serve(
    socket: TcpListener,
    kms: LocalKms,
    options: ServerOptions,
    mut stopped: oneshot::Receiver<()>,
) {
    let (header_timeout, shutdown_timeout) = (options.header_timeout, options.shutdown_timeout);
    let slots = Arc::new(Semaphore::new(options.max_connections));
    let exchange = Arc::new(Exchange::new(kms, options));
    let running = GracefulShutdown::new();
    loop {
        let (stream, slot) = tokio::select! {
            accepted = accept(&socket, &slots) => accepted,
            _ = &mut stopped => break,
        };
        let connection = Connection { exchange: Arc::clone(&exchange), header_timeout, _slot: slot };
        tokio::spawn(connection.run(stream, running.watcher()));
    }
    drop(socket);
    // Whoever is not done by then is cut off when the runtime ends.
    let _ = tokio::time::timeout(shutdown_timeout, running.shutdown()).await;
}

async fn accept(socket: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed, so there is always a permit to come.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match socket.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

struct Connection {
    exchange: Arc<Exchange>,
    header_timeout: Duration,
    /// Given back when the connection ends.
    _slot: Option<OwnedSemaphorePermit>,
}

impl Connection {
    async fn run(self, stream: TcpStream, watcher: Watcher) {
        // Replies are small and whole: waiting for more to send costs time alone.
        let _ = stream.set_nodelay(true);
        let service = service_fn(|request| {
            let exchange = Arc::clone(&self.exchange);
            async move { Ok::<_, Infallible>(exchange.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_LEN)
            .serve_connection(TokioIo::new(stream), service);
        // A client that goes away, or doesn't speak HTTP, has nobody who could be told.
        let _ = watcher.watch(connection).await;
    }
}

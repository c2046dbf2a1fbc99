//! What one client can't take from the others.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::signed::{Reply, Request, Signing, server};

const SOON: Duration = Duration::from_millis(200);
const IN_TIME: Duration = Duration::from_secs(20);

fn good() -> Request {
    Request::new("ListKeys", "{}").signed(&Signing::default())
}

#[tokio::test]
async fn long_bodies_are_refused_whether_they_say_their_length_or_not() {
    let server = server(|options| options.max_body_len = 1000).await;
    let long = Request::new("ListKeys", &" ".repeat(1001)).signed(&Signing::default());
    let reply = long.send(server.local_addr()).await;
    let refusal = (413, "RequestEntityTooLargeException", "The body is longer than 1000 bytes.");
    assert_eq!(reply.error(), refusal);

    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let head = good().head().replace("content-length: 2", "transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = stream.write_all(format!("3e9\r\n{}\r\n0\r\n\r\n", " ".repeat(1001)).as_bytes()).await;
    assert_eq!(Reply::read(&mut stream).await.error(), refusal);
}

#[tokio::test]
async fn long_heads_are_refused() {
    let server = server(|_| {}).await;
    let mut request = good();
    request.headers.push(("x-long".into(), "x".repeat(20 << 10)));
    assert_eq!(request.send(server.local_addr()).await.status, 431);
}

#[tokio::test]
async fn who_is_slow_is_cut_off() {
    let server = server(|options| {
        options.header_timeout = SOON;
        options.request_timeout = SOON;
    })
    .await;
    // A head that never ends.
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\n").await.unwrap();
    timeout(IN_TIME, stream.read_to_end(&mut Vec::new())).await.unwrap().unwrap();
    // A body that never ends.
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(good().head().as_bytes()).await.unwrap();
    let reply = timeout(IN_TIME, Reply::read(&mut stream)).await.unwrap();
    assert_eq!(reply.error().0, 408);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let server = server(|options| options.max_connections = 1).await;
    let first = TcpStream::connect(server.local_addr()).await.unwrap();
    tokio::time::sleep(SOON).await;
    let address = server.local_addr();
    let second = tokio::spawn(async move { good().send(address).await });
    tokio::time::sleep(SOON).await;
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(timeout(IN_TIME, second).await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn a_client_that_talks_nonsense_harms_nobody() {
    let server = server(|_| {}).await;
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(&[0; 5000]).await.unwrap();
    let _ = timeout(IN_TIME, stream.read_to_end(&mut Vec::new())).await.unwrap();
    assert_eq!(good().send(server.local_addr()).await.status, 200);
}

#[tokio::test]
async fn shut_down_it_answers_who_waits_and_listens_no_more() {
    let server = server(|_| {}).await;
    let address = server.local_addr();
    let mut running = TcpStream::connect(address).await.unwrap();
    running.write_all(good().head().as_bytes()).await.unwrap();
    tokio::time::sleep(SOON).await;
    let end = tokio::spawn(server.shutdown());
    tokio::time::sleep(SOON).await;
    assert!(!end.is_finished());
    assert!(TcpStream::connect(address).await.is_err());
    running.write_all(b"{}").await.unwrap();
    assert_eq!(Reply::read(&mut running).await.status, 200);
    timeout(IN_TIME, end).await.unwrap().unwrap();
}

#[tokio::test]
async fn shutting_down_does_not_wait_for_ever() {
    let server = server(|options| options.shutdown_timeout = SOON).await;
    let mut hanging = TcpStream::connect(server.local_addr()).await.unwrap();
    hanging.write_all(good().head().as_bytes()).await.unwrap();
    tokio::time::sleep(SOON).await;
    let start = Instant::now();
    timeout(IN_TIME, server.shutdown()).await.unwrap();
    assert!(start.elapsed() >= SOON);
}

#[tokio::test]
async fn dropped_it_stops() {
    let server = server(|_| {}).await;
    let address = server.local_addr();
    drop(server);
    let deadline = Instant::now() + IN_TIME;
    while TcpStream::connect(address).await.is_ok() {
        assert!(Instant::now() < deadline, "it stops");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

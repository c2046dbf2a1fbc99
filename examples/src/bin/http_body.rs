//! Stores HTTP uploads encrypted, and gives them out decrypted, whole or in part.
//!
//! `cargo run -p waxseal-examples --bin http_body`
//!
//! PUT /NAME encrypts the request's body as it comes, straight to a file; a body that breaks off
//! leaves none. GET /NAME decrypts the file as it goes out; each frame is verified before it
//! leaves, and a file that fails on the way breaks the answer off, so that no client takes it for
//! whole. With a Range header only the frames of that range are read. The name is in the
//! encryption context, so that files that change places are refused. Memory stays at some
//! hundred KiB for each request, whatever the body's length. The program is its own client, on
//! 127.0.0.1, and checks all of this.

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::put;
use futures_util::{StreamExt, TryStream, TryStreamExt, stream};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;
use waxseal::aio::RangeReader;
use waxseal::{Client, SignedMessages};
use waxseal_examples::{CountedFile, client, sample};

/// What one piece of an answered range has: with its frames it is in memory at once.
const PIECE: u64 = 64 << 10;

/// The server: a directory of encrypted files.
struct Store {
    client: Client,
    directory: PathBuf,
    /// Bytes of files that were read to answer ranges.
    fetched: Arc<AtomicU64>,
}

type Answer = Result<Response<Body>, Refusal>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let (fetched, path) = (Arc::<AtomicU64>::default(), directory.path().to_path_buf());
    let store = Arc::new(Store { client: client()?, directory: path, fetched: Arc::clone(&fetched) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let visitor = Visitor::new(&listener.local_addr()?.to_string());
    let server = tokio::spawn(async move { axum::serve(listener, router(store)).await });
    let visit = visit(&visitor, directory.path(), &fetched).await;
    server.abort();
    visit
}

fn router(store: Arc<Store>) -> Router {
    Router::new().route("/{name}", put(upload).get(download)).with_state(store)
}

/// Body to file, through the client. The file gets its name when all of it is there.
async fn upload(State(store): State<Arc<Store>>, Path(name): Path<String>, body: Body) -> Answer {
    let (path, arriving) = (store.path(&name)?, tempfile::NamedTempFile::new_in(&store.directory)?);
    let request = store.client.aio().encrypt_stream(body.into_data_stream()).context("name", &name);
    let mut message = request.await?;
    let mut file = File::from_std(arriving.reopen()?);
    while let Some(item) = message.try_next().await.map_err(|error| Refusal::bad_request(&error))? {
        file.write_all(&item).await?;
    }
    file.sync_all().await?;
    arriving.persist(path).map_err(|error| error.error)?;
    Ok(StatusCode::CREATED.into_response())
}

/// File to body, through the client.
async fn download(State(store): State<Arc<Store>>, Path(name): Path<String>, headers: HeaderMap) -> Answer {
    match headers.get(header::RANGE) {
        Some(range) => store.part(&name, range.to_str().unwrap_or_default()).await,
        None => store.whole(&name).await,
    }
}

impl Store {
    /// Where the file of this name is. A name is letters and digits: no way out of the directory.
    fn path(&self, name: &str) -> Result<PathBuf, Refusal> {
        let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if plain { Ok(self.directory.join(name)) } else { Err(Refusal::bad_request(&"a name like that")) }
    }

    async fn whole(&self, name: &str) -> Answer {
        let message = ReaderStream::with_capacity(File::open(self.path(name)?).await?, 64 << 10);
        let request = self.client.aio().decrypt_stream(message).context("name", name);
        let mut plaintext = request.signed_messages(SignedMessages::Refuse).open();
        // The first item says that the key and the context are right, while the status can still tell.
        let first = plaintext.try_next().await?.unwrap_or_default();
        let body = stream::iter([Ok(first)]).chain(plaintext);
        Ok(Body::from_stream(body).into_response())
    }

    async fn part(&self, name: &str, range: &str) -> Answer {
        let file = CountedFile::open(&self.path(name)?, Arc::clone(&self.fetched))?;
        let reader = self.client.aio().decrypt_range(file).context("name", name).await?;
        let len = reader.plaintext_len();
        let range = asked_for(range, len).ok_or_else(|| Refusal::no_such_range(len))?;
        let about = [
            (header::CONTENT_RANGE, format!("bytes {}-{}/{len}", range.start, range.end.saturating_sub(1))),
            (header::CONTENT_LENGTH, (range.end - range.start).to_string()),
        ];
        Ok((StatusCode::PARTIAL_CONTENT, about, Body::from_stream(pieces(reader, range))).into_response())
    }
}

/// The one range of a Range header, if it lies in a plaintext of `len` bytes.
fn asked_for(range: &str, len: u64) -> Option<Range<u64>> {
    let ranges = http_range_header::parse_range_header(range).ok()?.validate(len).ok()?;
    match ranges.as_slice() {
        [range] => Some(*range.start()..range.end().saturating_add(1)),
        _ => None,
    }
}

/// The range, piece by piece, each read when the one before has gone.
fn pieces(
    reader: RangeReader<CountedFile>,
    range: Range<u64>,
) -> impl TryStream<Ok = Vec<u8>, Error = waxseal::Error> + Send {
    stream::try_unfold((reader, range), |(reader, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let end = range.start.saturating_add(PIECE).min(range.end);
        let piece = reader.read_range(range.start..end).await?;
        Ok(Some((piece, (reader, end..range.end))))
    })
}

/// What a client is told. Why a file doesn't open is told to the server's log alone.
struct Refusal(StatusCode, String);

impl Refusal {
    fn bad_request(why: &impl ToString) -> Self {
        Self(StatusCode::BAD_REQUEST, why.to_string())
    }

    fn no_such_range(len: u64) -> Self {
        Self(StatusCode::RANGE_NOT_SATISFIABLE, format!("the file has {len} bytes"))
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Self(StatusCode::NOT_FOUND, "no such file".into());
        }
        println!("  server's log: {error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, "the file can't be given out".into())
    }
}

impl From<waxseal::Error> for Refusal {
    fn from(error: waxseal::Error) -> Self {
        std::io::Error::from(error).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        (self.0, self.1).into_response()
    }
}

/// The client of this program.
struct Visitor {
    client: legacy::Client<HttpConnector, Body>,
    address: String,
}

impl Visitor {
    fn new(address: &str) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { client, address: address.to_owned() }
    }

    async fn put(&self, name: &str, body: Body) -> anyhow::Result<StatusCode> {
        let request = Request::put(format!("http://{}/{name}", self.address)).body(body)?;
        Ok(self.client.request(request).await?.status())
    }

    /// The status, and the body if it comes to its end.
    async fn get(&self, name: &str, range: Option<&str>) -> anyhow::Result<(StatusCode, Option<Bytes>)> {
        let mut request = Request::get(format!("http://{}/{name}", self.address));
        if let Some(range) = range {
            request = request.header(header::RANGE, range);
        }
        let response = self.client.request(request.body(Body::empty())?).await?;
        let (status, body) = (response.status(), Body::new(response.into_body()));
        Ok((status, axum::body::to_bytes(body, LEN * 2).await.ok()))
    }
}

/// The length of the file that is stored.
const LEN: usize = 8 << 20;

async fn visit(visitor: &Visitor, directory: &FilePath, fetched: &AtomicU64) -> anyhow::Result<()> {
    let plain = Bytes::from(sample(LEN));
    round_trip(visitor, directory, &plain).await?;
    ranges(visitor, &plain, fetched).await?;
    broken_upload(visitor, &plain).await?;
    another_name(visitor, directory).await?;
    changed(visitor, directory, &plain).await
}

async fn round_trip(visitor: &Visitor, directory: &FilePath, plain: &Bytes) -> anyhow::Result<()> {
    let status = visitor.put("report", in_pieces(plain)).await?;
    let stored = fs::read(directory.join("report")).await?;
    println!("PUT /report, {LEN} bytes: {status}; stored as {} bytes", stored.len());
    ensure!(status == StatusCode::CREATED && stored.len() > LEN, "the upload failed");
    let secret = plain.get(..64).context("no plaintext")?;
    ensure!(!stored.windows(64).any(|bytes| bytes == secret), "plaintext lies on the disk");
    let (status, body) = visitor.get("report", None).await?;
    println!("GET /report: {status}");
    ensure!(status == StatusCode::OK && body.as_ref() == Some(plain), "other bytes came back");
    let (status, _) = visitor.get("nothing", None).await?;
    println!("GET /nothing: {status}");
    ensure!(status == StatusCode::NOT_FOUND, "a file out of nothing");
    let (status, _) = visitor.get("..%2Freport", None).await?;
    ensure!(status == StatusCode::BAD_REQUEST, "a way out of the directory");
    Ok(())
}

async fn ranges(visitor: &Visitor, plain: &Bytes, fetched: &AtomicU64) -> anyhow::Result<()> {
    for (range, expected) in [
        ("bytes=5000000-5000999", 5_000_000..5_001_000),
        ("bytes=-10", LEN - 10..LEN),
        ("bytes=8000000-", 8_000_000..LEN),
    ] {
        fetched.store(0, Ordering::Relaxed);
        let (status, body) = visitor.get("report", Some(range)).await?;
        let fetched = fetched.load(Ordering::Relaxed);
        println!("GET /report, {range}: {status}; {} bytes for {fetched} read", expected.len());
        ensure!(status == StatusCode::PARTIAL_CONTENT, "no part came");
        ensure!(body.as_deref() == plain.get(expected.clone()), "another part came");
        let least = expected.len() as u64;
        ensure!(fetched <= least + least / 16 + (32 << 10), "much more was read than was asked for");
    }
    let (status, _) = visitor.get("report", Some("bytes=99999999-")).await?;
    println!("GET /report, bytes=99999999-: {status}");
    ensure!(status == StatusCode::RANGE_NOT_SATISFIABLE, "a part out of nothing");
    Ok(())
}

/// A client that goes away in the middle leaves no file.
async fn broken_upload(visitor: &Visitor, plain: &Bytes) -> anyhow::Result<()> {
    let gone = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    let body = Body::from_stream(stream::iter([Ok(plain.slice(..LEN / 2)), Err(gone)]));
    let broken = visitor.put("half", body).await;
    println!("PUT /half, broken off: {}", if broken.is_err() { "the client has gone" } else { "?" });
    let (status, _) = visitor.get("half", None).await?;
    println!("GET /half: {status}");
    ensure!(broken.is_err() && status == StatusCode::NOT_FOUND, "half an upload was stored");
    Ok(())
}

/// A file under another's name has another's context, and is refused.
async fn another_name(visitor: &Visitor, directory: &FilePath) -> anyhow::Result<()> {
    fs::copy(directory.join("report"), directory.join("salary")).await?;
    for range in [None, Some("bytes=0-9")] {
        let (status, _) = visitor.get("salary", range).await?;
        println!("GET /salary, which is a copy of /report: {status}");
        ensure!(status == StatusCode::INTERNAL_SERVER_ERROR, "a file under a false name came back");
    }
    Ok(())
}

/// One changed bit in the middle: the answer breaks off there, and parts elsewhere are good.
async fn changed(visitor: &Visitor, directory: &FilePath, plain: &Bytes) -> anyhow::Result<()> {
    let mut stored = fs::read(directory.join("report")).await?;
    *stored.get_mut(LEN / 2).context("the file is short")? ^= 1;
    fs::write(directory.join("report"), stored).await?;
    let (status, body) = visitor.get("report", None).await?;
    println!("GET /report, changed in the middle: {status}, and the body breaks off");
    ensure!(status == StatusCode::OK && body.is_none(), "a changed file came back as whole");
    let (status, body) = visitor.get("report", Some("bytes=0-999")).await?;
    println!("GET /report, bytes=0-999: {status}");
    ensure!(body.as_deref() == plain.get(..1000), "an unchanged part is lost");
    Ok(())
}

/// A body of unknown length, as of a client that makes it while it sends.
fn in_pieces(plain: &Bytes) -> Body {
    let pieces: Vec<_> =
        plain.chunks(10_000).map(|piece| Ok::<_, std::io::Error>(plain.slice_ref(piece))).collect();
    Body::from_stream(stream::iter(pieces))
}

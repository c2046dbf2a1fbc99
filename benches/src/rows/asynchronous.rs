//! Async streams over the synchronous ones.

use std::io::{self, Read, Write};

use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use waxseal::Client;

use super::{Outcome, Row, STREAM, encrypted, rate};
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

const PIECE: usize = 65_536;
const FRAME: u32 = 65_536;

/// The async rows: their limit is the synchronous stream of the same direction.
pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let mut rows = writes(client, rounds)?;
    rows.extend(reads(client, rounds)?);
    Ok(rows)
}

fn writes(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let piece = plaintext(PIECE);
    let item = Bytes::from(piece.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new("sync writer", || {
                let mut writer =
                    client.encrypt_writer(io::sink()).suite(UNSIGNED).frame_length(FRAME).wait()?;
                (0..STREAM / PIECE).try_for_each(|_| writer.write_all(&piece))?;
                writer.finish()?;
                Ok(())
            }),
            Contestant::new("async writer", || {
                runtime.block_on(async {
                    let request = client.aio().encrypt_writer(tokio::io::sink()).suite(UNSIGNED);
                    let mut writer = request.frame_length(FRAME).await?;
                    for _ in 0..STREAM / PIECE {
                        writer.write_all(&piece).await?;
                    }
                    Ok(writer.shutdown().await?)
                })
            }),
            Contestant::new("stream", || {
                runtime.block_on(async {
                    let items = (0..STREAM / PIECE).map(|_| Ok::<_, io::Error>(item.clone()));
                    let request = client.aio().encrypt_stream(futures_util::stream::iter(items));
                    let mut stream = request.suite(UNSIGNED).frame_length(FRAME).await?;
                    while stream.try_next().await?.is_some() {}
                    Ok(())
                })
            }),
        ],
    )?;
    rows("async-write-64k", "async-encrypt-stream-64k", &times)
}

fn reads(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let message = encrypted(client, UNSIGNED, PIECE, &plaintext(STREAM))?;
    let items: Vec<Bytes> = message.chunks(PIECE).map(Bytes::copy_from_slice).collect();
    let mut buffer = vec![0; PIECE];
    let mut buffer_too = vec![0; PIECE];
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new("sync reader", || {
                let mut reader = client.decrypt_reader(message.as_slice()).wait()?;
                while reader.read(&mut buffer)? > 0 {}
                Ok(())
            }),
            Contestant::new("async reader", || {
                runtime.block_on(async {
                    let mut reader = client.aio().decrypt_reader(message.as_slice()).open();
                    while reader.read(&mut buffer_too).await? > 0 {}
                    Ok(())
                })
            }),
            Contestant::new("stream", || {
                runtime.block_on(async {
                    let items = items.iter().map(|item| Ok::<_, io::Error>(item.clone()));
                    let mut stream = client.aio().decrypt_stream(futures_util::stream::iter(items)).open();
                    while stream.try_next().await?.is_some() {}
                    Ok(())
                })
            }),
        ],
    )?;
    rows("async-read-64k", "async-decrypt-stream-64k", &times)
}

fn rows(first: &str, second: &str, times: &[f64]) -> Outcome<Vec<Row>> {
    let [limit, asynchronous, stream] = times[..] else { return Err("three contestants".into()) };
    let row = |name: &str, time| Row::rates(name, rate(STREAM, time), rate(STREAM, limit), 0.9);
    Ok(vec![row(first, asynchronous), row(second, stream)])
}

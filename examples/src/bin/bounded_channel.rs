//! Passes a stream of records, encrypted, from one task to another through a bounded channel.
//!
//! `cargo run -p waxseal-examples --bin bounded_channel`
//!
//! One task makes 16 MiB of plaintext, item by item, and encrypts it; the other takes the message
//! from a channel that holds four items, and decrypts it. The reader is slow on purpose. Nothing
//! runs ahead of it: while the channel is full, the encrypting task makes no more plaintext. The
//! program counts the bytes that were made and not yet read, and fails if there are ever
//! more than the channel, and what the two ends hold, can account for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc::{self, Receiver, Sender};
use waxseal::{Client, SignedMessages};
use waxseal_examples::{client, sample};

const ITEMS: usize = 256;
const ITEM_LEN: usize = 64 << 10;
const CAPACITY: usize = 4;

/// What an item of the message holds at most.
const MESSAGE_ITEM: usize = 256 << 10;
/// The channel's items; one that waits to be sent, one in the making, one that is being
/// opened and one that is being read.
const MOST_IN_FLIGHT: usize = (CAPACITY + 4) * MESSAGE_ITEM;

type Item = std::io::Result<Bytes>;

/// Bytes of plaintext between the two tasks: now, and at most.
#[derive(Default)]
struct InFlight {
    now: AtomicUsize,
    peak: AtomicUsize,
}

impl InFlight {
    fn made(&self, len: usize) {
        let now = self.now.fetch_add(len, Ordering::SeqCst) + len;
        self.peak.fetch_max(now, Ordering::SeqCst);
    }

    fn read(&self, len: usize) {
        self.now.fetch_sub(len, Ordering::SeqCst);
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (client, in_flight) = (client()?, Arc::new(InFlight::default()));
    let (sender, receiver) = mpsc::channel(CAPACITY);
    let encrypting = tokio::spawn(encrypt(client.clone(), sender, Arc::clone(&in_flight)));
    let decrypting = tokio::spawn(decrypt(client, receiver, Arc::clone(&in_flight)));
    let ((sent, waits), read) = (encrypting.await??, decrypting.await??);
    let peak = in_flight.peak.load(Ordering::SeqCst);
    println!("{sent} items of a message were sent, {read} bytes of plaintext read");
    println!("{waits} of them had to wait, since the channel was full");
    println!("at most {} KiB of {} KiB were in flight", peak >> 10, (ITEMS * ITEM_LEN) >> 10);
    ensure!(read == ITEMS * ITEM_LEN, "plaintext was lost");
    ensure!(waits > 0, "the channel never was full");
    ensure!(peak <= MOST_IN_FLIGHT, "the encrypting task ran ahead");
    Ok(())
}

/// Encrypts the items, and sends the message's. Returns how many those are,
/// and how many had to wait.
async fn encrypt(
    client: Client,
    sender: Sender<Item>,
    in_flight: Arc<InFlight>,
) -> anyhow::Result<(usize, usize)> {
    let mut message = client.aio().encrypt_stream(plaintext(in_flight)).await?;
    let (mut sent, mut waits) = (0, 0);
    while let Some(item) = message.next().await {
        waits += usize::from(sender.capacity() == 0);
        sender.send(item).await.context("the reader has gone")?;
        sent += 1;
    }
    Ok((sent, waits))
}

/// The items of plaintext, each made when it is asked for.
fn plaintext(in_flight: Arc<InFlight>) -> impl Stream<Item = Item> + Send + Unpin {
    let item = Bytes::from(sample(ITEM_LEN));
    stream::iter((0..ITEMS).map(move |_| {
        in_flight.made(item.len());
        Ok(item.clone())
    }))
}

/// Reads what the channel brings, slowly. Returns the bytes of plaintext.
async fn decrypt(
    client: Client,
    mut receiver: Receiver<Item>,
    in_flight: Arc<InFlight>,
) -> anyhow::Result<usize> {
    let message = stream::poll_fn(move |context| receiver.poll_recv(context));
    let request = client.aio().decrypt_stream(message).signed_messages(SignedMessages::Refuse);
    let (mut plaintext, mut read) = (request.open(), 0);
    // Only the end without an error says that the message is whole.
    while let Some(item) = plaintext.try_next().await? {
        tokio::time::sleep(Duration::from_millis(5)).await;
        in_flight.read(item.len());
        read += item.len();
    }
    Ok(read)
}

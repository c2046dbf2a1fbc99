//! Measures what signing 1 GiB costs beside the bare digest of it, in one process, interleaved;
//! fails below the target.
//!
//! `cargo run --release -p waxseal-benches --bin signing`
//!
//! Signing is the whole of it: reading the content, its digest, and a call of an embedded KMS.

use std::io::{self, Read};
use std::sync::Arc;

use ring::digest::{Context, SHA512};
use waxseal::{CryptoProvider, native};
use waxseal_benches::plaintext;
use waxseal_benches::timing::{Clock, Contestant, Pick, Rounds, seconds};
use waxseal_local_kms::{Caller, LocalKms};
use waxseal_sign::{EncryptedDigest, Signer};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const LEN: usize = 1 << 30;
const PIECE: usize = 1 << 20;
const ROUNDS: Rounds = Rounds { count: 7, pick: Pick::Median };
const TARGET: f64 = 0.95;

fn main() -> Outcome<()> {
    let (piece, crypto) = (plaintext(PIECE), native::provider());
    let signer = signer(crypto)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let sign = || {
        let digest = signer.digest_reader(Repeated { piece: &piece, at: 0 }.take(LEN as u64))?;
        runtime.block_on(signer.sign(&digest))?;
        Ok(())
    };
    let limit = || {
        bare(&piece);
        Ok(())
    };
    let mut contestants = [Contestant::new("sign-1g", sign), Contestant::new("bare SHA-512", limit)];
    let times = seconds(ROUNDS, Clock::Thread, &mut contestants)?;
    let [ours, limit] = times.as_slice() else { return Err("two contestants".into()) };
    let speed = |seconds: f64| 1e-6 * 1_073_741_824.0 / seconds;
    let ratio = limit / ours;
    println!("{:<20} {:>10} {:>10} {:>7} {:>7}", "row", "MB/s", "limit", "ratio", "target");
    println!("{:<20} {:>10.0} {:>10.0} {ratio:>7.3} {TARGET:>7.2}", "sign-1g", speed(*ours), speed(*limit));
    match ratio >= TARGET {
        true => Ok(()),
        false => Err("below the target".into()),
    }
}

fn signer(crypto: &'static CryptoProvider) -> Outcome<Signer> {
    let (kms, alice) =
        (LocalKms::volatile(), Caller::new("arn:aws:iam::111122223333:user/alice", "eu-west-1"));
    let reply = kms.call(&alice, "CreateKey", b"{}")?;
    let reply: serde_json::Value = serde_json::from_slice(reply.expose())?;
    let key = reply.pointer("/KeyMetadata/Arn").and_then(serde_json::Value::as_str).ok_or("no ARN")?;
    let clients = Arc::new(kms.client(&alice.principal, &alice.region));
    Ok(Signer::new(crypto, EncryptedDigest::new(clients), key))
}

/// The digest alone, of bytes that are there.
fn bare(piece: &[u8]) {
    let mut digest = Context::new(&SHA512);
    (0..LEN / PIECE).for_each(|_| digest.update(piece));
    std::hint::black_box(digest.finish());
}

/// A source that gives the same piece for ever.
struct Repeated<'a> {
    piece: &'a [u8],
    at: usize,
}

impl Read for Repeated<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.piece.get(self.at..).unwrap_or_default();
        let len = left.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..len), left.get(..len)) {
            to.copy_from_slice(from);
        }
        self.at = if len == left.len() { 0 } else { self.at.saturating_add(len) };
        Ok(len)
    }
}

//! Measures what the cache of materials saves and costs, and fails if a target is missed.
//!
//! `cargo run --release -p waxseal-benches --bin cache`

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use waxseal::{
    AlgorithmSuite, CacheLimits, CachingCryptographicMaterialsManager, Client, CryptographicMaterialsManager,
    DecryptMaterialsRequest, DefaultCmm, EncryptionContext, EncryptionMaterialsRequest,
    LocalCryptographicMaterialsCache, native,
};
use waxseal_benches::cache_keys::{Counted, NoCall};
use waxseal_benches::timing::{Clock, Contestant, Pick, Rounds, seconds};
use waxseal_benches::{SIGNED, UNSIGNED, plaintext};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const LATENCY: Duration = Duration::from_millis(5);
const MESSAGES: usize = 10_000;
const TASKS: usize = 64;

/// What a hit may cost above the uncached path without its call.
const MOST_ABOVE: Duration = Duration::from_micros(2);

/// Requests of a round.
const EACH: u32 = 20_000;

const CONTEXTS: usize = 1_000_000;
const CAPACITY: usize = 1000;
const MOST_GROWTH_KIB: u64 = 8 << 10;

fn main() -> Outcome<()> {
    messages_per_second(&Runtime::new()?)?;
    cost_of_a_hit(&tokio::runtime::Builder::new_current_thread().build()?)?;
    memory(&tokio::runtime::Builder::new_current_thread().build()?)
}

fn limits() -> CacheLimits {
    CacheLimits::new(Duration::from_secs(3600))
}

fn cache() -> Arc<LocalCryptographicMaterialsCache> {
    Arc::new(LocalCryptographicMaterialsCache::new(CAPACITY))
}

fn messages_per_second(runtime: &Runtime) -> Outcome<()> {
    println!("messages of 1 KiB, one context, an embedded KMS with 5 ms of latency");
    println!("{:<10} {:>6} {:>10} {:>12} {:>10}", "cache", "tasks", "messages", "messages/s", "KMS calls");
    let keys = Counted::local_kms(LATENCY)?;
    let plain = Client::new(native::provider(), Arc::clone(&keys.keyring));
    for (tasks, messages) in [(1, 400), (TASKS, MESSAGES)] {
        row(runtime, "without", &plain, &keys, tasks, messages)?;
    }
    for tasks in [1, TASKS] {
        let cached = plain.clone().with_cache(cache(), limits())?;
        let calls = row(runtime, "with", &cached, &keys, tasks, MESSAGES)?;
        if calls != 1 {
            return Err(format!("{calls} calls to KMS, not 1").into());
        }
    }
    Ok(())
}

fn row(
    runtime: &Runtime,
    name: &str,
    client: &Client,
    keys: &Counted,
    tasks: usize,
    messages: usize,
) -> Outcome<u64> {
    let _ = keys.take_calls();
    let start = Instant::now();
    runtime.block_on(encrypt_all(client, tasks, messages))?;
    let rate = f64::from(u32::try_from(messages)?) / start.elapsed().as_secs_f64();
    let calls = keys.take_calls();
    println!("{name:<10} {tasks:>6} {messages:>10} {rate:>12.0} {calls:>10}");
    Ok(calls)
}

async fn encrypt_all(client: &Client, tasks: usize, messages: usize) -> Outcome<()> {
    let shares = (0..tasks).map(|task| messages / tasks + usize::from(task < messages % tasks));
    let running: Vec<_> = shares.map(|share| tokio::spawn(encrypt(client.clone(), share))).collect();
    for task in running {
        task.await??;
    }
    Ok(())
}

async fn encrypt(client: Client, messages: usize) -> Result<(), waxseal::Error> {
    let (input, mut message) = (plaintext(1024), Vec::new());
    for _ in 0..messages {
        client.encrypt_into(&input, &mut message).context("tenant", "7").suite(UNSIGNED).await?;
    }
    Ok(())
}

fn request(suite: &'static AlgorithmSuite, tenant: usize) -> EncryptionMaterialsRequest {
    let mut request = EncryptionMaterialsRequest::default();
    request.encryption_context =
        EncryptionContext::from([("tenant", tenant.to_string()), ("purpose", "backup".to_owned())]);
    request.suite = Some(suite);
    request.max_plaintext_len = Some(1024);
    request
}

/// Both in turn, in one run.
fn cost_of_a_hit(runtime: &Runtime) -> Outcome<()> {
    println!("\nmaterials for one message, two pairs of context, medians of 21 rounds of {EACH}");
    println!("{:<16} {:>12} {:>18} {:>10}", "suite", "hit, ns", "no cache or call", "above, ns");
    let keyring = NoCall { crypto: native::provider() };
    let underlying = DefaultCmm::new(native::provider(), keyring);
    let cached = caching(underlying.clone())?;
    let encrypt = |cmm: &dyn CryptographicMaterialsManager, suite| -> Outcome<()> {
        black_box(runtime.block_on(cmm.get_encryption_materials(request(suite, 7)))?);
        Ok(())
    };
    let made = runtime.block_on(underlying.get_encryption_materials(request(UNSIGNED, 7)))?;
    let decrypt = |cmm: &dyn CryptographicMaterialsManager| -> Outcome<()> {
        let keys = made.encrypted_data_keys().to_vec();
        let request = DecryptMaterialsRequest::new(UNSIGNED, keys, made.encryption_context().clone());
        black_box(runtime.block_on(cmm.decrypt_materials(request))?);
        Ok(())
    };
    above("0x0478, encrypt", EACH, &mut || encrypt(&cached, UNSIGNED), &mut || {
        encrypt(&underlying, UNSIGNED)
    })?;
    above("0x0478, decrypt", EACH, &mut || decrypt(&cached), &mut || decrypt(&underlying))?;
    // A hit here saves the making of a signing key, so this row is told and can't fail.
    above("0x0578, encrypt", EACH / 100, &mut || encrypt(&cached, SIGNED), &mut || {
        encrypt(&underlying, SIGNED)
    })
}

fn above(
    name: &str,
    each: u32,
    hit: &mut dyn FnMut() -> Outcome<()>,
    none: &mut dyn FnMut() -> Outcome<()>,
) -> Outcome<()> {
    let contestants = &mut [
        Contestant::new("hit", || (0..each).try_for_each(|_| hit())),
        Contestant::new("none", || (0..each).try_for_each(|_| none())),
    ];
    let rounds = Rounds { count: 21, pick: Pick::Median };
    let [hit, none] = seconds(rounds, Clock::Thread, contestants)?[..] else {
        return Err("two contestants".into());
    };
    let [hit, none] = [hit, none].map(|seconds| seconds * 1e9 / f64::from(each));
    println!("{name:<16} {hit:>12.0} {none:>18.0} {:>10.0}", hit - none);
    match hit - none > MOST_ABOVE.as_secs_f64() * 1e9 {
        true => Err("a hit costs too much".into()),
        false => Ok(()),
    }
}

fn caching(underlying: DefaultCmm) -> Outcome<CachingCryptographicMaterialsManager> {
    Ok(CachingCryptographicMaterialsManager::new(native::provider(), underlying, cache(), limits())?)
}

fn memory(runtime: &Runtime) -> Outcome<()> {
    let cached = caching(DefaultCmm::new(native::provider(), NoCall { crypto: native::provider() }))?;
    println!("\nresident memory, {CONTEXTS} contexts through a cache of {CAPACITY} entries");
    let mut first = None;
    for tenant in 1..=CONTEXTS {
        runtime.block_on(cached.get_encryption_materials(request(UNSIGNED, tenant)))?;
        if [CONTEXTS / 10, CONTEXTS / 2, CONTEXTS].contains(&tenant) {
            let now = resident_kib()?;
            println!("{tenant:>10} contexts {now:>10} KiB");
            let growth = now.saturating_sub(*first.get_or_insert(now));
            if growth > MOST_GROWTH_KIB {
                return Err(format!("memory grew by {growth} KiB").into());
            }
        }
    }
    println!("{:?}", cached.metrics().evictions);
    Ok(())
}

/// Linux tells it; elsewhere there is nothing to see.
fn resident_kib() -> Outcome<u64> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return Ok(0) };
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim_end_matches("kB").trim().parse()?)
}

//! Messages of 1 KiB to 100 MiB: signed and not, one-shot and streamed, both directions.
#![allow(missing_docs)]

use std::io::{self, Read, Write};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use waxseal::{AlgorithmSuite, Client};
use waxseal_benches::{SIGNED, UNSIGNED, client, plaintext};

const SIZES: [(&str, usize); 4] =
    [("1 KiB", 1 << 10), ("64 KiB", 64 << 10), ("1 MiB", 1 << 20), ("100 MiB", 100 << 20)];
const SUITES: [(&str, &AlgorithmSuite); 2] = [("unsigned", UNSIGNED), ("signed", SIGNED)];

fn messages(criterion: &mut Criterion) {
    let client = client().unwrap_or_else(|error| unreachable!("{error}"));
    for (kind, suite) in SUITES {
        let mut group = criterion.benchmark_group(kind);
        group.sample_size(10);
        for (size, len) in SIZES {
            group.throughput(Throughput::Bytes(len as u64));
            one_size(&mut group, &client, suite, size, &plaintext(len));
        }
        group.finish();
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn one_size(
    group: &mut BenchmarkGroup<'_, WallTime>,
    client: &Client,
    suite: &'static AlgorithmSuite,
    size: &str,
    plain: &[u8],
) {
    let (mut message, mut opened) = (Vec::new(), Vec::new());
    let mut bench = |name: &str, run: &mut dyn FnMut() -> Outcome| {
        group.bench_function(BenchmarkId::new(name, size), |bencher| {
            bencher.iter(|| run().unwrap_or_else(|error| unreachable!("{error}")));
        });
    };
    bench("encrypt, one-shot", &mut || {
        client.encrypt(plain).suite(suite).wait()?;
        Ok(())
    });
    bench("encrypt, reused buffer", &mut || {
        client.encrypt_into(plain, &mut message).suite(suite).wait()?;
        Ok(())
    });
    bench("encrypt, streamed", &mut || {
        let mut writer = client.encrypt_writer(io::sink()).suite(suite).wait()?;
        writer.write_all(plain)?;
        writer.finish()?;
        Ok(())
    });
    bench("decrypt, one-shot", &mut || {
        client.decrypt(&message).wait()?;
        Ok(())
    });
    bench("decrypt, reused buffer", &mut || {
        client.decrypt_into(&message, &mut opened).wait()?;
        Ok(())
    });
    let mut buffer = vec![0; 65_536];
    bench("decrypt, streamed", &mut || {
        let mut reader = client.decrypt_reader(message.as_slice()).wait()?;
        while reader.read(&mut buffer)? > 0 {}
        Ok(())
    });
}

criterion_group!(benches, messages);
criterion_main!(benches);

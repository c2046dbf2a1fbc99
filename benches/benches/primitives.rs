//! The bare primitives that messages are made of, of the same provider and libraries.
#![allow(missing_docs)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use waxseal::crypto::{AeadAlgorithm, DigestOutput, HashAlgorithm, HkdfOutput, SignatureAlgorithm};
use waxseal::native;
use waxseal_benches::bare::{Bare, key_set_up, sha384};
use waxseal_benches::plaintext;

fn aead(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("AES-256-GCM");
    let libraries = Bare::all().unwrap_or_else(|error| unreachable!("{error}"));
    for len in [1 << 10, 4 << 10, 64 << 10] {
        group.throughput(Throughput::Bytes(len as u64));
        let (input, mut out) = (plaintext(len), vec![0; len]);
        for (name, bare) in &libraries {
            group.bench_function(BenchmarkId::new(*name, len), |bencher| {
                bencher.iter(|| bare.seal_frames(len, &input, &mut out));
            });
        }
    }
    group.finish();
    criterion.bench_function("AES-256-GCM key set-up", |bencher| bencher.iter(key_set_up));
    let key = native::provider().aead.key(AeadAlgorithm::Aes256Gcm, &[7; 32]);
    let key = key.unwrap_or_else(|error| unreachable!("{error}"));
    criterion.bench_function("AES-256-GCM header tag", |bencher| {
        bencher.iter(|| key.seal_in_place(&[0; 12], &[1; 300], &mut []));
    });
}

fn digest(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("SHA-384");
    for len in [4 << 10, 1 << 20] {
        group.throughput(Throughput::Bytes(len as u64));
        let input = plaintext(len);
        group.bench_function(BenchmarkId::from_parameter(len), |bencher| {
            bencher.iter(|| sha384(65_536, &input));
        });
    }
}

fn key_derivation(criterion: &mut Criterion) {
    criterion.bench_function("HKDF-SHA512, key and commitment", |bencher| {
        let (mut key, mut commitment) = ([0; 32], [0; 32]);
        bencher.iter(|| {
            let outputs = &mut [
                HkdfOutput { info: b"\x04\x78DERIVEKEY", output: &mut key },
                HkdfOutput { info: b"COMMITKEY", output: &mut commitment },
            ];
            native::provider().kdf.hkdf(HashAlgorithm::Sha512, &[1; 32], &[2; 32], outputs)
        });
    });
}

fn signature(criterion: &mut Criterion) {
    let (p384, crypto) = (SignatureAlgorithm::EcdsaP384Sha384, native::provider());
    let digest = DigestOutput::new(HashAlgorithm::Sha384, &[5; 48]);
    let (Some(digest), Ok(key)) = (digest, crypto.signatures.generate(p384)) else { return };
    criterion.bench_function("P-384 key pair", |bencher| bencher.iter(|| crypto.signatures.generate(p384)));
    criterion.bench_function("P-384 sign", |bencher| bencher.iter(|| key.sign(&digest)));
    let signed = key.sign(&digest).ok();
    let signature = signed.and_then(|signed| waxseal::crypto::encode_fixed_length_der(&signed));
    let (Some(signature), public_key) = (signature, key.public_key()) else { return };
    criterion.bench_function("P-384 verify", |bencher| {
        bencher.iter(|| crypto.signatures.verify(p384, &public_key, &digest, &signature));
    });
}

criterion_group!(benches, aead, digest, key_derivation, signature);
criterion_main!(benches);

//! The worker of AWS's own SDK for Rust: `esdk_worker KEY-FILE`. It has no streams.

use std::fs::File;
use std::time::{Duration, Instant};

use aws_esdk::client::Client;
use aws_esdk::material_providers::client::Client as MaterialProviders;
use aws_esdk::material_providers::types::keyring::KeyringRef;
use aws_esdk::material_providers::types::material_providers_config::MaterialProvidersConfig;
use aws_esdk::material_providers::types::{AesWrappingAlg, EsdkAlgorithmSuiteId};
use aws_esdk::types::aws_encryption_sdk_config::AwsEncryptionSdkConfig;
use tokio::runtime::Runtime;
use waxseal_bench_peers::{
    Direction, KEY_NAME, KEY_NAMESPACE, Outcome, Sink, Work, Worker, serve, wrapping_key,
};

const NO_OUTPUT: &str = "an answer without output";

fn main() -> Outcome<()> {
    let runtime = Runtime::new()?;
    let client = Client::from_conf(AwsEncryptionSdkConfig::builder().build()?)?;
    let keyring = runtime.block_on(keyring(wrapping_key()?))?;
    serve(&mut Esdk { runtime, client, keyring })
}

async fn keyring(key: Vec<u8>) -> Outcome<KeyringRef> {
    let providers = MaterialProviders::from_conf(MaterialProvidersConfig::builder().build()?)?;
    let request = providers.create_raw_aes_keyring().key_namespace(KEY_NAMESPACE).key_name(KEY_NAME);
    Ok(request.wrapping_key(key).wrapping_alg(AesWrappingAlg::AlgAes256GcmIv12Tag16).send().await?)
}

struct Esdk {
    runtime: Runtime,
    client: Client,
    keyring: KeyringRef,
}

impl Worker for Esdk {
    /// The SDK takes its input for good: the copy is made before the clock starts.
    fn whole(&mut self, work: Work, input: &[u8], out: &mut Vec<u8>) -> Outcome<Duration> {
        *out = Vec::new();
        let input = input.to_vec();
        match work.direction {
            Direction::Encrypt => self.encrypt(work, input, out),
            Direction::Decrypt => self.decrypt(input, out),
        }
    }

    fn stream(&mut self, _work: Work, _source: File, _sink: &mut Sink) -> Outcome<()> {
        Err("this SDK can't stream".into())
    }
}

impl Esdk {
    fn encrypt(&self, work: Work, plaintext: Vec<u8>, out: &mut Vec<u8>) -> Outcome<Duration> {
        let start = Instant::now();
        let request = self.client.encrypt().plaintext(plaintext).keyring(self.keyring.clone());
        let request = request.algorithm_suite_id(suite(work)).frame_length(i64::from(work.frame));
        let response = self.runtime.block_on(request.send())?;
        let taken = start.elapsed();
        *out = response.ciphertext.ok_or(NO_OUTPUT)?.into_inner();
        Ok(taken)
    }

    fn decrypt(&self, message: Vec<u8>, out: &mut Vec<u8>) -> Outcome<Duration> {
        let start = Instant::now();
        let request = self.client.decrypt().ciphertext(message).keyring(self.keyring.clone());
        let response = self.runtime.block_on(request.send())?;
        let taken = start.elapsed();
        *out = response.plaintext.ok_or(NO_OUTPUT)?.into_inner();
        Ok(taken)
    }
}

fn suite(work: Work) -> EsdkAlgorithmSuiteId {
    if work.signed {
        EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKeyEcdsaP384
    } else {
        EsdkAlgorithmSuiteId::AlgAes256GcmHkdfSha512CommitKey
    }
}

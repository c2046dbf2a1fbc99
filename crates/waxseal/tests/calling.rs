//! One call for synchronous and asynchronous callers, with materials that are ready and
//! materials that have to wait.
#![allow(unreachable_pub, clippy::cast_possible_truncation, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use waxseal::{
    Client, DecryptionMaterials, EncryptedDataKey, EncryptionMaterials, Error, Keyring, MaterialsError,
    RawAesKeyring, async_trait,
};

/// A keyring that takes its time, as one over a network does.
#[derive(Debug)]
struct Slow(RawAesKeyring);

#[async_trait]
impl Keyring for Slow {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.0.on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.0.on_decrypt(materials, encrypted_data_keys).await
    }
}

fn slow() -> Client {
    let crypto = waxseal_native::provider();
    Client::new(crypto, Slow(common::keyring(crypto)))
}

#[tokio::test]
async fn the_same_call_is_awaited_or_waited_for() {
    for crypto in common::providers() {
        let client = common::client(crypto);
        let awaited = client.encrypt(b"x").await.unwrap();
        assert_eq!(client.decrypt(&awaited.message).wait().unwrap().plaintext, b"x");
        let waited = client.encrypt(b"y").wait().unwrap();
        assert_eq!(client.decrypt(&waited.message).await.unwrap().plaintext, b"y");
        let (mut message, mut plaintext) = (Vec::new(), Vec::new());
        client.encrypt_into(b"z", &mut message).await.unwrap();
        client.decrypt_into(&message, &mut plaintext).await.unwrap();
        assert_eq!(plaintext, b"z");
    }
}

#[tokio::test]
async fn materials_that_wait_are_awaited() {
    let sealed = slow().encrypt(b"x").await.unwrap();
    assert_eq!(slow().decrypt(&sealed.message).await.unwrap().plaintext, b"x");
}

/// A runtime that needs no feature of ours.
#[derive(Debug)]
struct OnTokio(tokio::runtime::Runtime);

impl waxseal::Runtime for OnTokio {
    fn block_on(&self, future: std::pin::Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.0.block_on(future);
    }
}

#[test]
fn materials_that_wait_wait_on_the_runtime_given() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let client = slow().runtime(OnTokio(runtime));
    let sealed = client.encrypt(b"x").wait().unwrap();
    assert_eq!(client.decrypt(&sealed.message).wait().unwrap().plaintext, b"x");
    let mut plaintext = Vec::new();
    client.decrypt_reader(sealed.message.as_slice()).wait().unwrap().read_to_end(&mut plaintext).unwrap();
    let mut writer = client.decrypt_writer(Vec::new()).wait().unwrap();
    writer.write_all(&sealed.message).unwrap();
    assert_eq!(writer.finish().unwrap(), plaintext);
}

/// Ready never.
#[derive(Debug)]
struct Never;

#[async_trait]
impl Keyring for Never {
    async fn on_encrypt(&self, _: EncryptionMaterials) -> Result<EncryptionMaterials, MaterialsError> {
        std::future::pending().await
    }

    async fn on_decrypt(
        &self,
        _: DecryptionMaterials,
        _: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        std::future::pending().await
    }
}

#[test]
fn without_a_runtime_waiting_is_an_error_and_no_deadlock() {
    let client = Client::new(waxseal_native::provider(), Never);
    assert!(matches!(client.encrypt(b"x").wait(), Err(Error::NotReady)));
    assert!(matches!(client.encrypt_writer(Vec::new()).wait(), Err(Error::NotReady)));
    let message = common::client(waxseal_native::provider()).encrypt(b"x").wait().unwrap().message;
    assert!(matches!(client.decrypt(&message).wait(), Err(Error::NotReady)));
    assert!(matches!(client.decrypt_reader(message.as_slice()).wait(), Err(Error::NotReady)));
}

//! One call for synchronous and asynchronous callers, with materials that are ready and
//! materials that have to wait.
#![allow(unreachable_pub, clippy::cast_possible_truncation, clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use waxseal::crypto::CryptoProvider;
use waxseal::materials::RequiredEncryptionContextCmm;
use waxseal::{
    Client, DecryptionMaterials, EncryptedDataKey, EncryptionMaterials, Error, ErrorClass, Keyring,
    MaterialsError, RawAesKeyring, async_trait,
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

fn slow(crypto: &'static CryptoProvider) -> Client {
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
    for crypto in common::providers() {
        let sealed = slow(crypto).encrypt(b"x").await.unwrap();
        assert_eq!(slow(crypto).decrypt(&sealed.message).await.unwrap().plaintext, b"x");
    }
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
    for crypto in common::providers() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let client = slow(crypto).runtime(OnTokio(runtime));
        let sealed = client.encrypt(b"x").wait().unwrap();
        assert_eq!(client.decrypt(&sealed.message).wait().unwrap().plaintext, b"x");
        let mut plaintext = Vec::new();
        client.decrypt_reader(sealed.message.as_slice()).wait().unwrap().read_to_end(&mut plaintext).unwrap();
        let mut writer = client.decrypt_writer(Vec::new()).wait().unwrap();
        writer.write_all(&sealed.message).unwrap();
        assert_eq!(writer.finish().unwrap(), plaintext);
    }
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
    for crypto in common::providers() {
        let client = Client::new(crypto, Never);
        assert!(matches!(client.encrypt(b"x").wait(), Err(Error::NotReady)));
        assert!(matches!(client.encrypt_writer(Vec::new()).wait(), Err(Error::NotReady)));
        let message = common::client(crypto).encrypt(b"x").wait().unwrap().message;
        assert!(matches!(client.decrypt(&message).wait(), Err(Error::NotReady)));
        assert!(matches!(client.decrypt_reader(message.as_slice()).wait(), Err(Error::NotReady)));
    }
}

#[test]
fn what_the_client_decides_is_not_loosened_by_a_calls_options() {
    for crypto in common::providers() {
        let suite = waxseal::AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256;
        let writer = common::client_for(crypto, suite);
        let plain = writer.encrypt(b"x").suite(suite).wait().unwrap().message;
        let strict = Client::new(crypto, common::keyring(crypto)).decrypt_options(common::reading_all());
        let class = |result: Result<waxseal::Decrypted, Error>| result.unwrap_err().class();
        assert_eq!(class(strict.decrypt(&plain).wait()), ErrorClass::Policy);
        assert_eq!(class(strict.decrypt(&plain).options(common::reading_all()).wait()), ErrorClass::Policy);

        let signed = strict.encrypt(b"x").wait().unwrap().message;
        let request = strict.decrypt_unsigned_reader(signed.as_slice()).options(common::reading_all());
        assert_eq!(request.wait().unwrap_err().class(), ErrorClass::Policy);
    }
}

/// Ignores what the caller requires.
#[derive(Debug)]
struct Careless(waxseal::DefaultCmm);

#[async_trait]
impl waxseal::CryptographicMaterialsManager for Careless {
    async fn get_encryption_materials(
        &self,
        request: waxseal::EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.0.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        mut request: waxseal::DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        request.reproduced_context.clear();
        self.0.decrypt_materials(request).await
    }
}

#[test]
fn required_pairs_are_required_whatever_the_materials_manager_does() {
    for crypto in common::providers() {
        let cmm = Careless(waxseal::DefaultCmm::new(crypto, common::keyring(crypto)));
        let client = Client::with_cmm(crypto, cmm);
        let message = client.encrypt(b"x").context("tenant", "7").wait().unwrap().message;
        assert!(client.decrypt(&message).context("tenant", "7").wait().is_ok());
        for (key, value) in [("tenant", "8"), ("missing", "x")] {
            let refused = client.decrypt(&message).context(key, value).wait();
            assert_eq!(refused.unwrap_err().class(), ErrorClass::Context);
        }
    }
}

#[test]
fn the_whole_context_is_reported_with_the_pairs_that_are_not_stored() {
    for crypto in common::providers() {
        let keyring = common::keyring(crypto);
        let cmm = RequiredEncryptionContextCmm::with_keyring(["tenant"], crypto, keyring);
        let client = Client::with_cmm(crypto, cmm);
        let sealed = client.encrypt(b"x").context("tenant", "7").context("stored", "y").wait().unwrap();
        let opened = client.decrypt(&sealed.message).context("tenant", "7").wait().unwrap();
        for (header, whole) in
            [(&sealed.header, &sealed.encryption_context), (&opened.header, &opened.encryption_context)]
        {
            assert!(!header.encryption_context.contains_key("tenant"));
            assert_eq!(whole.get("tenant").unwrap(), "7");
            assert_eq!(whole.get("stored").unwrap(), "y");
        }
    }
}

//! What the tests of this crate share. Each test binary uses a part of it.
#![allow(dead_code)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use waxseal_crypto::{CryptoProvider, EcPrivateKey, EcPublicKey, EcdhCurveSpec, RsaPadding, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailureReason, Keyring, MaterialsError, RawAesKeyring,
    RawRsaKeyring,
};

pub(crate) const ONE_PKCS8: &[u8] = include_bytes!("../keys/one.pkcs8.pem");
pub(crate) const ONE_PKCS1: &[u8] = include_bytes!("../keys/one.pkcs1.pem");
pub(crate) const ONE_SPKI: &[u8] = include_bytes!("../keys/one.spki.pem");
pub(crate) const ONE_PUBLIC_PKCS1: &[u8] = include_bytes!("../keys/one.public.pkcs1.pem");
pub(crate) const TWO_PKCS8: &[u8] = include_bytes!("../keys/two.pkcs8.pem");
pub(crate) const TWO_SPKI: &[u8] = include_bytes!("../keys/two.spki.pem");
pub(crate) const SHORT_PKCS8: &[u8] = include_bytes!("../keys/short.pkcs8.pem");
pub(crate) const EC_PKCS8: &[u8] = include_bytes!("../keys/ec.pkcs8.pem");

pub(crate) const PADDINGS: [RsaPadding; 5] = [
    RsaPadding::Pkcs1v15,
    RsaPadding::OaepSha1,
    RsaPadding::OaepSha256,
    RsaPadding::OaepSha384,
    RsaPadding::OaepSha512,
];

pub(crate) const SUITE: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

pub(crate) type Crypto = &'static CryptoProvider;

/// Runs `body` once per cryptography provider.
pub(crate) fn each_provider(body: impl Fn(Crypto)) {
    for crypto in [waxseal_native::provider(), waxseal_rustcrypto::provider()] {
        eprintln!("provider {}", crypto.name);
        body(crypto);
    }
}

/// The output of a future that must be ready at the first poll.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a built-in part was not ready at once"),
    }
}

pub(crate) fn context() -> EncryptionContext {
    EncryptionContext::from([("tenant", "7"), ("purpose", "backup")])
}

pub(crate) fn aes(crypto: Crypto, namespace: &str, name: &str, byte: u8) -> RawAesKeyring {
    RawAesKeyring::new(crypto, namespace, name, SecretBytes::from([byte; 32])).unwrap()
}

pub(crate) fn rsa(crypto: Crypto, padding: RsaPadding) -> RawRsaKeyring {
    RawRsaKeyring::with_key_pair(crypto, "ns", "rsa", padding, ONE_SPKI, ONE_PKCS8).unwrap()
}

pub(crate) fn ecdh_key(crypto: Crypto, curve: EcdhCurveSpec) -> EcPrivateKey {
    crypto.agreement.generate(curve).unwrap()
}

pub(crate) fn ecdh_public(crypto: Crypto, key: &EcPrivateKey) -> EcPublicKey {
    crypto.agreement.private_key(key).unwrap().public_key().clone()
}

pub(crate) fn encrypt(keyring: &dyn Keyring, suite: &'static AlgorithmSuite) -> EncryptionMaterials {
    ready(keyring.on_encrypt(EncryptionMaterials::new(suite, context()))).unwrap()
}

pub(crate) fn decrypt(
    keyring: &dyn Keyring,
    suite: &'static AlgorithmSuite,
    context: EncryptionContext,
    edks: &[EncryptedDataKey],
) -> Result<DecryptionMaterials, MaterialsError> {
    ready(keyring.on_decrypt(DecryptionMaterials::new(suite, context), edks))
}

/// Asserts that `keyring` opens what was encrypted, and finds the same data key.
pub(crate) fn assert_opens(keyring: &dyn Keyring, encrypted: &EncryptionMaterials) {
    let context = encrypted.encryption_context().clone();
    let found = decrypt(keyring, encrypted.suite(), context, encrypted.encrypted_data_keys()).unwrap();
    assert!(found.data_key().unwrap().ct_eq(encrypted.data_key().unwrap()));
}

/// Why each key refused to unwrap, in order.
pub(crate) fn reasons<T: std::fmt::Debug>(result: Result<T, MaterialsError>) -> Vec<KeyFailureReason> {
    match result {
        Err(MaterialsError::Unwrap(failures)) => failures.as_slice().iter().map(|f| f.reason).collect(),
        other => panic!("expected key failures, found {other:?}"),
    }
}

pub(crate) fn shared(keyring: impl Keyring + 'static) -> Arc<dyn Keyring> {
    Arc::new(keyring)
}

pub(crate) fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

/// The DER inside PEM text.
pub(crate) fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(body).unwrap()
}

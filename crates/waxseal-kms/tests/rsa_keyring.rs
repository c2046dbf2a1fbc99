//! The KMS RSA keyring. KMS is a stand-in that holds a real private key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use async_trait::async_trait;
use waxseal::crypto::{RsaPrivateDer, RsaPrivateKey};
use waxseal::format::AlgorithmSuite;
use waxseal::{Client, ErrorClass, Keyring, RsaPadding, native};
use waxseal_kms::client::{DecryptRequest, DecryptResponse, EncryptionAlgorithm};
use waxseal_kms::{AwsKmsError, AwsKmsRsaAlgorithm, AwsKmsRsaKeyring, KmsClient, KmsError};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
const TEXT: &[u8] = b"attack at dawn";
const ALGORITHMS: [AwsKmsRsaAlgorithm; 2] = [AwsKmsRsaAlgorithm::OaepSha1, AwsKmsRsaAlgorithm::OaepSha256];

/// Decrypts as KMS does, and answers for the key `answers_for`.
#[derive(Debug)]
struct RsaKms {
    private: Box<dyn RsaPrivateKey>,
    answers_for: String,
}

#[async_trait]
impl KmsClient for RsaKms {
    fn region(&self) -> Option<&str> {
        None
    }

    async fn decrypt(&self, request: DecryptRequest<'_>) -> Result<DecryptResponse, KmsError> {
        assert!(request.encryption_context.is_empty(), "KMS takes no context with RSA keys");
        let padding = match request.encryption_algorithm {
            EncryptionAlgorithm::RsaesOaepSha1 => RsaPadding::OaepSha1,
            EncryptionAlgorithm::RsaesOaepSha256 => RsaPadding::OaepSha256,
            other => panic!("{other}"),
        };
        let plaintext = self.private.unwrap(padding, request.ciphertext);
        let plaintext = plaintext.map_err(|_| KmsError::from_code("InvalidCiphertextException", ""))?;
        Ok(DecryptResponse { key_id: self.answers_for.clone(), plaintext })
    }
}

/// A key pair: the public half in PEM, and KMS with the private one.
fn pair() -> (String, Arc<dyn KmsClient>) {
    pair_answering_for(KEY)
}

fn pair_answering_for(key: &str) -> (String, Arc<dyn KmsClient>) {
    let rsa = native::provider().rsa;
    let der: RsaPrivateDer = rsa.generate(2048).unwrap();
    let private = rsa.private_key(&der).unwrap();
    let public = private.public_key().unwrap().to_pem().unwrap();
    (public, Arc::new(RsaKms { private, answers_for: key.to_owned() }))
}

fn keyring(algorithm: AwsKmsRsaAlgorithm) -> AwsKmsRsaKeyring {
    AwsKmsRsaKeyring::new(native::provider(), KEY, algorithm).unwrap()
}

fn client(keyring: impl Keyring + 'static) -> Client {
    Client::new(native::provider(), keyring)
}

async fn sealed(client: &Client) -> Result<Vec<u8>, waxseal::Error> {
    let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    Ok(client.encrypt(TEXT).context("tenant", "7").suite(suite).await?.message)
}

#[tokio::test]
async fn what_the_public_key_wraps_kms_unwraps() {
    let (public, kms) = pair();
    for algorithm in ALGORITHMS {
        let writer = client(keyring(algorithm).with_public_key(public.as_bytes()).unwrap());
        let reader = client(keyring(algorithm).with_client(kms.clone(), Vec::new()));
        let message = sealed(&writer).await.unwrap();
        assert_eq!(reader.decrypt(&message).context("tenant", "7").await.unwrap().plaintext, TEXT);
        let error = writer.decrypt(&message).await.unwrap_err();
        assert!(error.to_string().contains("decrypt without a client"), "{error}");
        let error = sealed(&reader).await.unwrap_err();
        assert!(error.to_string().contains("this key cannot do that"), "{error}");
    }
}

#[tokio::test]
async fn the_context_is_bound_to_the_data_key() {
    use waxseal::{DecryptionMaterials, EncryptionContext, EncryptionMaterials};
    let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
    let (public, kms) = pair();
    let keyring =
        keyring(ALGORITHMS[1]).with_public_key(public.as_bytes()).unwrap().with_client(kms, Vec::new());
    let context = |value: &str| EncryptionContext::from([("tenant", value)]);
    let made = keyring.on_encrypt(EncryptionMaterials::new(suite, context("7"))).await.unwrap();
    let found =
        keyring.on_decrypt(DecryptionMaterials::new(suite, context("7")), made.encrypted_data_keys()).await;
    assert!(found.unwrap().data_key().unwrap().ct_eq(made.data_key().unwrap()));
    let found =
        keyring.on_decrypt(DecryptionMaterials::new(suite, context("8")), made.encrypted_data_keys()).await;
    assert!(found.unwrap_err().to_string().contains("another encryption context"));
}

#[tokio::test]
async fn suites_that_sign_are_refused_both_ways() {
    let (public, kms) = pair();
    let both =
        keyring(ALGORITHMS[0]).with_public_key(public.as_bytes()).unwrap().with_client(kms, Vec::new());
    let error = client(both.clone()).encrypt(TEXT).await.unwrap_err();
    assert!(format!("{error:?}").contains("suites that sign"), "{error:?}");
    let suite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
    let materials = waxseal::DecryptionMaterials::new(suite, waxseal::EncryptionContext::new());
    let error = both.on_decrypt(materials, &[]).await.unwrap_err();
    assert!(error.to_string().contains("suites that sign"), "{error}");
}

#[tokio::test]
async fn another_key_another_padding_and_another_answer_are_refused() {
    let (public, kms) = pair();
    let (_, other) = pair();
    let west = KEY.replace("us-east-1", "us-west-2");
    let message =
        sealed(&client(keyring(ALGORITHMS[0]).with_public_key(public.as_bytes()).unwrap())).await.unwrap();
    let opened = |keyring: AwsKmsRsaKeyring| {
        let (client, message) = (client(keyring), message.clone());
        async move { client.decrypt(&message).await.map(|opened| opened.plaintext) }
    };
    let error = opened(keyring(ALGORITHMS[0]).with_client(other, Vec::new())).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Key);
    opened(keyring(ALGORITHMS[1]).with_client(kms.clone(), Vec::new())).await.unwrap_err();
    let replica = AwsKmsRsaKeyring::new(native::provider(), &west, ALGORITHMS[0]).unwrap();
    let error = opened(replica.clone().with_client(kms.clone(), Vec::new())).await.unwrap_err();
    assert!(error.to_string().contains("answered for another key"), "{error}");
    let single = KEY.replace("mrk-", "");
    let unrelated = AwsKmsRsaKeyring::new(native::provider(), &single, ALGORITHMS[0]).unwrap();
    let error = opened(unrelated.with_client(kms, Vec::new())).await.unwrap_err();
    assert!(error.to_string().contains("not a key of this message"), "{error}");
}

#[tokio::test]
async fn a_replica_of_a_multi_region_key_opens() {
    let west = KEY.replace("us-east-1", "us-west-2");
    let (public, kms) = pair_answering_for(&west);
    let message =
        sealed(&client(keyring(ALGORITHMS[0]).with_public_key(public.as_bytes()).unwrap())).await.unwrap();
    let replica = AwsKmsRsaKeyring::new(native::provider(), &west, ALGORITHMS[0]).unwrap();
    let opened = client(replica.with_client(kms, Vec::new())).decrypt(&message).await;
    assert_eq!(opened.unwrap().plaintext, TEXT);
}

#[test]
fn keys_are_named_by_arn_and_public_keys_are_long_enough() {
    let new = |id: &str| AwsKmsRsaKeyring::new(native::provider(), id, ALGORITHMS[0]);
    for id in ["alias/a", "arn:aws:kms:us-east-1:1:alias/a", "1234abcd"] {
        assert!(matches!(new(id), Err(AwsKmsError::Form { .. })), "{id}");
    }
    assert!(matches!(new("arn:aws:kms:us-east-1:1:grant/a"), Err(AwsKmsError::Identifier { .. })));
    let refused = keyring(ALGORITHMS[0]).with_public_key(b"-----BEGIN PUBLIC KEY-----");
    assert!(matches!(refused, Err(AwsKmsError::PublicKey(_))));
    let short = include_bytes!("../../waxseal-crypto/src/conformance/rsa_answers/public-1024.pem");
    assert!(matches!(keyring(ALGORITHMS[0]).with_public_key(short), Err(AwsKmsError::PublicKey(_))));
}

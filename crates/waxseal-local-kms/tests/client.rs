//! The client of the seam, in process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{create, ok, symmetric, user};
use serde_json::json;
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::{
    DecryptRequest, DeriveSharedSecretRequest, EncryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest,
    GenerateMacRequest, KeyAgreementAlgorithm, KeyRequest, KeySpec, KeyState, KeyUsage, MacAlgorithm,
    MessageType, ReEncryptRequest, SignRequest, SigningAlgorithm, VerifyMacRequest, VerifyRequest,
};
use waxseal_kms::{ClientSupplier, KmsClient, KmsErrorKind};
use waxseal_local_kms::{LocalKms, LocalKmsClient};

fn client(kms: &LocalKms) -> LocalKmsClient {
    kms.client(&user("alice").principal, common::REGION)
}

fn key(key_id: &str) -> KeyRequest<'_> {
    KeyRequest { key_id, grant_tokens: &[] }
}

#[tokio::test]
async fn symmetric_operations_go_round() {
    let kms = LocalKms::volatile();
    let (client, first, second) = (client(&kms), symmetric(&kms), symmetric(&kms));
    assert_eq!(client.region(), Some("eu-west-1"));
    let context = [("tenant", "7")].into();
    let data_key = GenerateDataKeyRequest {
        key_id: &first,
        number_of_bytes: 32,
        encryption_context: &context,
        grant_tokens: &[],
    };
    let made = client.generate_data_key(data_key).await.unwrap();
    assert_eq!((made.key_id.as_str(), made.plaintext.len()), (first.as_str(), 32));
    let moved = client
        .re_encrypt(ReEncryptRequest {
            ciphertext: &made.ciphertext,
            source_key_id: Some(&first),
            source_encryption_context: &context,
            source_encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            destination_key_id: &second,
            destination_encryption_context: &context,
            destination_encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &[],
        })
        .await
        .unwrap();
    assert_eq!((moved.source_key_id, moved.key_id), (first.clone(), second.clone()));
    let decrypt = DecryptRequest {
        key_id: None,
        ciphertext: &moved.ciphertext,
        encryption_context: &context,
        encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
        grant_tokens: &[],
    };
    let opened = client.decrypt(decrypt).await.unwrap();
    assert!(opened.plaintext.ct_eq(&made.plaintext) && opened.key_id == second);
    let without = client.generate_data_key_without_plaintext(data_key).await.unwrap();
    let decrypt = DecryptRequest { key_id: Some(&first), ciphertext: &without.ciphertext, ..decrypt };
    assert_eq!(client.decrypt(decrypt).await.unwrap().plaintext.len(), 32);
    let plaintext = SecretBytes::from([1, 2, 3]);
    let encrypt = EncryptRequest {
        key_id: &first,
        plaintext: &plaintext,
        encryption_context: &context,
        encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
        grant_tokens: &[],
    };
    let sealed = client.encrypt(encrypt).await.unwrap();
    let decrypt = DecryptRequest { ciphertext: &sealed.ciphertext, ..decrypt };
    assert!(client.decrypt(decrypt).await.unwrap().plaintext.ct_eq(&plaintext));
    let wrong = DecryptRequest { key_id: Some(&second), ..decrypt };
    assert_eq!(client.decrypt(wrong).await.unwrap_err().kind, KmsErrorKind::IncorrectKey);
    let no_context = [("", "")].into();
    let wrong = DecryptRequest { encryption_context: &no_context, ..decrypt };
    assert_eq!(client.decrypt(wrong).await.unwrap_err().kind, KmsErrorKind::InvalidCiphertext);
    for number_of_bytes in [0, 1025] {
        let wrong = GenerateDataKeyRequest { number_of_bytes, ..data_key };
        assert_eq!(client.generate_data_key(wrong).await.unwrap_err().kind, KmsErrorKind::InvalidRequest);
    }
}

#[tokio::test]
async fn signatures_macs_and_shared_secrets() {
    let kms = LocalKms::volatile();
    let (client, alice) = (client(&kms), user("alice"));
    let signing = create(&kms, &alice, json!({"KeySpec": "ECC_NIST_P384", "KeyUsage": "SIGN_VERIFY"}));
    let sign = SignRequest {
        key_id: &signing,
        message: b"message",
        message_type: MessageType::Raw,
        signing_algorithm: SigningAlgorithm::EcdsaSha384,
        grant_tokens: &[],
    };
    let signed = client.sign(sign).await.unwrap();
    let verify = VerifyRequest {
        key_id: &signing,
        message: b"message",
        message_type: MessageType::Raw,
        signature: &signed.signature,
        signing_algorithm: SigningAlgorithm::EcdsaSha384,
        grant_tokens: &[],
    };
    assert_eq!(client.verify(verify).await.unwrap().key_id, signing);
    let wrong = VerifyRequest { message: b"another", ..verify };
    assert_eq!(client.verify(wrong).await.unwrap_err().kind, KmsErrorKind::InvalidSignature);

    let hmac = create(&kms, &alice, json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}));
    let mac_algorithm = MacAlgorithm::HmacSha256;
    let generate =
        GenerateMacRequest { key_id: &hmac, message: b"message", mac_algorithm, grant_tokens: &[] };
    let made = client.generate_mac(generate).await.unwrap();
    let verify = VerifyMacRequest {
        key_id: &hmac,
        message: b"message",
        mac: &made.mac,
        mac_algorithm,
        grant_tokens: &[],
    };
    client.verify_mac(verify).await.unwrap();
    let wrong = VerifyMacRequest { mac: &[0; 32], ..verify };
    assert_eq!(client.verify_mac(wrong).await.unwrap_err().kind, KmsErrorKind::InvalidSignature);

    let create_key = json!({"KeySpec": "ECC_NIST_P521", "KeyUsage": "KEY_AGREEMENT"});
    let (a, b) = (create(&kms, &alice, create_key.clone()), create(&kms, &alice, create_key));
    let (public_a, public_b) =
        (client.get_public_key(key(&a)).await.unwrap(), client.get_public_key(key(&b)).await.unwrap());
    assert_eq!(public_a.key_spec, Some(KeySpec::EccNistP521));
    assert_eq!(public_a.key_usage, Some(KeyUsage::KeyAgreement));
    let derive = |key_id, public_key| DeriveSharedSecretRequest {
        key_id,
        key_agreement_algorithm: KeyAgreementAlgorithm::Ecdh,
        public_key,
        grant_tokens: &[],
    };
    let one = client.derive_shared_secret(derive(&a, &public_b.public_key)).await.unwrap();
    let other = client.derive_shared_secret(derive(&b, &public_a.public_key)).await.unwrap();
    assert!(one.shared_secret.ct_eq(&other.shared_secret) && one.shared_secret.len() == 66);
}

#[tokio::test]
async fn clients_are_of_a_principal_and_a_region() {
    let kms = LocalKms::volatile();
    let (client, arn) = (client(&kms), symmetric(&kms));
    let described = client.describe_key(key(&arn)).await.unwrap();
    assert_eq!((described.arn.as_str(), described.key_state), (arn.as_str(), Some(KeyState::Enabled)));
    let there = client.client(Some("us-east-1")).await.unwrap();
    assert_eq!(there.region(), Some("us-east-1"));
    assert_eq!(there.describe_key(key(&arn)).await.unwrap_err().kind, KmsErrorKind::NotFound);
    let here: Arc<dyn KmsClient> = client.client(None).await.unwrap();
    here.describe_key(key(&arn)).await.unwrap();
    let mallory = kms.client("arn:aws:iam::999988887777:user/m", common::REGION);
    let error = mallory.describe_key(key(&arn)).await.unwrap_err();
    assert_eq!(error.kind, KmsErrorKind::AccessDenied);
    ok(&kms, &user("alice"), "DisableKey", json!({"KeyId": arn}));
    let request = GenerateDataKeyRequest {
        key_id: &arn,
        number_of_bytes: 32,
        encryption_context: &Default::default(),
        grant_tokens: &[],
    };
    assert_eq!(client.generate_data_key(request).await.unwrap_err().kind, KmsErrorKind::KeyState);
}

#[tokio::test]
async fn latency_can_be_asked_for() {
    let kms = LocalKms::volatile();
    let (client, arn) = (client(&kms).with_latency(Duration::from_millis(30)), symmetric(&kms));
    let start = Instant::now();
    client.describe_key(key(&arn)).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(30));
}

//! The forms that pykmssig wrote, made here by hand, and what is wrong with them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waxseal::{AlgorithmSuite, Client, CommitmentPolicy};
use waxseal_crypto::AeadAlgorithm;
use waxseal_kms::AwsKmsKeyring;
use waxseal_sign::{Envelope, InvalidSignature, Method, Scheme, SealedDigests, SignError, Signer};

use crate::place::{CONTENT, Place, alice, crypto, digest, is_invalid, pairs};

fn payload(content: &[u8]) -> Value {
    let both = digest(Method::SealedDigests, content);
    json!({"blake2": hex::encode(&both.bytes()[64..]), "sha256": hex::encode(&both.bytes()[..64])})
}

/// pykmssig 0.0.1's dictionary, by the calls that it made.
fn first_form(place: &Place, key: &str, payload: &Value) -> Vec<u8> {
    let made = place.call(
        "GenerateDataKey",
        json!({"KeyId": key, "KeySpec": "AES_256", "EncryptionContext": {"a": "b"}}),
    );
    let data_key = STANDARD.decode(made["Plaintext"].as_str().unwrap()).unwrap();
    seal(&data_key, made["CiphertextBlob"].as_str().unwrap(), payload)
}

fn seal(data_key: &[u8], wrapped: &str, payload: &Value) -> Vec<u8> {
    let (iv, mut text) = ([7; 12], payload.to_string().into_bytes());
    let aead = crypto().aead.key(AeadAlgorithm::Aes256Gcm, data_key).unwrap();
    let tag = aead.seal_in_place(&iv, b"", &mut text).unwrap();
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    json!({"ciphertext": encode(&text), "ciphertext_key": wrapped, "iv": encode(&iv), "tag": encode(&tag)})
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn the_first_form_is_read_where_that_is_asked_for() {
    let place = Place::new();
    let key = place.key_for(Method::SealedDigests);
    let signature = first_form(&place, &key, &payload(CONTENT));
    let content = digest(Method::SealedDigests, CONTENT);
    let verifier = place.verifier(&[&key]).context(pairs(&[("a", "b")])).unwrap();
    let scheme = SealedDigests::new(crypto(), place.clients(&alice()));
    let refused = verifier.verify_raw(&scheme, &signature, &content).await.unwrap_err();
    assert!(matches!(refused, SignError::Invalid(InvalidSignature::Forgeable)), "{refused:?}");

    let scheme = scheme.danger_accept_forgeable();
    assert_eq!(verifier.verify_raw(&scheme, &signature, &content).await.unwrap().key, key);
    let other = digest(Method::SealedDigests, b"other");
    is_invalid(verifier.verify_raw(&scheme, &signature, &other).await);
    is_invalid(place.verifier(&[&key]).verify_raw(&scheme, &signature, &content).await);
    let attackers = place.key_for(Method::SealedDigests);
    let forged = first_form(&place, &attackers, &payload(CONTENT));
    is_invalid(verifier.verify_raw(&scheme, &forged, &content).await);
    for wrong in ["{", "{}", r#"{"ciphertext":"*","ciphertext_key":"","iv":"","tag":""}"#] {
        is_invalid(verifier.verify_raw(&scheme, wrong.as_bytes(), &content).await);
    }
}

/// Why it is dangerous: a verifier opens the data key of one signature and seals another payload.
#[tokio::test]
async fn whoever_verifies_the_first_form_can_forge_it() {
    let place = Place::new();
    let key = place.key_for(Method::SealedDigests);
    let signature: Value = serde_json::from_slice(&first_form(&place, &key, &payload(CONTENT))).unwrap();
    let wrapped = signature["ciphertext_key"].as_str().unwrap();
    let request = json!({"CiphertextBlob": wrapped, "KeyId": key, "EncryptionContext": {"a": "b"}});
    let opened = place.call("Decrypt", request);
    let data_key = STANDARD.decode(opened["Plaintext"].as_str().unwrap()).unwrap();
    let forged = seal(&data_key, wrapped, &payload(b"attack at dusk"));
    let scheme = SealedDigests::new(crypto(), place.clients(&alice()));
    let verifier = place.verifier(&[&key]).context(pairs(&[("a", "b")])).unwrap();
    let content = digest(Method::SealedDigests, b"attack at dusk");
    is_invalid(verifier.verify_raw(&scheme, &forged, &content).await);
    verifier.verify_raw(&scheme.danger_accept_forgeable(), &forged, &content).await.unwrap();
}

async fn message(place: &Place, key: &str, suite: &str, payload: &str) -> Vec<u8> {
    let clients = place.clients(&alice());
    let keyring = AwsKmsKeyring::new(clients.client(None).await.unwrap(), key).unwrap();
    let suite = AlgorithmSuite::from_name(suite).unwrap();
    let policy = if suite.commits() {
        CommitmentPolicy::RequireEncryptRequireDecrypt
    } else {
        CommitmentPolicy::ForbidEncryptAllowDecrypt
    };
    let client = Client::new(crypto(), keyring).commitment_policy(policy);
    client.encrypt(payload.as_bytes()).suite(suite).await.unwrap().message
}

#[tokio::test]
async fn every_suite_with_a_signature_is_read() {
    let place = Place::new();
    let (key, content) = (place.key_for(Method::SealedDigests), digest(Method::SealedDigests, CONTENT));
    let payload = payload(CONTENT).to_string();
    let scheme = SealedDigests::new(crypto(), place.clients(&alice()));
    for suite in AlgorithmSuite::ALL {
        let name = format!("0x{:04x}", suite.id);
        let signature = message(&place, &key, &name, &payload).await;
        let verified = place.verifier(&[&key]).verify_raw(&scheme, &signature, &content).await;
        match suite.signs() {
            true => assert_eq!(verified.unwrap().key, key, "{name}"),
            false => {
                assert!(matches!(verified, Err(SignError::Invalid(InvalidSignature::Forgeable))), "{name}")
            }
        }
        let scheme = scheme.clone().danger_accept_forgeable();
        place.verifier(&[&key]).verify_raw(&scheme, &signature, &content).await.unwrap();
    }
}

#[tokio::test]
async fn white_space_and_order_do_not_matter_and_everything_else_does() {
    let place = Place::new();
    let (key, content) = (place.key_for(Method::SealedDigests), digest(Method::SealedDigests, CONTENT));
    let scheme = SealedDigests::new(crypto(), place.clients(&alice()));
    let text = payload(CONTENT).to_string();
    let spaced = text.replace(':', " : ").replace(',', "\n,\t");
    for (payload, valid) in [
        (text.clone(), true),
        (spaced, true),
        (text.replace('}', r#","more":1}"#), false),
        (text.replace("blake2", "blake3"), false),
        (format!("{text}x"), false),
        ("{}".to_owned(), false),
        (String::new(), false),
    ] {
        let signature = message(&place, &key, "0x0578", &payload).await;
        let verified = place.verifier(&[&key]).verify_raw(&scheme, &signature, &content).await;
        assert_eq!(verified.is_ok(), valid, "{payload}");
        if !valid {
            is_invalid(verified);
        }
    }
}

#[tokio::test]
async fn what_is_written_commits_and_signs_unless_it_is_for_pykmssig() {
    let place = Place::new();
    let (key, content) = (place.key_for(Method::SealedDigests), digest(Method::SealedDigests, CONTENT));
    let suite_of = |signature: &[u8]| u16::from_be_bytes([signature[1], signature[2]]);
    let ours = place.signer(Method::SealedDigests, &key, &[]).sign_raw(&content).await.unwrap();
    assert_eq!(suite_of(&ours.signature), 0x0578);
    let scheme = SealedDigests::new(crypto(), place.clients(&alice())).for_pykmssig();
    let signer = Signer::new(crypto(), scheme.clone(), &key);
    let theirs = signer.sign_raw(&content).await.unwrap();
    assert_eq!(u16::from_be_bytes([theirs.signature[2], theirs.signature[3]]), 0x0378);
    assert_eq!(scheme.method(), Method::SealedDigests);
    place
        .verifier(&[&key])
        .verify_raw(&*place.scheme(Method::SealedDigests), &theirs.signature, &content)
        .await
        .unwrap();
    let with_context = signer.context(pairs(&[("a", "b")])).unwrap();
    assert!(matches!(with_context.sign_raw(&content).await, Err(SignError::Usage(_))));
    let envelope = place.signer(Method::SealedDigests, &key, &[]).sign(&content).await.unwrap();
    let other = Envelope { signature: b"not a message".to_vec(), ..envelope };
    is_invalid(place.verifier(&[&key]).verify(&other, &content).await);
}

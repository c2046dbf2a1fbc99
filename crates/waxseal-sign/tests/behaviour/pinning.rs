//! The peers' fault: a signature under the attacker's own key, which the verifier may use.

use serde_json::json;
use waxseal_kms::client::{MacAlgorithm, SigningAlgorithm};
use waxseal_sign::{Envelope, InvalidSignature, Method, SignError, Verifier};

use crate::place::{CONTENT, Place, alice, crypto, digest, is_invalid};

const METHODS: [Method; 4] = [
    Method::EncryptedDigest,
    Method::SealedDigests,
    Method::KmsAsymmetric(SigningAlgorithm::EcdsaSha256),
    Method::KmsMac(MacAlgorithm::HmacSha256),
];

/// Mallory signs another content with a key of hers that lets everyone verify.
#[tokio::test]
async fn a_signature_under_the_attackers_own_key_is_refused() {
    let place = Place::new();
    for method in METHODS {
        let (pinned, attackers) = (place.key_for(method), place.key_for(method));
        let content = digest(method, b"attack at dusk");
        let forged = place.signer(method, &attackers, &[]).sign(&content).await.unwrap();
        let refused = place.verifier(&[&pinned]).verify(&forged, &content).await.unwrap_err();
        let expected = InvalidSignature::KeyNotAccepted { claimed: Some(attackers.clone()) };
        assert!(matches!(&refused, SignError::Invalid(error) if *error == expected), "{refused:?}");

        // The same that claims to be of the pinned key.
        let claiming = Envelope { key_arn: pinned.clone(), ..forged.clone() };
        is_invalid(place.verifier(&[&pinned]).verify(&claiming, &content).await);

        // What the peers do.
        let any = Verifier::danger_any_key(crypto(), place.clients(&alice()));
        assert_eq!(any.verify(&forged, &content).await.unwrap().key, attackers);
    }
}

#[tokio::test]
async fn the_same_in_the_raw_form() {
    let place = Place::new();
    for method in METHODS {
        let (pinned, attackers) = (place.key_for(method), place.key_for(method));
        let content = digest(method, b"attack at dusk");
        let forged = place.signer(method, &attackers, &[]).sign_raw(&content).await.unwrap();
        let scheme = place.scheme(method);
        is_invalid(place.verifier(&[&pinned]).verify_raw(&*scheme, &forged.signature, &content).await);
        let any = Verifier::danger_any_key(crypto(), place.clients(&alice()));
        let by_any = any.verify_raw(&*scheme, &forged.signature, &content).await;
        match method {
            Method::EncryptedDigest | Method::SealedDigests => assert_eq!(by_any.unwrap().key, attackers),
            _ => assert!(matches!(by_any, Err(SignError::Usage(_))), "KMS must be told a key"),
        }
    }
}

/// A message's name for its key is the attacker's to choose: KMS compares.
#[tokio::test]
async fn a_message_that_claims_the_pinned_key_is_refused() {
    let place = Place::new();
    let method = Method::SealedDigests;
    let (pinned, attackers) = (place.key_for(method), place.key_for(method));
    let content = digest(method, CONTENT);
    let forged = place.signer(method, &attackers, &[]).sign_raw(&content).await.unwrap().signature;
    let (from, to) = (attackers.as_bytes(), pinned.as_bytes());
    let at = forged.windows(from.len()).position(|window| window == from).unwrap();
    let claiming = [&forged[..at], to, &forged[at + from.len()..]].concat();
    is_invalid(place.verifier(&[&pinned]).verify_raw(&*place.scheme(method), &claiming, &content).await);
}

#[tokio::test]
async fn one_of_several_keys_will_do() {
    let place = Place::new();
    for method in METHODS {
        let keys = [place.key_for(method), place.key_for(method), place.key_for(method)];
        let (content, other) = (digest(method, CONTENT), digest(method, b"other"));
        let verifier = place.verifier(&[&keys[0], &keys[1]]);
        let envelope = place.signer(method, &keys[1], &[]).sign(&content).await.unwrap();
        assert_eq!(verifier.verify(&envelope, &content).await.unwrap().key, keys[1]);
        let raw = place.signer(method, &keys[1], &[]).sign_raw(&content).await.unwrap().signature;
        let scheme = place.scheme(method);
        assert_eq!(verifier.verify_raw(&*scheme, &raw, &content).await.unwrap().key, keys[1]);
        is_invalid(verifier.verify_raw(&*scheme, &raw, &other).await);
        let raw = place.signer(method, &keys[2], &[]).sign_raw(&content).await.unwrap().signature;
        is_invalid(verifier.verify_raw(&*scheme, &raw, &content).await);
    }
    assert!(Verifier::new(crypto(), place.clients(&alice()), Vec::<String>::new()).is_err());
}

/// The same key in another region is the same key: its material is the same.
#[tokio::test]
async fn a_replica_verifies_what_the_primary_signed() {
    let place = Place::new();
    for (spec, usage, method) in [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Method::EncryptedDigest),
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", Method::SealedDigests),
        ("ECC_NIST_P256", "SIGN_VERIFY", METHODS[2]),
        ("HMAC_256", "GENERATE_VERIFY_MAC", METHODS[3]),
    ] {
        let primary = place.key(json!({"KeySpec": spec, "KeyUsage": usage, "MultiRegion": true}));
        let made = place.call("ReplicateKey", json!({"KeyId": primary, "ReplicaRegion": "us-east-1"}));
        let replica = made["ReplicaKeyMetadata"]["Arn"].as_str().unwrap();
        let content = digest(method, CONTENT);
        let envelope = place.signer(method, &primary, &[("a", "b")]).sign(&content).await.unwrap();
        let verified = place.verifier(&[replica]).verify(&envelope, &content).await.unwrap();
        assert_eq!(verified.key, replica);
    }
}

//! Every scheme with every algorithm, in both forms.

use waxseal_format::EncryptionContext;
use waxseal_kms::client::{MacAlgorithm, SigningAlgorithm};
use waxseal_sign::{Envelope, Method, PublicKey, SchemeId, SignError, Verifier};

use crate::place::{CONTENT, Place, alice, crypto, digest, is_invalid, pairs};

const CONTEXT: &[(&str, &str)] = &[("tenant", "7"), ("purpose", "rele\u{e4}se")];

fn methods() -> Vec<Method> {
    let signing = SigningAlgorithm::ALL.iter().map(|algorithm| Method::KmsAsymmetric(*algorithm));
    let mac = MacAlgorithm::ALL.iter().map(|algorithm| Method::KmsMac(*algorithm));
    [Method::EncryptedDigest, Method::SealedDigests].into_iter().chain(signing).chain(mac).collect()
}

fn binds_context_itself(method: Method) -> bool {
    matches!(method.scheme(), SchemeId::EncryptedDigest | SchemeId::SealedDigests)
}

#[tokio::test]
async fn envelopes_verify_and_say_key_scheme_and_context() {
    let place = Place::new();
    for method in methods() {
        let key = place.key_for(method);
        let envelope = place.signer(method, &key, CONTEXT).sign(&digest(method, CONTENT)).await.unwrap();
        let envelope = Envelope::from_bytes(&envelope.to_bytes().unwrap()).unwrap();
        let verified = place.verifier(&[&key]).verify(&envelope, &digest(method, CONTENT)).await.unwrap();
        assert_eq!((verified.key, verified.method, verified.context), (key, method, pairs(CONTEXT)));
    }
}

#[tokio::test]
async fn other_content_and_every_changed_field_are_invalid() {
    let place = Place::new();
    for method in methods() {
        let key = place.key_for(method);
        let envelope = place.signer(method, &key, CONTEXT).sign(&digest(method, CONTENT)).await.unwrap();
        let verifier = place.verifier(&[&key]);
        is_invalid(verifier.verify(&envelope, &digest(method, b"attack at dusk")).await);
        let with = |context| Envelope { context, ..envelope.clone() };
        for context in [pairs(&[]), pairs(&CONTEXT[..1]), pairs(&[("tenant", "8"), CONTEXT[1]])] {
            is_invalid(verifier.verify(&with(context), &digest(method, CONTENT)).await);
        }
        for at in [0, envelope.signature.len() / 2, envelope.signature.len() - 1] {
            let mut changed = envelope.clone();
            changed.signature[at] ^= 1;
            is_invalid(verifier.verify(&changed, &digest(method, CONTENT)).await);
        }
        let mut cut = envelope.clone();
        cut.signature.pop();
        is_invalid(verifier.verify(&cut, &digest(method, CONTENT)).await);
    }
}

#[tokio::test]
async fn a_required_pair_must_be_there() {
    let place = Place::new();
    let key = place.key_for(Method::EncryptedDigest);
    let content = digest(Method::EncryptedDigest, CONTENT);
    let envelope = place.signer(Method::EncryptedDigest, &key, CONTEXT).sign(&content).await.unwrap();
    let requiring = |pair| place.verifier(&[&key]).context(pairs(&[pair])).unwrap();
    requiring(CONTEXT[0]).verify(&envelope, &content).await.unwrap();
    is_invalid(requiring(("tenant", "8")).verify(&envelope, &content).await);
    is_invalid(requiring(("other", "")).verify(&envelope, &content).await);
}

#[tokio::test]
async fn raw_forms_verify_alone() {
    let place = Place::new();
    for method in methods() {
        let key = place.key_for(method);
        let context = if binds_context_itself(method) { CONTEXT } else { &[] };
        let signed = place.signer(method, &key, context).sign_raw(&digest(method, CONTENT)).await.unwrap();
        assert_eq!(signed.key_arn, key);
        let verify = |context: EncryptionContext, content: &'static [u8]| {
            let verifier = place.verifier(&[&key]).context(context).unwrap();
            let (scheme, signature) = (place.scheme(method), signed.signature.clone());
            async move { verifier.verify_raw(&*scheme, &signature, &digest(method, content)).await }
        };
        assert_eq!(verify(pairs(context), CONTENT).await.unwrap().key, key);
        is_invalid(verify(pairs(context), b"attack at dusk").await);
        if binds_context_itself(method) {
            is_invalid(verify(pairs(&[]), CONTENT).await);
        } else {
            let refused = verify(pairs(CONTEXT), CONTENT).await.unwrap_err();
            assert!(matches!(refused, SignError::Usage(_)), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn forms_without_context_refuse_one_and_what_looks_like_a_statement() {
    let place = Place::new();
    for method in methods().into_iter().filter(|method| !binds_context_itself(*method)) {
        let key = place.key_for(method);
        let refused =
            place.signer(method, &key, CONTEXT).sign_raw(&digest(method, CONTENT)).await.unwrap_err();
        assert!(matches!(refused, SignError::Usage(_)), "{refused:?}");
        let statement = digest(method, b"waxseal signature statement v1\0\0 and so on");
        let refused = place.signer(method, &key, &[]).sign_raw(&statement).await.unwrap_err();
        assert!(matches!(refused, SignError::Usage(_)), "{refused:?}");
        place.signer(method, &key, &[]).sign(&statement).await.unwrap();
    }
}

#[tokio::test]
async fn an_envelope_is_not_a_raw_signature_and_the_other_way_round() {
    let place = Place::new();
    for method in methods().into_iter().filter(|method| !binds_context_itself(*method)) {
        let (key, content) = (place.key_for(method), digest(method, CONTENT));
        let signer = place.signer(method, &key, &[]);
        let envelope = signer.sign(&content).await.unwrap();
        let raw = signer.sign_raw(&content).await.unwrap();
        let verifier = place.verifier(&[&key]);
        is_invalid(verifier.verify_raw(&*place.scheme(method), &envelope.signature, &content).await);
        let wrapped = Envelope { signature: raw.signature, ..envelope };
        is_invalid(verifier.verify(&wrapped, &content).await);
    }
}

#[tokio::test]
async fn public_keys_verify_without_kms() {
    let place = Place::new();
    for method in methods().into_iter().filter(|method| method.scheme() == SchemeId::KmsAsymmetric) {
        let (key, other, content) = (place.key_for(method), place.key_for(method), digest(method, CONTENT));
        let envelope = place.signer(method, &key, CONTEXT).sign(&content).await.unwrap();
        let offline = |key: &str| {
            let reply = place.call("GetPublicKey", serde_json::json!({ "KeyId": key }));
            let pem = format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                reply["PublicKey"]
                    .as_str()
                    .unwrap()
                    .as_bytes()
                    .chunks(64)
                    .map(|line| std::str::from_utf8(line).unwrap())
                    .collect::<Vec<_>>()
                    .join("\n")
            );
            Verifier::offline(crypto(), [PublicKey::from_pem_or_der(pem.as_bytes()).unwrap()]).unwrap()
        };
        let verified = offline(&key).verify(&envelope, &content).await.unwrap();
        assert!(verified.key.starts_with("sha256:"), "{}", verified.key);
        is_invalid(offline(&key).verify(&envelope, &digest(method, b"attack at dusk")).await);
        is_invalid(offline(&other).verify(&envelope, &content).await);
        let raw = place.signer(method, &key, &[]).sign_raw(&content).await.unwrap();
        offline(&key).verify_raw(&*place.scheme(method), &raw.signature, &content).await.unwrap();
    }
}

#[tokio::test]
async fn public_keys_of_other_kinds_are_no_pins() {
    assert!(PublicKey::from_pem_or_der(b"").is_err());
    assert!(
        PublicKey::from_pem_or_der(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .is_err()
    );
    assert!(Verifier::offline(crypto(), []).is_err());
    let place = Place::new();
    let key = place.key_for(Method::EncryptedDigest);
    let content = digest(Method::EncryptedDigest, CONTENT);
    let envelope = place.signer(Method::EncryptedDigest, &key, &[]).sign(&content).await.unwrap();
    let reply = place
        .call("GetPublicKey", serde_json::json!({ "KeyId": place.key_of("ECC_NIST_P256", "SIGN_VERIFY") }));
    let der = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        reply["PublicKey"].as_str().unwrap(),
    )
    .unwrap();
    let verifier = Verifier::offline(crypto(), [PublicKey::from_pem_or_der(&der).unwrap()]).unwrap();
    is_invalid(verifier.verify(&envelope, &content).await);
}

#[tokio::test]
async fn an_alias_signs_and_the_envelope_names_the_key() {
    let place = Place::new();
    for method in methods() {
        let (key, content) = (place.key_for(method), digest(method, CONTENT));
        let alias = format!("alias/{}", key.rsplit('/').next().unwrap());
        place.call("CreateAlias", serde_json::json!({ "AliasName": alias, "TargetKeyId": key }));
        let envelope = place.signer(method, &alias, CONTEXT).sign(&content).await.unwrap();
        assert_eq!(envelope.key_arn, key);
        place.verifier(&[&key]).verify(&envelope, &content).await.unwrap();
        assert!(Verifier::new(crypto(), place.clients(&alice()), [&alias]).is_err(), "an alias pins nothing");
    }
}

#[tokio::test]
async fn what_keeps_kms_from_answering_is_not_an_invalid_signature() {
    let place = Place::new();
    let stranger = crate::place::user("999999999999", "mallory");
    for method in methods() {
        let (key, content) = (place.key_for(method), digest(method, CONTENT));
        let envelope = place.signer(method, &key, &[]).sign(&content).await.unwrap();
        let verifier = Verifier::new(crypto(), place.clients(&stranger), [&key]).unwrap();
        let error = verifier.verify(&envelope, &content).await.unwrap_err();
        assert!(!error.is_invalid_signature(), "{error:?}");
        place.call("DisableKey", serde_json::json!({ "KeyId": key }));
        let error = place.verifier(&[&key]).verify(&envelope, &content).await.unwrap_err();
        assert!(!error.is_invalid_signature(), "{error:?}");
    }
}

#[tokio::test]
async fn the_digest_must_be_of_the_schemes_kind() {
    let place = Place::new();
    let key = place.key_for(Method::EncryptedDigest);
    let other = digest(Method::SealedDigests, CONTENT);
    let signer = place.signer(Method::EncryptedDigest, &key, &[]);
    assert!(matches!(signer.sign(&other).await, Err(SignError::Usage(_))));
    let envelope = signer.sign(&digest(Method::EncryptedDigest, CONTENT)).await.unwrap();
    assert!(matches!(place.verifier(&[&key]).verify(&envelope, &other).await, Err(SignError::Usage(_))));
}

//! The KMS ECDH keyring. KMS is a stand-in that holds a real private key; at the end the embedded
//! KMS takes its place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/embedded.rs"]
mod embedded;

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use embedded::{EAST, Place};
use serde_json::json;
use waxseal::crypto::{AgreementKey, EcPrivateKey, EcPublicKey, EcdhCurveSpec, SecretBytes};
use waxseal::format::AlgorithmSuite;
use waxseal::materials::{RawEcdhKeyring, RawEcdhSchema};
use waxseal::{
    DecryptionMaterials, EncryptedDataKey, EncryptionContext, EncryptionMaterials, KeyFailureReason, Keyring,
    MaterialsError, native,
};
use waxseal_kms::client::{
    DeriveSharedSecretRequest, DeriveSharedSecretResponse, KeyAgreementAlgorithm, KeyRequest, KeySpec,
    KeyUsage, PublicKeyResponse,
};
use waxseal_kms::{AwsKmsEcdhKeyring, AwsKmsError, KmsClient, KmsEcdhSchema, KmsError, KmsErrorKind};

use EcdhCurveSpec::{P256, P384};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const OTHER: &str = "arn:aws:kms:us-east-1:111122223333:key/99999999-12ab-34cd-56ef-1234567890ab";
const SUITE: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// A KMS of one EC key, that answers well or otherwise.
#[derive(Debug)]
struct EcKms {
    private: Box<dyn AgreementKey>,
    faults: Faults,
    calls: Mutex<Vec<String>>,
}

#[derive(Debug, Clone)]
struct Faults {
    answers_for: String,
    usage: Option<KeyUsage>,
    spec: Option<KeySpec>,
    refuses: Option<&'static str>,
    cuts_secret: bool,
}

/// What is wrong with one KMS.
type Change = fn(&mut Faults);

impl EcKms {
    fn shared(key: &EcPrivateKey) -> Arc<Self> {
        Self::with_faults(key, |_| ())
    }

    fn with_faults(key: &EcPrivateKey, change: impl FnOnce(&mut Faults)) -> Arc<Self> {
        let mut faults = Faults {
            answers_for: KEY.to_owned(),
            usage: Some(KeyUsage::KeyAgreement),
            spec: Some(spec(key.curve())),
            refuses: None,
            cuts_secret: false,
        };
        change(&mut faults);
        let private = native::provider().agreement.private_key(key).unwrap();
        Arc::new(Self { private, faults, calls: Mutex::default() })
    }

    fn saw(&self, what: &str, key_id: &str, tokens: &[String]) -> Result<(), KmsError> {
        self.calls.lock().unwrap().push(format!("{what} {key_id} {tokens:?}"));
        self.faults.refuses.map_or(Ok(()), |code| Err(KmsError::from_code(code, "no")))
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().unwrap().clone()
    }
}

#[async_trait]
impl KmsClient for EcKms {
    fn region(&self) -> Option<&str> {
        None
    }

    async fn get_public_key(&self, request: KeyRequest<'_>) -> Result<PublicKeyResponse, KmsError> {
        self.saw("GetPublicKey", request.key_id, request.grant_tokens)?;
        Ok(PublicKeyResponse {
            key_id: self.faults.answers_for.clone(),
            public_key: self.private.public_key().to_der().unwrap(),
            key_spec: self.faults.spec,
            key_usage: self.faults.usage,
        })
    }

    async fn derive_shared_secret(
        &self,
        request: DeriveSharedSecretRequest<'_>,
    ) -> Result<DeriveSharedSecretResponse, KmsError> {
        self.saw("DeriveSharedSecret", request.key_id, request.grant_tokens)?;
        assert_eq!(request.key_agreement_algorithm, KeyAgreementAlgorithm::Ecdh);
        let peer = EcPublicKey::from_der(request.public_key).expect("KMS takes DER");
        assert_eq!(peer.as_sec1()[0], 4, "KMS gets points uncompressed");
        let refused = |_| KmsError::from_code("ValidationException", "not a key of this curve");
        let secret = self.private.agree(&peer).map_err(refused)?;
        let len = if self.faults.cuts_secret { 16 } else { secret.len() };
        let shared_secret = SecretBytes::copy_of(&secret.expose()[..len]);
        Ok(DeriveSharedSecretResponse { key_id: self.faults.answers_for.clone(), shared_secret })
    }
}

fn spec(curve: EcdhCurveSpec) -> KeySpec {
    match curve {
        P256 => KeySpec::EccNistP256,
        P384 => KeySpec::EccNistP384,
        _ => KeySpec::EccNistP521,
    }
}

fn fresh(curve: EcdhCurveSpec) -> EcPrivateKey {
    native::provider().agreement.generate(curve).unwrap()
}

fn public(key: &EcPrivateKey) -> EcPublicKey {
    native::provider().agreement.private_key(key).unwrap().public_key().clone()
}

fn static_schema(key_id: &str, own: Option<EcPublicKey>, other: EcPublicKey) -> KmsEcdhSchema {
    KmsEcdhSchema::KmsPrivateKeyToStaticPublicKey {
        sender_kms_key_id: key_id.to_owned(),
        sender_public_key: own,
        recipient_public_key: other,
    }
}

fn discovery_schema(key_id: &str) -> KmsEcdhSchema {
    KmsEcdhSchema::KmsPublicKeyDiscovery {
        recipient_kms_key_id: key_id.to_owned(),
        recipient_public_key: None,
    }
}

async fn keyring(
    kms: &Arc<EcKms>,
    curve: EcdhCurveSpec,
    schema: KmsEcdhSchema,
) -> Result<AwsKmsEcdhKeyring, AwsKmsError> {
    AwsKmsEcdhKeyring::new(native::provider(), kms.clone(), Vec::new(), curve, schema).await
}

fn raw(curve: EcdhCurveSpec, schema: RawEcdhSchema) -> RawEcdhKeyring {
    RawEcdhKeyring::new(native::provider(), curve, schema).unwrap()
}

fn context(value: &str) -> EncryptionContext {
    EncryptionContext::from([("tenant", value)])
}

async fn wrap(keyring: &dyn Keyring) -> Result<EncryptionMaterials, MaterialsError> {
    keyring.on_encrypt(EncryptionMaterials::new(SUITE, context("7"))).await
}

async fn unwrap_in(
    keyring: &dyn Keyring,
    made: &[EncryptedDataKey],
    tenant: &str,
) -> Result<DecryptionMaterials, MaterialsError> {
    keyring.on_decrypt(DecryptionMaterials::new(SUITE, context(tenant)), made).await
}

async fn assert_opens(keyring: &dyn Keyring, made: &EncryptionMaterials) {
    let found = unwrap_in(keyring, made.encrypted_data_keys(), "7").await.unwrap();
    assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()));
}

/// Why the keyring opens nothing of it.
async fn reasons(keyring: &dyn Keyring, made: &[EncryptedDataKey], tenant: &str) -> Vec<KeyFailureReason> {
    match unwrap_in(keyring, made, tenant).await {
        Err(MaterialsError::Unwrap(failures)) => failures.as_slice().iter().map(|one| one.reason).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_kms_sends_both_parties_open_with_kms_or_without() {
    for curve in EcdhCurveSpec::ALL.iter().copied() {
        let (alice, bob) = (fresh(curve), fresh(curve));
        let (alices, bobs) = (public(&alice), public(&bob));
        let (kms, bobs_kms) = (EcKms::shared(&alice), EcKms::shared(&bob));
        let from_alice = keyring(&kms, curve, static_schema(KEY, None, bobs)).await.unwrap();
        let made = wrap(&from_alice).await.unwrap();
        assert_eq!(made.encrypted_data_keys()[0].provider_id, "aws-kms-ecdh");

        let from_bob = keyring(&bobs_kms, curve, static_schema(KEY, None, alices.clone())).await.unwrap();
        let to_bob = keyring(&bobs_kms, curve, discovery_schema(KEY)).await.unwrap();
        for opens in [&from_alice, &from_bob, &to_bob] {
            assert_opens(opens, &made).await;
        }
        let recipient = EcPrivateKey::from_der(bob.to_der().unwrap().expose()).unwrap();
        assert_opens(&raw(curve, RawEcdhSchema::PublicKeyDiscovery { recipient_private_key: bob }), &made)
            .await;
        let schema = RawEcdhSchema::RawPrivateKeyToStaticPublicKey {
            sender_private_key: recipient,
            recipient_public_key: alices,
        };
        assert_opens(&raw(curve, schema), &made).await;
    }
}

#[tokio::test]
async fn what_a_fresh_raw_key_sends_kms_discovers() {
    for curve in EcdhCurveSpec::ALL.iter().copied() {
        let bob = fresh(curve);
        let recipient_public_key = public(&bob);
        let sends = raw(curve, RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key });
        let made = wrap(&sends).await.unwrap();
        let kms = EcKms::shared(&bob);
        let discovers = keyring(&kms, curve, discovery_schema(KEY)).await.unwrap();
        assert_opens(&discovers, &made).await;
        let error = wrap(&discovers).await.unwrap_err();
        assert!(matches!(&error, MaterialsError::Wrap(one) if one.reason == KeyFailureReason::Unsupported));
        assert_eq!(kms.calls().len(), 2, "GetPublicKey and one DeriveSharedSecret: {:?}", kms.calls());
    }
}

#[tokio::test]
async fn another_context_other_keys_and_changed_data_keys_are_refused() {
    let (alice, bob, eve) = (fresh(P256), fresh(P256), fresh(P256));
    let kms = EcKms::shared(&alice);
    let sends = keyring(&kms, P256, static_schema(KEY, None, public(&bob))).await.unwrap();
    let made = wrap(&sends).await.unwrap();
    let edks = made.encrypted_data_keys();
    let to_bob = keyring(&EcKms::shared(&bob), P256, discovery_schema(KEY)).await.unwrap();
    let to_eve = keyring(&EcKms::shared(&eve), P256, discovery_schema(KEY)).await.unwrap();
    assert_eq!(reasons(&to_bob, edks, "8").await, [KeyFailureReason::Rejected]);
    assert_eq!(reasons(&to_eve, edks, "7").await, [KeyFailureReason::NotMine]);
    assert_eq!(reasons(&to_bob, &[], "7").await, [KeyFailureReason::NotMine]);
    // The public key that is claimed is bob's, KMS holds eve's private one.
    let schema = KmsEcdhSchema::KmsPublicKeyDiscovery {
        recipient_kms_key_id: KEY.to_owned(),
        recipient_public_key: Some(public(&bob)),
    };
    let claims = keyring(&EcKms::shared(&eve), P256, schema).await.unwrap();
    assert_eq!(reasons(&claims, edks, "7").await, [KeyFailureReason::Rejected]);

    for at in 0..edks[0].ciphertext.len() {
        let mut changed = edks.to_vec();
        changed[0].ciphertext[at] ^= 1;
        assert_eq!(reasons(&to_bob, &changed, "7").await, [KeyFailureReason::Rejected], "byte {at}");
    }
    for at in 0..edks[0].provider_info.len() {
        let mut changed = edks.to_vec();
        changed[0].provider_info[at] ^= 1;
        assert!(!reasons(&to_bob, &changed, "7").await.is_empty(), "byte {at}");
    }
}

#[tokio::test]
async fn broken_and_foreign_data_keys_in_front_are_passed_over_without_a_call() {
    let bob = fresh(P256);
    let recipient_public_key = public(&bob);
    let sends = raw(P256, RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key });
    let made = wrap(&sends).await.unwrap();
    let kms = EcKms::shared(&bob);
    let discovers = keyring(&kms, P256, discovery_schema(KEY)).await.unwrap();
    let mut edks = vec![
        EncryptedDataKey::new("aws-kms", KEY, [1; 184]),
        EncryptedDataKey::new("raw-ecdh", "no information", [1; 112]),
        made.encrypted_data_keys()[0].clone(),
        made.encrypted_data_keys()[0].clone(),
    ];
    // A sender that is no point.
    edks[2].provider_info[43..].fill(0xff);
    let found = unwrap_in(&discovers, &edks, "7").await.unwrap();
    assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()));
    assert_eq!(kms.calls().len(), 2, "{:?}", kms.calls());
    let unreadable = reasons(&discovers, &edks[..3], "7").await;
    assert_eq!(unreadable, [KeyFailureReason::Malformed]);
}

#[tokio::test]
async fn kms_says_what_the_key_is_for_and_on_which_curve() {
    let key = fresh(P256);
    let fails = |change: Change| {
        let kms = EcKms::with_faults(&key, change);
        async move { keyring(&kms, P256, discovery_schema(KEY)).await.unwrap_err().to_string() }
    };
    let text = fails(|faults| faults.usage = Some(KeyUsage::SignVerify)).await;
    assert!(text.contains("SIGN_VERIFY, not for KEY_AGREEMENT"), "{text}");
    let text = fails(|faults| faults.usage = None).await;
    assert!(text.contains("not for KEY_AGREEMENT"), "{text}");
    let text = fails(|faults| faults.spec = Some(KeySpec::EccNistP384)).await;
    assert!(text.contains("ECC_NIST_P384, not one on P-256"), "{text}");
    let text = fails(|faults| faults.answers_for = OTHER.to_owned()).await;
    assert!(text.contains("answered for another key"), "{text}");
    let text = fails(|faults| faults.answers_for = "no ARN".to_owned()).await;
    assert!(text.contains("answered for another key"), "{text}");

    let kms = EcKms::with_faults(&key, |faults| faults.refuses = Some("AccessDeniedException"));
    let error = keyring(&kms, P256, discovery_schema(KEY)).await.unwrap_err();
    assert!(
        matches!(&error, AwsKmsError::GetPublicKey { error, .. } if error.kind == KmsErrorKind::AccessDenied)
    );
    assert!(error.source().is_some() && error.to_string().contains("AccessDeniedException"), "{error}");
}

#[tokio::test]
async fn keys_that_are_given_are_checked_without_a_call() {
    let (alice, bob) = (fresh(P256), fresh(P384));
    let kms = EcKms::shared(&alice);
    let off = EcPublicKey::from_sec1(P256, &[[4].as_slice(), &[7; 64]].concat()).unwrap();
    for schema in [
        static_schema(KEY, Some(public(&alice)), public(&bob)),
        static_schema(KEY, Some(public(&bob)), public(&alice)),
        static_schema(KEY, Some(public(&alice)), off.clone()),
        static_schema(KEY, Some(off), public(&alice)),
    ] {
        let error = keyring(&kms, P256, schema).await.unwrap_err();
        assert!(matches!(error, AwsKmsError::PublicKey(_)), "{error}");
    }
    let error = keyring(&kms, P256, discovery_schema("arn:aws:kms:us-east-1:1:grant/a")).await.unwrap_err();
    assert!(matches!(error, AwsKmsError::Identifier { .. }), "{error}");
    assert!(kms.calls().is_empty());

    let schema = static_schema(KEY, Some(public(&alice)), public(&fresh(P256)));
    wrap(&keyring(&kms, P256, schema).await.unwrap()).await.unwrap();
    assert_eq!(kms.calls(), [format!("DeriveSharedSecret {KEY} []")]);
}

#[tokio::test]
async fn what_kms_refuses_and_answers_wrongly_is_told() {
    let (alice, bob) = (fresh(P256), fresh(P256));
    let good = keyring(&EcKms::shared(&alice), P256, static_schema(KEY, None, public(&bob))).await.unwrap();
    let made = wrap(&good).await.unwrap();
    let faults: [(Change, KeyFailureReason); 6] = [
        (|faults| faults.refuses = Some("AccessDeniedException"), KeyFailureReason::Denied),
        (|faults| faults.refuses = Some("ThrottlingException"), KeyFailureReason::Throttled),
        (|faults| faults.refuses = Some("KMSInternalException"), KeyFailureReason::Unreachable),
        (|faults| faults.answers_for = OTHER.to_owned(), KeyFailureReason::WrongKey),
        (|faults| faults.answers_for = String::new(), KeyFailureReason::WrongKey),
        (|faults| faults.cuts_secret = true, KeyFailureReason::Answer),
    ];
    for (change, reason) in faults {
        let kms = EcKms::with_faults(&alice, change);
        let schema = static_schema(KEY, Some(public(&alice)), public(&bob));
        let bad = keyring(&kms, P256, schema).await.unwrap();
        let Err(MaterialsError::Wrap(failure)) = wrap(&bad).await else { panic!("{reason:?}") };
        assert_eq!((failure.reason, failure.key.as_str()), (reason, KEY));
        assert!(failure.source.is_some());
        assert_eq!(reasons(&bad, made.encrypted_data_keys(), "7").await, [reason]);
    }
}

#[tokio::test]
async fn an_alias_is_held_to_the_key_that_it_named_first() {
    let alice = fresh(P256);
    let kms = EcKms::shared(&alice);
    let other = public(&fresh(P256));
    for id in ["alias/mine", "1234abcd-12ab-34cd-56ef-1234567890ab", KEY] {
        let named = keyring(&kms, P256, static_schema(id, None, other.clone())).await.unwrap();
        wrap(&named).await.unwrap();
    }
    let error = keyring(&kms, P256, discovery_schema("99999999")).await.unwrap_err();
    assert!(error.to_string().contains("another key"), "{error}");
    let moved = MovingAlias { first: EcKms::shared(&alice), then: moved_kms() };
    let schema = static_schema("alias/mine", None, other);
    let named = AwsKmsEcdhKeyring::new(native::provider(), Arc::new(moved), Vec::new(), P256, schema).await;
    let Err(MaterialsError::Wrap(failure)) = wrap(&named.unwrap()).await else { panic!("not noticed") };
    assert_eq!(failure.reason, KeyFailureReason::WrongKey);
}

fn moved_kms() -> Arc<EcKms> {
    EcKms::with_faults(&fresh(P256), |faults| faults.answers_for = OTHER.to_owned())
}

/// An alias that means another key after the public key was asked for.
#[derive(Debug)]
struct MovingAlias {
    first: Arc<EcKms>,
    then: Arc<EcKms>,
}

#[async_trait]
impl KmsClient for MovingAlias {
    fn region(&self) -> Option<&str> {
        None
    }

    async fn get_public_key(&self, request: KeyRequest<'_>) -> Result<PublicKeyResponse, KmsError> {
        self.first.get_public_key(request).await
    }

    async fn derive_shared_secret(
        &self,
        request: DeriveSharedSecretRequest<'_>,
    ) -> Result<DeriveSharedSecretResponse, KmsError> {
        self.then.derive_shared_secret(request).await
    }
}

#[tokio::test]
async fn grant_tokens_go_with_every_call() {
    let alice = fresh(P256);
    let kms = EcKms::shared(&alice);
    let (tokens, schema) = (vec!["token".to_owned()], static_schema(KEY, None, public(&fresh(P256))));
    let granted =
        AwsKmsEcdhKeyring::new(native::provider(), kms.clone(), tokens, P256, schema).await.unwrap();
    let made = wrap(&granted).await.unwrap();
    assert_opens(&granted, &made).await;
    let calls = kms.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.ends_with("[\"token\"]")), "{calls:?}");
}

#[tokio::test]
async fn materials_with_a_data_key_and_contexts_too_long_cost_no_call() {
    let alice = fresh(P256);
    let kms = EcKms::shared(&alice);
    let schema = static_schema(KEY, Some(public(&alice)), public(&fresh(P256)));
    let keyring = keyring(&kms, P256, schema).await.unwrap();
    let mut materials = DecryptionMaterials::new(SUITE, context("7"));
    materials.set_data_key(SecretBytes::from([9; 32])).unwrap();
    assert!(matches!(keyring.on_decrypt(materials, &[]).await, Err(MaterialsError::Illegal(_))));
    let long = EncryptionContext::from([("k", "v".repeat(65_536))]);
    let answer = keyring.on_encrypt(EncryptionMaterials::new(SUITE, long)).await;
    assert!(matches!(answer, Err(MaterialsError::Format(_))));
    assert!(kms.calls().is_empty());
    assert_eq!(
        format!("{keyring:?}"),
        format!("AwsKmsEcdhKeyring(KmsPrivateKeyToStaticPublicKey, P-256, {KEY})")
    );
}

#[tokio::test]
async fn a_message_goes_through_the_embedded_kms() {
    for (curve, name) in [(P256, "P256"), (P384, "P384"), (EcdhCurveSpec::P521, "P521")] {
        let place = Place::new();
        let input = json!({"KeySpec": format!("ECC_NIST_{name}"), "KeyUsage": "KEY_AGREEMENT"});
        let created = place.call(EAST, "CreateKey", &input);
        let key_id = created["KeyMetadata"]["Arn"].as_str().unwrap();
        let bob = fresh(curve);
        let schema = static_schema(key_id, None, public(&bob));
        let crypto = native::provider();
        let sends =
            AwsKmsEcdhKeyring::new(crypto, place.shared(EAST), Vec::new(), curve, schema).await.unwrap();
        let opens = raw(curve, RawEcdhSchema::PublicKeyDiscovery { recipient_private_key: bob });
        let client = |keyring: Arc<dyn Keyring>| waxseal::Client::new(crypto, keyring);
        let sends: Arc<dyn Keyring> = Arc::new(sends);
        let message = client(sends.clone()).encrypt(b"text").context("a", "b").await.unwrap().message;
        for keyring in [sends, Arc::new(opens)] {
            assert_eq!(client(keyring).decrypt(&message).await.unwrap().plaintext, b"text");
        }
        let wrong = place.shared(EAST);
        let error =
            AwsKmsEcdhKeyring::new(crypto, wrong, Vec::new(), curve, discovery_schema(&place.east)).await;
        assert!(error.unwrap_err().to_string().contains(&place.east));
    }
}

//! The story of three accounts: A signs and seals, B carries, C verifies. Two keys of A's, with
//! key policies alone: `alpha` lets A sign and only C verify, `beta` lets all three read.

use serde_json::{Value, json};
use waxseal::Client;
use waxseal_kms::AwsKmsKeyring;
use waxseal_local_kms::Caller;
use waxseal_sign::{
    EncryptedDigest, Envelope, InvalidSignature, Method, SealedDigests, SignError, Signer, Verifier,
};

use crate::place::{Place, crypto, denied, digest, user};

const REPORT: &[u8] = b"10 barrels of rum";

fn statement(who: &[&Caller], actions: &[&str]) -> Value {
    let principals: Vec<&str> = who.iter().map(|caller| caller.principal.as_str()).collect();
    json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": actions, "Resource": "*"})
}

fn policy(statements: &[Value]) -> String {
    let admin = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"},
        "Action": ["kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion"], "Resource": "*"});
    let statements = [&[admin], statements].concat();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

struct Story {
    place: Place,
    a: Caller,
    b: Caller,
    c: Caller,
    alpha: String,
    beta: String,
}

impl Story {
    fn new() -> Self {
        let place = Place::new();
        let (a, b) = (user("111122223333", "a"), user("222233334444", "b"));
        let c = user("333344445555", "c");
        let alpha = policy(&[
            statement(&[&a], &["kms:Encrypt", "kms:GenerateDataKey"]),
            statement(&[&c], &["kms:Decrypt"]),
        ]);
        let beta =
            policy(&[statement(&[&a], &["kms:GenerateDataKey"]), statement(&[&a, &b, &c], &["kms:Decrypt"])]);
        let (alpha, beta) = (place.key(json!({"Policy": alpha})), place.key(json!({"Policy": beta})));
        Self { place, a, b, c, alpha, beta }
    }

    fn signer(&self, who: &Caller, method: Method) -> Signer {
        let clients = self.place.clients(who);
        match method {
            Method::EncryptedDigest => Signer::new(crypto(), EncryptedDigest::new(clients), &self.alpha),
            _ => Signer::new(crypto(), SealedDigests::new(crypto(), clients), &self.alpha),
        }
    }

    fn verifier(&self, who: &Caller) -> Verifier {
        Verifier::new(crypto(), self.place.clients(who), [&self.alpha]).unwrap()
    }

    async fn reader(&self, who: &Caller) -> Client {
        let kms = self.place.clients(who).client(None).await.unwrap();
        Client::new(crypto(), AwsKmsKeyring::new(kms, &self.beta).unwrap())
    }
}

#[tokio::test]
async fn a_signs_b_carries_c_verifies() {
    for method in [Method::EncryptedDigest, Method::SealedDigests] {
        let story = Story::new();
        let content = digest(method, REPORT);
        let sealed = story.reader(&story.a).await.encrypt(REPORT).await.unwrap().message;
        let envelope = story.signer(&story.a, method).sign(&content).await.unwrap();

        assert_eq!(story.reader(&story.b).await.decrypt(&sealed).await.unwrap().plaintext, REPORT);
        denied_or_refused(story.verifier(&story.b).verify(&envelope, &content).await);
        denied_or_refused(story.signer(&story.b, method).sign(&digest(method, b"9 barrels of rum")).await);

        let read = story.reader(&story.c).await.decrypt(&sealed).await.unwrap().plaintext;
        story.verifier(&story.c).verify(&envelope, &digest(method, &read)).await.unwrap();
        let changed = story.verifier(&story.c).verify(&envelope, &digest(method, b"9 barrels of rum")).await;
        assert!(matches!(changed, Err(SignError::Invalid(InvalidSignature::Content))), "{changed:?}");
    }
}

/// C alone verifies and A alone signs: not even the other way round.
#[tokio::test]
async fn a_cannot_verify_and_c_cannot_sign() {
    let story = Story::new();
    let content = digest(Method::EncryptedDigest, REPORT);
    let envelope = story.signer(&story.a, Method::EncryptedDigest).sign(&content).await.unwrap();
    denied(story.verifier(&story.a).verify(&envelope, &content).await);
    denied(story.signer(&story.c, Method::EncryptedDigest).sign(&content).await);
}

/// B signs with a key that lets C decrypt, and is B's own but for the account, since an embedded KMS
/// has one.
#[tokio::test]
async fn a_key_of_bs_own_does_not_help() {
    let story = Story::new();
    let own = policy(&[statement(&[&story.b], &["kms:Encrypt"]), statement(&[&story.c], &["kms:Decrypt"])]);
    let own = story.place.key(json!({"Policy": own}));
    let changed = digest(Method::EncryptedDigest, b"9 barrels of rum");
    let forger = Signer::new(crypto(), EncryptedDigest::new(story.place.clients(&story.b)), &own);
    let forged = forger.sign(&changed).await.unwrap();
    let refused = story.verifier(&story.c).verify(&forged, &changed).await;
    assert!(
        matches!(refused, Err(SignError::Invalid(InvalidSignature::KeyNotAccepted { .. }))),
        "{refused:?}"
    );
    let claiming = Envelope { key_arn: story.alpha.clone(), ..forged.clone() };
    let refused = story.verifier(&story.c).verify(&claiming, &changed).await;
    assert!(matches!(refused, Err(SignError::Invalid(_))), "{refused:?}");
    let careless = Verifier::danger_any_key(crypto(), story.place.clients(&story.c));
    assert_eq!(careless.verify(&forged, &changed).await.unwrap().key, own, "what the peers do");
}

/// KMS denied it: by itself, or as the reason inside the message's error.
fn denied_or_refused<T: std::fmt::Debug>(result: Result<T, SignError>) {
    let error = result.unwrap_err();
    assert!(!error.is_invalid_signature(), "{error:?}");
    assert!(format!("{error:?}").contains("AccessDeniedException"), "{error:?}");
}

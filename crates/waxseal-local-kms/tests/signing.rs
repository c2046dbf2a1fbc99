//! Asymmetric and HMAC keys. What they make is verified by libraries of other authors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{code, create, ok, symmetric, text, user};
use p256::pkcs8::DecodePublicKey as _;
use rsa::pkcs8::DecodePublicKey as _;
use serde_json::{Value, json};
use sha2::Digest as _;
use waxseal_local_kms::LocalKms;

const MESSAGE: &[u8] = b"a message";

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(text(value)).expect("base64")
}

fn signer(kms: &LocalKms, spec: &str) -> (String, Vec<u8>) {
    let request = json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"});
    let key = create(kms, &user("alice"), request);
    let answer = ok(kms, &user("alice"), "GetPublicKey", json!({"KeyId": key}));
    assert_eq!((&answer["KeyId"], &answer["KeySpec"]), (&json!(key), &json!(spec)));
    (key, bytes(&answer["PublicKey"]))
}

/// Signs the message raw and as a digest; both verify in the KMS, and nothing else does.
fn signatures(kms: &LocalKms, key: &str, algorithm: &str) -> [Vec<u8>; 2] {
    let alice = user("alice");
    let digest = match algorithm.rsplit('_').next() {
        Some("256") => sha2::Sha256::digest(MESSAGE).to_vec(),
        Some("384") => sha2::Sha384::digest(MESSAGE).to_vec(),
        _ => sha2::Sha512::digest(MESSAGE).to_vec(),
    };
    [("RAW", MESSAGE), ("DIGEST", &digest)].map(|(message_type, message)| {
        let mut request = json!({
            "KeyId": key,
            "Message": STANDARD.encode(message),
            "MessageType": message_type,
            "SigningAlgorithm": algorithm,
        });
        let signed = ok(kms, &alice, "Sign", request.clone());
        assert_eq!((&signed["KeyId"], &signed["SigningAlgorithm"]), (&json!(key), &json!(algorithm)));
        request["Signature"] = signed["Signature"].clone();
        assert_eq!(ok(kms, &alice, "Verify", request.clone())["SignatureValid"], true);
        request["Message"] = json!(STANDARD.encode(vec![0; message.len()]));
        assert_eq!(code(kms, &alice, "Verify", request.clone()), "KMSInvalidSignatureException");
        request["MessageType"] = json!("DIGEST");
        request["Message"] = json!(STANDARD.encode([0; 31]));
        request.as_object_mut().unwrap().remove("Signature");
        assert_eq!(code(kms, &alice, "Sign", request), "ValidationException");
        bytes(&signed["Signature"])
    })
}

#[test]
fn ecdsa_signatures_verify_elsewhere() {
    let kms = LocalKms::volatile();
    let (key, der) = signer(&kms, "ECC_NIST_P256");
    let public = p256::ecdsa::VerifyingKey::from_public_key_der(&der).unwrap();
    for signature in signatures(&kms, &key, "ECDSA_SHA_256") {
        let signature = p256::ecdsa::DerSignature::from_bytes(&signature).unwrap();
        p256::ecdsa::signature::Verifier::verify(&public, MESSAGE, &signature).unwrap();
    }
    let (key, der) = signer(&kms, "ECC_NIST_P384");
    let public = p384::ecdsa::VerifyingKey::from_public_key_der(&der).unwrap();
    for signature in signatures(&kms, &key, "ECDSA_SHA_384") {
        let signature = p384::ecdsa::DerSignature::from_bytes(&signature).unwrap();
        p384::ecdsa::signature::Verifier::verify(&public, MESSAGE, &signature).unwrap();
    }
    let (key, der) = signer(&kms, "ECC_NIST_P521");
    let public = p521::ecdsa::VerifyingKey::from_public_key_der(&der).unwrap();
    for signature in signatures(&kms, &key, "ECDSA_SHA_512") {
        let signature = p521::ecdsa::DerSignature::from_bytes(&signature).unwrap();
        p521::ecdsa::signature::Verifier::verify(&public, MESSAGE, &signature).unwrap();
    }
}

#[test]
fn rsa_signatures_verify_elsewhere() {
    let kms = LocalKms::volatile();
    for spec in ["RSA_2048", "RSA_3072"] {
        let (key, der) = signer(&kms, spec);
        let public = rsa::RsaPublicKey::from_public_key_der(&der).unwrap();
        for signature in signatures(&kms, &key, "RSASSA_PKCS1_V1_5_SHA_256") {
            verify_rsa(rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha256>::new(public.clone()), &signature);
        }
        for signature in signatures(&kms, &key, "RSASSA_PKCS1_V1_5_SHA_384") {
            verify_rsa(rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha384>::new(public.clone()), &signature);
        }
        for signature in signatures(&kms, &key, "RSASSA_PKCS1_V1_5_SHA_512") {
            verify_rsa(rsa::pkcs1v15::VerifyingKey::<rsa::sha2::Sha512>::new(public.clone()), &signature);
        }
        for signature in signatures(&kms, &key, "RSASSA_PSS_SHA_256") {
            verify_rsa(rsa::pss::VerifyingKey::<rsa::sha2::Sha256>::new(public.clone()), &signature);
        }
        for signature in signatures(&kms, &key, "RSASSA_PSS_SHA_384") {
            verify_rsa(rsa::pss::VerifyingKey::<rsa::sha2::Sha384>::new(public.clone()), &signature);
        }
        for signature in signatures(&kms, &key, "RSASSA_PSS_SHA_512") {
            verify_rsa(rsa::pss::VerifyingKey::<rsa::sha2::Sha512>::new(public.clone()), &signature);
        }
    }
}

fn verify_rsa<S, V>(key: V, signature: &[u8])
where
    S: for<'a> TryFrom<&'a [u8], Error: std::fmt::Debug>,
    V: rsa::signature::Verifier<S>,
{
    let signature = S::try_from(signature).unwrap();
    key.verify(MESSAGE, &signature).unwrap();
}

#[test]
fn rsa_keys_decrypt_what_was_encrypted_elsewhere() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let key = create(&kms, &alice, json!({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}));
    let public = bytes(&ok(&kms, &alice, "GetPublicKey", json!({"KeyId": key}))["PublicKey"]);
    let public = rsa::RsaPublicKey::from_public_key_der(&public).unwrap();
    let elsewhere =
        public.encrypt(&mut rsa::rand_core::OsRng, rsa::Oaep::new::<rsa::sha2::Sha256>(), MESSAGE);
    let algorithm = "RSAES_OAEP_SHA_256";
    let request = json!({
        "KeyId": key,
        "CiphertextBlob": STANDARD.encode(elsewhere.unwrap()),
        "EncryptionAlgorithm": algorithm,
    });
    let opened = ok(&kms, &alice, "Decrypt", request.clone());
    assert_eq!(bytes(&opened["Plaintext"]), MESSAGE);
    assert_eq!(opened["EncryptionAlgorithm"], algorithm);
    let mut wrong = request.clone();
    wrong["EncryptionAlgorithm"] = json!("RSAES_OAEP_SHA_1");
    assert_eq!(code(&kms, &alice, "Decrypt", wrong), "InvalidCiphertextException");
    let mut wrong = request.clone();
    wrong["EncryptionContext"] = json!({"a": "b"});
    assert_eq!(code(&kms, &alice, "Decrypt", wrong), "ValidationException");
    let mut wrong = request;
    wrong.as_object_mut().unwrap().remove("KeyId");
    assert_eq!(code(&kms, &alice, "Decrypt", wrong), "ValidationException");
    for (algorithm, max) in [("RSAES_OAEP_SHA_1", 214), ("RSAES_OAEP_SHA_256", 190)] {
        let request = |len| json!({"KeyId": key, "Plaintext": STANDARD.encode(vec![7; len]), "EncryptionAlgorithm": algorithm});
        let sealed = ok(&kms, &alice, "Encrypt", request(max));
        let decrypt = json!({"KeyId": key, "CiphertextBlob": sealed["CiphertextBlob"], "EncryptionAlgorithm": algorithm});
        assert_eq!(bytes(&ok(&kms, &alice, "Decrypt", decrypt)["Plaintext"]), vec![7; max]);
        assert_eq!(code(&kms, &alice, "Encrypt", request(max + 1)), "ValidationException");
    }
}

#[test]
fn macs_verify_and_others_do_not() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    for (spec, algorithm, len) in
        [("HMAC_256", "HMAC_SHA_256", 32), ("HMAC_384", "HMAC_SHA_384", 48), ("HMAC_512", "HMAC_SHA_512", 64)]
    {
        let key = create(&kms, &alice, json!({"KeySpec": spec, "KeyUsage": "GENERATE_VERIFY_MAC"}));
        let mut request =
            json!({"KeyId": key, "Message": STANDARD.encode(MESSAGE), "MacAlgorithm": algorithm});
        let mac = ok(&kms, &alice, "GenerateMac", request.clone());
        assert_eq!(bytes(&mac["Mac"]).len(), len);
        request["Mac"] = mac["Mac"].clone();
        assert_eq!(ok(&kms, &alice, "VerifyMac", request.clone())["MacValid"], true);
        request["Message"] = json!(STANDARD.encode("another"));
        assert_eq!(code(&kms, &alice, "VerifyMac", request.clone()), "KMSInvalidMacException");
        request["MacAlgorithm"] = json!(if spec == "HMAC_256" { "HMAC_SHA_512" } else { "HMAC_SHA_256" });
        assert_eq!(code(&kms, &alice, "GenerateMac", request), "InvalidKeyUsageException");
        assert_eq!(
            code(&kms, &alice, "GetPublicKey", json!({"KeyId": key})),
            "UnsupportedOperationException"
        );
    }
}

#[test]
fn shared_secrets_are_shared() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let request = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"});
    let key = create(&kms, &alice, request);
    let answer = ok(&kms, &alice, "GetPublicKey", json!({"KeyId": key}));
    assert_eq!(answer["KeyAgreementAlgorithms"], json!(["ECDH"]));
    let public = p256::PublicKey::from_public_key_der(&bytes(&answer["PublicKey"])).unwrap();
    let mine = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let elsewhere = p256::ecdh::diffie_hellman(mine.to_nonzero_scalar(), public.as_affine());
    let spki = p256::pkcs8::EncodePublicKey::to_public_key_der(&mine.public_key()).unwrap();
    let derive = |public_key: &[u8]| json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": STANDARD.encode(public_key)});
    let shared = ok(&kms, &alice, "DeriveSharedSecret", derive(spki.as_bytes()));
    assert_eq!(bytes(&shared["SharedSecret"]), elsewhere.raw_secret_bytes().as_slice());
    assert_eq!(shared["KeyOrigin"], "AWS_KMS");
    let point = &spki.as_bytes()[26..];
    let mut off_curve = spki.as_bytes().to_vec();
    *off_curve.last_mut().unwrap() ^= 1;
    for wrong in [point, &off_curve, b"\x30\x00"] {
        assert_eq!(code(&kms, &alice, "DeriveSharedSecret", derive(wrong)), "ValidationException");
    }
    for spec in ["ECC_NIST_P384", "ECC_NIST_P521"] {
        let create_key = json!({"KeySpec": spec, "KeyUsage": "KEY_AGREEMENT"});
        let (a, b) = (create(&kms, &alice, create_key.clone()), create(&kms, &alice, create_key));
        let public = |key: &str| ok(&kms, &alice, "GetPublicKey", json!({"KeyId": key}))["PublicKey"].clone();
        let shared = |key: &str, other: Value| {
            let request = json!({"KeyId": key, "KeyAgreementAlgorithm": "ECDH", "PublicKey": other});
            ok(&kms, &alice, "DeriveSharedSecret", request)["SharedSecret"].clone()
        };
        assert_eq!(shared(&a, public(&b)), shared(&b, public(&a)));
    }
}

#[test]
fn a_key_is_for_one_use() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let (signing, _) = signer(&kms, "ECC_NIST_P256");
    let sign = json!({"KeyId": key, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_256"});
    assert_eq!(code(&kms, &alice, "Sign", sign), "InvalidKeyUsageException");
    let sign = json!({"KeyId": signing, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_384"});
    assert_eq!(code(&kms, &alice, "Sign", sign), "InvalidKeyUsageException");
    let encrypt = json!({"KeyId": signing, "Plaintext": "aGk="});
    assert_eq!(code(&kms, &alice, "Encrypt", encrypt), "InvalidKeyUsageException");
    let encrypt = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionAlgorithm": "RSAES_OAEP_SHA_1"});
    assert_eq!(code(&kms, &alice, "Encrypt", encrypt), "InvalidKeyUsageException");
    let agree = json!({"KeyId": signing, "KeyAgreementAlgorithm": "ECDH", "PublicKey": "MAA="});
    assert_eq!(code(&kms, &alice, "DeriveSharedSecret", agree), "InvalidKeyUsageException");
    assert_eq!(
        code(&kms, &alice, "GenerateDataKey", json!({"KeyId": signing, "NumberOfBytes": 1})),
        "InvalidKeyUsageException"
    );
    assert_eq!(code(&kms, &alice, "GetPublicKey", json!({"KeyId": key})), "UnsupportedOperationException");
    for (spec, usage) in
        [("HMAC_256", "SIGN_VERIFY"), ("RSA_2048", "KEY_AGREEMENT"), ("ECC_NIST_P256", "ENCRYPT_DECRYPT")]
    {
        let request = json!({"KeySpec": spec, "KeyUsage": usage});
        assert_eq!(code(&kms, &alice, "CreateKey", request), "ValidationException");
    }
}

#[test]
fn data_key_pairs_are_pairs() {
    let kms = LocalKms::volatile();
    let (alice, key) = (user("alice"), symmetric(&kms));
    let request = json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256", "EncryptionContext": {"a": "b"}});
    let pair = ok(&kms, &alice, "GenerateDataKeyPair", request.clone());
    let private = <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_der(&bytes(
        &pair["PrivateKeyPlaintext"],
    ));
    let public = p256::PublicKey::from_public_key_der(&bytes(&pair["PublicKey"])).unwrap();
    assert_eq!(private.unwrap().public_key(), public);
    let decrypt =
        json!({"CiphertextBlob": pair["PrivateKeyCiphertextBlob"], "EncryptionContext": {"a": "b"}});
    assert_eq!(ok(&kms, &alice, "Decrypt", decrypt)["Plaintext"], pair["PrivateKeyPlaintext"]);
    let without = ok(&kms, &alice, "GenerateDataKeyPairWithoutPlaintext", request);
    assert_eq!(without.get("PrivateKeyPlaintext"), None);
    let request = json!({"KeyId": key, "KeyPairSpec": "RSA_2048"});
    let pair = ok(&kms, &alice, "GenerateDataKeyPair", request);
    rsa::RsaPublicKey::from_public_key_der(&bytes(&pair["PublicKey"])).unwrap();
}

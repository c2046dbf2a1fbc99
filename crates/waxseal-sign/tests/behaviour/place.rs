//! An embedded KMS with keys, and those who call it.

use std::sync::Arc;

use serde_json::{Value, json};
use waxseal_crypto::CryptoProvider;
use waxseal_format::EncryptionContext;
use waxseal_kms::ClientSupplier;
use waxseal_local_kms::{Caller, LocalKms, ServiceError};
use waxseal_sign::{
    ContentDigest, EncryptedDigest, KmsAsymmetric, KmsMac, Method, Scheme, SealedDigests, SignError, Signer,
    Verifier,
};

pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const CONTENT: &[u8] = b"attack at dawn";

pub(crate) fn crypto() -> &'static CryptoProvider {
    waxseal_native::provider()
}

/// A user of one account.
pub(crate) fn user(account: &str, name: &str) -> Caller {
    Caller::new(format!("arn:aws:iam::{account}:user/{name}"), REGION)
}

pub(crate) fn alice() -> Caller {
    user("111122223333", "alice")
}

pub(crate) struct Place(pub(crate) LocalKms);

impl Place {
    pub(crate) fn new() -> Self {
        Self(LocalKms::volatile())
    }

    pub(crate) fn try_call(
        &self,
        caller: &Caller,
        operation: &str,
        request: Value,
    ) -> Result<Value, ServiceError> {
        let reply = self.0.call(caller, operation, request.to_string().as_bytes())?;
        Ok(serde_json::from_slice(reply.expose()).unwrap_or_default())
    }

    pub(crate) fn call(&self, operation: &str, request: Value) -> Value {
        self.try_call(&alice(), operation, request).unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// A new key's ARN.
    pub(crate) fn key(&self, request: Value) -> String {
        self.call("CreateKey", request)["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    pub(crate) fn key_of(&self, spec: &str, usage: &str) -> String {
        self.key(json!({"KeySpec": spec, "KeyUsage": usage}))
    }

    /// A key for the method.
    pub(crate) fn key_for(&self, method: Method) -> String {
        let usage = "SIGN_VERIFY";
        match method.algorithm_name().unwrap_or_default() {
            "ECDSA_SHA_256" => self.key_of("ECC_NIST_P256", usage),
            "ECDSA_SHA_384" => self.key_of("ECC_NIST_P384", usage),
            "ECDSA_SHA_512" => self.key_of("ECC_NIST_P521", usage),
            name if name.starts_with("RSA") => self.key_of("RSA_2048", usage),
            name if name.starts_with("HMAC") => {
                self.key_of(&name.replace("HMAC_SHA_", "HMAC_"), "GENERATE_VERIFY_MAC")
            }
            _ => self.key(json!({})),
        }
    }

    pub(crate) fn clients(&self, caller: &Caller) -> Arc<dyn ClientSupplier> {
        Arc::new(self.0.client(&caller.principal, &caller.region))
    }

    pub(crate) fn signer(&self, method: Method, key: &str, context: &[(&str, &str)]) -> Signer {
        Signer::new(crypto(), self.scheme(method), key).context(pairs(context)).unwrap()
    }

    pub(crate) fn verifier(&self, keys: &[&str]) -> Verifier {
        Verifier::new(crypto(), self.clients(&alice()), keys).unwrap()
    }

    pub(crate) fn scheme(&self, method: Method) -> Box<dyn Scheme> {
        let clients = self.clients(&alice());
        match method {
            Method::EncryptedDigest => Box::new(EncryptedDigest::new(clients)),
            Method::SealedDigests => Box::new(SealedDigests::new(crypto(), clients)),
            Method::KmsAsymmetric(algorithm) => Box::new(KmsAsymmetric::new(crypto(), clients, algorithm)),
            Method::KmsMac(algorithm) => Box::new(KmsMac::new(crypto(), clients, algorithm)),
            _ => panic!("a new method"),
        }
    }
}

pub(crate) fn pairs(context: &[(&str, &str)]) -> EncryptionContext {
    context.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn digest(method: Method, content: &[u8]) -> ContentDigest {
    ContentDigest::of(crypto(), method.digest(), content)
}

#[track_caller]
pub(crate) fn is_invalid<T: std::fmt::Debug>(result: Result<T, SignError>) {
    let error = result.unwrap_err();
    assert!(error.is_invalid_signature(), "{error:?}");
}

/// The code of KMS's own refusal.
#[track_caller]
pub(crate) fn denied<T: std::fmt::Debug>(result: Result<T, SignError>) {
    match result.unwrap_err() {
        SignError::Kms { source, .. } => assert_eq!(source.code.as_deref(), Some("AccessDeniedException")),
        error => panic!("{error:?}"),
    }
}

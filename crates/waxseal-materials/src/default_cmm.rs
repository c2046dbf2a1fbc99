//! The default materials manager.
//!
//! Source: `framework/default-cmm.md`, and `framework/cmm-interface.md` for what the
//! default page leaves to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use waxseal_crypto::{CryptoProvider, SigningKey};
use waxseal_format::{AlgorithmSuite, EncryptionContext, SignatureAlgorithm};

use crate::encryption_materials::check_present;
use crate::{
    CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, EncryptionMaterials,
    EncryptionMaterialsRequest, Keyring, MaterialsError,
};

/// The context key under which a signed message carries its public key, in base64.
pub const PUBLIC_KEY_CONTEXT_KEY: &str = "aws-crypto-public-key";

/// What context keys start with that the format keeps for itself.
pub const RESERVED_CONTEXT_PREFIX: &str = "aws-crypto-";

/// Answers every request with one keyring: chooses the suite by the policy, makes the
/// signing key, and lets the keyring make and wrap the data key; and the way back.
///
/// What the keyring returns is checked: complete, and nothing changed that it was given.
///
/// Source: `framework/default-cmm.md`.
#[derive(Clone, Debug)]
pub struct DefaultCmm {
    crypto: &'static CryptoProvider,
    // Called through `as_ref`, since an `Arc` of a keyring is one too and boxes another future.
    keyring: Arc<dyn Keyring>,
}

impl DefaultCmm {
    /// A materials manager over a keyring, or over an `Arc` of one.
    #[must_use]
    pub fn new(crypto: &'static CryptoProvider, keyring: impl Keyring + 'static) -> Self {
        Self { crypto, keyring: Arc::new(keyring) }
    }

    /// Materials without data keys.
    fn begin(&self, request: EncryptionMaterialsRequest) -> Result<EncryptionMaterials, MaterialsError> {
        let suite = request.suite.unwrap_or_else(|| request.commitment_policy.default_suite());
        request.commitment_policy.check_encrypt(suite)?;
        let mut context = request.encryption_context;
        check_not_reserved(context.keys())?;
        check_present(&context, &request.required_context_keys)?;
        let signing_key = self.add_signing_key(suite, &mut context)?;
        let materials = EncryptionMaterials::new(suite, context);
        let materials = materials.with_required_context_keys(request.required_context_keys)?;
        match signing_key {
            Some(key) => materials.with_signing_key(key),
            None => Ok(materials),
        }
    }

    /// A fresh signing key for a signing suite; its public half goes into the context.
    fn add_signing_key(
        &self,
        suite: &AlgorithmSuite,
        context: &mut EncryptionContext,
    ) -> Result<Option<Arc<dyn SigningKey>>, MaterialsError> {
        let Some(algorithm) = suite.signature else { return Ok(None) };
        let key = self.crypto.signatures.generate(algorithm)?;
        context.insert(PUBLIC_KEY_CONTEXT_KEY.to_owned(), STANDARD.encode(key.public_key()));
        Ok(Some(Arc::from(key)))
    }
}

#[async_trait]
impl CryptographicMaterialsManager for DefaultCmm {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let asked = self.begin(request)?;
        let answer = self.keyring.as_ref().on_encrypt(asked.clone()).await?;
        answer.check_grown_from(&asked)?;
        answer.check_complete()?;
        Ok(answer)
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        request.commitment_policy.check_decrypt(request.suite)?;
        let verification_key = verification_key(request.suite, &request.encryption_context)?;
        let mut context = request.encryption_context;
        let added = add_reproduced(&mut context, request.reproduced_context)?;
        let mut asked = DecryptionMaterials::new(request.suite, context).with_required_context_keys(added)?;
        if let Some(key) = verification_key {
            asked = asked.with_verification_key(key)?;
        }
        let answer = self.keyring.as_ref().on_decrypt(asked.clone(), &request.encrypted_data_keys).await?;
        answer.check_grown_from(&asked)?;
        answer.check_complete()?;
        Ok(answer)
    }
}

fn check_not_reserved<'a>(mut keys: impl Iterator<Item = &'a String>) -> Result<(), MaterialsError> {
    match keys.find(|key| key.starts_with(RESERVED_CONTEXT_PREFIX)) {
        Some(key) => Err(MaterialsError::ReservedContextKey(key.clone())),
        None => Ok(()),
    }
}

/// The message's public key: there if the suite signs, and only then.
fn verification_key(
    suite: &AlgorithmSuite,
    stored: &EncryptionContext,
) -> Result<Option<Vec<u8>>, MaterialsError> {
    match (suite.signature, stored.get(PUBLIC_KEY_CONTEXT_KEY)) {
        (Some(algorithm), Some(text)) => decode_public_key(algorithm, text).map(Some),
        (Some(_), None) => Err(MaterialsError::VerificationKey("missing, though the suite signs")),
        (None, Some(_)) => Err(MaterialsError::VerificationKey("present, though the suite doesn't sign")),
        (None, None) => Ok(None),
    }
}

fn decode_public_key(algorithm: SignatureAlgorithm, text: &str) -> Result<Vec<u8>, MaterialsError> {
    let point = STANDARD.decode(text).map_err(|_| MaterialsError::VerificationKey("not base64"))?;
    let compressed = matches!(point.first(), Some(2 | 3));
    if !compressed || point.len() != algorithm.compressed_point_len() {
        return Err(MaterialsError::VerificationKey("not a compressed point on the suite's curve"));
    }
    Ok(point)
}

/// Compares the caller's pairs with the stored ones and adds those that were not stored.
/// Returns the added keys.
///
/// Source: `framework/cmm-interface.md`, "Decrypt Materials".
fn add_reproduced(
    stored: &mut EncryptionContext,
    reproduced: EncryptionContext,
) -> Result<BTreeSet<String>, MaterialsError> {
    let (shared, added): (Vec<_>, Vec<_>) = reproduced.iter().partition(|(key, _)| stored.contains_key(*key));
    if let Some((key, _)) = shared.into_iter().find(|(key, value)| stored.get(*key) != Some(*value)) {
        return Err(MaterialsError::ContextMismatch(key.clone()));
    }
    check_not_reserved(added.iter().map(|(key, _)| *key))?;
    let added_keys = added.iter().map(|(key, _)| (*key).clone()).collect();
    stored.extend(added.into_iter().map(|(key, value)| (key.clone(), value.clone())));
    Ok(added_keys)
}

//! The seam of schemes: what signs and verifies a content's digest.

mod encrypted_digest;
mod first_form;
mod kms_asymmetric;
mod kms_mac;
mod sealed_digests;

use std::fmt::Debug;
use std::sync::Arc;

use waxseal_format::EncryptionContext;
use waxseal_kms::client::KeyRequest;
use waxseal_kms::{AwsKmsArn, AwsKmsIdentifier, ClientSupplier, KmsClient, KmsError, KmsErrorKind};

pub use self::encrypted_digest::EncryptedDigest;
pub use self::kms_asymmetric::KmsAsymmetric;
pub use self::kms_mac::KmsMac;
pub use self::sealed_digests::SealedDigests;
use crate::method::Method;
use crate::{AcceptedKey, ContentDigest, InvalidSignature, KeyProblem, SignError};

/// What KMS takes as a ciphertext, a signature or a code: bytes at most.
pub(crate) const MAX_KMS_LEN: usize = 6144;

/// Signs and verifies digests by one method. [`Signer`](crate::Signer) and
/// [`Verifier`](crate::Verifier) are made over it; callers seldom call it themselves.
#[waxseal::async_trait]
pub trait Scheme: Send + Sync + Debug {
    /// Which scheme it is, and by which algorithm.
    fn method(&self) -> Method;

    /// Signs.
    ///
    /// # Errors
    /// A [`SignError`]: what KMS refused, or a request that the scheme does not take.
    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError>;

    /// Verifies, and gives the name of the key that made the signature: its ARN, or a public
    /// key's fingerprint.
    ///
    /// # Errors
    /// [`SignError::Invalid`] if the signature is not one of this key, content and context;
    /// other errors if that could not be found out.
    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError>;
}

#[waxseal::async_trait]
impl<S: Scheme + ?Sized> Scheme for Box<S> {
    fn method(&self) -> Method {
        (**self).method()
    }

    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError> {
        (**self).sign(request).await
    }

    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError> {
        (**self).verify(request).await
    }
}

/// What a signature is to say.
#[derive(Clone, Copy, Debug)]
pub struct ToSign<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The content.
    pub content: &'a ContentDigest,
    /// The context.
    pub context: &'a EncryptionContext,
    /// For which form.
    pub form: Form,
}

/// Where a signature goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Alone, in the form that others know: it is over the content's digest.
    Raw,
    /// Into an envelope: where KMS binds no context, it is over a statement that does.
    Envelope,
}

/// What a signature is said to say.
#[derive(Clone, Copy, Debug)]
pub struct ToVerify<'a> {
    /// The key that must have made it.
    pub key: KeyChoice<'a>,
    /// The content.
    pub content: &'a ContentDigest,
    /// The whole context.
    pub context: &'a EncryptionContext,
    /// The signature.
    pub signature: &'a [u8],
    /// The key that the envelope names; `None` for the raw form.
    pub signer: Option<&'a AwsKmsArn>,
}

/// Which key must have made a signature.
#[derive(Clone, Copy, Debug)]
pub enum KeyChoice<'a> {
    /// This one.
    Accepted(&'a AcceptedKey),
    /// Any that KMS lets this caller use, an attacker's too.
    DangerAny,
}

/// A signature in the form of its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The ARN of the key that signed.
    pub key_arn: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl<'a> ToVerify<'a> {
    /// The KMS key to call; `None` if KMS is to find it.
    fn kms_key(&self) -> Result<Option<&'a AwsKmsArn>, SignError> {
        match self.key {
            KeyChoice::DangerAny => Ok(None),
            KeyChoice::Accepted(key) => match key.as_arn() {
                Some(arn) => Ok(Some(arn)),
                None => Err(SignError::key(key.to_string(), KeyProblem::NoPublicKey)),
            },
        }
    }

    /// The KMS key to call where KMS must be told one: without an accepted key, the claimed one.
    fn named_kms_key(&self) -> Result<&'a AwsKmsArn, SignError> {
        const NONE: &str = "a raw signature of this scheme names no key: name the accepted one";
        self.kms_key()?.or(self.signer).ok_or(SignError::Usage(NONE))
    }

    /// The signature, if KMS can take it at all.
    fn signature_for_kms(&self) -> Result<&'a [u8], SignError> {
        match self.signature.len() {
            1..=MAX_KMS_LEN => Ok(self.signature),
            _ => Err(InvalidSignature::Form("KMS makes 1 to 6144 bytes").into()),
        }
    }

    /// Fails unless the key that answered is the one that was to answer.
    fn check_answer(&self, answered: String) -> Result<String, SignError> {
        let expected = match self.key {
            KeyChoice::Accepted(key) => key.as_arn(),
            KeyChoice::DangerAny => self.signer,
        };
        let is = |arn: &AwsKmsArn| answered.parse().is_ok_and(|other| same_key(arn, &other));
        match expected.is_none_or(is) {
            true => Ok(answered),
            false => Err(InvalidSignature::KeyNotAccepted { claimed: Some(answered) }.into()),
        }
    }
}

/// Whether both are one key, or replicas of one multi-Region key.
fn same_key(one: &AwsKmsArn, other: &AwsKmsArn) -> bool {
    AwsKmsIdentifier::Arn(one.clone()).mrk_matches(&AwsKmsIdentifier::Arn(other.clone()))
}

/// The client of a key's region; of the default one where the name says none.
async fn client_of(supplier: &dyn ClientSupplier, key_id: &str) -> Result<Arc<dyn KmsClient>, SignError> {
    let identifier: AwsKmsIdentifier =
        key_id.parse().map_err(|error| SignError::key(key_id, KeyProblem::Arn(error)))?;
    supplier.client(identifier.region()).await.map_err(|error| SignError::kms(key_id, error))
}

/// The ARN of a key, which KMS is asked for unless it is the name that was given.
async fn arn_of(client: &dyn KmsClient, key_id: &str) -> Result<String, SignError> {
    if key_id.parse::<AwsKmsArn>().is_ok_and(|arn| arn.is_key()) {
        return Ok(key_id.to_owned());
    }
    let described = client.describe_key(KeyRequest { key_id, grant_tokens: &[] }).await;
    Ok(described.map_err(|error| SignError::kms(key_id, error))?.arn)
}

/// What KMS says of a signature that is not valid, told apart from what keeps it from saying.
fn refused(key: &str, error: KmsError) -> SignError {
    match error.kind {
        KmsErrorKind::InvalidCiphertext | KmsErrorKind::InvalidSignature => {
            InvalidSignature::NotOfThis.into()
        }
        KmsErrorKind::IncorrectKey => InvalidSignature::KeyNotAccepted { claimed: None }.into(),
        _ => SignError::kms(key, error),
    }
}

/// Fails unless the raw form of a scheme without context says all that was asked of it.
fn check_raw(request: &ToSign<'_>) -> Result<(), SignError> {
    if !request.context.is_empty() {
        return Err(SignError::Usage(NO_CONTEXT));
    }
    if request.content.looks_like_a_statement() {
        return Err(SignError::Usage(
            "the content begins like a statement of waxseal: sign it in an envelope",
        ));
    }
    Ok(())
}

const NO_CONTEXT: &str = "the raw form of this scheme carries no context: use the envelope";

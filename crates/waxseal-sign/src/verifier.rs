//! Verifies signatures of accepted keys.

use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
use waxseal_format::EncryptionContext;
use waxseal_kms::{AwsKmsArn, ClientSupplier, KmsClient, KmsError, KmsErrorKind};

use crate::manifest::{self, SignedManifest};
use crate::method::Method;
use crate::{
    AcceptedKey, ContentDigest, EncryptedDigest, Envelope, InvalidSignature, KeyChoice, KmsAsymmetric,
    KmsMac, PublicKey, Scheme, SealedDigests, SignError, ToVerify,
};

/// Verifies signatures of the keys that it accepts, and of no other.
///
/// A signature proves who made it only as far as the key is the right one. Verifiers that take
/// any key which they may use take an attacker's too: the attacker lets everyone use it. So keys
/// are pinned here; a verifier without them has a name that says what it is.
#[derive(Clone, Debug)]
pub struct Verifier {
    crypto: &'static CryptoProvider,
    supplier: Arc<dyn ClientSupplier>,
    accepted: Accepted,
    context: EncryptionContext,
}

#[derive(Clone, Debug)]
enum Accepted {
    Keys(Vec<AcceptedKey>),
    DangerAny,
}

/// What a valid signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The key: its ARN, or `sha256:` and the fingerprint of a public key that has none.
    pub key: String,
    /// Scheme and algorithm.
    pub method: Method,
    /// The context, authenticated; without the pair that tells directory trees from other content.
    pub context: EncryptionContext,
}

impl Verifier {
    /// A verifier of signatures by these KMS keys, named by ARN.
    ///
    /// # Errors
    /// [`SignError::Key`] if one is not the ARN of a key, [`SignError::Usage`] if there is none.
    pub fn new<K: AsRef<str>>(
        crypto: &'static CryptoProvider,
        supplier: Arc<dyn ClientSupplier>,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, SignError> {
        let keys: Result<Vec<_>, _> = keys.into_iter().map(|key| AcceptedKey::arn(key.as_ref())).collect();
        Self::of_keys(crypto, supplier, keys?)
    }

    /// A verifier of signatures by these keys.
    ///
    /// # Errors
    /// [`SignError::Usage`] if there is none.
    pub fn of_keys(
        crypto: &'static CryptoProvider,
        supplier: Arc<dyn ClientSupplier>,
        keys: Vec<AcceptedKey>,
    ) -> Result<Self, SignError> {
        if keys.is_empty() {
            return Err(SignError::Usage("a verifier needs a key that it accepts"));
        }
        Ok(Self { crypto, supplier, accepted: Accepted::Keys(keys), context: EncryptionContext::new() })
    }

    /// A verifier of `kms-asymmetric` signatures by these public keys, which asks nobody.
    ///
    /// # Errors
    /// [`SignError::Usage`] if there is none.
    pub fn offline(
        crypto: &'static CryptoProvider,
        keys: impl IntoIterator<Item = PublicKey>,
    ) -> Result<Self, SignError> {
        let keys = keys.into_iter().map(AcceptedKey::public_key).collect();
        Self::of_keys(crypto, Arc::new(NoClients), keys)
    }

    /// A verifier that takes the signature of any key that KMS lets it use. Dangerous: a valid
    /// signature says nothing of who made it, until you have looked at [`Verified::key`].
    #[must_use]
    pub fn danger_any_key(crypto: &'static CryptoProvider, supplier: Arc<dyn ClientSupplier>) -> Self {
        Self { crypto, supplier, accepted: Accepted::DangerAny, context: EncryptionContext::new() }
    }

    /// The same with a context. An envelope's context must have all its pairs, and may have
    /// more; of a raw signature it is the whole context.
    ///
    /// # Errors
    /// [`SignError::Usage`] for the pair that tells directory trees from other content.
    pub fn context(mut self, context: EncryptionContext) -> Result<Self, SignError> {
        manifest::check_caller_context(&context)?;
        self.context = context;
        Ok(self)
    }

    /// Verifies an envelope over a content, whose digest is of the envelope's kind
    /// ([`Envelope::digest`]).
    ///
    /// # Errors
    /// [`SignError::Invalid`] if it is not valid; other errors if that could not be found out.
    pub async fn verify(&self, envelope: &Envelope, content: &ContentDigest) -> Result<Verified, SignError> {
        if manifest::is_of_manifest(&envelope.context) {
            return Err(InvalidSignature::Form("it is one of a directory tree").into());
        }
        self.verify_envelope(envelope, content).await
    }

    /// Verifies a directory tree's manifest. Whether the tree is as it says is found out by
    /// [`Manifest::differences`](crate::Manifest::differences).
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub async fn verify_manifest(&self, signed: &SignedManifest) -> Result<Verified, SignError> {
        let SignedManifest { manifest, envelope } = signed;
        if !manifest::is_of_manifest(&envelope.context) {
            return Err(InvalidSignature::Form("it is not one of a directory tree").into());
        }
        let content = ContentDigest::of(self.crypto, envelope.digest(), manifest.to_text().as_bytes());
        let verified = self.verify_envelope(envelope, &content).await?;
        Ok(Verified { context: manifest::context_without_mark(&verified.context), ..verified })
    }

    /// Verifies a signature in the raw form of a scheme.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub async fn verify_raw(
        &self,
        scheme: &dyn Scheme,
        signature: &[u8],
        content: &ContentDigest,
    ) -> Result<Verified, SignError> {
        let context = &self.context;
        self.verify_with(scheme, context, |key| ToVerify { key, content, context, signature, signer: None })
            .await
    }

    async fn verify_envelope(
        &self,
        envelope: &Envelope,
        content: &ContentDigest,
    ) -> Result<Verified, SignError> {
        let Envelope { context, signature, key_arn, .. } = envelope;
        let missing = self.context.iter().find(|(key, value)| context.get(*key) != Some(*value));
        if let Some((key, _)) = missing {
            return Err(InvalidSignature::Context(key.clone()).into());
        }
        let signer: AwsKmsArn = key_arn.parse().map_err(|_| crate::EnvelopeError::KeyArn)?;
        let signer = Some(&signer);
        let scheme = self.scheme(envelope.method);
        self.verify_with(&*scheme, context, |key| ToVerify { key, content, context, signature, signer }).await
    }

    /// Tries the accepted keys that may be the signer's, one after the other.
    async fn verify_with<'a>(
        &'a self,
        scheme: &dyn Scheme,
        context: &EncryptionContext,
        request: impl Fn(KeyChoice<'a>) -> ToVerify<'a>,
    ) -> Result<Verified, SignError> {
        let mut failures = Failures::default();
        for key in self.choices() {
            let request = request(key);
            if request.content.kind() != scheme.method().digest() {
                return Err(SignError::Usage("the content has another kind of digest"));
            }
            if !may_be(scheme.method(), &request) {
                continue;
            }
            match scheme.verify(request).await {
                Ok(key) => return Ok(Verified { key, method: scheme.method(), context: context.clone() }),
                Err(error) => failures.push(error),
            }
        }
        Err(failures.into_error(request(KeyChoice::DangerAny).signer))
    }

    fn choices(&self) -> Vec<KeyChoice<'_>> {
        match &self.accepted {
            Accepted::Keys(keys) => keys.iter().map(KeyChoice::Accepted).collect(),
            Accepted::DangerAny => vec![KeyChoice::DangerAny],
        }
    }

    fn scheme(&self, method: Method) -> Box<dyn Scheme> {
        let (crypto, supplier) = (self.crypto, self.supplier.clone());
        match method {
            Method::EncryptedDigest => Box::new(EncryptedDigest::new(supplier)),
            Method::SealedDigests => Box::new(SealedDigests::new(crypto, supplier)),
            Method::KmsAsymmetric(algorithm) => Box::new(KmsAsymmetric::new(crypto, supplier, algorithm)),
            Method::KmsMac(algorithm) => Box::new(KmsMac::new(crypto, supplier, algorithm)),
        }
    }
}

/// Whether the key may have made the signature: it is the claimed one, if there is a claim, and
/// has what the method verifies with.
fn may_be(method: Method, request: &ToVerify<'_>) -> bool {
    let KeyChoice::Accepted(key) = request.key else { return true };
    let usable = key.as_arn().is_some() || matches!(method, Method::KmsAsymmetric(_));
    usable && request.signer.is_none_or(|signer| key.may_be(signer))
}

/// What the accepted keys said: only if all of them call the signature invalid, it is.
#[derive(Default)]
struct Failures {
    invalid: Option<SignError>,
    unknown: Option<SignError>,
}

impl Failures {
    fn push(&mut self, error: SignError) {
        let vague = matches!(error, SignError::Invalid(InvalidSignature::KeyNotAccepted { .. }));
        match error.is_invalid_signature() {
            // What the right key says is worth more than what the others do.
            true if vague => drop(self.invalid.get_or_insert(error)),
            true => self.invalid = Some(error),
            false => drop(self.unknown.get_or_insert(error)),
        }
    }

    fn into_error(self, signer: Option<&AwsKmsArn>) -> SignError {
        let claimed = signer.map(ToString::to_string);
        let none = || InvalidSignature::KeyNotAccepted { claimed }.into();
        self.unknown.or(self.invalid).unwrap_or_else(none)
    }
}

/// No KMS: public keys need none.
#[derive(Debug)]
struct NoClients;

#[waxseal::async_trait]
impl ClientSupplier for NoClients {
    async fn client(&self, _region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        Err(KmsError::new(KmsErrorKind::Unsupported, "this verifier has public keys alone"))
    }
}

//! Signs with one key by one scheme.

use std::io::Read;
use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
use waxseal_format::EncryptionContext;

use crate::manifest::{self, Manifest, SignedManifest};
use crate::{ContentDigest, ContentHasher, DigestKind, Envelope, Form, Scheme, SignError, Signed, ToSign};

/// Signs with one KMS key by one scheme: digest the content once, then sign the digest.
///
/// ```
/// use std::sync::Arc;
/// use waxseal_format::EncryptionContext;
/// use waxseal_local_kms::LocalKms;
/// use waxseal_native::provider;
/// use waxseal_sign::{EncryptedDigest, Signer, Verifier};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let caller = waxseal_local_kms::Caller::new("arn:aws:iam::111122223333:user/alice", "eu-west-1");
/// # let kms = LocalKms::volatile();
/// # let reply = kms.call(&caller, "CreateKey", b"{}")?;
/// # let reply: serde_json::Value = serde_json::from_slice(reply.expose())?;
/// # let key_arn = reply["KeyMetadata"]["Arn"].as_str().ok_or("an ARN")?;
/// # let clients = Arc::new(kms.client(&caller.principal, &caller.region));
/// let signer = Signer::new(provider(), EncryptedDigest::new(clients.clone()), key_arn)
///     .context([("purpose", "release")].into())?;
/// let digest = signer.digest_reader(&b"any content, of any size"[..])?;
/// let envelope = signer.sign(&digest).await?;
///
/// let verifier = Verifier::new(provider(), clients, [key_arn])?;
/// let verified = verifier.verify(&envelope, &digest).await?;
/// assert_eq!(verified.key, key_arn);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Signer {
    pub(crate) crypto: &'static CryptoProvider,
    scheme: Arc<dyn Scheme>,
    key_id: String,
    context: EncryptionContext,
}

impl Signer {
    /// A signer with this key: any identifier that KMS takes.
    pub fn new(
        crypto: &'static CryptoProvider,
        scheme: impl Scheme + 'static,
        key_id: impl Into<String>,
    ) -> Self {
        let (scheme, context) = (Arc::new(scheme), EncryptionContext::new());
        Self { crypto, scheme, key_id: key_id.into(), context }
    }

    /// The same with a context, which every signature of it authenticates.
    ///
    /// # Errors
    /// [`SignError::Usage`] for the pair that tells directory trees from other content.
    pub fn context(mut self, context: EncryptionContext) -> Result<Self, SignError> {
        manifest::check_caller_context(&context)?;
        self.context = context;
        Ok(self)
    }

    /// What its scheme digests.
    #[must_use]
    pub fn digest_kind(&self) -> DigestKind {
        self.scheme.method().digest()
    }

    /// A running digest for this signer.
    #[must_use]
    pub fn hasher(&self) -> ContentHasher {
        ContentHasher::new(self.crypto, self.digest_kind())
    }

    /// The digest of all that `reader` gives.
    ///
    /// # Errors
    /// [`SignError::Io`].
    pub fn digest_reader(&self, reader: impl Read) -> Result<ContentDigest, SignError> {
        Ok(ContentDigest::of_reader(self.crypto, self.digest_kind(), reader)?)
    }

    /// Signs a content, for an envelope.
    ///
    /// # Errors
    /// A [`SignError`]: what KMS refused, or a digest of another kind.
    pub async fn sign(&self, content: &ContentDigest) -> Result<Envelope, SignError> {
        self.envelope(content, self.context.clone()).await
    }

    /// Signs a content in the raw form of its scheme, which others know.
    ///
    /// # Errors
    /// A [`SignError`]: what KMS refused, or a digest of another kind. [`SignError::Usage`] from
    /// `kms-asymmetric` and `kms-mac` if there is a context, which their raw form can't carry, or
    /// if the content begins like a statement, so that it would be signed as one.
    pub async fn sign_raw(&self, content: &ContentDigest) -> Result<Signed, SignError> {
        self.signed(content, &self.context, Form::Raw).await
    }

    /// Signs a directory tree.
    ///
    /// # Errors
    /// A [`SignError`].
    pub async fn sign_manifest(&self, manifest: Manifest) -> Result<SignedManifest, SignError> {
        let text = manifest.to_text();
        let content = ContentDigest::of(self.crypto, self.digest_kind(), text.as_bytes());
        let envelope = self.envelope(&content, manifest::context_for(&self.context)).await?;
        Ok(SignedManifest { manifest, envelope })
    }

    async fn envelope(
        &self,
        content: &ContentDigest,
        context: EncryptionContext,
    ) -> Result<Envelope, SignError> {
        let Signed { key_arn, signature } = self.signed(content, &context, Form::Envelope).await?;
        Ok(Envelope { method: self.scheme.method(), key_arn, context, signature })
    }

    async fn signed(
        &self,
        content: &ContentDigest,
        context: &EncryptionContext,
        form: Form,
    ) -> Result<Signed, SignError> {
        if content.kind() != self.digest_kind() {
            return Err(SignError::Usage("the content has another kind of digest"));
        }
        self.scheme.sign(ToSign { key_id: &self.key_id, content, context, form }).await
    }
}

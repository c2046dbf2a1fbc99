//! The client: keys, and how they are used unless a call says otherwise.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
#[cfg(feature = "cache")]
use waxseal_materials::CachingCryptographicMaterialsManager;
use waxseal_materials::{
    CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials,
    DefaultCmm, EncryptionMaterials, Keyring, MasterKeyProvider, MasterKeyProviderKeyring,
};
use waxseal_message::{DecryptOptions, EncryptOptions, SignedMessages};

use crate::blocking::Runtime;
use crate::{DecryptRequest, EncryptRequest, Error, target};

/// Encrypts and decrypts with one materials manager. Cheap to clone, made to be shared.
///
/// Every call returns a request. Options are set on it; then `.wait()` runs it here, or
/// `.await` in an async caller.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use waxseal::{Client, RawAesKeyring, SecretBytes, native};
///
/// let key = SecretBytes::random(native::provider().random, 32)?;
/// let keyring = RawAesKeyring::new(native::provider(), "my-app", "key-1", key)?;
/// let client = Client::new(native::provider(), keyring);
///
/// let sealed = client.encrypt(b"attack at dawn").context("tenant", "7").wait()?;
/// let opened = client.decrypt(&sealed.message).context("tenant", "7").wait()?;
/// assert_eq!(opened.plaintext, b"attack at dawn");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) crypto: &'static CryptoProvider,
    pub(crate) cmm: Arc<dyn CryptographicMaterialsManager>,
    pub(crate) runtime: Option<Arc<dyn Runtime>>,
    /// The manager above, if it is a caching one that the client made.
    #[cfg(feature = "cache")]
    caching: Option<CachingCryptographicMaterialsManager>,
    encrypt_options: EncryptOptions,
    decrypt_options: DecryptOptions,
    commitment_policy: CommitmentPolicy,
    max_encrypted_data_keys: u16,
}

impl Client {
    /// A client whose materials the default materials manager makes with this keyring.
    #[must_use]
    pub fn new(crypto: &'static CryptoProvider, keyring: impl Keyring + 'static) -> Self {
        Self::with_cmm(crypto, DefaultCmm::new(crypto, keyring))
    }

    /// A client whose materials the default materials manager makes with this master key
    /// provider.
    #[must_use]
    pub fn with_master_key_provider(
        crypto: &'static CryptoProvider,
        provider: impl MasterKeyProvider + 'static,
    ) -> Self {
        Self::new(crypto, MasterKeyProviderKeyring::new(provider))
    }

    /// A client of this materials manager.
    #[must_use]
    pub fn with_cmm(
        crypto: &'static CryptoProvider,
        cmm: impl CryptographicMaterialsManager + 'static,
    ) -> Self {
        Self {
            crypto,
            cmm: Arc::new(cmm),
            runtime: None,
            #[cfg(feature = "cache")]
            caching: None,
            encrypt_options: EncryptOptions::default(),
            decrypt_options: DecryptOptions::default(),
            commitment_policy: CommitmentPolicy::default(),
            max_encrypted_data_keys: u16::MAX,
        }
    }

    /// The same with its materials cached: many messages for one call to a key service.
    /// [`Client::cache_metrics`] says what the cache does. For a cache below other managers make
    /// the manager yourself and use [`Client::with_cmm`].
    ///
    /// Streams go past the cache unless they say their length: [`EncryptRequest::plaintext_len_bound`].
    /// Synchronous calls on several threads need a runtime, since one waits for the other's call;
    /// [`Parking`](crate::Parking) will do over keys that are ready at once. Waiting for a key
    /// service that never answers ends by your own time limit, or by a cache whose clock can sleep:
    /// `TokioClock`, with the feature `tokio`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use waxseal::{CacheLimits, Client, LocalCryptographicMaterialsCache, native};
    ///
    /// # let key = waxseal::SecretBytes::random(native::provider().random, 32)?;
    /// # let keyring = waxseal::RawAesKeyring::new(native::provider(), "my-app", "key-1", key)?;
    /// let cache = Arc::new(LocalCryptographicMaterialsCache::new(1000));
    /// let limits = CacheLimits::new(Duration::from_secs(300));
    /// let client = Client::new(native::provider(), keyring).with_cache(cache, limits)?;
    ///
    /// let first = client.encrypt(b"attack at dawn").context("tenant", "7").wait()?;
    /// let second = client.encrypt(b"attack at noon").context("tenant", "7").wait()?;
    /// assert_eq!(first.header.encrypted_data_keys, second.header.encrypted_data_keys);
    /// assert_eq!(client.cache_metrics().map(|metrics| metrics.hits), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`MaterialsError::CacheLimits`](waxseal_materials::MaterialsError::CacheLimits) in an
    /// [`Error`] for limits beyond the specification's.
    #[cfg(feature = "cache")]
    pub fn with_cache(
        mut self,
        cache: Arc<dyn waxseal_materials::CryptographicMaterialsCache>,
        limits: waxseal_materials::CacheLimits,
    ) -> Result<Self, Error> {
        let caching = CachingCryptographicMaterialsManager::new(self.crypto, self.cmm, cache, limits)?;
        self.cmm = Arc::new(caching.clone());
        self.caching = Some(caching);
        Ok(self)
    }

    /// What the cache of [`Client::with_cache`] did until now, what went past it and why; `None`
    /// without one.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn cache_metrics(&self) -> Option<waxseal_materials::CachingMetrics> {
        self.caching.as_ref().map(CachingCryptographicMaterialsManager::metrics)
    }

    /// The same under another commitment policy, both ways.
    #[must_use]
    pub fn commitment_policy(mut self, policy: CommitmentPolicy) -> Self {
        self.commitment_policy = policy;
        self
    }

    /// The same with at most so many encrypted data keys, both ways.
    #[must_use]
    pub fn max_encrypted_data_keys(mut self, max: NonZeroU16) -> Self {
        self.max_encrypted_data_keys = max.get();
        self
    }

    /// The same with other options for every encryption. The client's commitment policy stays,
    /// whatever the options say, and so does its limit of encrypted data keys unless the options
    /// have a lower one.
    #[must_use]
    pub fn encrypt_options(mut self, options: EncryptOptions) -> Self {
        self.encrypt_options = options;
        self
    }

    /// The same with other options for every decryption. The client's commitment policy stays,
    /// whatever the options say, and so does its limit of encrypted data keys unless the options
    /// have a lower one.
    #[must_use]
    pub fn decrypt_options(mut self, options: DecryptOptions) -> Self {
        self.decrypt_options = options;
        self
    }

    /// The same with a runtime that synchronous calls wait on when materials are not ready
    /// at once. Raw keys never need one.
    #[must_use]
    pub fn runtime(mut self, runtime: impl Runtime + 'static) -> Self {
        self.runtime = Some(Arc::new(runtime));
        self
    }

    /// Encrypts `plaintext` to a message of its own.
    pub fn encrypt<'a>(&'a self, plaintext: &'a [u8]) -> EncryptRequest<'a, target::ToVec<'a>> {
        self.encrypt_request(target::ToVec { input: plaintext })
    }

    /// Encrypts `plaintext` to `message`, whose bytes are replaced. Reusing one buffer for
    /// many messages is the fastest way: what is there is overwritten, not cleared first.
    pub fn encrypt_into<'a>(
        &'a self,
        plaintext: &'a [u8],
        message: &'a mut Vec<u8>,
    ) -> EncryptRequest<'a, target::ToBuffer<'a>> {
        self.encrypt_request(target::ToBuffer { input: plaintext, out: message })
    }

    /// A `Write` that takes plaintext and writes the message to `sink`.
    pub fn encrypt_writer<W: Write>(&self, sink: W) -> EncryptRequest<'_, target::ToWriter<W>> {
        self.encrypt_request(target::ToWriter { sink })
    }

    /// A `Read` that reads plaintext from `source` and gives out the message.
    pub fn encrypt_reader<R: Read>(&self, source: R) -> EncryptRequest<'_, target::FromReader<R>> {
        self.encrypt_request(target::FromReader { source })
    }

    /// Decrypts `message` to a plaintext of its own. Nothing is given out, and what was
    /// decrypted is wiped, unless all of it verified.
    pub fn decrypt<'a>(&'a self, message: &'a [u8]) -> DecryptRequest<'a, target::ToVec<'a>> {
        self.decrypt_request(target::ToVec { input: message })
    }

    /// Decrypts `message` to `plaintext`, whose bytes are replaced. If anything fails, the
    /// buffer is wiped and left empty; where the call never got its materials, since it was
    /// dropped or [`Error::NotReady`], the buffer is as it was.
    pub fn decrypt_into<'a>(
        &'a self,
        message: &'a [u8],
        plaintext: &'a mut Vec<u8>,
    ) -> DecryptRequest<'a, target::ToBuffer<'a>> {
        self.decrypt_request(target::ToBuffer { input: message, out: plaintext })
    }

    /// A `Read` that reads a message from `source`, to the source's end, and gives out
    /// plaintext, each frame as soon as it verified. Of a signed message nothing may be acted on before the end.
    pub fn decrypt_reader<R: Read>(&self, source: R) -> DecryptRequest<'_, target::FromReader<R>> {
        self.decrypt_request(target::FromReader { source })
    }

    /// A `Write` that takes a message and writes its plaintext to `sink`, each frame as soon
    /// as it verified. Of a signed message nothing may be acted on before the end.
    pub fn decrypt_writer<W: Write>(&self, sink: W) -> DecryptRequest<'_, target::ToWriter<W>> {
        self.decrypt_request(target::ToWriter { sink })
    }

    /// [`Client::decrypt_reader`] that refuses signed messages, so that plaintext can be
    /// acted on as it comes.
    pub fn decrypt_unsigned_reader<R: Read>(&self, source: R) -> DecryptRequest<'_, target::FromReader<R>> {
        self.decrypt_reader(source).signed_messages(SignedMessages::Refuse)
    }

    /// [`Client::decrypt_writer`] that refuses signed messages, so that plaintext can be
    /// acted on as it comes.
    pub fn decrypt_unsigned_writer<W: Write>(&self, sink: W) -> DecryptRequest<'_, target::ToWriter<W>> {
        self.decrypt_writer(sink).signed_messages(SignedMessages::Refuse)
    }

    pub(crate) fn encrypt_request<T>(&self, target: T) -> EncryptRequest<'_, T> {
        EncryptRequest::new(self, self.constrain_encrypt(self.encrypt_options.clone()), target)
    }

    pub(crate) fn decrypt_request<T>(&self, target: T) -> DecryptRequest<'_, T> {
        DecryptRequest::new(self, self.constrain_decrypt(self.decrypt_options.clone()), target)
    }

    /// What the client decides is not loosened by a call's options.
    pub(crate) fn constrain_encrypt(&self, mut options: EncryptOptions) -> EncryptOptions {
        options.commitment_policy = self.commitment_policy;
        options.max_encrypted_data_keys = options.max_encrypted_data_keys.min(self.max_encrypted_data_keys);
        options
    }

    /// What the client decides is not loosened by a call's options.
    pub(crate) fn constrain_decrypt(&self, mut options: DecryptOptions) -> DecryptOptions {
        options.commitment_policy = self.commitment_policy;
        options.max_encrypted_data_keys = options.max_encrypted_data_keys.min(self.max_encrypted_data_keys);
        options
    }

    pub(crate) async fn encryption_materials(
        &self,
        options: &EncryptOptions,
    ) -> Result<EncryptionMaterials, Error> {
        Ok(self.cmm.get_encryption_materials(options.request()?).await?)
    }

    pub(crate) async fn decryption_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, Error> {
        Ok(self.cmm.decrypt_materials(request).await?)
    }
}

//! The parts of a provider: small object-safe traits, one primitive each.

use std::fmt::Debug;

use waxseal_format::{AeadAlgorithm, HashAlgorithm, IV_LEN, SignatureAlgorithm, TAG_LEN};

use crate::{
    CryptoError, EcPrivateKey, EcPublicKey, EcdhCurveSpec, FixedSignature, KeyError, RsaPrivateDer,
    RsaPublicDer, SecretBytes,
};

/// The initialization vector of one AES-GCM call.
pub type Nonce = [u8; IV_LEN];

/// The tag of one AES-GCM call.
pub type Tag = [u8; TAG_LEN];

/// All the cryptography that waxseal uses: a plain struct, so that a user can take one
/// provider and replace a single part.
#[derive(Clone, Copy, Debug)]
pub struct CryptoProvider {
    /// A name for logs and test reports.
    pub name: &'static str,
    /// AES-GCM.
    pub aead: &'static dyn Aead,
    /// SHA-2.
    pub digest: &'static dyn Digest,
    /// HKDF.
    pub kdf: &'static dyn Kdf,
    /// HMAC.
    pub mac: &'static dyn Mac,
    /// ECDSA.
    pub signatures: &'static dyn Signatures,
    /// ECDH.
    pub agreement: &'static dyn KeyAgreement,
    /// RSA key wrapping.
    pub rsa: &'static dyn RsaWrap,
    /// The operating system's randomness, or a generator seeded by it.
    pub random: &'static dyn Random,
}

/// Makes AES-GCM keys.
pub trait Aead: Send + Sync + Debug {
    /// Sets a key up, once for all its uses.
    ///
    /// # Errors
    /// [`CryptoError::KeyLength`] unless `key` has [`AeadAlgorithm::key_len`] bytes.
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError>;
}

/// An AES-GCM key that is set up. Stateless: any number of threads may share it.
///
/// Implementations wipe the key when dropped, as far as their library can.
pub trait AeadKey: Send + Sync {
    /// Encrypts `plaintext` into `ciphertext`, which has the same length, and returns the tag.
    ///
    /// # Errors
    /// [`CryptoError::BufferLength`] if the lengths differ; [`CryptoError::Failed`] if the
    /// plaintext is longer than AES-GCM allows (2^36 - 32 bytes).
    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<Tag, CryptoError> {
        copy(plaintext, ciphertext)?;
        self.seal_in_place(nonce, aad, ciphertext)
    }

    /// Encrypts `in_out` where it is and returns the tag.
    ///
    /// # Errors
    /// As [`AeadKey::seal`].
    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError>;

    /// Verifies `tag` and decrypts `ciphertext` into `plaintext`, which has the same length.
    /// When the tag is wrong, `plaintext` holds no plaintext.
    ///
    /// # Errors
    /// [`CryptoError::BufferLength`] if the lengths differ; [`CryptoError::Failed`] if the tag is wrong.
    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), CryptoError> {
        copy(ciphertext, plaintext)?;
        self.open_in_place(nonce, aad, plaintext, tag)
    }

    /// Verifies `tag` and decrypts `in_out` where it is. When the tag is wrong, `in_out`
    /// holds no plaintext.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the tag is wrong.
    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError>;
}

fn copy(from: &[u8], to: &mut [u8]) -> Result<(), CryptoError> {
    if from.len() != to.len() {
        return Err(CryptoError::BufferLength);
    }
    for (to, from) in to.chunks_mut(PIECE).zip(from.chunks(PIECE)) {
        to.copy_from_slice(from);
    }
    Ok(())
}

/// What is copied at a time. Longer copies are done by `rep movsb`, at a fiftieth of its speed on
/// some processors of AMD's where the addresses differ by 8 to 31 bytes modulo a page, as frames
/// and their plaintext do now and then.
const PIECE: usize = 1024;

/// Starts digests.
pub trait Digest: Send + Sync + Debug {
    /// A digest of nothing yet.
    fn start(&self, algorithm: HashAlgorithm) -> Box<dyn DigestState>;
}

/// A running digest.
pub trait DigestState: Send {
    /// Takes in more bytes.
    fn update(&mut self, bytes: &[u8]);

    /// The digest of all that was taken in.
    fn finish(self: Box<Self>) -> DigestOutput;
}

/// A digest: up to 64 bytes and the hash that made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestOutput {
    algorithm: HashAlgorithm,
    bytes: [u8; 64],
}

impl DigestOutput {
    /// The digest `bytes` of `algorithm`; `None` if they have another length.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm, bytes: &[u8]) -> Option<Self> {
        let mut output = Self { algorithm, bytes: [0; 64] };
        let exact = bytes.len() == algorithm.output_len();
        output.bytes.get_mut(..bytes.len()).filter(|_| exact)?.copy_from_slice(bytes);
        Some(output)
    }

    /// The digest of `algorithm` that `fill` writes, into [`HashAlgorithm::output_len`] bytes.
    #[must_use]
    pub fn filled(algorithm: HashAlgorithm, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut output = Self { algorithm, bytes: [0; 64] };
        output.bytes.get_mut(..algorithm.output_len()).map(fill);
        output
    }

    /// The hash that made it.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }
}

impl AsRef<[u8]> for DigestOutput {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.output_len()).unwrap_or_default()
    }
}

/// Derives keys.
pub trait Kdf: Send + Sync + Debug {
    /// HKDF (RFC 5869): extracts once, expands once for each output. An empty salt is the
    /// RFC's salt of zeros.
    ///
    /// # Errors
    /// [`CryptoError::BufferLength`] if an output is longer than 255 digests.
    fn hkdf(
        &self,
        hash: HashAlgorithm,
        salt: &[u8],
        key_material: &[u8],
        outputs: &mut [HkdfOutput<'_>],
    ) -> Result<(), CryptoError>;
}

/// One expansion: what it is for, and where it goes.
#[derive(Debug)]
pub struct HkdfOutput<'a> {
    /// The info of RFC 5869, section 2.3.
    pub info: &'a [u8],
    /// Filled whole.
    pub output: &'a mut [u8],
}

/// Authenticates messages with a secret key, and makes the blocks of key derivation.
pub trait Mac: Send + Sync + Debug {
    /// HMAC (RFC 2104) of the message that the parts make when joined. The key may have any length.
    ///
    /// Compare codes with [`constant_time_eq`](crate::constant_time_eq).
    ///
    /// # Errors
    /// [`CryptoError::BufferLength`] unless `output` has [`HashAlgorithm::output_len`] bytes.
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        message: &[&[u8]],
        output: &mut [u8],
    ) -> Result<(), CryptoError>;
}

/// ECDSA over digests.
pub trait Signatures: Send + Sync + Debug {
    /// A fresh key pair.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source of randomness fails.
    fn generate(&self, algorithm: SignatureAlgorithm) -> Result<Box<dyn SigningKey>, CryptoError>;

    /// Verifies a DER signature over `digest` with a public key in SEC 1 form, compressed or not.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] unless it is this key's signature over this digest.
    fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        public_key: &[u8],
        digest: &DigestOutput,
        der_signature: &[u8],
    ) -> Result<(), CryptoError>;
}

/// A private ECDSA key. Shared by the messages of one cached data key, hence `Sync`.
pub trait SigningKey: Send + Sync + Debug {
    /// The algorithm that it signs with.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The public key, compressed (SEC 1, 2.3.3): 33 or 49 bytes.
    fn public_key(&self) -> Vec<u8>;

    /// Signs a digest.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the digest is another algorithm's, [`CryptoError::Random`]
    /// when the source of randomness fails.
    fn sign(&self, digest: &DigestOutput) -> Result<FixedSignature, CryptoError>;
}

/// ECDH (SP 800-56A, 5.7.1.2) over P-256, P-384 and P-521.
pub trait KeyAgreement: Send + Sync + Debug {
    /// A fresh private key, with its public half.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source of randomness fails.
    fn generate(&self, curve: EcdhCurveSpec) -> Result<EcPrivateKey, CryptoError>;

    /// Sets a private key up.
    ///
    /// # Errors
    /// [`KeyError::EcRefused`] if it is zero or not below the curve's order, or if the public
    /// half that came with it is another.
    fn private_key(&self, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError>;

    /// The same public key with its point uncompressed, if it is a point of its curve.
    ///
    /// # Errors
    /// [`KeyError::EcRefused`] if it is none.
    fn check(&self, key: &EcPublicKey) -> Result<EcPublicKey, KeyError>;
}

/// A private key for ECDH.
pub trait AgreementKey: Send + Sync + Debug {
    /// The public half, its point uncompressed.
    fn public_key(&self) -> &EcPublicKey;

    /// The secret shared with the holder of `peer`: the x coordinate of the common point, big
    /// endian, as long as the curve's field. Not fit to be a key: derive one.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] unless `peer` is a point of this key's curve.
    fn agree(&self, peer: &EcPublicKey) -> Result<SecretBytes, CryptoError>;
}

/// How RSA wraps a data key.
///
/// Source: `framework/raw-rsa-keyring.md`, "Supported Padding Schemes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RsaPadding {
    /// RSAES-PKCS1-v1_5.
    Pkcs1v15,
    /// OAEP with SHA-1 and MGF1 with SHA-1.
    OaepSha1,
    /// OAEP with SHA-256 and MGF1 with SHA-256.
    OaepSha256,
    /// OAEP with SHA-384 and MGF1 with SHA-384.
    OaepSha384,
    /// OAEP with SHA-512 and MGF1 with SHA-512.
    OaepSha512,
}

/// Makes RSA keys that wrap.
pub trait RsaWrap: Send + Sync + Debug {
    /// Sets a public key up.
    ///
    /// # Errors
    /// [`KeyError::Refused`] if the provider doesn't take the key.
    fn public_key(&self, key: &RsaPublicDer) -> Result<Box<dyn RsaPublicKey>, KeyError>;

    /// Sets a private key up.
    ///
    /// # Errors
    /// [`KeyError::Refused`] if the provider doesn't take the key.
    fn private_key(&self, key: &RsaPrivateDer) -> Result<Box<dyn RsaPrivateKey>, KeyError>;

    /// A fresh key pair with a modulus of `bits` bits: 2048, 3072 or 4096.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] for other sizes, [`CryptoError::Random`] when the source of
    /// randomness fails.
    fn generate(&self, bits: usize) -> Result<RsaPrivateDer, CryptoError>;
}

/// A public RSA key.
pub trait RsaPublicKey: Send + Sync + Debug {
    /// Wraps `secret`; the output is as long as the modulus.
    ///
    /// # Errors
    /// [`CryptoError::BufferLength`] if the secret is too long for the modulus.
    fn wrap(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>, CryptoError>;
}

/// A private RSA key.
pub trait RsaPrivateKey: Send + Sync + Debug {
    /// Unwraps what [`RsaPublicKey::wrap`] made. All failures look alike.
    ///
    /// # Errors
    /// [`CryptoError::Failed`].
    fn unwrap(&self, padding: RsaPadding, wrapped: &[u8]) -> Result<SecretBytes, CryptoError>;

    /// The public half.
    ///
    /// # Errors
    /// [`CryptoError::Failed`] if the library can't encode it.
    fn public_key(&self) -> Result<RsaPublicDer, CryptoError>;
}

/// A source of randomness that is fit for keys.
pub trait Random: Send + Sync + Debug {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError>;
}

//! A message of the AWS Encryption SDK holds the digests: pykmssig's scheme.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal::materials::RESERVED_CONTEXT_PREFIX;
use waxseal::{
    AlgorithmSuite, Client, CommitmentPolicy, Decrypted, EncryptOptions, EncryptedDataKey, ErrorClass,
    Header, KeyFailureReason, MaterialsError, MessageError,
};
use waxseal_crypto::{CryptoProvider, constant_time_eq};
use waxseal_format::EncryptionContext;
use waxseal_kms::{
    AwsKmsError, AwsKmsKeyring, AwsKmsMrkKeyring, ClientSupplier, DiscoveryAwsKmsMasterKeyProvider,
};

use super::{KeyChoice, Scheme, Signed, ToSign, ToVerify, client_of, first_form};
use crate::method::Method;
use crate::{ContentDigest, InvalidSignature, SignError};

/// Bytes of a signature at most: the digests take 282, keys and header some thousand.
const MAX_LEN: usize = 32 << 10;

const NOT_DIGESTS: &str = "its plaintext is not the two digests";

/// The signature is an encrypted message that holds two digests of the content's base64 text.
/// Who may call `GenerateDataKey` signs, who may call `Decrypt` verifies.
///
/// By default it is written with a suite that commits to its key and signs (`0x0578`);
/// [`SealedDigests::for_pykmssig`] writes what pykmssig 0.0.8 reads. Every suite with a
/// signature is read: without one, whoever can decrypt one signature could make others of it.
///
/// Permissions: `kms:GenerateDataKey` to sign, `kms:Decrypt` to verify.
#[derive(Clone, Debug)]
pub struct SealedDigests {
    crypto: &'static CryptoProvider,
    supplier: Arc<dyn ClientSupplier>,
    for_pykmssig: bool,
    accept_forgeable: bool,
}

impl SealedDigests {
    /// The scheme over these clients.
    #[must_use]
    pub fn new(crypto: &'static CryptoProvider, supplier: Arc<dyn ClientSupplier>) -> Self {
        Self { crypto, supplier, for_pykmssig: false, accept_forgeable: false }
    }

    /// The same that writes what pykmssig 0.0.8 reads: suite `0x0378`, which does not commit
    /// to its key, and no context.
    #[must_use]
    pub fn for_pykmssig(mut self) -> Self {
        self.for_pykmssig = true;
        self
    }

    /// The same that also takes signatures whose message is not signed: those of pykmssig
    /// 0.0.1, and messages of suites without signature. Dangerous: whoever may verify one can
    /// make others under its data key.
    #[must_use]
    pub fn danger_accept_forgeable(mut self) -> Self {
        self.accept_forgeable = true;
        self
    }

    fn options(&self, context: &EncryptionContext) -> EncryptOptions {
        let mut options = EncryptOptions::default();
        options.encryption_context = context.clone();
        options.suite =
            self.for_pykmssig.then_some(AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384);
        options
    }

    fn policy(&self) -> CommitmentPolicy {
        match self.for_pykmssig {
            true => CommitmentPolicy::ForbidEncryptAllowDecrypt,
            false => CommitmentPolicy::RequireEncryptAllowDecrypt,
        }
    }

    /// A client of the key that must have signed.
    async fn opener(&self, request: &ToVerify<'_>) -> Result<Client, SignError> {
        let client = match request.kms_key()?.map(ToString::to_string) {
            Some(key) => {
                let kms = client_of(&*self.supplier, &key).await?;
                Client::new(self.crypto, AwsKmsMrkKeyring::new(kms, &key).map_err(unusable)?)
            }
            None => {
                let provider = DiscoveryAwsKmsMasterKeyProvider::new(self.supplier.clone());
                Client::with_master_key_provider(self.crypto, provider)
            }
        };
        // One key signed, so that there is one that the signature stands for.
        Ok(client.commitment_policy(self.policy()).max_encrypted_data_keys(std::num::NonZeroU16::MIN))
    }

    async fn verify_message(&self, request: &ToVerify<'_>) -> Result<String, SignError> {
        let client = self.opener(request).await?;
        let opened = client.decrypt(request.signature).await.map_err(|error| invalid(error, request))?;
        if !opened.header.suite.signs() && !self.accept_forgeable {
            return Err(InvalidSignature::Forgeable.into());
        }
        check_context(&opened, request.context)?;
        check_digests(&opened.plaintext, request.content)?;
        let named = named_key(&opened.header).ok_or(InvalidSignature::Form("it names no key of KMS"))?;
        match request.key {
            KeyChoice::Accepted(key) => Ok(key.to_string()),
            KeyChoice::DangerAny => request.check_answer(named),
        }
    }
}

#[waxseal::async_trait]
impl Scheme for SealedDigests {
    fn method(&self) -> Method {
        Method::SealedDigests
    }

    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError> {
        if self.for_pykmssig && !request.context.is_empty() {
            return Err(SignError::Usage("pykmssig knows no context"));
        }
        let kms = client_of(&*self.supplier, request.key_id).await?;
        let keyring = AwsKmsKeyring::new(kms, request.key_id).map_err(unusable)?;
        let client = Client::new(self.crypto, keyring).commitment_policy(self.policy());
        let payload = Payload::of(request.content).to_json();
        let sealed = client.encrypt(payload.as_bytes()).options(self.options(request.context)).await?;
        let key_arn = named_key(&sealed.header).ok_or(SignError::Usage("the message names no key of KMS"))?;
        Ok(Signed { key_arn, signature: sealed.message })
    }

    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError> {
        if request.signature.len() > MAX_LEN {
            return Err(InvalidSignature::Form("longer than any of this scheme").into());
        }
        if !first_form::is_one(request.signature) {
            return self.verify_message(&request).await;
        }
        if !self.accept_forgeable {
            return Err(InvalidSignature::Forgeable.into());
        }
        let opened = first_form::open(self.crypto, &*self.supplier, &request).await?;
        check_digests(opened.plaintext.expose(), request.content)?;
        request.check_answer(opened.key_id)
    }
}

/// The digests, under pykmssig's names for them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    /// SHA-512, whatever the name says.
    sha256: String,
    /// BLAKE2b-512.
    blake2: String,
}

impl Payload {
    fn of(content: &ContentDigest) -> Self {
        let (sha512, blake2) = content.bytes().split_at_checked(64).unwrap_or_default();
        Self { sha256: hex::encode(sha512), blake2: hex::encode(blake2) }
    }

    /// Both are hexadecimal digits, so that nothing needs escaping.
    fn to_json(&self) -> String {
        format!(r#"{{"sha256": "{}", "blake2": "{}"}}"#, self.sha256, self.blake2)
    }

    fn digests(&self) -> Option<Vec<u8>> {
        Some([hex::decode(&self.sha256).ok()?, hex::decode(&self.blake2).ok()?].concat())
    }
}

fn check_digests(payload: &[u8], content: &ContentDigest) -> Result<(), SignError> {
    let payload: Payload =
        serde_json::from_slice(payload).map_err(|_| InvalidSignature::Form(NOT_DIGESTS))?;
    let digests = payload.digests().ok_or(InvalidSignature::Form(NOT_DIGESTS))?;
    match constant_time_eq(&digests, content.bytes()) {
        true => Ok(()),
        false => Err(InvalidSignature::Content.into()),
    }
}

/// The message's context without the format's own pairs is the one that was asked for.
fn check_context(opened: &Decrypted, context: &EncryptionContext) -> Result<(), SignError> {
    let of_caller = |pair: &(&String, &String)| !pair.0.starts_with(RESERVED_CONTEXT_PREFIX);
    match opened.encryption_context.iter().filter(of_caller).eq(context.iter()) {
        true => Ok(()),
        false => Err(InvalidSignature::NotOfThis.into()),
    }
}

/// The key that the message's one data key is under.
fn named_key(header: &Header) -> Option<String> {
    let key: &EncryptedDataKey = header.encrypted_data_keys.first()?;
    String::from_utf8(key.provider_info.clone()).ok()
}

fn unusable(_: AwsKmsError) -> SignError {
    SignError::Usage("the key's name is none of KMS")
}

/// What opening says of a signature that is not valid, told apart from what keeps it from saying.
fn invalid(error: waxseal::Error, request: &ToVerify<'_>) -> SignError {
    match error.class() {
        ErrorClass::Key => {
            InvalidSignature::KeyNotAccepted { claimed: request.signer.map(ToString::to_string) }.into()
        }
        ErrorClass::KeyService if only_refused(&error) => InvalidSignature::NotOfThis.into(),
        ErrorClass::KeyService | ErrorClass::Usage | ErrorClass::Io | ErrorClass::Crypto => error.into(),
        ErrorClass::Format | ErrorClass::Truncated | ErrorClass::TrailingBytes | ErrorClass::Limit => {
            InvalidSignature::Form("it is no whole message of the AWS Encryption SDK with one data key")
                .into()
        }
        _ => InvalidSignature::NotOfThis.into(),
    }
}

/// Whether the keys answered, and said that the data key is not theirs or was changed.
fn only_refused(error: &waxseal::Error) -> bool {
    let waxseal::Error::Message(MessageError::Materials(MaterialsError::Unwrap(failures))) = error else {
        return false;
    };
    let says_so = |reason| {
        matches!(reason, KeyFailureReason::NotMine | KeyFailureReason::WrongKey | KeyFailureReason::Rejected)
    };
    failures.as_slice().iter().all(|failure| says_so(failure.reason))
}

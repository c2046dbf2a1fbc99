//! A header that was read and not yet believed.
//!
//! Source: `client-apis/decrypt.md`, "Get the decryption materials", "Verify the header".

use waxseal_crypto::{CryptoProvider, SecretBytes, constant_time_eq};
use waxseal_format::{ContentType, DecodedHeader, Header};
use waxseal_materials::{DecryptMaterialsRequest, DecryptionMaterials, MaterialsError};

use crate::header_authentication::{only_authenticated, verify};
use crate::keys::{Binding, MessageKeys};
use crate::{BodyDecryptor, DecryptOptions, MessageError, SignedMessages};

/// What .NET 4.0.0 authenticated behind the header where nothing belongs.
const NET_4_0_0_EMPTY_CONTEXT: &[u8] = &[0, 0];

/// A header whose form is right. Nothing in it is authentic until
/// [`ParsedHeader::authenticate`] has made a [`BodyDecryptor`] of it.
#[derive(Debug)]
pub struct ParsedHeader {
    decoded: DecodedHeader,
}

impl From<DecodedHeader> for ParsedHeader {
    fn from(decoded: DecodedHeader) -> Self {
        Self { decoded }
    }
}

impl ParsedHeader {
    /// The fields, unauthenticated.
    #[must_use]
    pub fn unauthenticated(&self) -> &Header {
        &self.decoded.header
    }

    /// The request for the materials of this message.
    ///
    /// # Errors
    /// [`MessageError::SignedMessage`], [`MessageError::Limit`] or [`MessageError::Materials`]
    /// for what the options refuse: then no key is asked for.
    pub fn request(&self, options: &DecryptOptions) -> Result<DecryptMaterialsRequest, MessageError> {
        let header = &self.decoded.header;
        self.check(options)?;
        let mut request = DecryptMaterialsRequest::new(
            header.suite,
            header.encrypted_data_keys.clone(),
            header.encryption_context.clone(),
        );
        request.commitment_policy = options.commitment_policy;
        request.reproduced_context = options.reproduced_context.clone();
        Ok(request)
    }

    /// Verifies commitment and header; the body can be opened after that.
    ///
    /// # Errors
    /// [`MessageError::Commitment`] or [`MessageError::HeaderTag`] if it doesn't verify,
    /// [`MessageError::Materials`] for materials that are incomplete or for another suite.
    pub fn authenticate(
        self,
        crypto: &'static CryptoProvider,
        materials: &DecryptionMaterials,
        options: &DecryptOptions,
    ) -> Result<BodyDecryptor, MessageError> {
        self.check(options)?;
        materials.check_complete()?;
        check_reproduced(materials, options)?;
        if materials.suite() != self.decoded.header.suite {
            return Err(MaterialsError::Illegal("another suite than the message's").into());
        }
        let data_key = materials.data_key().ok_or(MessageError::Usage("no data key"))?;
        let only = only_authenticated(materials.encryption_context(), materials.required_context_keys())?;
        let keys = self.verify(crypto, data_key, Binding::MessageId, &only).or_else(|error| {
            let retry = options.net_v4_0_0_retry && matches!(error, MessageError::HeaderTag);
            let only = if only.is_empty() { NET_4_0_0_EMPTY_CONTEXT } else { &only };
            if retry { self.verify(crypto, data_key, Binding::SuiteAlone, only) } else { Err(error) }
        })?;
        Ok(BodyDecryptor::new(crypto, self.decoded, keys.aead, materials, options))
    }

    /// What the options refuse, whoever made the materials.
    fn check(&self, options: &DecryptOptions) -> Result<(), MessageError> {
        let header = &self.decoded.header;
        options.commitment_policy.check_decrypt(header.suite)?;
        if header.suite.signs() && options.signed_messages == SignedMessages::Refuse {
            return Err(MessageError::SignedMessage(header.suite));
        }
        check_frame_length(header.content_type, options.max_frame_length)?;
        let stored = &header.encryption_context;
        let differs = |(key, value): &(&String, &String)| stored.get(*key).is_some_and(|is| is != *value);
        match options.reproduced_context.iter().find(differs) {
            Some((key, _)) => Err(MaterialsError::ContextMismatch(key.clone()).into()),
            None => Ok(()),
        }
    }

    fn verify(
        &self,
        crypto: &CryptoProvider,
        data_key: &SecretBytes,
        binding: Binding,
        only_authenticated: &[u8],
    ) -> Result<MessageKeys, MessageError> {
        let header = &self.decoded.header;
        let keys = MessageKeys::derive(crypto, header.suite, data_key, &header.message_id, binding)?;
        if let (Some(derived), Some(stored)) = (&keys.commitment, &header.commitment)
            && !constant_time_eq(derived, stored)
        {
            return Err(MessageError::Commitment);
        }
        let aad = [self.decoded.body_bytes(), only_authenticated].concat();
        verify(&*keys.aead, &self.decoded, &aad)?;
        Ok(keys)
    }
}

/// The materials hold every pair that the caller requires, whatever materials manager made them.
fn check_reproduced(materials: &DecryptionMaterials, options: &DecryptOptions) -> Result<(), MessageError> {
    let held = materials.encryption_context();
    let differs = |(key, value): &(&String, &String)| held.get(*key) != Some(*value);
    match options.reproduced_context.iter().find(differs) {
        Some((key, _)) => Err(MaterialsError::ContextMismatch(key.clone()).into()),
        None => Ok(()),
    }
}

fn check_frame_length(content_type: ContentType, limit: u32) -> Result<(), MessageError> {
    let found = content_type.frame_length();
    if found <= limit {
        return Ok(());
    }
    Err(MessageError::Limit { what: "frame length", found: found.into(), limit: limit.into() })
}

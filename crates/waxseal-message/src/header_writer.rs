//! Makes and writes the header of a message.

use waxseal_format::{ContentType, Header, IV_LEN, MessageId, TAG_LEN};
use waxseal_materials::EncryptionMaterials;

use crate::header_authentication::{authenticate, split};
use crate::keys::MessageKeys;
use crate::{EncryptOptions, MessageError};

pub(crate) fn build_header(
    materials: EncryptionMaterials,
    options: &EncryptOptions,
    message_id: MessageId,
    keys: &MessageKeys,
) -> Header {
    let required = materials.required_context_keys();
    let stored = split(materials.encryption_context(), |key| !required.contains(key));
    Header::new(
        materials.suite(),
        message_id,
        stored,
        materials.into_encrypted_data_keys(),
        ContentType::Framed(options.frame_length),
        keys.commitment,
    )
}

/// Appends the header and its authentication to `out`.
pub(crate) fn write_header(
    header: &Header,
    only_authenticated: &[u8],
    keys: &MessageKeys,
    out: &mut Vec<u8>,
) -> Result<(), MessageError> {
    let start = out.len();
    out.reserve(header.encoded_len().saturating_add(IV_LEN + TAG_LEN));
    header.encode(out)?;
    let body = out.get(start..).unwrap_or_default();
    let authentication = if only_authenticated.is_empty() {
        authenticate(&*keys.aead, body)?
    } else {
        authenticate(&*keys.aead, &[body, only_authenticated].concat())?
    };
    authentication.encode(header.suite.version, out);
    Ok(())
}

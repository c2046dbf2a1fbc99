//! The AWS Encryption SDK message format: bytes to values and back.
//!
//! No cryptography, no input or output, no allocation from a length that was not checked.
//! Encoding stands beside decoding. A message is, in this order:
//!
//! | part | here | specification |
//! |---|---|---|
//! | header body | [`Header`], [`HeaderDecoder`] | `data-format/message-header.md` |
//! | header authentication | [`HeaderAuthentication`] | the same |
//! | body | [`BlockHead`], then content and tag | `data-format/message-body.md` |
//! | footer, if signed | [`decode_footer`] | `data-format/message-footer.md` |
//!
//! Names of pages are those of the public specification,
//! `awslabs/aws-encryption-sdk-specification`.

mod body;
mod context;
mod data_key;
mod error;
mod footer;
mod header;
mod header_decoder;
mod length;
mod reader;
mod suite;

pub use body::{
    BlockHead, BlockKind, BodyAad, FINAL_FRAME_HEAD_LEN, MAX_UNFRAMED_LEN, REGULAR_FRAME_HEAD_LEN,
    UNFRAMED_HEAD_LEN,
};
pub use context::EncryptionContext;
pub use data_key::EncryptedDataKey;
pub use error::{FormatError, FormatProblem};
pub use footer::{decode_footer, encode_footer, footer_len};
pub use header::{ContentType, Header, HeaderAuthentication, MessageId};
pub use header_decoder::{DecodedHeader, HeaderDecoder, HeaderLimits, HeaderProgress};
pub use length::{MAX_REGULAR_FRAMES, MessageLengths, body_len, written_footer_len};
pub use reader::Decoded;
pub use suite::{
    AeadAlgorithm, AlgorithmSuite, COMMITMENT_LEN, HashAlgorithm, IV_LEN, KeyDerivation, MessageVersion,
    SignatureAlgorithm, TAG_LEN,
};

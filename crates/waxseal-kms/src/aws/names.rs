//! The seam's names as the SDK's types. Both are the names on the wire.

use aws_sdk_kms::types;

use crate::client::{
    EncryptionAlgorithm, KeyAgreementAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm,
};

pub(super) fn encryption(algorithm: EncryptionAlgorithm) -> types::EncryptionAlgorithmSpec {
    algorithm.as_str().into()
}

pub(super) fn signing(algorithm: SigningAlgorithm) -> types::SigningAlgorithmSpec {
    algorithm.as_str().into()
}

pub(super) fn mac(algorithm: MacAlgorithm) -> types::MacAlgorithmSpec {
    algorithm.as_str().into()
}

pub(super) fn agreement(algorithm: KeyAgreementAlgorithm) -> types::KeyAgreementAlgorithmSpec {
    algorithm.as_str().into()
}

pub(super) fn message(kind: MessageType) -> types::MessageType {
    kind.as_str().into()
}

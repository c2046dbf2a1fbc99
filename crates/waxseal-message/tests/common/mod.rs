//! What the tests of the machines share: both providers, one key, one message.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

use waxseal_crypto::{CryptoProvider, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, HeaderDecoder, HeaderLimits};
use waxseal_materials::{DecryptionMaterials, EncryptionMaterials};
use waxseal_message::{BodyDecryptor, DecryptOptions, EncryptOptions, Encryptor, Next, ParsedHeader};

pub const FRAME: usize = 16;
pub const BLOCK: usize = 16 + FRAME + 16;
pub const SUITE: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
pub const PLAIN: &[u8] = b"forty bytes: two frames and eight behind";

pub fn providers() -> [&'static CryptoProvider; 2] {
    [waxseal_native::provider(), waxseal_rustcrypto::provider()]
}

/// An encryptor with a fixed data key, and its header.
pub fn encryptor(crypto: &'static CryptoProvider) -> (Encryptor, Vec<u8>) {
    let mut materials = EncryptionMaterials::new(SUITE, EncryptionContext::from([("a", "b")]));
    materials.set_data_key(SecretBytes::from([7; 32])).unwrap();
    materials.add_encrypted_data_key(EncryptedDataKey::new("p", "i", "c")).unwrap();
    let mut options = EncryptOptions::default();
    options.frame_length = FRAME as u32;
    let mut header = Vec::new();
    let encryptor = Encryptor::new(crypto, materials, &options, &mut header).unwrap();
    (encryptor, header)
}

pub fn decryptor(crypto: &'static CryptoProvider, header: &[u8]) -> BodyDecryptor {
    let mut materials = DecryptionMaterials::new(SUITE, EncryptionContext::from([("a", "b")]));
    materials.set_data_key(SecretBytes::from([7; 32])).unwrap();
    let (decoded, _) = HeaderDecoder::decode(header, HeaderLimits::default()).unwrap();
    ParsedHeader::from(decoded).authenticate(crypto, &materials, &DecryptOptions::default()).unwrap()
}

/// The header, and the body of [`PLAIN`].
pub fn message(crypto: &'static CryptoProvider) -> (Vec<u8>, Vec<u8>) {
    let (mut encryptor, header) = encryptor(crypto);
    let mut body = vec![0; 2 * BLOCK + encryptor.final_len(8)];
    let progress = encryptor.push(PLAIN, &mut body).unwrap();
    assert_eq!((progress.read, progress.written), (2 * FRAME, 2 * BLOCK));
    let written = encryptor.finish(&PLAIN[progress.read..], &mut body[progress.written..]).unwrap();
    assert_eq!(written + progress.written, body.len());
    (header, body)
}

/// `plaintext` at the places of its frames in blocks, and `len` bytes in all.
pub fn at_its_places(plaintext: &[u8], len: usize) -> Vec<u8> {
    let mut blocks = vec![0; len];
    for (frame, block) in plaintext.chunks(FRAME).zip(blocks.chunks_mut(BLOCK)) {
        block[16..16 + frame.len()].copy_from_slice(frame);
    }
    blocks
}

/// The plaintext of a body, which verifies to its end.
pub fn opened(crypto: &'static CryptoProvider, header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut decryptor = decryptor(crypto, header);
    let mut plaintext = vec![0; body.len()];
    let progress = decryptor.push(body, &mut plaintext).unwrap();
    assert_eq!((progress.read, progress.next), (body.len(), Next::End));
    decryptor.finish(&[]).unwrap();
    plaintext.truncate(progress.written);
    plaintext
}

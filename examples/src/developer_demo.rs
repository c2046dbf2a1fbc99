//! What the KMS Developer Demo wrote: AES-256-CBC under a data key of KMS, and nothing that tells
//! whether it still is what was written.

mod picture;

pub use picture::jpeg;

use aes::Aes256;
use anyhow::{Context, ensure};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use waxseal::SecretBytes;

const BLOCK: usize = 16;

/// Bytes before a file's ciphertext: its length, and the IV.
pub const FILE_HEADER: usize = 8 + BLOCK;

/// A text's ciphertext: PKCS #7 fills the last block. The IV is kept beside it.
///
/// # Errors
/// If the key has not 32 bytes.
pub fn seal_text(key: &SecretBytes, iv: &[u8; BLOCK], text: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(encryptor(key, iv)?.encrypt_padded_vec::<Pkcs7>(text))
}

/// The text again, or what became of it.
///
/// # Errors
/// If the key has not 32 bytes, or if the last block doesn't end as a filled one.
pub fn open_text(key: &SecretBytes, iv: &[u8; BLOCK], ciphertext: &[u8]) -> anyhow::Result<Vec<u8>> {
    decryptor(key, iv)?.decrypt_padded_vec::<Pkcs7>(ciphertext).context("no PKCS #7 padding")
}

/// A file's shape: its length in 8 bytes, little-endian; the IV; the ciphertext, whose last block is
/// filled with spaces. The original goes in steps of 64 KiB, which are one chain of blocks.
///
/// # Errors
/// If the key has not 32 bytes.
pub fn seal_file(key: &SecretBytes, iv: &[u8; BLOCK], content: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut filled = content.to_vec();
    filled.resize(content.len().next_multiple_of(BLOCK), b' ');
    let ciphertext = encryptor(key, iv)?.encrypt_padded_vec::<NoPadding>(&filled);
    Ok([&(content.len() as u64).to_le_bytes()[..], iv, &ciphertext].concat())
}

/// The file again, or what became of it: whatever is there is decrypted and cut to the length.
///
/// # Errors
/// If the key has not 32 bytes, the header isn't whole, or the rest is not of blocks.
pub fn open_file(key: &SecretBytes, file: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (len, rest) = file.split_first_chunk().context("no length")?;
    let (iv, ciphertext) = rest.split_first_chunk().context("no IV")?;
    ensure!(ciphertext.len().is_multiple_of(BLOCK), "a part of a block");
    let mut content = decryptor(key, iv)?.decrypt_padded_vec::<NoPadding>(ciphertext).context("no blocks")?;
    content.truncate(usize::try_from(u64::from_le_bytes(*len))?);
    Ok(content)
}

fn encryptor(key: &SecretBytes, iv: &[u8; BLOCK]) -> anyhow::Result<cbc::Encryptor<Aes256>> {
    cbc::Encryptor::new_from_slices(key.expose(), iv).context("no key of AES-256")
}

fn decryptor(key: &SecretBytes, iv: &[u8; BLOCK]) -> anyhow::Result<cbc::Decryptor<Aes256>> {
    cbc::Decryptor::new_from_slices(key.expose(), iv).context("no key of AES-256")
}

#[cfg(test)]
mod tests {
    use super::*;

    const IV: [u8; BLOCK] = *b"an IV of 16 byte";

    fn key() -> SecretBytes {
        SecretBytes::copy_of(&[7; 32])
    }

    #[test]
    fn files_of_all_lengths_come_back() {
        for len in [0, 1, 15, 16, 17, (64 << 10) + 3] {
            let content = crate::sample(len);
            let file = seal_file(&key(), &IV, &content).unwrap();
            assert_eq!(file.len(), FILE_HEADER + len.next_multiple_of(BLOCK));
            assert_eq!(open_file(&key(), &file).unwrap(), content);
        }
    }

    #[test]
    fn what_is_no_file_is_an_error() {
        let file = seal_file(&key(), &IV, b"a file").unwrap();
        for len in [0, 7, FILE_HEADER - 1, FILE_HEADER + 1] {
            assert!(open_file(&key(), &file[..len]).is_err());
        }
    }

    /// By `openssl enc -aes-256-cbc -K 0707.. -iv ..`; for the file with `-nopad`, over blocks filled with spaces.
    #[test]
    fn text_and_file_are_aes_256_cbc() {
        let text = seal_text(&key(), &IV, b"Hello world of cryptography").unwrap();
        assert_eq!(hex(&text), "02582e4566597ec1f190dc106e63cdcb684c47b2c5321b4242864635a08f3391");
        assert_eq!(open_text(&key(), &IV, &text).unwrap(), b"Hello world of cryptography");
        let file = seal_file(&key(), &IV, b"a file").unwrap();
        assert_eq!(hex(&file[FILE_HEADER..]), "c94f2c84a0cfa3ac035c474507f4bdab");
        assert_eq!((&file[..8], &file[8..FILE_HEADER]), (&[6, 0, 0, 0, 0, 0, 0, 0][..], &IV[..]));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

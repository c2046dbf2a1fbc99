//! The primitives without anything around them.

use aws_lc_rs::aead as aws;
use ring::aead as ring_aead;
use waxseal::crypto::{AeadAlgorithm, HashAlgorithm};

use crate::crypto;

const FAILED: &str = "a primitive failed on a benchmark's own buffers";

/// A bare AES-256-GCM key of one library.
pub enum Bare {
    /// aws-lc-rs, which seals and opens out of place.
    AwsLc(aws::LessSafeKey),
    /// ring, which works in place: a copy stands before it.
    Ring(Box<ring_aead::LessSafeKey>),
}

impl Bare {
    /// The libraries in the build, by name.
    ///
    /// # Errors
    /// None with keys of 32 bytes.
    pub fn all() -> Result<[(&'static str, Self); 2], Box<dyn std::error::Error>> {
        let key = [7; 32];
        let aws_key = aws::UnboundKey::new(&aws::AES_256_GCM, &key).map_err(|_| FAILED)?;
        let ring_key = ring_aead::UnboundKey::new(&ring_aead::AES_256_GCM, &key).map_err(|_| FAILED)?;
        Ok([
            ("aws-lc-rs", Self::AwsLc(aws::LessSafeKey::new(aws_key))),
            ("ring", Self::Ring(Box::new(ring_aead::LessSafeKey::new(ring_key)))),
        ])
    }

    /// Seals each frame of `input` to the same place of `out`, each under a nonce of its own.
    ///
    /// # Errors
    /// If the library fails.
    pub fn seal_frames(&self, frame: usize, input: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
        for (number, (plain, sealed)) in (0_u64..).zip(input.chunks(frame).zip(out.chunks_mut(frame))) {
            self.seal(number, plain, sealed)?;
        }
        Ok(())
    }

    /// The tags of the frames of `sealed`, for [`Bare::open_frames`].
    ///
    /// # Errors
    /// If the library fails.
    pub fn sealed(&self, frame: usize, input: &[u8]) -> Result<(Vec<u8>, Vec<[u8; 16]>), &'static str> {
        let mut out = vec![0; input.len()];
        let mut tags = Vec::new();
        for (number, (plain, sealed)) in (0_u64..).zip(input.chunks(frame).zip(out.chunks_mut(frame))) {
            tags.push(self.seal(number, plain, sealed)?);
        }
        Ok((out, tags))
    }

    /// Opens each frame of `input` to the same place of `out`.
    ///
    /// # Errors
    /// If the library fails, or a tag is wrong.
    pub fn open_frames(
        &self,
        frame: usize,
        input: &[u8],
        tags: &[[u8; 16]],
        out: &mut [u8],
    ) -> Result<(), &'static str> {
        let frames = input.chunks(frame).zip(tags).zip(out.chunks_mut(frame));
        for (number, ((sealed, tag), plain)) in (0_u64..).zip(frames) {
            self.open(number, sealed, tag, plain)?;
        }
        Ok(())
    }

    /// Seals one frame where it stands.
    ///
    /// # Errors
    /// If the library fails.
    pub fn seal_in_place(&self, frame: &mut [u8]) -> Result<(), &'static str> {
        match self {
            Self::AwsLc(key) => {
                let nonce = aws::Nonce::assume_unique_for_key(nonce(1));
                key.seal_in_place_separate_tag(nonce, aws::Aad::from(AAD), frame)
                    .map(drop)
                    .map_err(|_| FAILED)
            }
            Self::Ring(key) => {
                let nonce = ring_aead::Nonce::assume_unique_for_key(nonce(1));
                key.seal_in_place_separate_tag(nonce, ring_aead::Aad::from(AAD), frame)
                    .map(drop)
                    .map_err(|_| FAILED)
            }
        }
    }

    /// Opens one frame where it stands.
    ///
    /// # Errors
    /// If the library fails, or the tag is wrong.
    pub fn open_in_place(&self, number: u64, frame: &mut [u8], tag: &[u8; 16]) -> Result<(), &'static str> {
        match self {
            Self::AwsLc(key) => {
                let nonce = aws::Nonce::assume_unique_for_key(nonce(number));
                let opened = key.open_in_place_separate_tag(nonce, aws::Aad::from(AAD), tag, frame);
                opened.map(drop).map_err(|_| FAILED)
            }
            Self::Ring(key) => {
                let (nonce, tag) = (ring_aead::Nonce::assume_unique_for_key(nonce(number)), (*tag).into());
                let opened =
                    key.open_in_place_separate_tag(nonce, ring_aead::Aad::from(AAD), tag, frame, 0..);
                opened.map(drop).map_err(|_| FAILED)
            }
        }
    }

    fn seal(&self, number: u64, plain: &[u8], sealed: &mut [u8]) -> Result<[u8; 16], &'static str> {
        let mut tag = [0; 16];
        match self {
            Self::AwsLc(key) => {
                let nonce = aws::Nonce::assume_unique_for_key(nonce(number));
                key.seal_out_of_place_scatter(nonce, aws::Aad::from(AAD), plain, sealed, &[], &mut tag)
                    .map_err(|_| FAILED)?;
            }
            Self::Ring(key) => {
                sealed.copy_from_slice(plain);
                let nonce = ring_aead::Nonce::assume_unique_for_key(nonce(number));
                let made = key
                    .seal_in_place_separate_tag(nonce, ring_aead::Aad::from(AAD), sealed)
                    .map_err(|_| FAILED)?;
                tag.copy_from_slice(made.as_ref());
            }
        }
        Ok(tag)
    }

    fn open(&self, number: u64, sealed: &[u8], tag: &[u8; 16], plain: &mut [u8]) -> Result<(), &'static str> {
        match self {
            Self::AwsLc(key) => {
                let nonce = aws::Nonce::assume_unique_for_key(nonce(number));
                key.open_separate_gather(nonce, aws::Aad::from(AAD), sealed, tag, plain).map_err(|_| FAILED)
            }
            Self::Ring(_) => {
                plain.copy_from_slice(sealed);
                self.open_in_place(number, plain, tag)
            }
        }
    }
}

/// As long as the associated data of a frame of a version 2 message.
const AAD: [u8; 72] = [3; 72];

fn nonce(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (_, last) = nonce.split_at_mut(4);
    last.copy_from_slice(&number.to_be_bytes());
    nonce
}

/// SHA-384 of the native provider over `bytes`, by pieces of `piece`.
#[must_use]
pub fn sha384(piece: usize, bytes: &[u8]) -> Vec<u8> {
    let mut digest = crypto().digest.start(HashAlgorithm::Sha384);
    bytes.chunks(piece).for_each(|piece| digest.update(piece));
    digest.finish().as_ref().to_vec()
}

/// One key set-up of the native provider's AES-256-GCM.
///
/// # Errors
/// None with a key of 32 bytes.
pub fn key_set_up() -> Result<(), Box<dyn std::error::Error>> {
    crypto().aead.key(AeadAlgorithm::Aes256Gcm, &[7; 32])?;
    Ok(())
}

//! Bytes that must not outlive their use.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{CryptoError, Random};

/// Secret bytes: wiped on drop, not printable, not `Clone`, not `PartialEq`, not `Hash`.
///
/// The length is no secret. Comparison is [`SecretBytes::ct_eq`], in constant time.
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// `len` bytes of zero, to be filled through [`SecretBytes::expose_mut`].
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self(Zeroizing::new(vec![0; len]))
    }

    /// `len` random bytes.
    ///
    /// # Errors
    /// [`CryptoError::Random`] when the source fails.
    pub fn random(random: &dyn Random, len: usize) -> Result<Self, CryptoError> {
        let mut secret = Self::zeroed(len);
        random.fill(secret.expose_mut())?;
        Ok(secret)
    }

    /// A copy of `bytes`, which stay the caller's to wipe.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// The bytes. Keep the borrow short and copy nothing out of it.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be filled in.
    #[must_use]
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether both hold the same bytes; takes the same time wherever they differ.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        constant_time_eq(&self.0, &other.0)
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for SecretBytes {
    fn from(bytes: [u8; N]) -> Self {
        Self::copy_of(&*Zeroizing::new(bytes))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.len())
    }
}

/// Whether `a` and `b` are the same bytes; the time depends on their lengths alone.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_its_length_alone() {
        assert_eq!(format!("{:?}", SecretBytes::from([7; 3])), "SecretBytes(3 bytes)");
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        let secret = SecretBytes::from([1, 2, 3]);
        assert!(secret.ct_eq(&SecretBytes::from([1, 2, 3])));
        for other in [vec![0, 2, 3], vec![1, 2, 4], vec![1, 2], vec![1, 2, 3, 0]] {
            assert!(!secret.ct_eq(&SecretBytes::from(other)));
        }
    }
}

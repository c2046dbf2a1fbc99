//! The two public keys that stand in the provider information of a data key.

use waxseal_crypto::{EcPublicKey, EcdhCurveSpec};

use crate::KeyFailureReason;

/// The version of this wrapping.
const VERSION: u8 = 1;

/// The public keys of sender and recipient, on one curve.
#[derive(Clone, Debug)]
pub struct Parties {
    curve: EcdhCurveSpec,
    sender: Vec<u8>,
    recipient: Vec<u8>,
}

impl Parties {
    /// The parties of a wrapping. The keys are the caller's to check, as is that both are on
    /// the curve of the recipient's.
    #[must_use]
    pub fn new(sender: &EcPublicKey, recipient: &EcPublicKey) -> Self {
        let [sender_point, recipient_point] = [sender, recipient].map(EcPublicKey::to_compressed);
        Self { curve: recipient.curve(), sender: sender_point, recipient: recipient_point }
    }

    /// Reads the parties from the provider information of a data key. Their curve shows in the
    /// points' lengths; that they are points is not checked.
    ///
    /// # Errors
    /// [`KeyFailureReason::Malformed`] for any other form than that of version 1.
    pub fn parse(provider_info: &[u8]) -> Result<Self, KeyFailureReason> {
        Self::read(provider_info).ok_or(KeyFailureReason::Malformed)
    }

    fn read(info: &[u8]) -> Option<Self> {
        let (recipient, rest) = read_point(info.strip_prefix(&[VERSION])?)?;
        let (sender, rest) = read_point(rest)?;
        let mut curves = EcdhCurveSpec::ALL.iter().copied();
        let curve = curves.find(|curve| curve.compressed_point_len() == recipient.len())?;
        let complete = rest.is_empty() && sender.len() == recipient.len();
        complete.then(|| Self { curve, sender: sender.to_vec(), recipient: recipient.to_vec() })
    }

    /// The provider information: version, recipient, sender, each point behind its length.
    ///
    /// Source: `framework/raw-ecdh-keyring.md`, "Key Provider Information".
    #[must_use]
    pub fn provider_info(&self) -> Vec<u8> {
        [&[VERSION], len(&self.recipient).as_slice(), &self.recipient, &len(&self.sender), &self.sender]
            .concat()
    }

    /// What key derivation and key wrapping bind: the parties in the order of sender and
    /// recipient, and the serialised encryption context.
    ///
    /// Source: `framework/key-agreement-schemas.md`, "Key Derivation".
    pub(super) fn fixed_info(&self, context: &[u8]) -> Vec<u8> {
        let points = [self.sender.as_slice(), &self.recipient].concat();
        let fields: [&[u8]; 6] = [
            b"ecdh-key-derivation",
            self.curve.name().as_bytes(),
            b"HMAC_SHA384",
            &points,
            &[VERSION],
            context,
        ];
        fields.join(&0)
    }

    /// Whether the keys on both sides are the same.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.sender == other.sender && self.recipient == other.recipient
    }

    /// The same two, writing in the other direction.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { curve: self.curve, sender: self.recipient.clone(), recipient: self.sender.clone() }
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> EcdhCurveSpec {
        self.curve
    }

    /// The sender's public key, compressed.
    #[must_use]
    pub fn sender(&self) -> &[u8] {
        &self.sender
    }

    /// The recipient's public key, compressed.
    #[must_use]
    pub fn recipient(&self) -> &[u8] {
        &self.recipient
    }
}

/// A point of a length that a curve has is at most 67 bytes long.
fn len(point: &[u8]) -> [u8; 4] {
    u32::try_from(point.len()).unwrap_or_default().to_be_bytes()
}

fn read_point(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*len)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parties(curve: EcdhCurveSpec) -> Parties {
        let point = |start| vec![start; curve.compressed_point_len()];
        Parties { curve, sender: point(2), recipient: point(3) }
    }

    #[test]
    fn information_is_read_back() {
        for curve in EcdhCurveSpec::ALL.iter().copied() {
            let written = parties(curve).provider_info();
            assert_eq!(written.len(), 9 + 2 * curve.compressed_point_len());
            let read = Parties::parse(&written).unwrap();
            assert!(read.is_same(&parties(curve)) && !read.is_same(&parties(curve).reversed()));
            assert_eq!(read.curve(), curve);
        }
    }

    #[test]
    fn every_other_form_is_malformed() {
        let written = parties(EcdhCurveSpec::P256).provider_info();
        for at in [0, 1, 2, 3, 4, 38, 39, 40, 41] {
            let mut changed = written.clone();
            changed[at] ^= 1;
            assert_eq!(Parties::parse(&changed).unwrap_err(), KeyFailureReason::Malformed, "byte {at}");
        }
        for cut in 0..written.len() {
            assert!(Parties::parse(&written[..cut]).is_err(), "cut at {cut}");
        }
        assert!(Parties::parse(&[written.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn fixed_information_has_its_fields_in_order() {
        let info = parties(EcdhCurveSpec::P256).fixed_info(b"context");
        assert!(info.starts_with(b"ecdh-key-derivation\0p256\0HMAC_SHA384\0\x02\x02"));
        assert!(info.ends_with(b"\x03\x03\0\x01\0context"));
        assert_eq!(info.len(), 19 + 1 + 4 + 1 + 11 + 1 + 66 + 1 + 1 + 1 + 7);
    }
}

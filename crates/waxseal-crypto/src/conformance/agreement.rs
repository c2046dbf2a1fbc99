//! ECDH: answers of Wycheproof (test 1 of each curve), both sides of fresh keys, refusals.

use super::{Fault, flipped, hex, require, require_eq, require_err};
use crate::{
    AgreementKey, CryptoError, CryptoProvider, EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyError,
    SecretBytes,
};

/// A private key, another's public key, and their secret.
struct Answer {
    curve: EcdhCurveSpec,
    private: &'static str,
    public: &'static str,
    shared: &'static str,
    order: &'static str,
}

const ANSWERS: [Answer; 3] = [
    Answer {
        curve: EcdhCurveSpec::P256,
        private: "0612465c89a023ab17855b0a6bcebfd3febb53aef84138647b5352e02c10c346",
        public:
            "0462d5bd3372af75fe85a040715d0f502428e07046868b0bfdfa61d731afe44f26ac333a93a9e70a81cd5a95b5bf8d13
             990eb741c8c38872b4a07d275a014e30cf",
        shared: "53020d908b0219328b658b525f26780e3ae12bcd952bb25a93bc0895e1714285",
        order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    },
    Answer {
        curve: EcdhCurveSpec::P384,
        private: "766e61425b2da9f846c09fc3564b93a6f8603b7392c785165bf20da948c49fd1fb1dee4edd64356b9f21c588b75dfd81",
        public:
            "04790a6e059ef9a5940163183d4a7809135d29791643fc43a2f17ee8bf677ab84f791b64a6be15969ffa012dd9185d87
             96d9b954baa8a75e82df711b3b56eadff6b0f668c3b26b4b1aeb308a1fcc1c680d329a6705025f1c98a0b5e5bfcb163c
             aa",
        shared: "6461defb95d996b24296f5a1832b34db05ed031114fbe7d98d098f93859866e4de1e229da71fef0c77fe49b249190135",
        order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    },
    Answer {
        curve: EcdhCurveSpec::P521,
        private:
            "01939982b529596ce77a94bc6efd03e92c21a849eb4f87b8f619d506efc9bb22e7c61640c90d598f795b64566dc6df43
             992ae34a1341d458574440a7371f611c7dcd",
        public:
            "040064da3e94733db536a74a0d8a5cb2265a31c54a1da6529a198377fbd38575d9d79769ca2bdf2d4c972642926d4448
             91a652e7f492337251adf1613cf3077999b5ce00e04ad19cf9fd4722b0c824c069f70c3c0e7ebc5288940dfa92422152
             ae4a4f79183ced375afb54db1409ddf338b85bb6dbfc5950163346bb63a90a70c5aba098f7",
        shared:
            "01f1e410f2c6262bce6879a3f46dfb7dd11d30eeee9ab49852102e1892201dd10f27266c2cf7cbccc7f6885099043dad
             80ff57f0df96acf283fb090de53df95f7d87",
        order:
            "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709
             a5d03bb5c9b8899c47aebb6fb71e91386409",
    },
];

impl Answer {
    fn private_key(&self, provider: &CryptoProvider) -> Result<Box<dyn AgreementKey>, Fault> {
        Ok(provider.agreement.private_key(&private(self.curve, hex(self.private))?)?)
    }

    fn public_key(&self) -> Result<EcPublicKey, Fault> {
        Ok(EcPublicKey::from_sec1(self.curve, &hex(self.public))?)
    }
}

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let (key, peer) = (answer.private_key(provider)?, answer.public_key()?);
        let compressed = EcPublicKey::from_sec1(answer.curve, &peer.to_compressed())?;
        for peer in [&peer, &compressed] {
            let checked = provider.agreement.check(peer)?;
            require_eq(checked.as_sec1(), &hex(answer.public), "uncompressed")?;
            require_eq(key.agree(peer)?.expose(), &hex(answer.shared), "the secret")?;
        }
    }
    Ok(())
}

pub(super) fn both_sides_agree(provider: &CryptoProvider) -> Result<(), Fault> {
    for curve in EcdhCurveSpec::ALL.iter().copied() {
        let (one, two) = (provider.agreement.generate(curve)?, provider.agreement.generate(curve)?);
        require(one.expose_scalar() != two.expose_scalar(), "the same key twice")?;
        let (mine, theirs) = (set_up(provider, &one)?, set_up(provider, &two)?);
        let secret = mine.agree(theirs.public_key())?;
        require(secret.len() == curve.field_len(), "a secret of another length")?;
        require(secret.ct_eq(&theirs.agree(mine.public_key())?), "two secrets")?;
        require(!secret.ct_eq(&mine.agree(mine.public_key())?), "the same secret with another")?;
    }
    Ok(())
}

fn set_up(provider: &CryptoProvider, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, Fault> {
    let again = EcPrivateKey::from_der(key.to_der()?.expose())?;
    let (key, again) = (provider.agreement.private_key(key)?, provider.agreement.private_key(&again)?);
    require_eq(again.public_key().as_sec1(), key.public_key().as_sec1(), "the public half, read anew")?;
    let checked = provider.agreement.check(key.public_key())?;
    require_eq(checked.as_sec1(), key.public_key().as_sec1(), "the public half, uncompressed")?;
    Ok(key)
}

pub(super) fn points_off_the_curve_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let key = answer.private_key(provider)?;
        for point in bad_points(answer) {
            let point = EcPublicKey::from_sec1(answer.curve, &point)?;
            require_err(key.agree(&point), &CryptoError::Failed, "agreed with no point")?;
            require_err(provider.agreement.check(&point), &KeyError::EcRefused, "no point, checked")?;
        }
    }
    Ok(())
}

/// Zeros, coordinates above the field's prime, a flipped bit, another point's half, and an x
/// that no point has.
fn bad_points(answer: &Answer) -> Vec<Vec<u8>> {
    let len = answer.curve.field_len();
    let point = hex(answer.public);
    let x_and_ones = [point.get(..=len).unwrap_or_default(), &vec![0xff; len]].concat();
    let x_twice = [point.get(..=len).unwrap_or_default(), point.get(1..=len).unwrap_or_default()].concat();
    vec![
        [&[4], vec![0; 2 * len].as_slice()].concat(),
        [&[4], vec![0xff; 2 * len].as_slice()].concat(),
        [&[2], vec![0xff; len].as_slice()].concat(),
        flipped(&point, point.len() - 1),
        flipped(&point, len),
        x_and_ones,
        x_twice,
    ]
}

pub(super) fn other_curves_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let key = answer.private_key(provider)?;
        for other in ANSWERS.iter().filter(|other| other.curve != answer.curve) {
            require_err(key.agree(&other.public_key()?), &CryptoError::Failed, "another curve's point")?;
        }
    }
    Ok(())
}

pub(super) fn bad_private_keys_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let len = answer.curve.field_len();
        for scalar in [vec![0; len], vec![0xff; len], hex(answer.order)] {
            let key = private(answer.curve, scalar)?;
            require_err(provider.agreement.private_key(&key), &KeyError::EcRefused, "out of range")?;
        }
        let key = private(answer.curve, hex(answer.private))?.with_public_key(answer.public_key()?)?;
        require_err(provider.agreement.private_key(&key), &KeyError::EcRefused, "another's public half")?;
    }
    Ok(())
}

fn private(curve: EcdhCurveSpec, scalar: Vec<u8>) -> Result<EcPrivateKey, Fault> {
    Ok(EcPrivateKey::from_scalar(curve, SecretBytes::from(scalar))?)
}

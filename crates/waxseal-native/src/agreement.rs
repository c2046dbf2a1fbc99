//! ECDH by aws-lc, which clears private keys when it frees them.

use aws_lc_rs::agreement::{
    Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, PrivateKey, UnparsedPublicKey, agree,
};
use aws_lc_rs::encoding::{AsBigEndian, AsDer, EcPrivateKeyBin, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    ParsedPublicKey,
};
use waxseal_crypto::{
    AgreementKey, CryptoError, EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyAgreement, KeyError, SecretBytes,
    on_wiped_stack,
};

/// ECDH.
#[derive(Debug)]
pub(crate) struct Ecdh;

impl KeyAgreement for Ecdh {
    fn generate(&self, curve: EcdhCurveSpec) -> Result<EcPrivateKey, CryptoError> {
        let algorithm = algorithm(curve).ok_or(CryptoError::Failed)?;
        let key = PrivateKey::generate(algorithm).map_err(|_| CryptoError::Random)?;
        let public = public_key(curve, &key).map_err(|_| CryptoError::Failed)?;
        let scalar = scalar(&key)?;
        let key = EcPrivateKey::from_scalar(curve, scalar).and_then(|key| key.with_public_key(public));
        key.map_err(|_| CryptoError::Failed)
    }

    fn private_key(&self, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError> {
        let algorithm = algorithm(key.curve()).ok_or(KeyError::EcRefused)?;
        let inner = PrivateKey::from_private_key(algorithm, key.expose_scalar());
        let inner = inner.map_err(|_| KeyError::EcRefused)?;
        let public = public_key(key.curve(), &inner)?;
        key.check_public_key(&public)?;
        Ok(Box::new(Key { inner, public }))
    }

    /// The library tells a point uncompressed only of keys for signatures, which on these curves
    /// are the same points.
    fn check(&self, key: &EcPublicKey) -> Result<EcPublicKey, KeyError> {
        let algorithm = verification(key.curve()).ok_or(KeyError::EcRefused)?;
        let parsed = ParsedPublicKey::new(algorithm, key.as_sec1()).map_err(|_| KeyError::EcRefused)?;
        let spki: PublicKeyX509Der<'_> = parsed.as_der().map_err(|_| KeyError::EcRefused)?;
        EcPublicKey::from_der(spki.as_ref())
    }
}

struct Key {
    inner: PrivateKey,
    public: EcPublicKey,
}

impl AgreementKey for Key {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SecretBytes, CryptoError> {
        if peer.curve() != self.public.curve() {
            return Err(CryptoError::Failed);
        }
        let peer = UnparsedPublicKey::new(self.inner.algorithm(), peer.as_sec1());
        on_wiped_stack(|| {
            agree(&self.inner, peer, CryptoError::Failed, |secret| Ok(SecretBytes::copy_of(secret)))
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.public)
    }
}

fn algorithm(curve: EcdhCurveSpec) -> Option<&'static Algorithm> {
    match curve {
        EcdhCurveSpec::P256 => Some(&ECDH_P256),
        EcdhCurveSpec::P384 => Some(&ECDH_P384),
        EcdhCurveSpec::P521 => Some(&ECDH_P521),
        _ => None,
    }
}

fn verification(curve: EcdhCurveSpec) -> Option<&'static EcdsaVerificationAlgorithm> {
    match curve {
        EcdhCurveSpec::P256 => Some(&ECDSA_P256_SHA256_FIXED),
        EcdhCurveSpec::P384 => Some(&ECDSA_P384_SHA384_FIXED),
        EcdhCurveSpec::P521 => Some(&ECDSA_P521_SHA512_FIXED),
        _ => None,
    }
}

fn public_key(curve: EcdhCurveSpec, key: &PrivateKey) -> Result<EcPublicKey, KeyError> {
    let public = key.compute_public_key().map_err(|_| KeyError::EcRefused)?;
    EcPublicKey::from_sec1(curve, public.as_ref())
}

fn scalar(key: &PrivateKey) -> Result<SecretBytes, CryptoError> {
    let scalar: EcPrivateKeyBin<'_> = key.as_be_bytes().map_err(|_| CryptoError::Failed)?;
    Ok(SecretBytes::copy_of(scalar.as_ref()))
}

//! ECDH by p256, p384 and p521, which wipe private keys and shared secrets when they are
//! dropped. What moving them left on the stack is overwritten.

use p256::NistP256;
use p256::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use p256::elliptic_curve::{Curve, CurveArithmetic, Generate, PublicKey, SecretKey};
use p384::NistP384;
use p521::NistP521;
use rand::rngs::SysRng;
use waxseal_crypto::{
    AgreementKey, CryptoError, EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyAgreement, KeyError, SecretBytes,
    on_wiped_stack,
};
use zeroize::Zeroize;

/// ECDH.
#[derive(Debug)]
pub(crate) struct Ecdh;

impl KeyAgreement for Ecdh {
    fn generate(&self, curve: EcdhCurveSpec) -> Result<EcPrivateKey, CryptoError> {
        on_wiped_stack(|| match curve {
            EcdhCurveSpec::P256 => generate::<NistP256>(curve),
            EcdhCurveSpec::P384 => generate::<NistP384>(curve),
            EcdhCurveSpec::P521 => generate::<NistP521>(curve),
            _ => Err(CryptoError::Failed),
        })
    }

    fn private_key(&self, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError> {
        on_wiped_stack(|| match key.curve() {
            EcdhCurveSpec::P256 => set_up::<NistP256>(key),
            EcdhCurveSpec::P384 => set_up::<NistP384>(key),
            EcdhCurveSpec::P521 => set_up::<NistP521>(key),
            _ => Err(KeyError::EcRefused),
        })
    }

    fn check(&self, key: &EcPublicKey) -> Result<EcPublicKey, KeyError> {
        match key.curve() {
            EcdhCurveSpec::P256 => check::<NistP256>(key),
            EcdhCurveSpec::P384 => check::<NistP384>(key),
            EcdhCurveSpec::P521 => check::<NistP521>(key),
            _ => Err(KeyError::EcRefused),
        }
    }
}

/// What the three curves have in common.
trait NistCurve:
    Curve<FieldBytesSize: ModulusSize> + CurveArithmetic<AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>>
{
}

impl NistCurve for NistP256 {}
impl NistCurve for NistP384 {}
impl NistCurve for NistP521 {}

fn generate<C: NistCurve>(curve: EcdhCurveSpec) -> Result<EcPrivateKey, CryptoError> {
    let key = SecretKey::<C>::try_generate_from_rng(&mut SysRng).map_err(|_| CryptoError::Random)?;
    let mut bytes = key.to_bytes();
    let scalar = SecretBytes::copy_of(&bytes);
    bytes.as_mut_slice().zeroize();
    let public = uncompressed(curve, &key.public_key()).map_err(|_| CryptoError::Failed)?;
    let key = EcPrivateKey::from_scalar(curve, scalar).and_then(|key| key.with_public_key(public));
    key.map_err(|_| CryptoError::Failed)
}

fn set_up<C: NistCurve>(key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError> {
    let inner = SecretKey::<C>::from_slice(key.expose_scalar()).map_err(|_| KeyError::EcRefused)?;
    let public = uncompressed(key.curve(), &inner.public_key())?;
    key.check_public_key(&public)?;
    Ok(Box::new(Key { inner, public }))
}

fn check<C: NistCurve>(key: &EcPublicKey) -> Result<EcPublicKey, KeyError> {
    let parsed = PublicKey::<C>::from_sec1_bytes(key.as_sec1()).map_err(|_| KeyError::EcRefused)?;
    uncompressed(key.curve(), &parsed)
}

fn uncompressed<C: NistCurve>(curve: EcdhCurveSpec, key: &PublicKey<C>) -> Result<EcPublicKey, KeyError> {
    EcPublicKey::from_sec1(curve, key.to_sec1_point(false).as_bytes())
}

struct Key<C: NistCurve> {
    inner: SecretKey<C>,
    public: EcPublicKey,
}

impl<C: NistCurve> AgreementKey for Key<C> {
    fn public_key(&self) -> &EcPublicKey {
        &self.public
    }

    fn agree(&self, peer: &EcPublicKey) -> Result<SecretBytes, CryptoError> {
        if peer.curve() != self.public.curve() {
            return Err(CryptoError::Failed);
        }
        on_wiped_stack(|| {
            let peer = PublicKey::<C>::from_sec1_bytes(peer.as_sec1()).map_err(|_| CryptoError::Failed)?;
            let secret = self.inner.diffie_hellman(&peer);
            Ok(SecretBytes::copy_of(secret.raw_secret_bytes()))
        })
    }
}

impl<C: NistCurve> std::fmt::Debug for Key<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({:?})", self.public)
    }
}

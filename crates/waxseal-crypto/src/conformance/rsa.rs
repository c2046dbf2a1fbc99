//! RSA: wrapped keys made by OpenSSL, round trips, encodings, refusals.

use super::rsa_answers::{PRIVATE_1024, PRIVATE_2048, PUBLIC_1024, PUBLIC_2048, WRAPPED};
use super::{Fault, flipped, hex, require, require_eq, require_err};
use crate::{
    CryptoError, CryptoProvider, KeyError, RsaPadding, RsaPrivateDer, RsaPrivateKey, RsaPublicDer,
    RsaPublicKey,
};

/// Bytes of the modulus of the known keys.
const MODULUS_LEN: usize = 256;

fn private_key(provider: &CryptoProvider) -> Result<Box<dyn RsaPrivateKey>, Fault> {
    Ok(provider.rsa.private_key(&RsaPrivateDer::from_pem_or_der(PRIVATE_2048)?)?)
}

fn public_key(provider: &CryptoProvider) -> Result<Box<dyn RsaPublicKey>, Fault> {
    Ok(provider.rsa.public_key(&RsaPublicDer::from_pem_or_der(PUBLIC_2048)?)?)
}

/// Bytes of the longest secret for a modulus of [`MODULUS_LEN`] (RFC 8017, 7.1.1 and 7.2.1).
fn longest_secret(padding: RsaPadding) -> usize {
    let oaep = |digest_len: usize| MODULUS_LEN - 2 * digest_len - 2;
    match padding {
        RsaPadding::Pkcs1v15 => MODULUS_LEN - 11,
        RsaPadding::OaepSha1 => oaep(20),
        RsaPadding::OaepSha256 => oaep(32),
        RsaPadding::OaepSha384 => oaep(48),
        RsaPadding::OaepSha512 => oaep(64),
    }
}

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    let private_key = private_key(provider)?;
    for (padding, wrapped) in WRAPPED {
        let secret = private_key.unwrap(padding, &hex(wrapped))?;
        require_eq(secret.expose(), &(0..32).collect::<Vec<_>>(), "an unwrapped secret")?;
    }
    let public_key = RsaPublicDer::from_pem_or_der(PUBLIC_2048)?;
    require(private_key.public_key()? == public_key, "the public half differs")
}

pub(super) fn round_trips(provider: &CryptoProvider) -> Result<(), Fault> {
    let (public_key, private_key) = (public_key(provider)?, private_key(provider)?);
    for (padding, _) in WRAPPED {
        for len in [0, 1, 16, 24, 32, 66, longest_secret(padding)] {
            let secret: Vec<u8> = (0..=255).cycle().take(len).collect();
            let wrapped = public_key.wrap(padding, &secret)?;
            require(wrapped.len() == MODULUS_LEN, format!("{padding:?}: not as long as the modulus"))?;
            require(public_key.wrap(padding, &secret)? != wrapped, format!("{padding:?}: not random"))?;
            require_eq(private_key.unwrap(padding, &wrapped)?.expose(), &secret, "a round trip")?;
        }
    }
    Ok(())
}

pub(super) fn changes_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    let private_key = private_key(provider)?;
    for (padding, wrapped) in WRAPPED {
        changed_wrappings(&hex(wrapped)).iter().try_for_each(|wrapped| {
            let result = private_key.unwrap(padding, wrapped).map(|_| ());
            require_err(result, &CryptoError::Failed, &format!("{padding:?}: changed"))
        })?;
        for (other, _) in WRAPPED.iter().filter(|(other, _)| *other != padding) {
            let result = private_key.unwrap(*other, &hex(wrapped)).map(|_| ());
            require_err(result, &CryptoError::Failed, &format!("{padding:?} read as {other:?}"))?;
        }
    }
    Ok(())
}

fn changed_wrappings(wrapped: &[u8]) -> [Vec<u8>; 9] {
    [
        flipped(wrapped, 0),
        flipped(wrapped, MODULUS_LEN / 2),
        flipped(wrapped, MODULUS_LEN - 1),
        wrapped.get(1..).unwrap_or_default().to_vec(),
        wrapped.get(..MODULUS_LEN - 1).unwrap_or_default().to_vec(),
        [wrapped, &[0]].concat(),
        Vec::new(),
        vec![0; MODULUS_LEN],
        vec![0xff; MODULUS_LEN],
    ]
}

pub(super) fn long_secrets_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    let public_key = public_key(provider)?;
    for (padding, _) in WRAPPED {
        for len in [longest_secret(padding) + 1, MODULUS_LEN, MODULUS_LEN + 1, 1000] {
            let result = public_key.wrap(padding, &vec![7; len]);
            require_err(result, &CryptoError::BufferLength, &format!("{padding:?}: {len} bytes"))?;
        }
    }
    Ok(())
}

pub(super) fn fresh_keys(provider: &CryptoProvider) -> Result<(), Fault> {
    let fresh = provider.rsa.generate(2048)?;
    require(!fresh.ct_eq(&provider.rsa.generate(2048)?), "the same key twice")?;
    let private = RsaPrivateDer::from_pem_or_der(fresh.to_pem()?.expose())?;
    require(private.ct_eq(&fresh), "PEM changed a private key")?;
    let private_key = provider.rsa.private_key(&private)?;
    let public = private_key.public_key()?;
    require(
        RsaPublicDer::from_pem_or_der(public.to_pem()?.as_bytes())? == public,
        "PEM changed a public key",
    )?;
    let wrapped = provider.rsa.public_key(&public)?.wrap(RsaPadding::OaepSha256, b"secret")?;
    require(wrapped.len() == MODULUS_LEN, "a modulus that has not 2048 bits")?;
    let secret = private_key.unwrap(RsaPadding::OaepSha256, &wrapped)?;
    require_eq(secret.expose(), b"secret", "wrapped for a fresh key")?;
    for bits in [0, 512, 1024, 2047, 2049, usize::MAX] {
        let result = provider.rsa.generate(bits).map(|_| ());
        require_err(result, &CryptoError::Failed, &format!("a key of {bits} bits"))?;
    }
    Ok(())
}

pub(super) fn bad_keys_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    let public = RsaPublicDer::from_pem_or_der(PUBLIC_1024)?;
    require_err(provider.rsa.public_key(&public).map(|_| ()), &KeyError::Refused, "1024 bits, public")?;
    let private = RsaPrivateDer::from_pem_or_der(PRIVATE_1024)?;
    require_err(provider.rsa.private_key(&private).map(|_| ()), &KeyError::Refused, "1024 bits, private")?;
    // Bytes 100 and 400 of this encoding lie inside the modulus and the private exponent.
    let der = RsaPrivateDer::from_pem_or_der(PRIVATE_2048)?;
    for index in [100, 400] {
        let inconsistent = RsaPrivateDer::from_pem_or_der(&flipped(der.expose_der(), index))?;
        let result = provider.rsa.private_key(&inconsistent).map(|_| ());
        require_err(result, &KeyError::Refused, "an inconsistent key")?;
    }
    Ok(())
}

//! The provider does what every provider has to, and the checks see one that doesn't.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use waxseal_crypto::{
    Aead, AeadAlgorithm, AeadKey, AgreementKey, CryptoError, CryptoProvider, DigestOutput, EcPrivateKey,
    EcPublicKey, EcdhCurveSpec, HashAlgorithm, HkdfOutput, Kdf, KeyAgreement, KeyError, Mac, Nonce, Random,
    SignatureAlgorithm, Signatures, SigningKey, Tag, conformance,
};
use waxseal_native::PROVIDER;

#[test]
fn conforms() {
    for check in conformance::CHECKS {
        check.run(waxseal_native::provider()).unwrap();
    }
    conformance::check(&PROVIDER).unwrap();
}

#[cfg(feature = "openssl-sha")]
#[test]
fn conforms_with_the_digest_of_openssl() {
    conformance::check(waxseal_native::provider_with_openssl_digest()).unwrap();
}

fn caught(provider: CryptoProvider, check: &str) {
    let failure = conformance::check(&provider).expect_err("a fault was not seen");
    assert_eq!(failure.check, check, "{failure}");
}

/// A key with one fault.
struct Faulty {
    inner: Box<dyn AeadKey>,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    TagNotChecked,
    AadIgnored,
    PlaintextLeft,
    ApartDiffers,
}

impl Aead for Fault {
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
        Ok(Box::new(Faulty { inner: PROVIDER.aead.key(algorithm, key)?, fault: *self }))
    }
}

impl AeadKey for Faulty {
    fn seal(&self, nonce: &Nonce, aad: &[u8], from: &[u8], to: &mut [u8]) -> Result<Tag, CryptoError> {
        let tag = self.inner.seal(nonce, self.aad(aad), from, to)?;
        if self.fault == Fault::ApartDiffers && from.len() > 4096 {
            to[4096] ^= 1;
        }
        Ok(tag)
    }

    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        self.inner.seal_in_place(nonce, self.aad(aad), in_out)
    }

    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        // AES-GCM is its own inverse, apart from the tag.
        let mut plaintext = in_out.to_vec();
        self.inner.seal_in_place(nonce, aad, &mut plaintext)?;
        let result = self.inner.open_in_place(nonce, self.aad(aad), in_out, tag);
        if result.is_err() {
            in_out.copy_from_slice(&plaintext);
        }
        if self.fault == Fault::TagNotChecked { Ok(()) } else { result }
    }
}

impl Faulty {
    fn aad<'a>(&self, aad: &'a [u8]) -> &'a [u8] {
        if self.fault == Fault::AadIgnored { &[] } else { aad }
    }
}

#[test]
fn faults_of_aes_gcm_are_seen() {
    caught(CryptoProvider { aead: &Fault::AadIgnored, ..PROVIDER }, "AES-GCM: known answers");
    let agree = "AES-GCM: in place and out of place agree";
    caught(CryptoProvider { aead: &Fault::ApartDiffers, ..PROVIDER }, agree);
    for fault in [&Fault::TagNotChecked, &Fault::PlaintextLeft] {
        caught(CryptoProvider { aead: fault, ..PROVIDER }, "AES-GCM: what was changed is refused");
    }
}

#[derive(Debug)]
struct NoExpansion;

impl Kdf for NoExpansion {
    fn hkdf(
        &self,
        hash: HashAlgorithm,
        salt: &[u8],
        key_material: &[u8],
        outputs: &mut [HkdfOutput<'_>],
    ) -> Result<(), CryptoError> {
        PROVIDER.kdf.hkdf(hash, salt, key_material, &mut outputs[..1])
    }
}

#[test]
fn a_second_key_that_is_not_derived_is_seen() {
    let provider = CryptoProvider { kdf: &NoExpansion, ..PROVIDER };
    caught(provider, "HKDF: outputs don't depend on each other");
}

#[derive(Debug)]
struct TrustsAll;

impl Signatures for TrustsAll {
    fn generate(&self, algorithm: SignatureAlgorithm) -> Result<Box<dyn SigningKey>, CryptoError> {
        PROVIDER.signatures.generate(algorithm)
    }

    fn verify(&self, _: SignatureAlgorithm, _: &[u8], _: &DigestOutput, _: &[u8]) -> Result<(), CryptoError> {
        Ok(())
    }
}

#[test]
fn a_verifier_that_trusts_all_is_seen() {
    let provider = CryptoProvider { signatures: &TrustsAll, ..PROVIDER };
    caught(provider, "ECDSA: what was signed verifies");
}

/// Passes points on as they are.
#[derive(Debug)]
struct ChecksNothing;

impl KeyAgreement for ChecksNothing {
    fn generate(&self, curve: EcdhCurveSpec) -> Result<EcPrivateKey, CryptoError> {
        PROVIDER.agreement.generate(curve)
    }

    fn private_key(&self, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError> {
        PROVIDER.agreement.private_key(key)
    }

    fn check(&self, key: &EcPublicKey) -> Result<EcPublicKey, KeyError> {
        let compressed = key.as_sec1().len() == key.curve().compressed_point_len();
        if compressed { PROVIDER.agreement.check(key) } else { Ok(key.clone()) }
    }
}

#[test]
fn points_that_are_not_checked_are_seen() {
    let provider = CryptoProvider { agreement: &ChecksNothing, ..PROVIDER };
    caught(provider, "ECDH: what is no point is refused");
}

/// Leaves all but the first part out.
#[derive(Debug)]
struct FirstPart;

impl Mac for FirstPart {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        message: &[&[u8]],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        PROVIDER.mac.hmac(hash, key, message.get(..1).unwrap_or_default(), output)
    }
}

#[test]
fn parts_of_a_message_that_are_left_out_are_seen() {
    caught(CryptoProvider { mac: &FirstPart, ..PROVIDER }, "HMAC: known answers");
}

#[derive(Debug)]
struct Zeros;

impl Random for Zeros {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        bytes.fill(0);
        Ok(())
    }
}

#[test]
fn randomness_of_zeros_is_seen() {
    caught(CryptoProvider { random: &Zeros, ..PROVIDER }, "random: fills, and differs");
}

//! The native and the portable provider agree: on outputs, and on what they refuse.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rsa::BigUint;
use waxseal_crypto::{
    AeadAlgorithm, CryptoError, CryptoProvider, DigestOutput, EcPrivateKey, EcPublicKey, EcdhCurveSpec,
    HashAlgorithm, HkdfOutput, KeyError, Nonce, RsaPadding, RsaPrivateDer, RsaPrivateKey, RsaPublicDer,
    RsaPublicKey, SecretBytes, SignatureAlgorithm, SigningKey, Tag, encode_fixed_length_der,
};

/// Each provider as the one that makes and as the one that reads.
const PAIRS: [[&CryptoProvider; 2]; 2] = [
    [&waxseal_native::PROVIDER, &waxseal_rustcrypto::PROVIDER],
    [&waxseal_rustcrypto::PROVIDER, &waxseal_native::PROVIDER],
];

const PROVIDERS: [&CryptoProvider; 2] = PAIRS[0];

/// What both make of the same input; fails where they differ.
fn both<T: PartialEq + std::fmt::Debug>(run: impl Fn(&CryptoProvider) -> T) -> T {
    let [native, rustcrypto] = PROVIDERS.map(run);
    assert_eq!(native, rustcrypto);
    native
}

fn aead_algorithms() -> impl Strategy<Value = AeadAlgorithm> {
    select(vec![AeadAlgorithm::Aes128Gcm, AeadAlgorithm::Aes192Gcm, AeadAlgorithm::Aes256Gcm])
}

fn hashes() -> impl Strategy<Value = HashAlgorithm> {
    select(vec![HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512])
}

fn signature_algorithms() -> impl Strategy<Value = SignatureAlgorithm> {
    select(vec![SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384])
}

fn curves() -> impl Strategy<Value = EcdhCurveSpec> {
    select(EcdhCurveSpec::ALL.to_vec())
}

fn paddings() -> impl Strategy<Value = RsaPadding> {
    select(vec![
        RsaPadding::Pkcs1v15,
        RsaPadding::OaepSha1,
        RsaPadding::OaepSha256,
        RsaPadding::OaepSha384,
        RsaPadding::OaepSha512,
    ])
}

fn bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..=max)
}

/// Up to three bytes replaced, and sometimes the end cut off or added to.
fn changes() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec(any::<(Index, u8)>(), 0..=3)
}

fn changed(bytes: &[u8], changes: &[(Index, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (index, byte) in changes {
        match byte {
            0 => drop(bytes.pop()),
            1 => bytes.push(0),
            _ if bytes.is_empty() => (),
            _ => {
                let index = index.index(bytes.len());
                bytes[index] = *byte;
            }
        }
    }
    bytes
}

fn digest(provider: &CryptoProvider, hash: HashAlgorithm, parts: &[Vec<u8>]) -> DigestOutput {
    let mut digest = provider.digest.start(hash);
    parts.iter().for_each(|part| digest.update(part));
    digest.finish()
}

proptest! {
    #[test]
    fn aes_gcm(
        algorithm in aead_algorithms(),
        key: [u8; 32],
        nonce: Nonce,
        aad in bytes(200),
        plaintext in bytes(5000),
        aad_changes in changes(),
        tag_byte in 0usize..16,
        tag_mask: u8,
    ) {
        let key = &key[..algorithm.key_len()];
        let sealed = both(|provider| {
            let mut text = plaintext.clone();
            let tag = provider.aead.key(algorithm, key)?.seal_in_place(&nonce, &aad, &mut text)?;
            Ok::<_, CryptoError>((text, tag))
        });
        let (ciphertext, mut tag) = sealed.unwrap();
        tag[tag_byte] ^= tag_mask;
        let other_aad = changed(&aad, &aad_changes);
        let opened = both(|provider| open(provider, algorithm, key, &nonce, &other_aad, &ciphertext, &tag));
        prop_assert_eq!(opened.is_ok(), tag_mask == 0 && other_aad == aad);
    }

    #[test]
    fn aes_gcm_keys_of_any_length(algorithm in aead_algorithms(), key in bytes(40)) {
        both(|provider| provider.aead.key(algorithm, &key).map(|_| ())).ok();
    }

    #[test]
    fn sha2(hash in hashes(), parts in prop::collection::vec(bytes(300), 0..5)) {
        both(|provider| digest(provider, hash, &parts));
    }

    #[test]
    fn hmac(hash in hashes(), key in bytes(200), parts in prop::collection::vec(bytes(200), 0..4)) {
        both(|provider| {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let mut code = vec![0; hash.output_len()];
            provider.mac.hmac(hash, &key, &parts, &mut code).map(|()| code)
        })
        .unwrap();
    }

    #[test]
    fn ecdh(curve in curves(), scalar in prop::collection::vec(any::<u8>(), 66), changes in changes()) {
        let peer = PROVIDERS[0].agreement.generate(curve).unwrap();
        let peer = PROVIDERS[0].agreement.private_key(&peer).unwrap().public_key().clone();
        let mut scalar = scalar[..curve.field_len()].to_vec();
        if curve == EcdhCurveSpec::P521 {
            scalar[0] &= 1;
        }
        for point in [peer.as_sec1(), &peer.to_compressed()] {
            let Ok(point) = EcPublicKey::from_sec1(curve, &changed(point, &changes)) else { continue };
            both(|provider| {
                let key = EcPrivateKey::from_scalar(curve, SecretBytes::copy_of(&scalar))?;
                let key = provider.agreement.private_key(&key)?;
                let agreed = key.agree(&point).map(|secret| secret.expose().to_vec());
                Ok::<_, KeyError>((key.public_key().clone(), provider.agreement.check(&point), agreed))
            })
            .ok();
        }
    }

    #[test]
    fn hkdf(
        hash in hashes(),
        salt in bytes(200),
        key_material in bytes(200),
        infos in prop::collection::vec((bytes(200), 0usize..300), 0..4),
    ) {
        both(|provider| derive(provider, hash, &salt, &key_material, &infos)).unwrap();
    }

    #[test]
    fn hkdf_of_any_length(hash in hashes(), len in 8100usize..16400) {
        let derived = both(|provider| derive(provider, hash, b"salt", b"key", &[(Vec::new(), len)]));
        prop_assert_eq!(derived.is_ok(), len <= 255 * hash.output_len());
    }

    #[test]
    fn ecdsa(
        algorithm in signature_algorithms(),
        message in bytes(100),
        signature_changes in changes(),
        key_changes in changes(),
    ) {
        let digest = digest(PROVIDERS[0], algorithm.hash(), &[message]);
        for signer in signers(algorithm) {
            let Some(der) = encode_fixed_length_der(&signer.sign(&digest).unwrap()) else { continue };
            let public_key = changed(&signer.public_key(), &key_changes);
            let changed_der = changed(&der, &signature_changes);
            let untouched = public_key == signer.public_key() && changed_der == der;
            let verified = both(|provider| {
                provider.signatures.verify(algorithm, &public_key, &digest, &changed_der)
            });
            prop_assert_eq!(verified.is_ok(), untouched);
        }
    }

    #[test]
    fn ecdsa_of_any_bytes(
        algorithm in signature_algorithms(),
        public_key in bytes(100),
        signature in bytes(110),
        hash in hashes(),
    ) {
        let digest = digest(PROVIDERS[0], hash, &[]);
        let verified = both(|provider| provider.signatures.verify(algorithm, &public_key, &digest, &signature));
        prop_assert!(verified.is_err());
    }
}

fn open(
    provider: &CryptoProvider,
    algorithm: AeadAlgorithm,
    key: &[u8],
    nonce: &Nonce,
    aad: &[u8],
    ciphertext: &[u8],
    tag: &Tag,
) -> Result<Vec<u8>, CryptoError> {
    let mut plaintext = vec![0; ciphertext.len()];
    provider.aead.key(algorithm, key)?.open(nonce, aad, ciphertext, tag, &mut plaintext)?;
    Ok(plaintext)
}

fn derive(
    provider: &CryptoProvider,
    hash: HashAlgorithm,
    salt: &[u8],
    key_material: &[u8],
    infos: &[(Vec<u8>, usize)],
) -> Result<Vec<Vec<u8>>, CryptoError> {
    let mut derived: Vec<Vec<u8>> = infos.iter().map(|(_, len)| vec![0; *len]).collect();
    let outputs = infos.iter().zip(&mut derived).map(|((info, _), output)| HkdfOutput { info, output });
    provider.kdf.hkdf(hash, salt, key_material, &mut outputs.collect::<Vec<_>>())?;
    Ok(derived)
}

/// One key of each provider.
fn signers(algorithm: SignatureAlgorithm) -> &'static [Box<dyn SigningKey>; 2] {
    type Keys = LazyLock<[Box<dyn SigningKey>; 2]>;
    fn make(algorithm: SignatureAlgorithm) -> [Box<dyn SigningKey>; 2] {
        PROVIDERS.map(|provider| provider.signatures.generate(algorithm).unwrap())
    }
    static P256: Keys = LazyLock::new(|| make(SignatureAlgorithm::EcdsaP256Sha256));
    static P384: Keys = LazyLock::new(|| make(SignatureAlgorithm::EcdsaP384Sha384));
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &P256,
        SignatureAlgorithm::EcdsaP384Sha384 => &P384,
    }
}

const PRIVATE: &[u8] = include_bytes!("../../waxseal-crypto/tests/keys/rsa-private-pkcs8.pem");
const PUBLIC: &[u8] = include_bytes!("../../waxseal-crypto/tests/keys/rsa-public-spki.pem");

/// Bytes of their modulus.
const MODULUS_LEN: usize = 256;

fn private_key(provider: &CryptoProvider) -> Box<dyn RsaPrivateKey> {
    provider.rsa.private_key(&RsaPrivateDer::from_pem_or_der(PRIVATE).unwrap()).unwrap()
}

fn public_key(provider: &CryptoProvider) -> Box<dyn RsaPublicKey> {
    provider.rsa.public_key(&RsaPublicDer::from_pem_or_der(PUBLIC).unwrap()).unwrap()
}

fn unwrap(provider: &CryptoProvider, padding: RsaPadding, wrapped: &[u8]) -> Result<Vec<u8>, CryptoError> {
    static KEYS: LazyLock<[Box<dyn RsaPrivateKey>; 2]> = LazyLock::new(|| PROVIDERS.map(private_key));
    let [native, rustcrypto] = &*KEYS;
    let key = if provider.name == PROVIDERS[0].name { native } else { rustcrypto };
    key.unwrap(padding, wrapped).map(|secret| secret.expose().to_vec())
}

/// The block as RSA wraps it, with whatever padding is in it.
fn raw_wrap(block: &[u8]) -> Vec<u8> {
    use rsa::pkcs8::DecodePublicKey;
    use rsa::traits::PublicKeyParts;
    let spki = RsaPublicDer::from_pem_or_der(PUBLIC).unwrap();
    let key = rsa::RsaPublicKey::from_public_key_der(spki.as_der()).unwrap();
    let wrapped = BigUint::from_bytes_be(block).modpow(key.e(), key.n()).to_bytes_be();
    [vec![0; MODULUS_LEN - wrapped.len()], wrapped].concat()
}

/// Blocks that are PKCS#1 v1.5 padding, or nearly.
fn pkcs1_blocks() -> impl Strategy<Value = Vec<u8>> {
    let lead = prop_oneof![4 => Just([0, 2]), 1 => Just([0, 1]), 1 => Just([0, 0]), 1 => Just([1, 2])];
    let random = prop::collection::vec(1u8..=255, MODULUS_LEN - 2);
    (lead, random, prop::collection::vec(2usize..MODULUS_LEN, 0..4)).prop_map(|(lead, random, zeros)| {
        let mut block = [lead.to_vec(), random].concat();
        zeros.iter().for_each(|index| block[*index] = 0);
        block
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rsa_across(padding in paddings(), secret in bytes(260), changes in changes()) {
        let lengths = both(|provider| public_key(provider).wrap(padding, &secret).map(|wrapped| wrapped.len()));
        if lengths.is_err() {
            return Ok(());
        }
        for [maker, reader] in PAIRS {
            let wrapped = public_key(maker).wrap(padding, &secret).unwrap();
            prop_assert_eq!(unwrap(reader, padding, &wrapped).unwrap(), secret.clone());
            let changed = changed(&wrapped, &changes);
            both(|provider| unwrap(provider, padding, &changed)).ok();
        }
    }

    #[test]
    fn rsa_of_any_pkcs1_block(block in pkcs1_blocks()) {
        let separator = block[2..].iter().position(|byte| *byte == 0);
        let valid = block.starts_with(&[0, 2]) && separator.is_some_and(|len| len >= 8);
        let unwrapped = both(|provider| unwrap(provider, RsaPadding::Pkcs1v15, &raw_wrap(&block)));
        prop_assert_eq!(unwrapped.ok(), valid.then(|| block[separator.unwrap() + 3..].to_vec()));
    }

    #[test]
    fn rsa_of_any_bytes(padding in paddings(), wrapped in bytes(300)) {
        both(|provider| unwrap(provider, padding, &wrapped)).ok();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rsa_private_keys_that_were_changed(index: Index, byte: u8) {
        let mut der = RsaPrivateDer::from_pem_or_der(PRIVATE).unwrap().expose_der().to_vec();
        let index = index.index(der.len());
        der[index] = byte;
        if let Ok(key) = RsaPrivateDer::from_pem_or_der(&der) {
            both(|provider| provider.rsa.private_key(&key).map(|_| ())).ok();
        }
    }

    /// The last bytes: the lowest of the modulus, the exponent and what holds them.
    #[test]
    fn rsa_public_keys_that_were_changed(back in 1usize..16, byte: u8) {
        let mut der = RsaPublicDer::from_pem_or_der(PUBLIC).unwrap().as_der().to_vec();
        let index = der.len() - back;
        der[index] = byte;
        if let Ok(key) = RsaPublicDer::from_pem_or_der(&der) {
            both(|provider| provider.rsa.public_key(&key).map(|_| ())).ok();
        }
    }
}

#[test]
fn fresh_rsa_keys_are_taken_by_the_other() {
    for [maker, reader] in PAIRS {
        let private = maker.rsa.generate(2048).unwrap();
        let public = both(|provider| provider.rsa.private_key(&private).unwrap().public_key().unwrap());
        let wrapped = reader.rsa.public_key(&public).unwrap().wrap(RsaPadding::OaepSha384, b"key").unwrap();
        let secret = maker.rsa.private_key(&private).unwrap().unwrap(RsaPadding::OaepSha384, &wrapped);
        assert_eq!(secret.unwrap().expose(), b"key");
    }
}

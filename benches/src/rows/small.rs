//! Messages of 1 KiB, each way, over the bare primitives that such a message can't do without.

use waxseal::crypto::{
    AeadAlgorithm, AeadKey, CryptoProvider, DigestOutput, HashAlgorithm, HkdfOutput, SignatureAlgorithm,
    SigningKey, Tag, encode_fixed_length_der,
};
use waxseal::{AlgorithmSuite, Client};

use super::{Outcome, Row, encrypted};
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{SIGNED, UNSIGNED, crypto, plaintext};

const LEN: usize = 1024;

/// As long as the header of such a message and the associated data of its frame are.
const HEADER: [u8; 220] = [1; 220];
const SIGNED_HEADER: [u8; 340] = [1; 340];
const AAD: [u8; 78] = [2; 78];

pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let mut rows = kind(client, rounds, UNSIGNED, ("small-unsigned", 400, 0.6))?;
    rows.extend(kind(client, rounds, SIGNED, ("small-signed", 40, 0.9))?);
    Ok(rows)
}

fn kind(
    client: &Client,
    rounds: Rounds,
    suite: &'static AlgorithmSuite,
    (name, repeats, target): (&str, u32, f64),
) -> Outcome<Vec<Row>> {
    let input = plaintext(LEN);
    let message = encrypted(client, suite, 4096, &input)?;
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    let primitives = Primitives::new(suite)?;
    let (mut block, mut block_too) = (input.clone(), input.clone());
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new("bare encrypt", || {
                (0..repeats).try_for_each(|_| primitives.encrypt(&input, &mut block))
            }),
            Contestant::new("encrypt", || {
                (0..repeats).try_for_each(|_| {
                    client.encrypt_into(&input, &mut sealed).suite(suite).wait()?;
                    Ok(())
                })
            }),
            Contestant::new("bare decrypt", || {
                (0..repeats).try_for_each(|_| primitives.decrypt(&mut block_too))
            }),
            Contestant::new("decrypt", || {
                (0..repeats).try_for_each(|_| {
                    client.decrypt_into(&message, &mut opened).wait()?;
                    Ok(())
                })
            }),
        ],
    )?;
    let [bare_encrypt, encrypt, bare_decrypt, decrypt] =
        <[f64; 4]>::try_from(times).map_err(|_| "four contestants")?.map(|time| time / f64::from(repeats));
    Ok(vec![
        Row::times(format!("{name}-seal"), encrypt, bare_encrypt, target),
        Row::times(format!("{name}-open"), decrypt, bare_decrypt, target),
    ])
}

const P384: SignatureAlgorithm = SignatureAlgorithm::EcdsaP384Sha384;
const IV: [u8; 12] = [5; 12];
const MESSAGE_ID: [u8; 32] = [3; 32];

/// The provider's own primitives, with nothing of a message around them.
struct Primitives {
    crypto: &'static CryptoProvider,
    wrapping: Box<dyn AeadKey>,
    wrapped: ([u8; 32], Tag),
    header_tag: Tag,
    frame: (Vec<u8>, Tag),
    signed: Option<Signed>,
}

struct Signed {
    public_key: Vec<u8>,
    signature: Vec<u8>,
}

impl Primitives {
    fn new(suite: &AlgorithmSuite) -> Outcome<Self> {
        let crypto = crypto();
        let wrapping = crypto.aead.key(AeadAlgorithm::Aes256Gcm, &[7; 32])?;
        let mut data_key = [9; 32];
        let key = derive(crypto, &data_key, &MESSAGE_ID)?;
        let mut frame = plaintext(LEN);
        let frame_tag = key.seal_in_place(&IV, &AAD, &mut frame)?;
        let header_tag = key.seal_in_place(&[0; 12], &HEADER, &mut [])?;
        let wrapping_tag = wrapping.seal_in_place(&IV, &[], &mut data_key)?;
        let signed = if suite.signs() { Some(Signed::new(crypto, &frame)?) } else { None };
        let (wrapped, frame) = ((data_key, wrapping_tag), (frame, frame_tag));
        Ok(Self { crypto, wrapping, wrapped, header_tag, frame, signed })
    }

    /// Data key, message id, wrapping IV; wrap, derive, set up, header tag, frame; key pair, hash,
    /// signature.
    fn encrypt(&self, input: &[u8], block: &mut [u8]) -> Outcome<()> {
        let (mut data_key, mut id, mut iv) = ([0; 32], [0; 32], [0; 12]);
        self.crypto.random.fill(&mut data_key)?;
        self.crypto.random.fill(&mut id)?;
        self.crypto.random.fill(&mut iv)?;
        let signing = self.signed.as_ref().map(|_| self.crypto.signatures.generate(P384)).transpose()?;
        let key = derive(self.crypto, &data_key, &id)?;
        self.wrapping.seal_in_place(&iv, &[], &mut data_key)?;
        key.seal_in_place(&[0; 12], &HEADER, &mut [])?;
        key.seal(&IV, &AAD, input, block)?;
        if let Some(signing) = signing {
            sign(self.crypto, &*signing, block)?;
        }
        Ok(())
    }

    /// Unwrap, derive, set up, header tag, frame; hash, verification.
    fn decrypt(&self, plaintext: &mut [u8]) -> Outcome<()> {
        let (mut data_key, tag) = self.wrapped;
        self.wrapping.open_in_place(&IV, &[], &mut data_key, &tag)?;
        let key = derive(self.crypto, &data_key, &MESSAGE_ID)?;
        key.open_in_place(&[0; 12], &HEADER, &mut [], &self.header_tag)?;
        let (frame, tag) = &self.frame;
        if let Some(Signed { public_key, signature }) = &self.signed {
            let digest = digest(self.crypto, frame);
            self.crypto.signatures.verify(P384, public_key, &digest, signature)?;
        }
        Ok(key.open(&IV, &AAD, frame, tag, plaintext)?)
    }
}

impl Signed {
    fn new(crypto: &CryptoProvider, frame: &[u8]) -> Outcome<Self> {
        let key = crypto.signatures.generate(P384)?;
        Ok(Self { public_key: key.public_key(), signature: sign(crypto, &*key, frame)? })
    }
}

fn derive(crypto: &CryptoProvider, data_key: &[u8], id: &[u8]) -> Outcome<Box<dyn AeadKey>> {
    let (mut key, mut commitment) = ([0; 32], [0; 32]);
    let outputs = &mut [
        HkdfOutput { info: b"..DERIVEKEY", output: &mut key },
        HkdfOutput { info: b"COMMITKEY", output: &mut commitment },
    ];
    crypto.kdf.hkdf(HashAlgorithm::Sha512, id, data_key, outputs)?;
    Ok(crypto.aead.key(AeadAlgorithm::Aes256Gcm, &key)?)
}

fn digest(crypto: &CryptoProvider, frame: &[u8]) -> DigestOutput {
    let mut digest = crypto.digest.start(P384.hash());
    digest.update(&SIGNED_HEADER);
    digest.update(frame);
    digest.finish()
}

fn sign(crypto: &CryptoProvider, key: &dyn SigningKey, frame: &[u8]) -> Outcome<Vec<u8>> {
    let digest = digest(crypto, frame);
    loop {
        if let Some(der) = encode_fixed_length_der(&key.sign(&digest)?) {
            return Ok(der);
        }
    }
}

//! Writes a message of the model: header, body, footer.
//!
//! Source: `data-format/`, `framework/algorithm-suites.md`, `framework/raw-aes-keyring.md`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use waxseal::crypto::{AeadAlgorithm, AeadKey, HashAlgorithm, HkdfOutput};
use waxseal::format::{BlockKind, KeyDerivation, MessageVersion, SignatureAlgorithm};

use super::{Aad, Block, Footer, HeaderFault, Message};
use crate::setup::{KEY, KEY_NAME, NAMESPACE, Signer, providers, signer};

const DATA_KEY: [u8; 32] = [0x37; 32];
const MESSAGE_ID: [u8; 32] = [0x11; 32];
const OTHER_MESSAGE_ID: [u8; 32] = [0x12; 32];
const PUBLIC_KEY: &str = "aws-crypto-public-key";

/// The message's bytes.
pub(crate) fn write(message: &Message) -> Vec<u8> {
    let (key, commitment) = derive(message);
    let mut out = header_body(message, &commitment);
    write_header_authentication(message, &*key, &mut out);
    message.blocks.iter().for_each(|block| write_block(message, block, &*key, &mut out));
    let footer = footer(message, &out);
    out.extend_from_slice(&footer);
    out.extend_from_slice(&message.trailing);
    out
}

fn id(message: &Message, of_other_message: bool) -> &'static [u8] {
    let id = if of_other_message { &OTHER_MESSAGE_ID } else { &MESSAGE_ID };
    &id[..message.suite.version.message_id_len()]
}

/// The message's key and commitment.
fn derive(message: &Message) -> (Box<dyn AeadKey>, Vec<u8>) {
    let suite = message.suite;
    let data_key = &DATA_KEY[..suite.data_key_len()];
    let suite_id = suite.id.to_be_bytes();
    let (key, commitment) = match suite.key_derivation {
        KeyDerivation::Hkdf(hash) => {
            (hkdf(hash, &[], data_key, &[&suite_id, id(message, false)].concat()), Vec::new())
        }
        KeyDerivation::HkdfCommitting(hash) => {
            let derive = |info: &[u8]| hkdf(hash, id(message, false), data_key, info);
            (derive(&[&suite_id[..], b"DERIVEKEY"].concat()), derive(b"COMMITKEY"))
        }
        _ => (data_key.to_vec(), Vec::new()),
    };
    (providers()[0].aead.key(suite.aead, &key[..suite.data_key_len()]).unwrap(), commitment)
}

fn hkdf(hash: HashAlgorithm, salt: &[u8], key: &[u8], info: &[u8]) -> Vec<u8> {
    let mut output = vec![0; 32];
    providers()[0].kdf.hkdf(hash, salt, key, &mut [HkdfOutput { info, output: &mut output }]).unwrap();
    output
}

fn header_body(message: &Message, commitment: &[u8]) -> Vec<u8> {
    let fault = message.header_fault;
    let is = |other| u8::from(fault == other);
    let v1 = message.suite.version == MessageVersion::V1;
    let version = if v1 { 1 } else { 2 };
    let suite_id = message.suite.id ^ if fault == HeaderFault::SuiteOfOtherVersion { 0x0700 } else { 0 };
    let mut out = vec![version + 2 * is(HeaderFault::Version)];
    out.extend(v1.then_some(0x80 + is(HeaderFault::Type)));
    out.extend(suite_id.to_be_bytes());
    out.extend(id(message, false));
    put_context(message, &mut out);
    put_data_keys(message, &mut out);
    out.push(if message.frame_length > 0 { 2 } else { 1 } + 2 * is(HeaderFault::ContentType));
    if v1 {
        out.extend([0, 0, 0, is(HeaderFault::Reserved), 12 + is(HeaderFault::IvLength)]);
    }
    let frame_length = match fault {
        HeaderFault::FrameLength if message.frame_length > 0 => 0,
        HeaderFault::FrameLength => 5,
        _ => message.frame_length,
    };
    out.extend(frame_length.to_be_bytes());
    let flip = is(HeaderFault::Commitment);
    out.extend(commitment.iter().map(|byte| byte ^ flip));
    out
}

type Pair = (Vec<u8>, Vec<u8>);

/// The stored pairs in the order in which they are written, the public key among them.
fn stored_pairs(message: &Message) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = message.context.iter().map(pair).collect();
    let misplaced = message.header_fault == HeaderFault::PublicKeyMisplaced;
    if message.suite.signs() != misplaced {
        let algorithm = message.suite.signature.unwrap_or(SignatureAlgorithm::EcdsaP256Sha256);
        let mut key = signer(algorithm, Signer::Right).public_key();
        if message.header_fault == HeaderFault::PublicKeyMalformed {
            key.pop();
        }
        pairs.insert(0, (PUBLIC_KEY.into(), STANDARD.encode(key).into_bytes()));
    }
    match (message.header_fault, pairs.last().cloned()) {
        (HeaderFault::DuplicatePair, Some(last)) if !message.context.is_empty() => pairs.push(last),
        (HeaderFault::NotUtf8, Some(_)) if !message.context.is_empty() => {
            pairs.last_mut().unwrap().1.push(0xff);
        }
        _ => {}
    }
    pairs
}

fn pair((key, value): &(&str, &str)) -> Pair {
    (key.as_bytes().to_vec(), value.as_bytes().to_vec())
}

fn put_context(message: &Message, out: &mut Vec<u8>) {
    let pairs = stored_pairs(message);
    let mut bytes = serialize(&pairs);
    if pairs.is_empty() && message.counted_empty {
        bytes = vec![0, 0];
    }
    if message.header_fault == HeaderFault::ContextLength {
        bytes.push(0);
    }
    put_prefixed(&bytes, out);
}

/// Nothing for no pairs, else their count and the pairs.
fn serialize(pairs: &[Pair]) -> Vec<u8> {
    let mut out = Vec::new();
    if !pairs.is_empty() {
        out.extend(u16::try_from(pairs.len()).unwrap().to_be_bytes());
    }
    for (key, value) in pairs {
        put_prefixed(key, &mut out);
        put_prefixed(value, &mut out);
    }
    out
}

fn put_prefixed(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend(bytes);
}

fn put_data_keys(message: &Message, out: &mut Vec<u8>) {
    if message.header_fault == HeaderFault::NoDataKeys {
        out.extend([0, 0]);
        return;
    }
    let foreign = message.foreign_keys;
    out.extend((u16::from(foreign) + 1).to_be_bytes());
    for number in 0..foreign {
        put_prefixed(b"aws-kms", out);
        put_prefixed(&[b'k', number], out);
        put_prefixed(&[number; 40], out);
    }
    put_own_data_key(message, out);
}

/// The data key, wrapped with the fuzzers' key; the whole context is authenticated, sorted.
fn put_own_data_key(message: &Message, out: &mut Vec<u8>) {
    let fault = message.header_fault;
    let mut pairs = stored_pairs(message);
    pairs.extend(message.only_authenticated.iter().map(pair));
    pairs.sort();
    let shorter = usize::from(fault == HeaderFault::WrappedKeyOfOtherLength);
    let iv = [0x77; 12];
    let mut wrapped = DATA_KEY[..message.suite.data_key_len() - shorter].to_vec();
    let key = providers()[0].aead.key(AeadAlgorithm::Aes256Gcm, &KEY).unwrap();
    let tag = key.seal_in_place(&iv, &serialize(&pairs), &mut wrapped).unwrap();
    wrapped.extend(tag);
    wrapped[0] ^= u8::from(fault == HeaderFault::WrappedKeyChanged);
    let name = if fault == HeaderFault::NotMine { "kez" } else { KEY_NAME };
    put_prefixed(NAMESPACE.as_bytes(), out);
    put_prefixed(&[name.as_bytes(), &[0, 0, 0, 128, 0, 0, 0, 12], &iv].concat(), out);
    put_prefixed(&wrapped, out);
}

fn write_header_authentication(message: &Message, key: &dyn AeadKey, out: &mut Vec<u8>) {
    let v1 = message.suite.version == MessageVersion::V1;
    let iv = if v1 { message.header_iv } else { [0; 12] };
    let only: Vec<Pair> = message.only_authenticated.iter().map(pair).collect();
    let mut aad = [out.clone(), serialize(&only)].concat();
    if message.header_fault == HeaderFault::TagOverOther {
        aad.extend([0, 0]);
    }
    let mut tag = key.seal_in_place(&iv, &aad, &mut []).unwrap();
    tag[15] ^= u8::from(message.header_fault == HeaderFault::Tag);
    out.extend(if v1 { &iv[..] } else { &[] });
    out.extend(tag);
}

fn write_block(message: &Message, block: &Block, key: &dyn AeadKey, out: &mut Vec<u8>) {
    let len = block.claimed_len.to_be_bytes();
    match block.kind {
        BlockKind::Regular => out.extend(block.sequence.to_be_bytes()),
        BlockKind::Final => {
            out.extend(u32::MAX.to_be_bytes());
            out.extend(block.sequence.to_be_bytes());
        }
        _ => {}
    }
    out.extend(block.iv);
    match block.kind {
        BlockKind::Regular => {}
        BlockKind::Final => out.extend(&len[4..]),
        _ => out.extend(len),
    }
    let mut content = block.plaintext.clone();
    let mut tag = key.seal_in_place(&block.iv, &aad(message, &block.aad), &mut content).unwrap();
    tag[0] ^= u8::from(block.flip_tag);
    out.extend(content);
    out.extend(tag);
}

fn aad(message: &Message, aad: &Aad) -> Vec<u8> {
    let label: &[u8] = match aad.kind {
        BlockKind::Regular => b"AWSKMSEncryptionClient Frame",
        BlockKind::Final => b"AWSKMSEncryptionClient Final Frame",
        _ => b"AWSKMSEncryptionClient Single Block",
    };
    let id = id(message, aad.of_other_message);
    [id, label, &aad.sequence.to_be_bytes(), &aad.len.to_be_bytes()].concat()
}

fn footer(message: &Message, signed: &[u8]) -> Vec<u8> {
    let algorithm = message.suite.signature.unwrap_or(SignatureAlgorithm::EcdsaP256Sha256);
    let sign = |who, bytes: &[u8]| signature(algorithm, who, bytes);
    let mut out = Vec::new();
    match message.footer {
        Footer::Missing => {}
        Footer::Empty => out.extend([0, 0]),
        Footer::Right => put_prefixed(&sign(Signer::Right, signed), &mut out),
        Footer::Cut(len) => {
            put_prefixed(&sign(Signer::Right, signed), &mut out);
            out.truncate(len.into());
        }
        Footer::Changed(at) => {
            let mut signature = sign(Signer::Right, signed);
            let at = usize::from(at) % signature.len();
            signature[at] ^= 1;
            put_prefixed(&signature, &mut out);
        }
        Footer::Longer => put_prefixed(&[sign(Signer::Right, signed), vec![0]].concat(), &mut out),
        Footer::OtherKey => put_prefixed(&sign(Signer::Other, signed), &mut out),
        Footer::OtherMessage => put_prefixed(&sign(Signer::Right, b"another"), &mut out),
    }
    out
}

/// A signature in DER, of whatever length it comes to.
fn signature(algorithm: SignatureAlgorithm, who: Signer, bytes: &[u8]) -> Vec<u8> {
    let mut digest = providers()[0].digest.start(algorithm.hash());
    digest.update(bytes);
    let signature = signer(algorithm, who).sign(&digest.finish()).unwrap();
    crate::der::sequence(&[crate::der::integer(signature.r()), crate::der::integer(signature.s())])
}

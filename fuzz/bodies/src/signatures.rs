//! Envelopes and manifests: what is read is written again alike, what is written reads back.

use waxseal_sign::{Envelope, Manifest, Method, PublicKey, SchemeId, SignedManifest};

use crate::Choices;

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

/// Any bytes as an envelope, a manifest or a public key; or an envelope with something changed.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    match choices.below(4) {
        0 => written(&mut choices),
        1 => manifest(choices.bytes(input.len())),
        2 => drop(PublicKey::from_pem_or_der(choices.bytes(input.len()))),
        _ => envelope(choices.bytes(input.len())),
    }
}

fn envelope(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::from_bytes(bytes) {
        assert!(Envelope::is_one(bytes));
        assert_eq!(envelope.to_bytes().unwrap(), bytes, "an envelope has one encoding");
        let armor = envelope.to_armor().unwrap();
        assert_eq!(Envelope::from_bytes_or_armor(armor.as_bytes()).unwrap(), envelope);
    }
    let _ = Envelope::from_bytes_or_armor(bytes);
}

fn written(choices: &mut Choices<'_>) {
    let algorithms = [None, Some("ECDSA_SHA_384"), Some("RSASSA_PSS_SHA_512"), Some("HMAC_SHA_512")];
    let (scheme, algorithm) = (choices.pick(SchemeId::ALL), choices.pick(&algorithms));
    let Ok(method) = Method::named(scheme, algorithm) else { return };
    let text = |choices: &mut Choices<'_>| {
        let len = usize::from(choices.u8());
        String::from_utf8_lossy(choices.bytes(len)).into_owned()
    };
    let context = (0..choices.below(4)).map(|_| (text(choices), text(choices))).collect();
    let (edits, len) = (choices.below(3), usize::from(choices.u16()).max(1));
    let edits: Vec<(u16, u8)> = (0..edits).map(|_| (choices.u16(), choices.u8())).collect();
    let signature = [choices.bytes(len), b"x"].concat();
    let original = Envelope { method, key_arn: ARN.to_owned(), context, signature };
    let Ok(mut bytes) = original.to_bytes() else { return };
    assert_eq!(Envelope::from_bytes(&bytes).as_ref(), Ok(&original));
    for (at, value) in edits {
        let at = usize::from(at) % bytes.len();
        bytes[at] = value;
    }
    envelope(&bytes);
}

fn manifest(bytes: &[u8]) {
    if let Ok(signed) = SignedManifest::from_bytes(bytes) {
        let text = signed.to_text().unwrap();
        assert_eq!(SignedManifest::from_bytes(text.as_bytes()).unwrap(), signed);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for text in [text.to_owned(), format!("waxseal manifest 1\n{text}\n")] {
        if let Ok(manifest) = Manifest::from_text(&text) {
            assert_eq!(manifest.to_text(), text, "a tree has one text");
        }
    }
}

//! Encodes keys in every form that users hold them in, and in forms that are wrong.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ec;
use super::parts::{Parts, changed};
use crate::Choices;
use crate::der::{integer, sequence, tagged};
use crate::edits::edited;

/// A key, in DER or PEM.
pub(super) fn key(choices: &mut Choices<'_>) -> Vec<u8> {
    let der = if choices.one_in(3) { ec::encoded(choices) } else { rsa(choices) };
    let der = if choices.one_in(4) { edited(choices, der, 2) } else { der };
    if choices.one_in(2) { pem(choices, &der) } else { der }
}

fn rsa(choices: &mut Choices<'_>) -> Vec<u8> {
    let parts = changed(choices);
    match choices.below(4) {
        0 => pkcs8(choices, &parts),
        1 => pkcs1(choices, &parts),
        2 => spki(choices, &parts),
        _ => pkcs1_public(choices, &parts),
    }
}

/// A number in its one form, or in one that DER or RSA doesn't allow.
fn number(choices: &mut Choices<'_>, bytes: &[u8]) -> Vec<u8> {
    match choices.below(32) {
        1 => tagged(2, bytes),
        2 => tagged(2, &[&[0, 0], bytes].concat()),
        3 => tagged(2, &[&[0xff], bytes].concat()),
        4 => tagged(3, bytes),
        _ => integer(bytes),
    }
}

fn numbers(choices: &mut Choices<'_>, parts: &[Vec<u8>]) -> Vec<Vec<u8>> {
    parts.iter().map(|part| number(choices, part)).collect()
}

fn pkcs1(choices: &mut Choices<'_>, parts: &Parts) -> Vec<u8> {
    let mut elements = numbers(choices, parts);
    if choices.one_in(16) {
        elements.push(sequence(&[sequence(&elements[4..7])]));
    }
    sequence(&elements)
}

fn pkcs1_public(choices: &mut Choices<'_>, parts: &Parts) -> Vec<u8> {
    sequence(&numbers(choices, &parts[1..3]))
}

fn spki(choices: &mut Choices<'_>, parts: &Parts) -> Vec<u8> {
    let unused_bits = u8::from(choices.one_in(16));
    let key = [&[unused_bits][..], &pkcs1_public(choices, parts)].concat();
    sequence(&[algorithm(choices), tagged(3, &key)])
}

fn pkcs8(choices: &mut Choices<'_>, parts: &Parts) -> Vec<u8> {
    let version = choices.pick(&[0, 0, 0, 1, 2]);
    let mut elements = vec![integer(&[version]), algorithm(choices), tagged(4, &pkcs1(choices, parts))];
    match choices.below(8) {
        1 => elements.push(tagged(0xa0, &[])),
        2 => elements.push(tagged(0x81, &[0])),
        3 => elements.push(tagged(0xa0, &sequence(&[tagged(6, &[42, 3])]))),
        _ => {}
    }
    sequence(&elements)
}

/// The object identifiers of rsaEncryption, RSASSA-PSS, RSAES-OAEP, EC keys, and none.
const OIDS: [&[u8]; 6] =
    [RSA, RSA, &[42, 134, 72, 134, 247, 13, 1, 1, 10], OAEP, &[42, 134, 72, 206, 61, 2, 1], &[]];
const RSA: &[u8] = &[42, 134, 72, 134, 247, 13, 1, 1, 1];
const OAEP: &[u8] = &[42, 134, 72, 134, 247, 13, 1, 1, 7];

fn algorithm(choices: &mut Choices<'_>) -> Vec<u8> {
    let oid = tagged(6, if choices.one_in(4) { choices.pick(&OIDS) } else { RSA });
    match choices.below(8) {
        1 => sequence(&[oid]),
        2 => sequence(&[oid, sequence(&[])]),
        3 => sequence(&[oid, tagged(5, &[0])]),
        _ => sequence(&[oid, tagged(5, &[])]),
    }
}

const LABELS: [&str; 9] = [
    "PRIVATE KEY",
    "PUBLIC KEY",
    "RSA PRIVATE KEY",
    "RSA PUBLIC KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "CERTIFICATE",
    "",
    "X-----",
];

fn pem(choices: &mut Choices<'_>, der: &[u8]) -> Vec<u8> {
    let (label, end_label) = (choices.pick(&LABELS), choices.pick(&LABELS));
    let end_label = if choices.one_in(8) { end_label } else { label };
    let width = choices.pick(&[64, 64, 64, 76, 1, 4, 63, 100_000]);
    let newline = choices.pick(&["\n", "\n", "\r\n", "\r", " \n", "\n\n"]);
    let before = choices.pick(&["", "", "", " ", "text\n", "\n", "Proc-Type: 4,ENCRYPTED\n"]);
    let after = choices.pick(&["", "", "", "\n", "text", "-----BEGIN X-----\n"]);
    let base64 = STANDARD.encode(der);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
    let body = lines.join(newline);
    let text = format!(
        "{before}-----BEGIN {label}-----{newline}{body}{newline}-----END {end_label}-----{newline}{after}"
    );
    if choices.one_in(8) { edited(choices, text.into_bytes(), 2) } else { text.into_bytes() }
}

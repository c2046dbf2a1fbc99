//! What is encrypted is decrypted: every suite, context, frame length and number of keys.

use std::io;

use waxseal::format::{HeaderDecoder, HeaderLimits, MessageLengths};
use waxseal::{AlgorithmSuite, Client, EncryptOptions, EncryptionContext, ErrorClass, Header};

use crate::Choices;
use crate::setup::{
    MAX_DATA_KEYS, clients, decrypt_options, encrypt_options, openers, pick_suite, restart_randomness, under,
};

/// Choices, then the plaintext.
pub fn body(input: &[u8]) {
    restart_randomness();
    let mut choices = Choices::new(input);
    let provider = choices.below(2);
    let data_keys = 1 + choices.below(MAX_DATA_KEYS);
    let client = &clients(data_keys)[provider];
    let suite = pick_suite(&mut choices);
    let mut options = encrypt_options(suite);
    options.encryption_context = context(&mut choices);
    let frame_choice = choices.u16();
    let repeat = 1 + choices.below(64);
    let plaintext = choices.rest().repeat(repeat);
    options.frame_length = frame_length(frame_choice, plaintext.len());
    if options.encryption_context.keys().any(|key| key.starts_with("aws-crypto-")) {
        let client = under(client, options.commitment_policy);
        let error = client.encrypt(&plaintext).options(options).wait().unwrap_err();
        assert_eq!(error.class(), ErrorClass::Context);
        return;
    }
    check(client, &options, data_keys, &plaintext);
    check_bound(client, options, &plaintext);
}

/// Up to three pairs of short texts.
fn context(choices: &mut Choices<'_>) -> EncryptionContext {
    let text = |choices: &mut Choices<'_>| {
        let len = choices.below(16);
        String::from_utf8_lossy(choices.bytes(len)).into_owned()
    };
    (0..choices.below(4)).map(|_| (text(choices), text(choices))).collect()
}

/// Any length that makes about 500 frames at most.
fn frame_length(choice: u16, plaintext_len: usize) -> u32 {
    let least = u32::try_from(plaintext_len / 500).unwrap();
    1 + least + u32::from(choice)
}

fn check(client: &Client, options: &EncryptOptions, data_keys: usize, plaintext: &[u8]) {
    let client = &under(client, options.commitment_policy);
    let encrypted = client.encrypt(plaintext).options(options.clone()).wait().unwrap();
    let mut again = vec![0xee; 300];
    client.encrypt_into(plaintext, &mut again).options(options.clone()).wait().unwrap();
    assert_eq!(again.len(), encrypted.message.len());
    for message in [&encrypted.message, &again] {
        let (decoded, _) = HeaderDecoder::decode(message, HeaderLimits::default()).unwrap();
        check_header(&decoded.header, options, data_keys);
        let lengths = MessageLengths::of(&decoded.header, plaintext.len() as u64).unwrap();
        assert_eq!(lengths.total(), Some(message.len() as u64));
    }
    let (decoded, _) = HeaderDecoder::decode(&encrypted.message, HeaderLimits::default()).unwrap();
    assert_eq!(decoded.header, *encrypted.header);
    check_opens(&encrypted.message, &encrypted.header, options, plaintext);
    check_other_contexts(&encrypted.message, &options.encryption_context);
}

fn check_header(header: &Header, options: &EncryptOptions, data_keys: usize) {
    assert_eq!(Some(header.suite), options.suite);
    assert_eq!(header.content_type.frame_length(), options.frame_length);
    assert_eq!(header.encrypted_data_keys.len(), data_keys);
    assert_eq!(header.commitment.is_some(), header.suite.commits());
    let mut stored = header.encryption_context.clone();
    let public_key = stored.remove("aws-crypto-public-key");
    assert_eq!(public_key.is_some(), header.suite.signs());
    assert_eq!(stored, options.encryption_context);
}

/// Either provider opens it, and finds the pairs that were given.
fn check_opens(message: &[u8], header: &Header, options: &EncryptOptions, plaintext: &[u8]) {
    for opener in openers() {
        let mut decrypt = decrypt_options();
        decrypt.reproduced_context = options.encryption_context.clone();
        let opener = under(opener, decrypt.commitment_policy);
        let opened = opener.decrypt(message).options(decrypt).wait().unwrap();
        assert_eq!(opened.plaintext, plaintext);
        assert_eq!(*opened.header, *header);
    }
}

fn check_other_contexts(message: &[u8], context: &EncryptionContext) {
    let class = |key: &str, value: String| {
        let mut options = decrypt_options();
        options.reproduced_context.insert(key.to_owned(), value);
        let opener = under(&openers()[0], options.commitment_policy);
        opener.decrypt(message).options(options).wait().map(|_| ()).map_err(|error| error.class())
    };
    if let Some((key, value)) = context.first_key_value() {
        assert_eq!(class(key, format!("{value}x")), Err(ErrorClass::Context));
    }
    assert_eq!(class("a key that is not there", String::new()), Err(ErrorClass::Key));
}

/// A bound that holds changes nothing, one that doesn't is an error of a stream, and is ignored
/// where the length is known.
fn check_bound(client: &Client, mut options: EncryptOptions, plaintext: &[u8]) {
    let quick: &AlgorithmSuite = AlgorithmSuite::AES_128_GCM_IV12_TAG16_NO_KDF;
    let context = std::mem::replace(&mut options, encrypt_options(quick)).encryption_context;
    options.encryption_context = context;
    let client = &under(client, options.commitment_policy);
    let class = |bound: usize| {
        let mut options = options.clone();
        options.plaintext_len_bound = Some(bound as u64);
        client.encrypt(plaintext).options(options.clone()).wait().unwrap();
        let mut reader = client.encrypt_reader(plaintext).options(options).wait().unwrap();
        let read = io::copy(&mut reader, &mut io::sink());
        read.map(drop).map_err(|error| waxseal::Error::behind(&error).unwrap().class())
    };
    assert_eq!(class(plaintext.len()), Ok(()));
    if let Some(less) = plaintext.len().checked_sub(1) {
        assert_eq!(class(less), Err(ErrorClass::Limit));
    }
}

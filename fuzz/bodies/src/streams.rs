//! Streams against one-shot: the same plaintext, or the same class of error, however the
//! bytes come in pieces and whatever was changed in them, by one thread and by several.

use waxseal::format::MessageLengths;
use waxseal::parallel::Threads;
use waxseal::{Client, DecryptOptions, EncryptOptions, Error, ErrorClass};

use crate::Choices;
use crate::choices::Sizes;
use crate::edits::edited;
use crate::open::{self, Stream};
use crate::seal;
use crate::setup::{
    clients, decrypt_options, encrypt_options, openers, pick_suite, restart_randomness, under,
};

/// Choices, then a message, or a plaintext to make one of.
pub fn body(input: &[u8]) {
    restart_randomness();
    let mut choices = Choices::new(input);
    let provider = choices.below(2);
    let client = &openers()[provider];
    let stream = choices.pick(&open::STREAMS);
    let mut sizes = Sizes::new(&mut choices);
    let options = options(&mut choices);
    let given = choices.one_in(2);
    let encrypt = encrypt_options_of(&mut choices);
    let way = choices.below(4);
    // Batches that small messages fill.
    let threads = Threads::from(choices.pick(&[1, 2, 3])).batch(choices.pick(&[1, 100, 5000]));
    let script = choices.bytes(24);
    let material = choices.rest();
    if given {
        let message = edited(&mut Choices::new(script), material.to_vec(), 3);
        check(client, &options, &threads, &message, None, (stream, &mut sizes));
    } else {
        let message = seal(&clients(1)[provider], &encrypt, &threads, material, way, &mut sizes);
        let message = edited(&mut Choices::new(script), message, 3);
        check(client, &options, &threads, &message, Some(material), (stream, &mut sizes));
    }
}

fn options(choices: &mut Choices<'_>) -> DecryptOptions {
    let mut options = decrypt_options();
    match choices.below(8) {
        1 => options.max_frame_length = 64,
        2 => options.max_unframed_len = 64,
        3 => options.max_header_len = 200,
        4 => options.max_encrypted_data_keys = 1,
        5 => options.net_v4_0_0_retry = true,
        _ => {}
    }
    options
}

fn encrypt_options_of(choices: &mut Choices<'_>) -> EncryptOptions {
    let mut options = encrypt_options(pick_suite(choices));
    options.frame_length = choices.pick(&[16, 1, 7, 64, 200, 1000, 4096, 70_000]);
    options
}

/// Makes a message one-shot or by a stream, and checks that it is whole.
fn seal(
    client: &Client,
    options: &EncryptOptions,
    threads: &Threads,
    plaintext: &[u8],
    way: usize,
    sizes: &mut Sizes,
) -> Vec<u8> {
    let message = match way {
        0 => {
            under(client, options.commitment_policy)
                .encrypt(plaintext)
                .options(options.clone())
                .threads(threads.clone())
                .wait()
                .unwrap()
                .message
        }
        1 => seal::writer(client, options, threads, plaintext, sizes),
        2 => seal::reader(client, options, threads, plaintext, sizes),
        _ => {
            let unfinished = seal::unfinished_writer(client, options, threads, plaintext, sizes);
            let (_, error) = open::one_shot(client, &decrypt_options(), threads, &unfinished);
            assert_eq!(error.map(|error| error.class()), Some(ErrorClass::Truncated));
            seal::writer(client, options, threads, plaintext, sizes)
        }
    };
    let opened =
        under(client, options.commitment_policy).decrypt(&message).options(decrypt_options()).wait().unwrap();
    assert_eq!(opened.plaintext, plaintext);
    let lengths = MessageLengths::of(&opened.header, plaintext.len() as u64).unwrap();
    assert_eq!(lengths.total(), Some(message.len() as u64));
    message
}

fn check(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
    plaintext: Option<&[u8]>,
    (stream, sizes): (Stream, &mut Sizes),
) {
    let (whole, error) = open::one_shot(client, options, &Threads::default(), message);
    let class = error.as_ref().map(Error::class);
    let (by_several, error) = open::one_shot(client, options, threads, message);
    assert_eq!(error.as_ref().map(Error::class), class, "{threads:?}: {error:?}");
    assert!(by_several == whole, "another plaintext by {threads:?}");
    let (given, error) = stream(client, options, threads, message, sizes);
    assert_eq!(error.as_ref().map(Error::class), class, "{error:?}");
    assert!(class.is_some() || given == whole, "another plaintext");
    assert!(plaintext.is_none_or(|plaintext| plaintext.starts_with(&given)), "never written");
    assert!(class.is_some() || plaintext.is_none_or(|plaintext| plaintext == whole), "never written");
}

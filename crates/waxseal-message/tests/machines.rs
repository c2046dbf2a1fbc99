//! The machines by themselves: slices in, slices out, no input and output.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod common;

use common::{BLOCK, FRAME, PLAIN, SUITE, at_its_places, decryptor, encryptor, message, opened, providers};
use waxseal_crypto::SecretBytes;
use waxseal_format::{
    AlgorithmSuite, BlockHead, BlockKind, Decoded, EncryptedDataKey, EncryptionContext, HeaderDecoder,
    HeaderLimits,
};
use waxseal_materials::{CommitmentPolicy, DecryptionMaterials, EncryptionMaterials};
use waxseal_message::{
    DecryptOptions, EncryptOptions, Encryptor, InPlace, MessageError, Next, ParsedHeader, Progress,
};

#[test]
fn pushes_take_what_both_sides_hold_whole() {
    for crypto in providers() {
        let (mut encryptor, _) = encryptor(crypto);
        let mut out = [0; 3 * BLOCK];
        for (input, room, read, written) in [
            (FRAME - 1, 3 * BLOCK, 0, 0),
            (2 * FRAME, BLOCK - 1, 0, 0),
            (2 * FRAME, 2 * BLOCK - 1, FRAME, BLOCK),
            (2 * FRAME + 1, 3 * BLOCK, 2 * FRAME, 2 * BLOCK),
        ] {
            let progress = encryptor.push(&PLAIN[..input], &mut out[..room]).unwrap();
            assert_eq!((progress.read, progress.written), (read, written));
        }
    }
}

#[test]
fn what_stands_at_its_places_is_sealed_there() {
    for crypto in providers() {
        let (mut encryptor, header) = encryptor(crypto);
        let len = encryptor.final_len(8);
        let mut body = at_its_places(PLAIN, 2 * BLOCK + len);
        // Less than a frame is left for later, and so is what has no room for its block.
        assert_eq!(encryptor.push_in_place(&mut body, FRAME - 1).unwrap(), Progress::default());
        assert_eq!(encryptor.push_in_place(&mut body[..BLOCK - 1], FRAME).unwrap(), Progress::default());
        let progress = encryptor.push_in_place(&mut body, PLAIN.len()).unwrap();
        assert_eq!((progress.read, progress.written), (2 * FRAME, 2 * BLOCK));
        assert_eq!(encryptor.finish_in_place(8, &mut body[2 * BLOCK..]).unwrap(), len);
        assert_eq!(opened(crypto, &header, &body), PLAIN);
    }
}

#[test]
fn a_rest_in_its_place_needs_the_room_of_a_final_frame() {
    for crypto in providers() {
        let finish = |rest: usize, room: usize| {
            encryptor(crypto).0.finish_in_place(rest, &mut at_its_places(&PLAIN[..rest], room))
        };
        assert!(matches!(finish(FRAME, 1000), Err(MessageError::Usage(_))));
        for room in [24, 24 + 7, 24 + 8, 24 + 8 + 16 - 1] {
            assert!(matches!(finish(8, room), Err(MessageError::Usage(_))), "{room}");
        }
        assert_eq!(finish(8, 24 + 8 + 16).unwrap(), 48);
    }
}

#[test]
fn an_encryptor_says_the_length_of_its_message() {
    for crypto in providers() {
        let (header, body) = message(crypto);
        let (encryptor, _) = encryptor(crypto);
        assert_eq!(encryptor.message_len(PLAIN.len() as u64).unwrap(), (header.len() + body.len()) as u64);
        let too_many = (u64::from(u32::MAX) + 1) * FRAME as u64;
        assert!(matches!(encryptor.message_len(too_many), Err(MessageError::Limit { .. })));
    }
}

#[test]
fn the_rest_is_less_than_a_frame_and_needs_its_room() {
    for crypto in providers() {
        let finish =
            |rest: usize, room: usize| encryptor(crypto).0.finish(&PLAIN[..rest], &mut vec![0; room]);
        assert!(matches!(finish(FRAME, 1000), Err(MessageError::Usage(_))));
        assert!(matches!(finish(8, 24 + 8 + 16 - 1), Err(MessageError::Usage(_))));
        assert_eq!(finish(8, 24 + 8 + 16).unwrap(), 48);
    }
}

#[test]
fn a_decryptor_says_what_it_needs() {
    for crypto in providers() {
        let (header, body) = message(crypto);
        let mut decryptor = decryptor(crypto, &header);
        let mut out = [0; 64];
        let progress = decryptor.push(&body[..3], &mut out).unwrap();
        assert_eq!((progress.read, progress.next), (0, Next::Input(4)));
        let progress = decryptor.push(&body[..20], &mut out).unwrap();
        assert_eq!((progress.read, progress.next), (0, Next::Input(BLOCK)));
        let progress = decryptor.push(&body, &mut out[..FRAME + 1]).unwrap();
        assert_eq!((progress.read, progress.written, progress.next), (BLOCK, FRAME, Next::Room(FRAME)));
        assert!(!decryptor.is_done());
        let progress = decryptor.push(&body[BLOCK..], &mut out[FRAME..]).unwrap();
        assert_eq!(progress.next, Next::End);
        assert!(decryptor.is_done());
        assert_eq!(&out[..PLAIN.len()], PLAIN);
        decryptor.finish(&[]).unwrap();
        assert!(matches!(decryptor.finish(&[0]), Err(MessageError::TrailingBytes)));
    }
}

#[test]
fn blocks_open_where_they_stand() {
    for crypto in providers() {
        let (header, mut body) = message(crypto);
        let mut decryptor = decryptor(crypto, &header);
        let (mut at, mut opened) = (0, Vec::new());
        loop {
            match decryptor.open_in_place(&mut body[at..]).unwrap() {
                InPlace::Opened { plaintext, consumed } => {
                    opened.extend_from_slice(&body[at..][plaintext]);
                    at += consumed;
                }
                InPlace::Need(total) => panic!("{total} more needed"),
                InPlace::End => break,
            }
        }
        assert_eq!(opened, PLAIN);
    }
}

#[test]
fn after_an_error_a_decryptor_gives_errors_only() {
    for crypto in providers() {
        let (header, body) = message(crypto);
        let mut bad = body.clone();
        bad[20] ^= 1;
        let mut decryptor = decryptor(crypto, &header);
        let mut out = [0xaa; 64];
        assert!(matches!(decryptor.push(&bad, &mut out), Err(MessageError::BodyTag)));
        assert!(!out.windows(4).any(|window| PLAIN.windows(4).any(|plain| plain == window)));
        assert!(matches!(decryptor.push(&body, &mut out), Err(MessageError::Usage(_))));
        assert!(matches!(decryptor.open_in_place(&mut bad), Err(MessageError::Usage(_))));
        assert!(matches!(decryptor.finish(&[]), Err(MessageError::Usage(_))));
        assert!(!decryptor.is_done());
    }
}

#[test]
fn one_frame_in_the_middle_opens_alone() {
    for crypto in providers() {
        let (header, body) = message(crypto);
        let decryptor = decryptor(crypto, &header);
        let second = &body[BLOCK..2 * BLOCK];
        let Decoded::Value(head) = BlockHead::decode_frame(second, FRAME as u32).unwrap() else {
            panic!("a whole frame")
        };
        let mut plain = [0; FRAME];
        decryptor.danger_frame_cipher().open(&head, second, &mut plain).unwrap();
        assert_eq!(plain, PLAIN[FRAME..2 * FRAME]);
        let moved = BlockHead { sequence_number: 1, ..head };
        assert!(matches!(
            decryptor.danger_frame_cipher().open(&moved, second, &mut plain),
            Err(MessageError::BodyTag)
        ));
    }
}

#[test]
fn frames_seal_in_any_order_on_several_threads() {
    for crypto in providers() {
        let (encryptor, header) = encryptor(crypto);
        let mut body = vec![0; 2 * BLOCK];
        let cipher = encryptor.danger_frame_cipher();
        std::thread::scope(|scope| {
            for (number, block) in body.chunks_mut(BLOCK).enumerate().collect::<Vec<_>>().into_iter().rev() {
                scope.spawn(move || {
                    let head = BlockHead::new(BlockKind::Regular, number as u32 + 1, FRAME as u32);
                    cipher.seal(&head, &PLAIN[number * FRAME..][..FRAME], block).unwrap();
                });
            }
        });
        let mut out = [0; 2 * FRAME];
        let progress = decryptor(crypto, &header).push(&body, &mut out).unwrap();
        assert_eq!((progress.written, &out[..]), (2 * FRAME, &PLAIN[..2 * FRAME]));
    }
}

#[test]
fn readers_take_any_iv_and_a_full_last_frame() {
    for crypto in providers() {
        let (encryptor, header) = encryptor(crypto);
        let head = BlockHead { iv: [9; 12], ..BlockHead::new(BlockKind::Final, 1, FRAME as u32) };
        let mut block = vec![0; head.block_len().unwrap()];
        encryptor.danger_frame_cipher().seal(&head, &PLAIN[..FRAME], &mut block).unwrap();
        let mut in_place = vec![0xaa; block.len()];
        in_place[BlockKind::Final.head_len()..][..FRAME].copy_from_slice(&PLAIN[..FRAME]);
        encryptor.danger_frame_cipher().seal_in_place(&head, &mut in_place).unwrap();
        assert_eq!(in_place, block);
        let mut out = [0; FRAME];
        let progress = decryptor(crypto, &header).push(&block, &mut out).unwrap();
        assert_eq!((progress.next, &out[..]), (Next::End, &PLAIN[..FRAME]));
    }
}

#[test]
fn materials_of_another_kind_are_refused() {
    for crypto in providers() {
        let (_, header) = encryptor(crypto);
        let authenticate = |materials: &DecryptionMaterials| {
            let (decoded, _) = HeaderDecoder::decode(&header, HeaderLimits::default()).unwrap();
            ParsedHeader::from(decoded).authenticate(crypto, materials, &DecryptOptions::default()).err()
        };
        let mut materials = DecryptionMaterials::new(SUITE, EncryptionContext::new());
        assert!(matches!(authenticate(&materials), Some(MessageError::Materials(_))));
        materials.set_data_key(SecretBytes::from([8; 32])).unwrap();
        assert!(matches!(authenticate(&materials), Some(MessageError::Commitment)));
        let other = AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF;
        let mut materials = DecryptionMaterials::new(other, EncryptionContext::new());
        materials.set_data_key(SecretBytes::from([7; 32])).unwrap();
        assert!(matches!(authenticate(&materials), Some(MessageError::Materials(_))));
    }
}

#[test]
fn policies_limits_and_lengths_are_checked_before_a_byte_is_written() {
    for crypto in providers() {
        let mut materials = EncryptionMaterials::new(SUITE, EncryptionContext::new());
        materials.set_data_key(SecretBytes::from([7; 32])).unwrap();
        materials.add_encrypted_data_key(EncryptedDataKey::new("p", "i", "c")).unwrap();
        materials.add_encrypted_data_key(EncryptedDataKey::new("p", "j", "c")).unwrap();
        let mut header = Vec::new();
        let mut refused =
            |options: &EncryptOptions| Encryptor::new(crypto, materials.clone(), options, &mut header).err();
        let mut options = EncryptOptions::default();
        options.max_encrypted_data_keys = 1;
        assert!(matches!(refused(&options), Some(MessageError::Limit { found: 2, limit: 1, .. })));
        let mut options = EncryptOptions::default();
        options.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
        assert!(matches!(refused(&options), Some(MessageError::Materials(_))));
        let mut options = EncryptOptions::default();
        options.frame_length = 0;
        assert!(matches!(refused(&options), Some(MessageError::Format(_))));
        assert!(matches!(options.request(), Err(MessageError::Usage(_))));
        let mut options = EncryptOptions::default();
        options.encryption_context.insert("aws-crypto-x".into(), "y".into());
        assert!(matches!(options.request(), Err(MessageError::Materials(_))));
        assert!(header.is_empty());
    }
}

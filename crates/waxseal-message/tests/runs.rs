//! Frames by the run: handed out by a machine, sealed and opened elsewhere, collected in order.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{BLOCK, FRAME, PLAIN, at_its_places, decryptor, encryptor, message, opened, providers};
use waxseal_message::{MessageError, Next};

#[test]
fn runs_are_sealed_and_opened_in_any_order_and_collected_in_theirs() {
    for crypto in providers() {
        let (mut encryptor, header) = encryptor(crypto);
        let mut collector = encryptor.lend_collector().unwrap();
        let first = encryptor.next_run(FRAME + 3).unwrap().unwrap();
        let second = encryptor.next_run(FRAME).unwrap().unwrap();
        assert!(encryptor.next_run(FRAME - 1).unwrap().is_none());
        let mut body = vec![0; 2 * BLOCK + encryptor.final_len(8)];
        let second = second.seal(&PLAIN[FRAME..2 * FRAME], &mut body[BLOCK..2 * BLOCK]).unwrap();
        let first = first.seal(&PLAIN[..FRAME], &mut body[..BLOCK]).unwrap();
        collector.collect(first, &body[..BLOCK]).unwrap();
        collector.collect(second, &body[BLOCK..2 * BLOCK]).unwrap();
        encryptor.take_back(collector).unwrap();
        encryptor.finish(&PLAIN[2 * FRAME..], &mut body[2 * BLOCK..]).unwrap();

        let mut decryptor = decryptor(crypto, &header);
        let mut collector = decryptor.lend_collector().unwrap();
        let run = decryptor.next_run(&body, usize::MAX).unwrap().unwrap();
        assert_eq!((run.sealed_len(), run.plaintext_len()), (2 * BLOCK, 2 * FRAME));
        let mut out = [0; 64];
        let run = run.open(&body[..2 * BLOCK], &mut out[..2 * FRAME]).unwrap();
        collector.collect(run, &body[..2 * BLOCK]).unwrap();
        decryptor.take_back(collector).unwrap();
        let progress = decryptor.push(&body[2 * BLOCK..], &mut out[2 * FRAME..]).unwrap();
        assert_eq!((progress.next, &out[..PLAIN.len()]), (Next::End, PLAIN));
    }
}

#[test]
fn while_the_collector_is_lent_a_machine_hands_out_runs_and_nothing_else() {
    for crypto in providers() {
        let (header, body) = message(crypto);
        let mut lent = decryptor(crypto, &header);
        let _collector = lent.lend_collector().unwrap();
        assert!(matches!(lent.lend_collector(), Err(MessageError::Usage(_))));
        assert!(matches!(lent.push(&body, &mut [0; 64]), Err(MessageError::Usage(_))));

        let (mut lent, _) = encryptor(crypto);
        let _collector = lent.lend_collector().unwrap();
        assert!(matches!(lent.push(PLAIN, &mut [0; 64]), Err(MessageError::Usage(_))));
        assert!(matches!(lent.next_run(FRAME), Err(MessageError::Usage(_))), "it has failed");
    }
}

#[test]
fn runs_out_of_order_or_not_collected_are_refused() {
    for crypto in providers() {
        let (mut encryptor, _) = encryptor(crypto);
        let mut collector = encryptor.lend_collector().unwrap();
        let first = encryptor.next_run(FRAME).unwrap().unwrap();
        let second = encryptor.next_run(FRAME).unwrap().unwrap();
        let mut block = [0; BLOCK];
        assert!(matches!(first.seal(&PLAIN[..FRAME - 1], &mut block), Err(MessageError::Usage(_))));
        let second = second.seal(&PLAIN[..FRAME], &mut block).unwrap();
        assert!(matches!(collector.collect(second, &block), Err(MessageError::Usage(_))));
        assert!(matches!(encryptor.take_back(collector), Err(MessageError::Usage(_))));
        assert!(matches!(encryptor.finish(&[], &mut [0; 64]), Err(MessageError::Usage(_))));
    }
}

/// A run that nobody collects would leave a gap, in the message or in what its signature is over.
#[test]
fn no_run_is_handed_out_before_the_collector_is_lent() {
    for crypto in providers() {
        let (mut encryptor, _) = encryptor(crypto);
        assert!(matches!(encryptor.next_run(FRAME), Err(MessageError::Usage(_))));
        assert!(matches!(encryptor.finish(&[], &mut [0; 64]), Err(MessageError::Usage(_))));
        let (header, body) = message(crypto);
        let mut decryptor = decryptor(crypto, &header);
        assert!(matches!(decryptor.next_run(&body, usize::MAX), Err(MessageError::Usage(_))));
        assert!(decryptor.push(&body, &mut [0; 1024]).is_err() && !decryptor.is_done());
    }
}

#[test]
fn a_run_that_does_not_open_says_how_far_it_came() {
    for crypto in providers() {
        let (header, mut body) = message(crypto);
        let mut decryptor = decryptor(crypto, &header);
        decryptor.lend_collector().unwrap();
        let run = decryptor.next_run(&body, usize::MAX).unwrap().unwrap();
        body[2 * BLOCK - 1] ^= 1;
        let mut out = [0xaa; 2 * FRAME];
        let failed = run.open(&body[..2 * BLOCK], &mut out).unwrap_err();
        assert!(matches!(failed.error, MessageError::BodyTag));
        assert_eq!((failed.opened, &out[..FRAME]), (FRAME, &PLAIN[..FRAME]));
        assert_ne!(&out[FRAME..], &PLAIN[FRAME..2 * FRAME]);
    }
}

#[test]
fn a_run_is_sealed_where_its_plaintext_stands() {
    for crypto in providers() {
        let (mut encryptor, header) = encryptor(crypto);
        let mut collector = encryptor.lend_collector().unwrap();
        let mut body = at_its_places(PLAIN, 2 * BLOCK + encryptor.final_len(8));
        let run = encryptor.next_run(PLAIN.len()).unwrap().unwrap();
        let done = run.seal_in_place(&mut body[..2 * BLOCK]).unwrap();
        collector.collect(done, &body[..2 * BLOCK]).unwrap();
        encryptor.take_back(collector).unwrap();
        encryptor.finish_in_place(8, &mut body[2 * BLOCK..]).unwrap();
        assert_eq!(opened(crypto, &header, &body), PLAIN);

        let mut collecting = common::encryptor(crypto).0;
        drop(collecting.lend_collector().unwrap());
        let run = collecting.next_run(FRAME).unwrap().unwrap();
        assert!(matches!(run.seal_in_place(&mut [0; BLOCK + 1]), Err(MessageError::Usage(_))));
    }
}

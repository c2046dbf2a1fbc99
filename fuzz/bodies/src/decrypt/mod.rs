//! Whole messages under a known key: valid tags, illegal fields. The model decides what a
//! reader must make of each; one-shot, reader and writer must agree with it.

mod faults;
mod plan;

use waxseal::{Client, DecryptOptions, Error, ErrorClass};

use crate::Choices;
use crate::choices::Sizes;
use crate::model::{Expected, Verdict, expected, write};
use crate::open;
use crate::setup::openers;

/// All bytes choose.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let client = &openers()[choices.below(2)];
    let mut sizes = Sizes::new(&mut choices);
    let mut message = plan::message(&mut choices);
    let options = plan::options(&mut choices, &mut message);
    faults::add(&mut choices, &mut message);
    let expected = expected(&message, &options);
    let bytes = write(&message);
    check(client, &options, &bytes, &expected, &mut sizes);
    if expected.verdict == Verdict::Opens && choices.one_in(2) {
        check_cut(client, &options, &bytes[..choices.below(bytes.len())], &expected, &mut sizes);
    }
}

/// A legal message that ends early is truncated, wherever it ends.
fn check_cut(client: &Client, options: &DecryptOptions, cut: &[u8], whole: &Expected, sizes: &mut Sizes) {
    let verdict = Verdict::Fails(ErrorClass::Truncated);
    check(client, options, cut, &Expected { verdict, authentic: whole.authentic.clone() }, sizes);
}

fn check(client: &Client, options: &DecryptOptions, message: &[u8], expected: &Expected, sizes: &mut Sizes) {
    let outcomes = [
        open::one_shot(client, options, message),
        open::reader(client, options, message, sizes),
        open::buffered_reader(client, options, message, sizes),
        open::writer(client, options, message, sizes),
    ];
    for (given, error) in outcomes {
        assert!(expected.authentic.starts_with(&given), "gave out what was not authentic");
        let verdict = error.as_ref().map_or(Verdict::Opens, |error| Verdict::Fails(error.class()));
        if expected.verdict == Verdict::FailsSomehow {
            assert!(matches!(verdict, Verdict::Fails(class) if is_of_body(class)), "{error:?}");
        } else {
            assert_eq!(verdict, expected.verdict, "{error:?}");
        }
        assert!(error.is_some() || given == expected.authentic, "plaintext is missing");
        assert_spoken(error);
    }
}

/// Where a reader out of step may end.
fn is_of_body(class: ErrorClass) -> bool {
    use ErrorClass::{BodyTag, Format, Limit, Sequence, Signature, TrailingBytes, Truncated};
    matches!(class, BodyTag | Format | Limit | Sequence | Signature | TrailingBytes | Truncated)
}

/// Errors can be shown, and say something.
fn assert_spoken(error: Option<Error>) {
    assert!(error.is_none_or(|error| !error.to_string().is_empty() && !format!("{error:?}").is_empty()));
}

//! Whole messages under a known key: valid tags, illegal fields. The model decides what a
//! reader must make of each; one-shot, streams and ranges must agree with it.

mod faults;
mod plan;
mod ranges;

use waxseal::parallel::Threads;
use waxseal::{Error, ErrorClass};

use crate::Choices;
use crate::choices::Sizes;
use crate::model::{Expected, Verdict, expected, write};
use crate::open::{self, Outcome};
use crate::setup::openers;

/// All bytes choose.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let client = &openers()[choices.below(2)];
    let stream = choices.pick(&open::STREAMS);
    let mut sizes = Sizes::new(&mut choices);
    let mut message = plan::message(&mut choices);
    let options = plan::options(&mut choices, &mut message);
    faults::add(&mut choices, &mut message);
    let expected = expected(&message, &options);
    let mut bytes = write(&message);
    check(&open::one_shot(client, &options, &Threads::default(), &bytes), &expected);
    check(&stream(client, &options, &Threads::default(), &bytes, &mut sizes), &expected);
    ranges::check(client, &options, &bytes, (message.frame_length > 0, &expected), &mut choices);
    if expected.verdict == Verdict::Opens && choices.one_in(2) {
        bytes.truncate(choices.below(bytes.len()));
        let expected = Expected { verdict: Verdict::Fails(ErrorClass::Truncated), ..expected };
        check(&open::one_shot(client, &options, &Threads::default(), &bytes), &expected);
        check(&stream(client, &options, &Threads::default(), &bytes, &mut sizes), &expected);
        ranges::check_refused(client, &options, &bytes);
    }
}

fn check((given, error): &Outcome, expected: &Expected) {
    assert!(expected.authentic.starts_with(given), "gave out what was not authentic");
    let verdict = error.as_ref().map_or(Verdict::Opens, |error| Verdict::Fails(error.class()));
    if expected.verdict == Verdict::FailsSomehow {
        assert!(matches!(verdict, Verdict::Fails(class) if is_of_body(class)), "{error:?}");
    } else {
        assert_eq!(verdict, expected.verdict, "{error:?}");
    }
    assert!(error.is_some() || *given == expected.authentic, "plaintext is missing");
    assert!(error.as_ref().is_none_or(is_spoken), "an error without words");
}

/// Where a reader out of step may end.
fn is_of_body(class: ErrorClass) -> bool {
    use ErrorClass::{BodyTag, Format, Limit, Sequence, Signature, TrailingBytes, Truncated};
    matches!(class, BodyTag | Format | Limit | Sequence | Signature | TrailingBytes | Truncated)
}

/// Errors can be shown, and say something.
fn is_spoken(error: &Error) -> bool {
    !error.to_string().is_empty() && !format!("{error:?}").is_empty()
}

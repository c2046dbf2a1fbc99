//! `*` stands for any characters, `?` for one.

use std::str::Chars;

/// Whether `text` is of the form of `pattern`. Takes time in proportion to the product of both
/// lengths at most.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut after_star = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                after_star = Some((pattern.clone(), here.clone()));
                text = here;
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => match skip_one(&mut after_star) {
                Some((next_pattern, next_text)) => (pattern, text) = (next_pattern, next_text),
                None => return false,
            },
        }
    }
}

/// Lets the last star stand for one more character.
fn skip_one<'a>(after_star: &mut Option<(Chars<'a>, Chars<'a>)>) -> Option<(Chars<'a>, Chars<'a>)> {
    let (_, text) = after_star.as_mut()?;
    text.next()?;
    after_star.clone()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "abc"),
            ("a*c", "abbc"),
            ("a*b*c", "aXbYbZc"),
            ("?b?", "abc"),
            ("kms:GenerateDataKey*", "kms:GenerateDataKeyWithoutPlaintext"),
            ("**", "x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("?", ""), ("a*c", "ab"), ("*a", "ab"), ("a?", "a")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_nasty_pattern_ends() {
        assert!(!matches(&"a*".repeat(50), &"a".repeat(40)));
        assert!(!matches(&format!("{}b", "a*".repeat(30)), &"a".repeat(2000)));
    }
}

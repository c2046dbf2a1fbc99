//! Text for people: standard output and standard error.

use std::io::{self, Write};

use crate::failure::Failure;

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::io)
}

/// Writes a line to standard error. If that fails there is nobody to tell.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// `text` without what could steer a terminal or turn the direction of reading: messages
/// and file names come from others.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(character.escape_unicode()),
            _ if character.is_control() => shown.extend(character.escape_debug()),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn control_characters_are_spelled_out_and_letters_are_not() {
        assert_eq!(printable("grün 日本 \"x\""), "grün 日本 \"x\"");
        assert_eq!(printable("\u{1b}[2Ja\nb\u{202e}"), "\\u{1b}[2Ja\\nb\\u{202e}");
    }
}

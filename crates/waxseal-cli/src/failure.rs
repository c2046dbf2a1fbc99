//! Failures: what is told, and the exit code that they end in.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use waxseal::format::FormatProblem;
use waxseal::{ErrorClass, MaterialsError, MessageError};
use waxseal_sign::SignError;

use crate::armor::NotBase64;
use crate::terminal::printable;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// A message, or the key for it, failed to verify or decrypt.
    NotVerified,
    Usage,
    InputOutput,
    KeyService,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NotVerified => 1,
            Self::Usage => 2,
            Self::InputOutput => 3,
            Self::KeyService => 4,
        }
    }

    /// Of several files' ends, the one that the run ends with.
    pub(crate) fn worse(self, other: Self) -> Self {
        const ORDER: [Exit; 4] = [Exit::NotVerified, Exit::KeyService, Exit::InputOutput, Exit::Usage];
        ORDER.into_iter().find(|exit| [self, other].contains(exit)).unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Which way a message goes: what is a caller's mistake when encrypting is, when decrypting,
/// a message that isn't acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Encrypt,
    Decrypt,
}

/// Why a command, or its work on one file, failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The file or key that it is about.
    subject: Option<String>,
    error: anyhow::Error,
    hint: Option<&'static str>,
}

impl Failure {
    fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, subject: None, error: error.into(), hint: None }
    }

    /// The caller's mistake, in words.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, anyhow::Error::msg(message.into()))
    }

    /// The caller's mistake, as another part found it.
    pub(crate) fn wrong_use(error: impl Into<anyhow::Error>) -> Self {
        Self::new(Exit::Usage, error)
    }

    pub(crate) fn io(error: io::Error) -> Self {
        Self::new(Exit::InputOutput, error)
    }

    /// A key service refused or failed.
    pub(crate) fn key_service(error: impl Into<anyhow::Error>) -> Self {
        Self::new(Exit::KeyService, error)
    }

    /// Signing or verifying failed.
    pub(crate) fn signature(error: SignError, direction: Direction) -> Self {
        let exit = match &error {
            error if error.is_invalid_signature() => Exit::NotVerified,
            SignError::Kms { .. } => Exit::KeyService,
            SignError::Io(_) | SignError::Tree { .. } => Exit::InputOutput,
            SignError::Crypto(_) => Exit::NotVerified,
            _ => Exit::Usage,
        };
        match error {
            SignError::Message(error) => Self::client(error, direction),
            SignError::Io(error) => Self::new(exit, error),
            error => Self::new(exit, error),
        }
    }

    /// A signature is for something else.
    pub(crate) fn invalid(why: &str) -> Self {
        Self::new(Exit::NotVerified, anyhow::Error::msg(format!("invalid signature: {why}")))
    }

    /// A directory tree is not as its signature says, or not known to be.
    pub(crate) fn different(exit: Exit, lines: &[String]) -> Self {
        let count = lines.len();
        let text =
            format!("{count} of its files are not as signed, or not known to be:\n  {}", lines.join("\n  "));
        Self::new(exit, anyhow::Error::msg(text))
    }

    /// There was no randomness.
    pub(crate) fn randomness(error: waxseal::crypto::CryptoError) -> Self {
        Self::client(MessageError::from(error).into(), Direction::Encrypt)
    }

    /// Writing to an output failed.
    pub(crate) fn output(error: io::Error) -> Self {
        Self::new(Exit::InputOutput, anyhow::Error::new(error).context("cannot write the output"))
    }

    /// The input is not a whole message.
    pub(crate) fn message(error: MessageError) -> Self {
        Self::client(error.into(), Direction::Decrypt)
    }

    pub(crate) fn client(error: waxseal::Error, direction: Direction) -> Self {
        let error = innermost(error);
        let (exit, hint) = (exit_of(&error, direction), hint_for(&error));
        let failure = match error {
            waxseal::Error::Io(error) => Self::new(exit, error),
            other => Self::new(exit, other),
        };
        Self { hint, ..failure }
    }

    /// The same, with a word on what to do.
    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// The same, about this file or key.
    pub(crate) fn about(mut self, subject: impl Display) -> Self {
        self.subject.get_or_insert_with(|| subject.to_string());
        self
    }

    /// Says it on standard error: one line, then causes.
    pub(crate) fn report(&self) {
        if let Some(text) = self.text() {
            crate::terminal::say(&text);
        }
    }

    /// What is said; nothing when the reader of standard output has gone, who knows already.
    pub(crate) fn text(&self) -> Option<String> {
        let io = self.error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return None;
        }
        let subject = self.subject.iter().map(|subject| format!("{}: ", printable(subject)));
        let mut text = format!("waxseal: {}{}", subject.collect::<String>(), self.error);
        for cause in self.error.chain().skip(1).map(ToString::to_string) {
            // Many errors repeat their cause in their own text.
            if !text.contains(&cause) {
                text.push_str(&format!("\n  because: {cause}"));
            }
        }
        text.extend(self.hint.iter().map(|hint| format!("\n  hint: {hint}")));
        Some(text)
    }
}

/// The client's error that streams carry inside an input or output error.
fn innermost(error: waxseal::Error) -> waxseal::Error {
    match error {
        waxseal::Error::Io(error) => match error.downcast::<waxseal::Error>() {
            Ok(inner) => innermost(inner),
            Err(error) => waxseal::Error::Io(error),
        },
        other => other,
    }
}

fn exit_of(error: &waxseal::Error, direction: Direction) -> Exit {
    match (error.class(), direction) {
        (ErrorClass::Io, _) if is_not_base64(error) => Exit::NotVerified,
        (ErrorClass::Io, _) => Exit::InputOutput,
        (ErrorClass::KeyService, _) => Exit::KeyService,
        (ErrorClass::Usage, _) => Exit::Usage,
        (ErrorClass::Crypto, _) | (_, Direction::Decrypt) => Exit::NotVerified,
        (_, Direction::Encrypt) => Exit::Usage,
    }
}

fn hint_for(error: &waxseal::Error) -> Option<&'static str> {
    let waxseal::Error::Message(message) = error else {
        return is_not_base64(error).then_some("leave --armor away for a message that is not base64 text");
    };
    match message {
        MessageError::Format(error) if error.problem == FormatProblem::Base64 => {
            Some("--armor reads base64 text")
        }
        MessageError::Limit { what, .. } if what.starts_with("frame length") => {
            Some("--max-frame-length raises the limit; a frame is held in memory")
        }
        MessageError::Limit { what, .. } if what.starts_with("unframed") => {
            Some("--max-unframed-length raises the limit; the body is held in memory")
        }
        MessageError::Materials(MaterialsError::CommitmentPolicy { .. }) => {
            Some("--commitment-policy chooses another policy")
        }
        _ => None,
    }
}

fn is_not_base64(error: &waxseal::Error) -> bool {
    match error {
        waxseal::Error::Io(error) => error.get_ref().is_some_and(|inner| inner.is::<NotBase64>()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_end_wins_whatever_the_order() {
        let ends = [Exit::Done, Exit::Usage, Exit::InputOutput, Exit::KeyService, Exit::NotVerified];
        for (rank, end) in ends.into_iter().enumerate() {
            for other in ends.into_iter().take(rank + 1) {
                assert_eq!(end.worse(other), end);
                assert_eq!(other.worse(end), end);
            }
        }
    }

    #[test]
    fn a_streams_error_is_classed_by_what_is_inside_it() {
        let inside = io::Error::from(waxseal::Error::from(MessageError::BodyTag));
        let failure = Failure::client(waxseal::Error::Io(inside), Direction::Decrypt);
        assert_eq!(failure.exit, Exit::NotVerified);
        assert_eq!(failure.about("a").text().unwrap(), "waxseal: a: the body did not verify");
    }

    #[test]
    fn a_reader_that_went_away_is_not_told_of() {
        assert_eq!(Failure::io(io::ErrorKind::BrokenPipe.into()).text(), None);
        assert!(Failure::io(io::ErrorKind::NotFound.into()).text().is_some());
    }

    #[test]
    fn what_a_caller_got_wrong_when_encrypting_is_usage() {
        let error = || waxseal::MaterialsError::ReservedContextKey("aws-crypto-x".into()).into();
        assert_eq!(Failure::client(error(), Direction::Encrypt).exit, Exit::Usage);
        assert_eq!(Failure::client(error(), Direction::Decrypt).exit, Exit::NotVerified);
    }

    #[test]
    fn what_a_key_service_refuses_has_a_code_of_its_own() {
        use waxseal::{KeyFailure, KeyFailureReason};
        for reason in [KeyFailureReason::Denied, KeyFailureReason::Unreachable, KeyFailureReason::Throttled] {
            let error = || waxseal::MaterialsError::Wrap(KeyFailure::new("arn:k", reason)).into();
            assert_eq!(Failure::client(error(), Direction::Encrypt).exit, Exit::KeyService);
            assert_eq!(Failure::client(error(), Direction::Decrypt).exit, Exit::KeyService);
        }
        let not_mine = KeyFailure::new("arn:k", KeyFailureReason::NotMine);
        let error = waxseal::MaterialsError::Wrap(not_mine).into();
        assert_eq!(Failure::client(error, Direction::Decrypt).exit, Exit::NotVerified);
    }
}

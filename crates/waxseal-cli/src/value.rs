//! Values of options, from text.

use std::time::Duration;

use waxseal::materials::RESERVED_CONTEXT_PREFIX;
use waxseal::{AlgorithmSuite, CommitmentPolicy, EncryptionContext};

use crate::failure::Failure;

/// One `--context` pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContextPair {
    key: String,
    value: String,
}

/// `key=value`, split at the first `=`.
pub(crate) fn context_pair(text: &str) -> Result<ContextPair, String> {
    let (key, value) = text.split_once('=').ok_or("expected key=value")?;
    if key.is_empty() {
        return Err("the key is empty".into());
    }
    if key.starts_with(RESERVED_CONTEXT_PREFIX) {
        return Err(format!("keys that start with {RESERVED_CONTEXT_PREFIX:?} belong to the format"));
    }
    Ok(ContextPair { key: key.to_owned(), value: value.to_owned() })
}

/// The context of all pairs; a key that is given twice is refused.
pub(crate) fn encryption_context(pairs: &[ContextPair]) -> Result<EncryptionContext, Failure> {
    let mut context = EncryptionContext::new();
    for ContextPair { key, value } in pairs {
        if context.insert(key.clone(), value.clone()).is_some() {
            return Err(Failure::usage(format!("the context key {key:?} is given twice")));
        }
    }
    Ok(context)
}

/// Bytes: a number, or one with K, M or G (powers of 1024) behind it.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (text.get(..text.len().saturating_sub(1)), 10),
        Some(b'M' | b'm') => (text.get(..text.len().saturating_sub(1)), 20),
        Some(b'G' | b'g') => (text.get(..text.len().saturating_sub(1)), 30),
        _ => (Some(text), 0),
    };
    let number: Option<u64> = digits.and_then(|digits| digits.parse().ok());
    number
        .and_then(|number| number.checked_mul(1_u64.checked_shl(shift)?))
        .ok_or_else(|| "expected a number of bytes, as in 4096, 64K, 1M or 1G".into())
}

/// A size of 1 to 4,294,967,295 bytes.
pub(crate) fn frame_size(text: &str) -> Result<u32, String> {
    let bytes = u32::try_from(size(text)?).ok().filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "a frame has 1 to 4294967295 bytes".into())
}

/// A time of at least a second: a number of seconds, or one with s, m or h behind it.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let (digits, seconds) = match text.as_bytes().last() {
        Some(b's') => (text.strip_suffix('s'), 1),
        Some(b'm') => (text.strip_suffix('m'), 60),
        Some(b'h') => (text.strip_suffix('h'), 3600),
        _ => (Some(text), 1),
    };
    let number: Option<u64> = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number > 0);
    number
        .and_then(|number| number.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "expected a time of a second or more, as in 90, 90s, 10m or 1h".into())
}

/// A suite, by name or id.
pub(crate) fn suite(text: &str) -> Result<&'static AlgorithmSuite, String> {
    AlgorithmSuite::from_name(text).ok_or_else(|| {
        let names = AlgorithmSuite::ALL.iter().map(|suite| format!("\n  0x{:04x}  {}", suite.id, suite.name));
        format!("the suites are{}", names.collect::<String>())
    })
}

/// A commitment policy, by name.
pub(crate) fn commitment_policy(text: &str) -> Result<CommitmentPolicy, String> {
    CommitmentPolicy::from_name(text).ok_or_else(|| {
        let names = CommitmentPolicy::ALL.map(|policy| policy.to_string());
        format!("the policies are {}", names.join(", "))
    })
}

/// A raw key's namespace or name, in a form that a key file can hold.
pub(crate) fn key_name(text: &str) -> Result<String, String> {
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return Err("a name has no control characters, no space around it, and is not empty".into());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_split_at_the_first_equals_sign() {
        let pair = context_pair("a=b=c").unwrap();
        assert_eq!((pair.key.as_str(), pair.value.as_str()), ("a", "b=c"));
        assert_eq!(context_pair("a=").unwrap().value, "");
        for wrong in ["a", "=b", "", "aws-crypto-public-key=x"] {
            assert!(context_pair(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        let pairs = ["a=1", "b=1", "a=1"].map(|text| context_pair(text).unwrap());
        assert!(encryption_context(&pairs).is_err());
        assert_eq!(encryption_context(&pairs[..2]).unwrap().len(), 2);
    }

    #[test]
    fn sizes_have_units_and_limits() {
        assert_eq!(size("4096"), Ok(4096));
        assert_eq!(size("64K"), Ok(65_536));
        assert_eq!(size("3m"), Ok(3 << 20));
        assert_eq!(size("1G"), Ok(1 << 30));
        for wrong in ["", "K", "-1", "1T", "1.5M", "99999999999999999G", "é"] {
            assert!(size(wrong).is_err(), "{wrong:?}");
        }
        assert!(frame_size("0").is_err());
        assert!(frame_size("4G").is_err());
        assert_eq!(frame_size("4294967295"), Ok(u32::MAX));
    }

    #[test]
    fn ages_have_units_and_are_not_zero() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200)] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)));
        }
        for wrong in ["", "0", "0m", "m", "1d", "-1", "1.5", "99999999999999999h"] {
            assert!(age(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn suites_and_policies_are_found_by_name() {
        assert_eq!(suite("0x0478").unwrap().id, 0x0478);
        assert!(suite("0x9999").unwrap_err().contains("0x0578"));
        assert!(commitment_policy("require-encrypt-allow-decrypt").is_ok());
        assert!(commitment_policy("none").is_err());
    }
}

//! Who signed a request: AWS Signature Version 4, verified.
//!
//! Source: AWS IAM User Guide, "Create a signed AWS API request". A request's path is `/` and
//! its query is empty: `exchange` takes no other.

use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};
use zeroize::Zeroizing;

use crate::{Caller, LocalKms, ServiceError};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const SERVICE: &str = "kms";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// Headers that decide what a request does and when: whoever could change them unnoticed
/// could make another call of it.
const MUST_BE_SIGNED: [&str; 3] = ["host", DATE, "x-amz-target"];

/// How far a request's date may be from the server's.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);
const DATE_FORMAT: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// The caller whose access key signed the request.
///
/// # Errors
/// AWS's own for what is missing, wrong, outdated or not known.
pub(super) fn caller(
    head: &Parts,
    body: &[u8],
    kms: &LocalKms,
    now: SystemTime,
) -> Result<Caller, ServiceError> {
    let header = head.headers.get(AUTHORIZATION).ok_or_else(missing_token)?;
    let authorization = header.to_str().map_err(|_| incomplete("The Authorization header is not text."))?;
    let authorization = Authorization::parse(authorization)?;
    let date = date(&head.headers)?;
    authorization.check_scope(date)?;
    check_skew(date, now.into())?;
    check_signed(&authorization.signed_headers)?;
    let key = kms.access_key(authorization.access_key_id).ok_or_else(unknown_key)?;
    if head.headers.contains_key(TOKEN) {
        return Err(unknown_key());
    }
    authorization.verify(head, body, key.secret.expose())?;
    Ok(Caller::new(key.principal, authorization.region))
}

/// The id of the access key that a request says it is signed with, if it says one. Nothing is verified.
pub(super) fn claimed_access_key_id(head: &Parts) -> Option<&str> {
    let header = head.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (_, credential) = header.strip_prefix(ALGORITHM)?.split_once("Credential=")?;
    // Without the rest of a scope it may be anything, a secret too.
    let [id, ..] = scope(credential.split(',').next()?).ok()?;
    id.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(id)
}

/// The parts of an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
struct Authorization<'a> {
    access_key_id: &'a str,
    day: &'a str,
    region: &'a str,
    service: &'a str,
    terminator: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, ServiceError> {
        let parameters = header.strip_prefix(ALGORITHM).unwrap_or_default();
        let find = |name: &str| {
            let mut pairs = parameters.split(',').filter_map(|pair| pair.trim().split_once('='));
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        let (Some(credential), Some(signed_headers), Some(signature)) =
            (find("Credential"), find("SignedHeaders"), find("Signature"))
        else {
            return Err(incomplete(&missing_parameters(find)));
        };
        let [access_key_id, day, region, service, terminator] = scope(credential)?;
        let signed_headers = signed_headers.split(';').collect();
        Ok(Self { access_key_id, day, region, service, terminator, signed_headers, signature })
    }

    fn check_scope(&self, date: OffsetDateTime) -> Result<(), ServiceError> {
        let is_region = |text: &str| {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (1..=32).contains(&text.len()) && text.bytes().all(is_plain)
        };
        let date = text(date);
        if self.terminator != TERMINATOR {
            return Err(invalid(&format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'.",
                self.terminator
            )));
        }
        if self.service != SERVICE {
            return Err(invalid(&format!("Credential should be scoped to correct service: '{SERVICE}'.")));
        }
        if !is_region(self.region) {
            return Err(invalid("Credential should be scoped to a valid region."));
        }
        self.check_day(&date)
    }

    fn check_day(&self, date: &str) -> Result<(), ServiceError> {
        let day = date.get(..8).unwrap_or_default();
        if self.day != day {
            return Err(invalid(&format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{}' != '{day}', from '{date}'.",
                self.day
            )));
        }
        Ok(())
    }

    /// Compares in constant time.
    fn verify(&self, head: &Parts, body: &[u8], secret: &[u8]) -> Result<(), ServiceError> {
        let canonical = self.canonical_request(head, body).ok_or_else(mismatch)?;
        let mut signature = [0; 32];
        hex::decode_to_slice(self.signature, &mut signature).map_err(|_| mismatch())?;
        let date = head.headers.get(DATE).and_then(|date| date.to_str().ok()).unwrap_or_default();
        let to_sign = format!(
            "{ALGORITHM}\n{date}\n{}/{}/{}/{}\n{}",
            self.day, self.region, self.service, self.terminator, canonical
        );
        hmac::verify(&self.signing_key(secret), to_sign.as_bytes(), &signature).map_err(|_| mismatch())
    }

    /// The SHA-256 of the canonical request; `None` if a signed header is not there.
    fn canonical_request(&self, head: &Parts, body: &[u8]) -> Option<String> {
        let mut canonical = digest::Context::new(&SHA256);
        canonical.update(head.method.as_str().as_bytes());
        canonical.update(b"\n/\n\n");
        for name in &self.signed_headers {
            canonical.update(name.as_bytes());
            canonical.update(b":");
            canonical.update(&canonical_value(&head.headers, name)?);
            canonical.update(b"\n");
        }
        canonical.update(b"\n");
        canonical.update(self.signed_headers.join(";").as_bytes());
        canonical.update(b"\n");
        canonical.update(hex::encode(digest::digest(&SHA256, body)).as_bytes());
        Some(hex::encode(canonical.finish()))
    }

    fn signing_key(&self, secret: &[u8]) -> hmac::Key {
        let start = Zeroizing::new([b"AWS4", secret].concat());
        let key = hmac::Key::new(HMAC_SHA256, &start);
        [self.day, self.region, self.service, self.terminator]
            .into_iter()
            .fold(key, |key, part| hmac::Key::new(HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref()))
    }
}

/// `ID/DAY/REGION/SERVICE/TERMINATOR`.
fn scope(credential: &str) -> Result<[&str; 5], ServiceError> {
    let parts: Vec<&str> = credential.split('/').collect();
    parts.try_into().map_err(|_| {
        incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        )
    })
}

fn missing_parameters<'a>(find: impl Fn(&str) -> Option<&'a str>) -> String {
    let missing =
        ["Credential", "Signature", "SignedHeaders"].into_iter().filter(|name| find(name).is_none());
    let sentences = missing.map(|name| format!("Authorization header requires '{name}' parameter."));
    sentences.collect::<Vec<_>>().join(" ")
}

/// All values of a header, joined by commas, with single spaces.
fn canonical_value(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let mut values = headers.get_all(name).iter().map(|value| {
        let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(&b' ')
    });
    let first = values.next()?;
    Some(values.fold(first, |joined, value| [joined, value].join(&b',')))
}

fn date(headers: &HeaderMap) -> Result<OffsetDateTime, ServiceError> {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok()).ok_or_else(|| {
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let parsed = PrimitiveDateTime::parse(date, DATE_FORMAT);
    parsed.map(PrimitiveDateTime::assume_utc).map_err(|_| {
        incomplete(&format!(
            "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        ))
    })
}

fn check_skew(date: OffsetDateTime, now: OffsetDateTime) -> Result<(), ServiceError> {
    let (earliest, latest) = (now.saturating_sub(skew()), now.saturating_add(skew()));
    let [shown, now, earliest_text, latest_text] = [date, now, earliest, latest].map(text);
    if date < earliest {
        let message =
            format!("Signature expired: {shown} is now earlier than {earliest_text} ({now} - 5 min.)");
        return Err(invalid(&message));
    }
    if date > latest {
        let message =
            format!("Signature not yet current: {shown} is still later than {latest_text} ({now} + 5 min.)");
        return Err(invalid(&message));
    }
    Ok(())
}

fn skew() -> time::Duration {
    time::Duration::try_from(MAX_SKEW).unwrap_or_default()
}

fn text(date: OffsetDateTime) -> String {
    // Only a year that the format has no digits for fails.
    date.format(DATE_FORMAT).unwrap_or_default()
}

fn check_signed(signed: &[&str]) -> Result<(), ServiceError> {
    if !signed.is_sorted_by(|one, next| one < next) {
        return Err(incomplete("SignedHeaders must be sorted, each header once."));
    }
    match MUST_BE_SIGNED.into_iter().find(|name| !signed.contains(name)) {
        Some(name) => Err(invalid(&format!("'{name}' must be a 'SignedHeader' in the AWS Authorization."))),
        None => Ok(()),
    }
}

// KMS answers all of these with 400, as its sibling services of this protocol do.

fn missing_token() -> ServiceError {
    ServiceError::new("MissingAuthenticationTokenException", "Missing Authentication Token")
}

fn unknown_key() -> ServiceError {
    ServiceError::new("UnrecognizedClientException", "The security token included in the request is invalid.")
}

fn mismatch() -> ServiceError {
    invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.",
    )
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new("InvalidSignatureException", message)
}

fn incomplete(message: &str) -> ServiceError {
    ServiceError::new("IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    const SECRET: &[u8] = b"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn verify(method: &str, signature: &str) -> Result<(), ServiceError> {
        let request = Request::builder().method(method).uri("/").header("host", "example.amazonaws.com");
        let (head, ()) = request.header(DATE, "20150830T123600Z").body(()).unwrap().into_parts();
        let header = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        Authorization::parse(&header).unwrap().verify(&head, b"", SECRET)
    }

    /// `get-vanilla` and `post-vanilla` of AWS's own test suite for signers.
    #[test]
    fn known_signatures_verify() {
        let get = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
        assert_eq!(verify("GET", get), Ok(()));
        assert_eq!(verify("POST", post), Ok(()));
        assert_eq!(verify("POST", get), Err(mismatch()));
        assert_eq!(verify("GET", &get[..62]), Err(mismatch()));
    }
}

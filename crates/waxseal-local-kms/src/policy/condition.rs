//! Conditions of a statement. Operators and keys that are not known here are refused, since a
//! Deny that is passed over would be an Allow.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs.
//! multivalued context keys"; AWS KMS Developer Guide, "AWS KMS condition keys".

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::decide::Question;
use super::document::{Effect, malformed, texts};
use super::glob;
use crate::ServiceError;

const CONTEXT_PREFIX: &str = "kms:encryptioncontext:";
const CONTEXT_KEYS: &str = "kms:encryptioncontextkeys";

/// Facts of a call that conditions can ask for, in lower case.
const KNOWN_KEYS: &[&str] = &[
    CONTEXT_KEYS,
    "aws:principalaccount",
    "aws:principalarn",
    "aws:requestedregion",
    "kms:calleraccount",
    "kms:encryptionalgorithm",
    "kms:granteeprincipal",
    "kms:grantoperations",
    "kms:keyagreementalgorithm",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:multiregion",
    "kms:requestalias",
    "kms:signingalgorithm",
];

/// One comparison.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    quantifier: Quantifier,
    test: Test,
    negated: bool,
    if_exists: bool,
    /// In lower case.
    key: String,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    None,
    AnyValue,
    AllValues,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Null,
}

impl Condition {
    /// Reads the conditions of a statement.
    pub(super) fn parse_all(operators: Map<String, Value>) -> Result<Vec<Self>, ServiceError> {
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let Value::Object(keys) = keys else {
                return Err(malformed(format!("{operator} must name condition keys")));
            };
            for (key, values) in keys {
                conditions.push(Self::parse(&operator, &key, values)?);
            }
        }
        Ok(conditions)
    }

    fn parse(operator: &str, key: &str, values: Value) -> Result<Self, ServiceError> {
        let unknown = || malformed(format!("the condition operator {operator} is left out"));
        let (quantifier, rest) = quantifier(operator);
        let (rest, if_exists) = match rest.strip_suffix("IfExists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (test, negated) = test(rest).ok_or_else(unknown)?;
        if test == Test::Null && (quantifier != Quantifier::None || if_exists) {
            return Err(unknown());
        }
        let key = known_key(key)?;
        let mut values = texts(values, "a condition's value")?;
        if test == Test::Null {
            values = values.into_iter().map(null_value).collect::<Result<_, _>>()?;
        }
        Ok(Self { quantifier, test, negated, if_exists, key, values })
    }

    /// Whether it holds for this call. Where a name has several values and no quantifier says
    /// what that means, an Allow wants all of them and a Deny one.
    pub(super) fn holds(&self, question: &Question<'_>, effect: Effect) -> bool {
        let found = found(&self.key, question);
        if self.test == Test::Null {
            return self.values.iter().any(|value| (value == "true") == found.is_empty());
        }
        if found.is_empty() {
            return match self.quantifier {
                Quantifier::None => self.if_exists || self.negated,
                Quantifier::AnyValue => self.if_exists,
                Quantifier::AllValues => true,
            };
        }
        let mut found = found.iter();
        match (self.quantifier, effect) {
            (Quantifier::AllValues, _) | (Quantifier::None, Effect::Allow) => {
                found.all(|value| self.fits(value))
            }
            _ => found.any(|value| self.fits(value)),
        }
    }

    fn fits(&self, found: &str) -> bool {
        let mut values = self.values.iter();
        self.negated
            != match self.test {
                Test::EqualsIgnoreCase => values.any(|value| value.eq_ignore_ascii_case(found)),
                Test::Like => values.any(|value| glob::matches(value, found)),
                Test::Equals | Test::Null => values.any(|value| value == found),
            }
    }
}

/// `Null` compares with `true` or `false`, in any case.
fn null_value(value: String) -> Result<String, ServiceError> {
    match value.to_ascii_lowercase() {
        value if value == "true" || value == "false" => Ok(value),
        _ => Err(malformed(format!("Null takes true or false, and not {value}"))),
    }
}

fn quantifier(operator: &str) -> (Quantifier, &str) {
    match operator.split_once(':') {
        Some(("ForAnyValue", rest)) => (Quantifier::AnyValue, rest),
        Some(("ForAllValues", rest)) => (Quantifier::AllValues, rest),
        _ => (Quantifier::None, operator),
    }
}

fn test(operator: &str) -> Option<(Test, bool)> {
    match operator {
        "StringEquals" => Some((Test::Equals, false)),
        "StringNotEquals" => Some((Test::Equals, true)),
        "StringEqualsIgnoreCase" => Some((Test::EqualsIgnoreCase, false)),
        "StringNotEqualsIgnoreCase" => Some((Test::EqualsIgnoreCase, true)),
        "StringLike" | "ArnLike" | "ArnEquals" => Some((Test::Like, false)),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Some((Test::Like, true)),
        "Null" => Some((Test::Null, false)),
        _ => None,
    }
}

/// Names of condition keys don't depend on case; nor does what follows `kms:EncryptionContext:`.
fn known_key(key: &str) -> Result<String, ServiceError> {
    let lower = key.to_lowercase();
    let known = lower.strip_prefix(CONTEXT_PREFIX).is_some_and(|rest| !rest.is_empty());
    if known || KNOWN_KEYS.contains(&lower.as_str()) {
        return Ok(lower);
    }
    Err(malformed(format!("the condition key {key} is left out")))
}

fn found<'a>(key: &str, question: &'a Question<'_>) -> Vec<Cow<'a, str>> {
    let pairs = question.context.iter().flat_map(|context| context.iter());
    if key == CONTEXT_KEYS {
        return pairs.map(|(name, _)| name.as_str().into()).collect();
    }
    if let Some(wanted) = key.strip_prefix(CONTEXT_PREFIX) {
        let named = pairs.filter(|(name, _)| name.to_lowercase() == wanted);
        return named.map(|(_, value)| value.as_str().into()).collect();
    }
    question.facts(key)
}

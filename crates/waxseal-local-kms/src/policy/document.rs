//! Key policies are read whole or refused: nothing in them is passed over in silence.
//!
//! Source: AWS KMS Developer Guide, "Key policies"; IAM User Guide, "IAM JSON policy elements".

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::condition::Condition;
use crate::ServiceError;
use crate::wire::{Object, Unique};

/// AWS's limit of a key policy, in bytes.
const MAX_POLICY_LEN: usize = 32 * 1024;

/// A key policy, read.
#[derive(Debug, Clone)]
pub(crate) struct PolicyDocument {
    pub(crate) statements: Vec<Statement>,
}

/// One statement of it.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    /// ARNs, account ids, or `*`. Services are left out: none of them calls.
    pub(crate) principals: Vec<String>,
    /// In lower case.
    pub(crate) actions: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) conditions: Vec<Condition>,
}

/// What a statement does where it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawDocument {
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RawStatement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    principal: Value,
    action: Value,
    resource: Value,
    #[serde(default)]
    condition: Map<String, Value>,
}

/// What KMS gives a key that is made without a policy: all to the account.
pub(crate) fn default_policy(account: &str) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:aws:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

impl PolicyDocument {
    /// Reads a policy.
    ///
    /// # Errors
    /// `MalformedPolicyDocumentException`, which names what is unknown.
    pub(crate) fn parse(text: &str) -> Result<Self, ServiceError> {
        if text.len() > MAX_POLICY_LEN {
            return Err(ServiceError::new("LimitExceededException", "The policy is longer than 32 KiB."));
        }
        let Unique(document) = serde_json::from_str(text).map_err(malformed)?;
        let raw: RawDocument = object(document)?;
        match raw.version.as_deref() {
            None | Some("2012-10-17" | "2008-10-17") => {}
            Some(version) => return Err(malformed(format!("unknown Version {version}"))),
        }
        let statements = match raw.statement {
            Value::Array(statements) => statements,
            one => vec![one],
        };
        let statements: Result<Vec<_>, _> = statements.into_iter().map(statement).collect();
        match statements? {
            none if none.is_empty() => Err(malformed("there is no Statement")),
            statements => Ok(Self { statements }),
        }
    }
}

fn statement(value: Value) -> Result<Statement, ServiceError> {
    let raw: RawStatement = object(value)?;
    let actions = texts(raw.action, "Action")?;
    if let Some(foreign) = actions.iter().find(|action| !is_kms_action(action)) {
        return Err(malformed(format!("Action {foreign} is none of kms")));
    }
    Ok(Statement {
        effect: raw.effect,
        principals: principals(raw.principal)?,
        actions: actions.iter().map(|action| action.to_lowercase()).collect(),
        resources: texts(raw.resource, "Resource")?,
        conditions: Condition::parse_all(raw.condition)?,
    })
}

fn object<T: DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    let Object(raw) = serde_json::from_value(value).map_err(malformed)?;
    Ok(raw)
}

fn is_kms_action(action: &str) -> bool {
    action == "*" || action.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("kms:"))
}

fn principals(value: Value) -> Result<Vec<String>, ServiceError> {
    let kinds = match value {
        Value::String(any) if any == "*" => return Ok(vec![any]),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        _ => return Err(malformed("Principal must be \"*\" or name AWS principals")),
    };
    let mut principals = Vec::new();
    for (kind, names) in kinds {
        match kind.as_str() {
            "AWS" => principals.extend(texts(names, "Principal")?),
            "Service" => drop(texts(names, "Principal")?),
            _ => return Err(malformed(format!("unknown kind of Principal {kind}"))),
        }
    }
    match principals.iter().find(|name| !is_principal(name)) {
        Some(name) => Err(malformed(format!("{name} is no principal"))),
        None => Ok(principals),
    }
}

fn is_principal(name: &str) -> bool {
    let account = name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit());
    let arn = name.starts_with("arn:aws") && !name.contains('*');
    name == "*" || account || arn
}

/// One text or a list of them.
pub(super) fn texts(value: Value, member: &str) -> Result<Vec<String>, ServiceError> {
    let values = match value {
        Value::Array(values) => values,
        one => vec![one],
    };
    let texts: Option<Vec<String>> = values.into_iter().map(text).collect();
    match texts {
        Some(texts) if texts.iter().any(|text| text.contains("${")) => {
            Err(malformed("policy variables are left out"))
        }
        Some(texts) if !texts.is_empty() => Ok(texts),
        _ => Err(malformed(format!("{member} must be a text or a list of them"))),
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

pub(super) fn malformed(what: impl ToString) -> ServiceError {
    ServiceError::new("MalformedPolicyDocumentException", what.to_string())
}

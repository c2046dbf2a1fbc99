//! Calls of the embedded KMS by its protocol, in process.

use serde_json::{Map, Value, json};
use waxseal_local_kms::{Caller, LocalKms};

use crate::failure::Failure;

/// Who calls, and in which region.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub(crate) struct CallerArgs {
    /// The region of keys and aliases [default: us-east-1]
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Option<String>,
    /// Who calls: an ARN, as key policies name it [default: the account's root]
    #[arg(long, value_name = "ARN")]
    pub(crate) principal: Option<String>,
}

impl CallerArgs {
    pub(crate) fn of(&self, kms: &LocalKms) -> Caller {
        let principal = self.principal.clone().unwrap_or_else(|| root_of(kms.account()));
        Caller::new(principal, self.region.as_deref().unwrap_or(kms.region()))
    }
}

fn root_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

/// A KMS, and who calls it.
pub(crate) struct Calls {
    kms: LocalKms,
    caller: Caller,
}

impl Calls {
    pub(crate) fn new(kms: LocalKms, caller: &CallerArgs) -> Self {
        let caller = caller.of(&kms);
        Self { kms, caller }
    }

    /// One call; operations that answer nothing give `null`.
    pub(crate) fn call(&self, operation: &str, request: &Value) -> Result<Value, Failure> {
        let reply = self.kms.call(&self.caller, operation, request.to_string().as_bytes());
        let reply = reply.map_err(Failure::key_service)?;
        match reply.expose() {
            [] => Ok(Value::Null),
            reply => serde_json::from_slice(reply).map_err(Failure::key_service),
        }
    }

    /// All of a list, page by page.
    pub(crate) fn list(&self, operation: &str, field: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        let mut request = Map::from_iter([("Limit".to_owned(), json!(100))]);
        loop {
            let mut reply = self.call(operation, &Value::Object(request.clone()))?;
            if let Some(Value::Array(page)) = reply.get_mut(field).map(Value::take) {
                all.extend(page);
            }
            match reply.get_mut("NextMarker").map(Value::take) {
                Some(marker @ Value::String(_)) => request.insert("Marker".to_owned(), marker),
                _ => return Ok(all),
            };
        }
    }

    /// What the KMS says of a key; nothing if the caller may not look at it.
    pub(crate) fn describe(&self, key: &str) -> Result<Option<Value>, Failure> {
        let request = json!({ "KeyId": key }).to_string();
        match self.kms.call(&self.caller, "DescribeKey", request.as_bytes()) {
            Err(error) if error.code == "AccessDeniedException" => Ok(None),
            Err(error) => Err(Failure::key_service(error).about(key)),
            Ok(reply) => {
                let reply: Value = serde_json::from_slice(reply.expose()).map_err(Failure::key_service)?;
                Ok(reply.get("KeyMetadata").cloned())
            }
        }
    }

    pub(crate) fn aliases(&self) -> Result<Vec<Value>, Failure> {
        self.list("ListAliases", "Aliases")
    }

    /// The id that an alias stands for, and any other name as it is: for operations that take no
    /// alias. Who may use a key need not be allowed to look at it, so it is not described.
    pub(crate) fn without_alias(&self, name: &str) -> Result<String, Failure> {
        let is_alias = |alias: &&Value| [text(alias, "AliasName"), text(alias, "AliasArn")].contains(&name);
        if !name.starts_with("alias/") && !name.contains(":alias/") {
            return Ok(name.to_owned());
        }
        let aliases = self.aliases()?;
        let found = aliases.iter().find(is_alias).ok_or_else(|| {
            Failure::usage("there is no such alias; `waxseal kms list` shows those there are").about(name)
        })?;
        Ok(text(found, "TargetKeyId").to_owned())
    }
}

/// A text of a reply.
pub(crate) fn text<'a>(reply: &'a Value, field: &str) -> &'a str {
    reply.get(field).and_then(Value::as_str).unwrap_or_default()
}

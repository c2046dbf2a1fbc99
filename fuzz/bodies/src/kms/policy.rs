//! Key policies of any bytes, and right ones with something changed. One that is taken is kept as it
//! came, and every call after it is decided; with a Deny of everything behind it, nothing is allowed.

use serde_json::{Value, json};
use waxseal_local_kms::LocalKms;

use super::{call, create_key, ok};
use crate::Choices;
use crate::edits::edited;

/// Policies with all that policies have.
const RIGHT: &[&str] = &[
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#,
    r#"{"Version":"2012-10-17","Id":"a","Statement":[{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":["arn:aws:iam::111122223333:user/alice","444455556666"]},"Action":["kms:Decrypt","kms:Generate*"],"Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:tenant":["8","9"]},"StringLike":{"kms:EncryptionContext:a":"x*?"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["a","tenant"]},"StringNotEqualsIfExists":{"kms:KeyUsage":"SIGN_VERIFY"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/?lice"},"StringEqualsIfExists":{"kms:MultiRegion":"false"},"Null":{"kms:MessageType":"true"}}}]}"#,
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"kms:Generate*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"kms:EncryptionContextKeys":["ten*"]},"StringNotLike":{"kms:EncryptionContext:tenant":"[1-6]"}}},{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:G*","kms:PutKeyPolicy"],"Resource":"arn:aws:kms:*"}]}"#,
];

/// One policy.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let kms = LocalKms::volatile();
    let key = create_key(&kms);
    let policy = match choices.below(4) {
        0 => choices.rest().to_vec(),
        _ => {
            let right = choices.pick(RIGHT).as_bytes().to_vec();
            edited(&mut choices, right, 4)
        }
    };
    let policy = String::from_utf8_lossy(&policy).into_owned();
    let before = ok(&kms, "GetKeyPolicy", &json!({"KeyId": key}))["Policy"].clone();
    let put = json!({"KeyId": key, "Policy": policy, "BypassPolicyLockoutSafetyCheck": true});
    let is_taken = call(&kms, "PutKeyPolicy", put.to_string().as_bytes()).is_ok();
    assert!(!is_taken || serde_json::from_str::<serde_json::Value>(&policy).is_ok(), "it is no JSON");
    let context = json!({"tenant": "7", "a": "xyz"});
    let generate = json!({"KeyId": key, "NumberOfBytes": 1, "EncryptionContext": context});
    let _ = call(&kms, "GenerateDataKey", generate.to_string().as_bytes());
    if is_taken {
        nothing_is_allowed_behind_a_deny(&kms, &policy, generate);
    }
    if let Ok(kept) = call(&kms, "GetKeyPolicy", json!({"KeyId": key}).to_string().as_bytes()) {
        assert_eq!(kept["Policy"], if is_taken { json!(policy) } else { before });
    }
}

/// A key with the policy and one statement more, which denies everyone everything.
fn nothing_is_allowed_behind_a_deny(kms: &LocalKms, policy: &str, mut generate: Value) {
    let mut policy: Value = serde_json::from_str(policy).unwrap();
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    match &mut policy["Statement"] {
        Value::Array(statements) => statements.push(deny),
        one => *one = json!([one, deny]),
    }
    let create = json!({"Policy": policy.to_string(), "BypassPolicyLockoutSafetyCheck": true});
    // With one statement more it may be too long, or have an id twice.
    let Ok(key) = call(kms, "CreateKey", create.to_string().as_bytes()) else { return };
    generate["KeyId"] = key["KeyMetadata"]["Arn"].clone();
    let refused = call(kms, "GenerateDataKey", generate.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused.code, "AccessDeniedException");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_ones_are_taken_and_their_conditions_decide() {
        let all = ["7", "8", "[1-6]"];
        for (policy, allowed) in RIGHT.iter().zip([&all[..], &["7", "[1-6]"], &["[1-6]"]]) {
            let kms = LocalKms::volatile();
            let key = create_key(&kms);
            let put = json!({"KeyId": key, "Policy": policy, "BypassPolicyLockoutSafetyCheck": true});
            ok(&kms, "PutKeyPolicy", &put);
            let generate = |tenant: &str| {
                let context = json!({"tenant": tenant, "a": "xyz"});
                let request = json!({"KeyId": key, "NumberOfBytes": 1, "EncryptionContext": context});
                call(&kms, "GenerateDataKey", request.to_string().as_bytes()).is_ok()
            };
            let found: Vec<_> = all.into_iter().filter(|tenant| generate(tenant)).collect();
            assert_eq!(found, allowed, "{policy}");
        }
    }
}

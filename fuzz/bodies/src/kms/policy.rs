//! Key policies of any bytes, and right ones with something changed. One that is taken is kept as it
//! came, and every call after it is decided.

use serde_json::json;
use waxseal_local_kms::LocalKms;

use super::{call, create_key, ok};
use crate::Choices;
use crate::edits::edited;

/// Policies with all that policies have.
const RIGHT: &[&str] = &[
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}"#,
    r#"{"Version":"2012-10-17","Id":"a","Statement":[{"Sid":"root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":["arn:aws:iam::111122223333:user/b","444455556666"]},"NotAction":["kms:Decrypt","kms:Generate*"],"Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:tenant":["7","8"]},"StringLike":{"kms:EncryptionContext:a":"x*?"},"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["a"]},"Bool":{"kms:GrantIsForAWSResource":"true"},"Null":{"kms:ViaService":"true"}}}]}"#,
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
    if let Ok(kept) = call(&kms, "GetKeyPolicy", json!({"KeyId": key}).to_string().as_bytes()) {
        assert_eq!(kept["Policy"], if is_taken { json!(policy) } else { before });
    }
}

//! Who may do what: policies, conditions, grants.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{call, code, create, ok, symmetric, text, user};
use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms};

const ROOT: &str = "arn:aws:iam::111122223333:root";

fn arn(name: &str) -> String {
    user(name).principal
}

/// A policy by which the account's `admin` manages the key, and these statements.
fn policy(statements: &[Value]) -> Value {
    let admin = json!({
        "Effect": "Allow",
        "Principal": {"AWS": arn("admin")},
        "Action": ["kms:Put*", "kms:Get*", "kms:CreateGrant", "kms:RevokeGrant", "kms:ListGrants", "kms:DescribeKey"],
        "Resource": "*",
    });
    let statements = [&[admin], statements].concat();
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allow(principal: &str, actions: Value) -> Value {
    json!({"Effect": "Allow", "Principal": {"AWS": arn(principal)}, "Action": actions, "Resource": "*"})
}

fn key_with(kms: &LocalKms, request: Value, statements: &[Value]) -> String {
    let mut request = request;
    request["Policy"] = json!(policy(statements).to_string());
    create(kms, &user("admin"), request)
}

fn denied(kms: &LocalKms, caller: &Caller, operation: &str, request: Value) {
    assert_eq!(code(kms, caller, operation, request), "AccessDeniedException", "{operation} of {caller:?}");
}

#[test]
fn one_may_sign_and_only_another_verify() {
    let kms = LocalKms::volatile();
    let statements = [allow("a", json!("kms:Sign")), allow("c", json!(["kms:Verify", "kms:GetPublicKey"]))];
    let key = key_with(&kms, json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}), &statements);
    let mut request = json!({"KeyId": key, "Message": "aGk=", "SigningAlgorithm": "ECDSA_SHA_256"});
    for name in ["b", "c", "admin"] {
        denied(&kms, &user(name), "Sign", request.clone());
    }
    request["Signature"] = ok(&kms, &user("a"), "Sign", request.clone())["Signature"].clone();
    for name in ["a", "b"] {
        denied(&kms, &user(name), "Verify", request.clone());
    }
    assert_eq!(ok(&kms, &user("c"), "Verify", request.clone())["SignatureValid"], true);
    let error = call(&kms, &user("b"), "Verify", request).unwrap_err();
    let wanted = format!(
        "User: {} is not authorized to perform: kms:Verify on resource: {key} because no resource-based \
         policy allows the kms:Verify action",
        arn("b")
    );
    assert_eq!((error.status, error.message), (400, wanted));
}

#[test]
fn one_may_encrypt_and_only_another_decrypt() {
    let kms = LocalKms::volatile();
    let statements = [
        allow("a", json!(["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncryptTo"])),
        allow("c", json!(["kms:Decrypt", "kms:ReEncryptFrom"])),
    ];
    let key = key_with(&kms, json!({}), &statements);
    let encrypt = json!({"KeyId": key, "Plaintext": "aGk="});
    let data_key = json!({"KeyId": key, "NumberOfBytes": 16});
    let sealed = ok(&kms, &user("a"), "Encrypt", encrypt.clone());
    ok(&kms, &user("a"), "GenerateDataKey", data_key.clone());
    ok(&kms, &user("a"), "GenerateDataKeyWithoutPlaintext", data_key.clone());
    let decrypt = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    ok(&kms, &user("c"), "Decrypt", decrypt.clone());
    let again = json!({"CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": key});
    for name in ["a", "b", "c"] {
        denied(&kms, &user(name), "ReEncrypt", again.clone());
    }
    for name in ["b", "c"] {
        denied(&kms, &user(name), "Encrypt", encrypt.clone());
        denied(&kms, &user(name), "GenerateDataKey", data_key.clone());
    }
    for name in ["a", "b"] {
        denied(&kms, &user(name), "Decrypt", decrypt.clone());
    }
    let other = symmetric(&kms);
    let out = json!({"CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": other});
    ok(&kms, &user("c"), "ReEncrypt", out);
}

#[test]
fn a_deny_wins_over_every_allow() {
    let kms = LocalKms::volatile();
    let everyone = json!({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"});
    let deny = json!({
        "Effect": "Deny", "Principal": {"AWS": arn("b")}, "Action": ["kms:decrypt", "kms:CreateGrant"], "Resource": "*"
    });
    let key = key_with(&kms, json!({}), &[everyone, deny]);
    let sealed = ok(&kms, &user("b"), "Encrypt", json!({"KeyId": key, "Plaintext": "aGk="}));
    let decrypt = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    ok(&kms, &user("a"), "Decrypt", decrypt.clone());
    let grant = json!({"KeyId": key, "GranteePrincipal": arn("b"), "Operations": ["Decrypt"]});
    ok(&kms, &user("a"), "CreateGrant", grant);
    let error = call(&kms, &user("b"), "Decrypt", decrypt).unwrap_err();
    assert_eq!(error.code, "AccessDeniedException");
    assert!(error.message.ends_with("with an explicit deny in a resource-based policy"), "{error}");
}

#[test]
fn conditions_ask_for_the_encryption_context() {
    let kms = LocalKms::volatile();
    let conditioned = |operator: &str, key: &str, value: Value| {
        let mut statement = allow("a", json!("kms:Encrypt"));
        statement["Condition"] = json!({operator: {key: value}});
        key_with(&kms, json!({}), &[statement])
    };
    let may = |key: &str, context: Value| {
        let request = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": context});
        match call(&kms, &user("a"), "Encrypt", request) {
            Ok(_) => true,
            Err(error) if error.code == "AccessDeniedException" => false,
            Err(other) => panic!("{other}"),
        }
    };
    let tenant = "kms:EncryptionContext:tenant";
    let key = conditioned("StringEquals", tenant, json!(["7", "8"]));
    assert!(may(&key, json!({"tenant": "7"})) && may(&key, json!({"tenant": "8", "x": ""})));
    assert!(!may(&key, json!({"tenant": "9"})) && !may(&key, json!({})) && !may(&key, json!({"x": "7"})));
    let key = conditioned("StringLike", tenant, json!("eu-*"));
    assert!(may(&key, json!({"tenant": "eu-1"})) && !may(&key, json!({"tenant": "us-1"})));
    let key = conditioned("StringEqualsIgnoreCase", tenant, json!("Blue"));
    assert!(may(&key, json!({"tenant": "bLUE"})) && !may(&key, json!({"tenant": "red"})));
    let key = conditioned("StringNotEquals", tenant, json!("7"));
    assert!(may(&key, json!({"tenant": "8"})) && may(&key, json!({})) && !may(&key, json!({"tenant": "7"})));
    let key = conditioned("StringEqualsIfExists", tenant, json!("7"));
    assert!(may(&key, json!({})) && !may(&key, json!({"tenant": "8"})));
    let key = conditioned("Null", tenant, json!("false"));
    assert!(may(&key, json!({"tenant": ""})) && !may(&key, json!({})));
    let key = conditioned("Null", tenant, json!("True"));
    assert!(!may(&key, json!({"tenant": ""})) && may(&key, json!({})));
    let key = conditioned("ForAnyValue:StringEquals", "kms:EncryptionContextKeys", json!(["tenant", "user"]));
    assert!(
        may(&key, json!({"user": "1", "x": ""})) && !may(&key, json!({"User": "1"})) && !may(&key, json!({}))
    );
    let key =
        conditioned("ForAllValues:StringEquals", "kms:EncryptionContextKeys", json!(["tenant", "user"]));
    assert!(
        may(&key, json!({"user": "1"})) && may(&key, json!({})) && !may(&key, json!({"user": "", "x": ""}))
    );
}

#[test]
fn a_deny_can_have_a_condition() {
    let kms = LocalKms::volatile();
    let mut deny = allow("a", json!("kms:*"));
    deny["Effect"] = json!("Deny");
    deny["Condition"] = json!({"StringNotEquals": {"kms:EncryptionContext:tenant": "7"}});
    let key = key_with(&kms, json!({}), &[allow("a", json!("kms:Encrypt")), deny]);
    let request = |context: Value| json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": context});
    ok(&kms, &user("a"), "Encrypt", request(json!({"tenant": "7"})));
    denied(&kms, &user("a"), "Encrypt", request(json!({"tenant": "8"})));
    denied(&kms, &user("a"), "Encrypt", request(json!({})));
}

#[test]
fn principals_of_other_accounts_and_roles_are_named() {
    let kms = LocalKms::volatile();
    let named = |principal: &str| json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Encrypt", "Resource": "*"});
    let statements = [
        named("arn:aws:iam::999988887777:user/x"),
        named("arn:aws:iam::111122223333:role/Job"),
        named("222233334444"),
    ];
    let key = key_with(&kms, json!({}), &statements);
    let request = json!({"KeyId": key, "Plaintext": "aGk="});
    for principal in [
        "arn:aws:iam::999988887777:user/x",
        "arn:aws:sts::111122223333:assumed-role/Job/session",
        "arn:aws:iam::222233334444:user/anyone",
    ] {
        ok(&kms, &Caller::new(principal, "eu-west-1"), "Encrypt", request.clone());
    }
    for principal in
        ["arn:aws:iam::999988887777:user/y", "arn:aws:sts::111122223333:assumed-role/Other/s", "nobody"]
    {
        let caller = Caller::new(principal, "eu-west-1");
        denied(&kms, &caller, "Encrypt", request.clone());
        if principal != "arn:aws:sts::111122223333:assumed-role/Other/s" {
            denied(&kms, &caller, "CreateKey", json!({}));
            denied(&kms, &caller, "ListKeys", json!({}));
        }
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let kms = LocalKms::volatile();
    let good = allow("a", json!("kms:Encrypt"));
    let with = |member: &str, value: Value| {
        let mut statement = good.clone();
        statement[member] = value;
        statement
    };
    let mut not_principal = with("NotPrincipal", json!("*"));
    not_principal.as_object_mut().unwrap().remove("Principal");
    let mut not_action = with("NotAction", json!("kms:Decrypt"));
    not_action.as_object_mut().unwrap().remove("Action");
    for statement in [
        not_principal,
        not_action,
        with("NotResource", json!("*")),
        with("Extra", json!("")),
        with("Effect", json!("Maybe")),
        with("Action", json!("s3:GetObject")),
        with("Action", json!([])),
        with("Principal", json!("arn:aws:iam::111122223333:user/a")),
        with("Principal", json!({"AWS": "alice"})),
        with("Principal", json!({"Federated": "x"})),
        with("Condition", json!({"Bool": {"kms:GrantIsForAWSResource": "true"}})),
        with("Condition", json!({"StringEquals": {"aws:SourceIp": "1.2.3.4"}})),
        with("Condition", json!({"StringEquals": {"kms:EncryptionContext:a": "${aws:username}"}})),
        with("Condition", json!({"StringEquals": "x"})),
        with("Condition", json!({"Null": {"kms:EncryptionContext:a": "yes"}})),
        with("Condition", json!({"Null": {"kms:EncryptionContext:a": ""}})),
        json!([null, "Allow", "*", "kms:*", "*", {}]),
        with("Condition", json!({"ForSomeValue:StringEquals": {"kms:EncryptionContextKeys": "a"}})),
    ] {
        let request = json!({"Policy": policy(std::slice::from_ref(&statement)).to_string()});
        let got = code(&kms, &user("admin"), "CreateKey", request);
        assert_eq!(got, "MalformedPolicyDocumentException", "{statement}");
    }
    for text in ["", "{}", "[]", "{\"Statement\": []}", "{\"Version\": \"2020-01-01\", \"Statement\": []}"] {
        let request = json!({"Policy": text});
        assert_eq!(code(&kms, &user("admin"), "CreateKey", request), "MalformedPolicyDocumentException");
    }
}

#[test]
fn no_policy_locks_its_author_out_unless_told_so() {
    let kms = LocalKms::volatile();
    let key = key_with(&kms, json!({}), &[]);
    let locked = json!({"Version": "2012-10-17", "Statement": [allow("b", json!("kms:*"))]}).to_string();
    let mut request = json!({"KeyId": key, "PolicyName": "default", "Policy": locked});
    let put = |request: &Value| call(&kms, &user("admin"), "PutKeyPolicy", request.clone());
    assert_eq!(put(&request).unwrap_err().code, "MalformedPolicyDocumentException");
    request["BypassPolicyLockoutSafetyCheck"] = json!(true);
    put(&request).unwrap();
    assert_eq!(put(&request).unwrap_err().code, "AccessDeniedException");
    let read = ok(&kms, &user("b"), "GetKeyPolicy", json!({"KeyId": key}));
    assert_eq!((&read["Policy"], &read["PolicyName"]), (&json!(locked), &json!("default")));
    let names = ok(&kms, &user("b"), "ListKeyPolicies", json!({"KeyId": key}));
    assert_eq!(names, json!({"PolicyNames": ["default"], "Truncated": false}));
}

fn grant(kms: &LocalKms, caller: &Caller, key: &str, request: Value) -> Value {
    let mut request = request;
    request["KeyId"] = json!(key);
    ok(kms, caller, "CreateGrant", request)
}

#[test]
fn grants_allow_within_their_constraints() {
    let kms = LocalKms::volatile();
    let key = key_with(&kms, json!({}), &[]);
    let encrypt = |context: Value| json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": context});
    let (admin, a, b) = (user("admin"), user("a"), user("b"));
    denied(&kms, &a, "Encrypt", encrypt(json!({"tenant": "7"})));
    let constraints = json!({"EncryptionContextSubset": {"tenant": "7"}});
    let request =
        json!({"GranteePrincipal": arn("a"), "Operations": ["Encrypt"], "Constraints": constraints});
    let made = grant(&kms, &admin, &key, request);
    ok(&kms, &a, "Encrypt", encrypt(json!({"tenant": "7"})));
    ok(&kms, &a, "Encrypt", encrypt(json!({"tenant": "7", "more": ""})));
    denied(&kms, &a, "Encrypt", encrypt(json!({"tenant": "8"})));
    denied(&kms, &a, "Encrypt", encrypt(json!({})));
    denied(
        &kms,
        &a,
        "GenerateDataKey",
        json!({"KeyId": key, "NumberOfBytes": 1, "EncryptionContext": {"tenant": "7"}}),
    );
    denied(&kms, &b, "Encrypt", encrypt(json!({"tenant": "7"})));

    let constraints = json!({"EncryptionContextEquals": {"tenant": "7"}});
    let request =
        json!({"GranteePrincipal": arn("b"), "Operations": ["Encrypt"], "Constraints": constraints});
    let exact = grant(&kms, &admin, &key, request);
    ok(&kms, &b, "Encrypt", encrypt(json!({"tenant": "7"})));
    denied(&kms, &b, "Encrypt", encrypt(json!({"tenant": "7", "more": ""})));

    ok(&kms, &admin, "RevokeGrant", json!({"KeyId": key, "GrantId": made["GrantId"]}));
    denied(&kms, &a, "Encrypt", encrypt(json!({"tenant": "7"})));
    let gone = json!({"KeyId": key, "GrantId": made["GrantId"]});
    assert_eq!(code(&kms, &admin, "RevokeGrant", gone), "NotFoundException");
    let listed = ok(&kms, &admin, "ListGrants", json!({"KeyId": key}))["Grants"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["GrantId"], &listed[0]["KeyId"]), (&exact["GrantId"], &json!(key)));
    assert_eq!(listed[0]["Constraints"], json!({"EncryptionContextEquals": {"tenant": "7"}}));
}

#[test]
fn grants_are_retired_by_those_who_may() {
    let kms = LocalKms::volatile();
    let key = key_with(&kms, json!({}), &[]);
    let request = json!({
        "GranteePrincipal": arn("a"), "RetiringPrincipal": arn("r"), "Operations": ["Encrypt"], "Name": "n"
    });
    let first = grant(&kms, &user("admin"), &key, request.clone());
    assert_eq!(grant(&kms, &user("admin"), &key, request.clone())["GrantId"], first["GrantId"]);
    let retirable = ok(&kms, &user("r"), "ListRetirableGrants", json!({"RetiringPrincipal": arn("r")}));
    assert_eq!(retirable["Grants"][0]["GrantId"], first["GrantId"]);
    let retire = json!({"GrantToken": first["GrantToken"]});
    denied(&kms, &user("a"), "RetireGrant", retire.clone());
    let mut dry = retire.clone();
    dry["DryRun"] = json!(true);
    assert_eq!(code(&kms, &user("r"), "RetireGrant", dry), "DryRunOperationException");
    ok(&kms, &user("r"), "RetireGrant", retire.clone());
    assert_eq!(code(&kms, &user("r"), "RetireGrant", retire), "InvalidGrantTokenException");
    let request = json!({"GranteePrincipal": arn("a"), "Operations": ["Encrypt", "RetireGrant"]});
    let own = grant(&kms, &user("admin"), &key, request);
    ok(&kms, &user("a"), "RetireGrant", json!({"KeyId": key, "GrantId": own["GrantId"]}));
    denied(&kms, &user("a"), "Encrypt", json!({"KeyId": key, "Plaintext": "aGk="}));
}

#[test]
fn a_grant_can_be_passed_on_and_never_widened() {
    let kms = LocalKms::volatile();
    let key = key_with(&kms, json!({}), &[]);
    let constraints = json!({"EncryptionContextSubset": {"tenant": "7"}});
    let request = json!({
        "GranteePrincipal": arn("a"), "Operations": ["Encrypt", "Decrypt", "CreateGrant"], "Constraints": constraints
    });
    grant(&kms, &user("admin"), &key, request);
    let child = |operations: Value, constraints: Value| {
        let mut request = json!({"KeyId": key, "GranteePrincipal": arn("b"), "Operations": operations});
        request["Constraints"] = constraints;
        request
    };
    let a = user("a");
    denied(&kms, &a, "CreateGrant", child(json!(["Encrypt"]), json!(null)));
    denied(&kms, &a, "CreateGrant", child(json!(["Encrypt", "GenerateDataKey"]), constraints.clone()));
    denied(
        &kms,
        &a,
        "CreateGrant",
        child(json!(["Encrypt"]), json!({"EncryptionContextSubset": {"tenant": "8"}})),
    );
    let narrower = json!({"EncryptionContextEquals": {"tenant": "7", "user": "1"}});
    ok(&kms, &a, "CreateGrant", child(json!(["Encrypt"]), narrower));
    let encrypt = |context: Value| json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": context});
    ok(&kms, &user("b"), "Encrypt", encrypt(json!({"tenant": "7", "user": "1"})));
    denied(&kms, &user("b"), "Encrypt", encrypt(json!({"tenant": "7"})));
}

#[test]
fn grants_are_checked_when_they_are_made() {
    let kms = LocalKms::volatile();
    let (admin, key) = (user("admin"), key_with(&kms, json!({}), &[]));
    let made = grant(&kms, &admin, &key, json!({"GranteePrincipal": arn("a"), "Operations": ["Encrypt"]}));
    let tokens = json!({"KeyId": key, "Plaintext": "aGk=", "GrantTokens": [made["GrantToken"]]});
    ok(&kms, &user("a"), "Encrypt", tokens.clone());
    denied(&kms, &user("b"), "Encrypt", tokens);
    let wrong = json!({"KeyId": key, "Plaintext": "aGk=", "GrantTokens": ["x"]});
    assert_eq!(code(&kms, &user("a"), "Encrypt", wrong), "InvalidGrantTokenException");
    for (operations, constraints, wanted) in [
        (json!(["Sign"]), json!(null), "ValidationException"),
        (json!(["Fly"]), json!(null), "ValidationException"),
        (json!([]), json!(null), "ValidationException"),
        (
            json!(["Encrypt"]),
            json!({"EncryptionContextSubset": {}, "EncryptionContextEquals": {}}),
            "ValidationException",
        ),
    ] {
        let mut request = json!({"KeyId": key, "GranteePrincipal": arn("a"), "Operations": operations});
        request["Constraints"] = constraints;
        assert_eq!(code(&kms, &admin, "CreateGrant", request), wanted);
    }
    let request = json!({"KeyId": key, "GranteePrincipal": "alice", "Operations": ["Encrypt"]});
    assert_eq!(code(&kms, &admin, "CreateGrant", request), "InvalidArnException");
    assert_eq!(text(&made["GrantId"]).len(), 64);
}

#[test]
fn a_deny_keeps_a_retiring_principal_from_retiring() {
    let kms = LocalKms::volatile();
    let mut deny = allow("r", json!("kms:RetireGrant"));
    deny["Effect"] = json!("Deny");
    let key = key_with(&kms, json!({}), &[deny]);
    let request =
        json!({"GranteePrincipal": arn("a"), "RetiringPrincipal": arn("r"), "Operations": ["Encrypt"]});
    let made = grant(&kms, &user("admin"), &key, request);
    denied(&kms, &user("r"), "RetireGrant", json!({"GrantToken": made["GrantToken"]}));
}

#[test]
fn a_session_has_the_grants_of_its_role() {
    let kms = LocalKms::volatile();
    let key = key_with(&kms, json!({}), &[]);
    let role = "arn:aws:iam::111122223333:role/Job";
    grant(&kms, &user("admin"), &key, json!({"GranteePrincipal": role, "Operations": ["Encrypt"]}));
    let session =
        |name: &str| Caller::new(format!("arn:aws:sts::111122223333:assumed-role/{name}/s"), common::REGION);
    let request = json!({"KeyId": key, "Plaintext": "aGk="});
    ok(&kms, &session("Job"), "Encrypt", request.clone());
    denied(&kms, &session("Jobs"), "Encrypt", request);
}

/// As in AWS, where `aws:PrincipalArn` of a session is its role: a Deny by it is not passed over.
#[test]
fn a_condition_on_the_principal_sees_the_role_of_a_session() {
    let kms = LocalKms::volatile();
    let all = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let mut no_job = json!({"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"});
    no_job["Condition"] = json!({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Job"}});
    let key = key_with(&kms, json!({}), &[all, no_job]);
    let session =
        |name: &str| Caller::new(format!("arn:aws:sts::111122223333:assumed-role/{name}/s"), common::REGION);
    let request = json!({"KeyId": key, "Plaintext": "aGk="});
    denied(&kms, &session("Job"), "Encrypt", request.clone());
    ok(&kms, &session("Jobs"), "Encrypt", request.clone());
    ok(&kms, &user("a"), "Encrypt", request);
}

#[test]
fn no_member_of_a_policy_is_there_twice() {
    let kms = LocalKms::volatile();
    let principal = r#""Principal": "*""#;
    let rest = r#""Action": "kms:*", "Resource": "*""#;
    for (statement, taken) in [
        (format!(r#"{{"Effect": "Allow", {principal}, {rest}}}"#), true),
        (format!(r#"{{"Effect": "Deny", "Effect": "Allow", {principal}, {rest}}}"#), false),
        (
            format!(r#"{{"Effect": "Allow", {principal}, "Principal": {{"AWS": "*", "AWS": "*"}}, {rest}}}"#),
            false,
        ),
        (format!(r#"{{"Effect": "Allow", "Principal": {{"AWS": "*", "AWS": "*"}}, {rest}}}"#), false),
        (
            format!(
                r#"{{"Effect": "Allow", {principal}, {rest}, "Condition": {{"Null": {{"kms:KeySpec": "false"}}, "Null": {{}}}}}}"#
            ),
            false,
        ),
        (
            format!(
                r#"{{"Effect": "Allow", {principal}, {rest}, "Condition": {{"Null": {{"kms:KeySpec": "false", "kms:KeySpec": "false"}}}}}}"#
            ),
            false,
        ),
        (
            format!(r#"{{"Effect": "Allow", {principal}, {rest}, "Condition": {{}}, "Condition": {{}}}}"#),
            false,
        ),
    ] {
        let request = json!({"Policy": format!(r#"{{"Statement": [{statement}]}}"#)});
        let made = call(&kms, &user("admin"), "CreateKey", request).map_err(|error| error.code);
        match taken {
            true => assert!(made.is_ok(), "{statement}"),
            false => assert_eq!(made.unwrap_err(), "MalformedPolicyDocumentException", "{statement}"),
        }
    }
    let twice = r#"{"Statement": [], "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]}"#;
    let list = r#"[null, null, [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}]]"#;
    for text in [twice, list] {
        let request = json!({"Policy": text});
        assert_eq!(code(&kms, &user("admin"), "CreateKey", request), "MalformedPolicyDocumentException");
    }
}

#[test]
fn each_side_of_a_call_has_its_own_context() {
    let kms = LocalKms::volatile();
    let within = |actions: &str, tenant: &str| {
        let mut statement = allow("a", json!(actions));
        statement["Condition"] = json!({"StringEquals": {"kms:EncryptionContext:tenant": tenant}});
        statement
    };
    let statements = [
        allow("a", json!("kms:Encrypt")),
        within("kms:Decrypt", "7"),
        within("kms:ReEncryptFrom", "7"),
        within("kms:ReEncryptTo", "8"),
    ];
    let (key, a) = (key_with(&kms, json!({}), &statements), user("a"));
    let seal = |tenant: &str| {
        let request = json!({"KeyId": key, "Plaintext": "aGk=", "EncryptionContext": {"tenant": tenant}});
        ok(&kms, &a, "Encrypt", request)["CiphertextBlob"].clone()
    };
    let decrypt =
        |tenant: &str| json!({"CiphertextBlob": seal(tenant), "EncryptionContext": {"tenant": tenant}});
    ok(&kms, &a, "Decrypt", decrypt("7"));
    denied(&kms, &a, "Decrypt", decrypt("8"));
    let again = |from: &str, to: &str| {
        json!({
            "CiphertextBlob": seal(from), "SourceEncryptionContext": {"tenant": from},
            "DestinationKeyId": key, "DestinationEncryptionContext": {"tenant": to},
        })
    };
    ok(&kms, &a, "ReEncrypt", again("7", "8"));
    for (from, to) in [("8", "8"), ("7", "7"), ("8", "7")] {
        denied(&kms, &a, "ReEncrypt", again(from, to));
    }
}

#[test]
fn data_keys_and_new_grants_have_facts_too() {
    let kms = LocalKms::volatile();
    let mut data_key = allow("a", json!(["kms:GenerateDataKey", "kms:GenerateDataKeyPair"]));
    data_key["Condition"] = json!({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}});
    let mut grants = allow("a", json!("kms:CreateGrant"));
    grants["Condition"] = json!({"StringEquals": {"kms:EncryptionContext:tenant": "7"}});
    let (key, a) = (key_with(&kms, json!({}), &[data_key, grants]), user("a"));
    ok(&kms, &a, "GenerateDataKey", json!({"KeyId": key, "NumberOfBytes": 16}));
    ok(&kms, &a, "GenerateDataKeyPair", json!({"KeyId": key, "KeyPairSpec": "ECC_NIST_P256"}));
    let request = |constraints: Value| json!({"KeyId": key, "GranteePrincipal": arn("b"), "Operations": ["Encrypt"], "Constraints": constraints});
    ok(&kms, &a, "CreateGrant", request(json!({"EncryptionContextSubset": {"tenant": "7"}})));
    ok(&kms, &a, "CreateGrant", request(json!({"EncryptionContextEquals": {"tenant": "7", "x": ""}})));
    denied(&kms, &a, "CreateGrant", request(json!({"EncryptionContextSubset": {"tenant": "8"}})));
    denied(&kms, &a, "CreateGrant", request(json!(null)));
    let many: serde_json::Map<_, _> = (0..9).map(|i| (i.to_string(), json!(""))).collect();
    for (member, value) in [
        ("Constraints", json!({"EncryptionContextSubset": many})),
        ("Constraints", json!({"EncryptionContextEquals": {"a": "x".repeat(384)}})),
        ("Name", json!("n".repeat(257))),
        ("GranteePrincipal", json!(arn(&"u".repeat(256)))),
    ] {
        let mut request = request(json!(null));
        request[member] = value;
        assert_eq!(code(&kms, &user("admin"), "CreateGrant", request), "ValidationException", "{member}");
    }
}

#[test]
fn other_accounts_name_keys_by_arn_and_never_manage_them() {
    let kms = LocalKms::volatile();
    let foreign = Caller::new("arn:aws:iam::999988887777:user/x", common::REGION);
    let everyone = json!({"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"});
    let key = key_with(&kms, json!({}), &[everyone]);
    ok(&kms, &user("admin"), "CreateAlias", json!({"AliasName": "alias/x", "TargetKeyId": key}));
    let encrypt = |key: &str| json!({"KeyId": key, "Plaintext": "aGk="});
    let sealed = ok(&kms, &foreign, "Encrypt", encrypt(&key))["CiphertextBlob"].clone();
    ok(&kms, &foreign, "Decrypt", json!({"CiphertextBlob": sealed}));
    for name in [key.rsplit('/').next().unwrap(), "alias/x"] {
        ok(&kms, &user("admin"), "Encrypt", encrypt(name));
        assert_eq!(code(&kms, &foreign, "Encrypt", encrypt(name)), "NotFoundException");
    }
    for operation in [
        "GetKeyPolicy",
        "EnableKey",
        "DisableKey",
        "ScheduleKeyDeletion",
        "CancelKeyDeletion",
        "ListResourceTags",
        "ListKeyPolicies",
        "RotateKeyOnDemand",
        "EnableKeyRotation",
        "DisableKeyRotation",
        "ListKeyRotations",
        "DeleteImportedKeyMaterial",
    ] {
        denied(&kms, &foreign, operation, json!({"KeyId": key}));
    }
    denied(&kms, &foreign, "DeleteAlias", json!({"AliasName": "alias/x"}));
    denied(&kms, &foreign, "TagResource", json!({"KeyId": key, "Tags": []}));
    ok(&kms, &user("admin"), "GetKeyPolicy", json!({"KeyId": key}));
}

#[test]
fn both_keys_must_let_the_primary_move() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let key = create(&kms, &alice, json!({"MultiRegion": true}));
    let there = common::user_in("alice", "us-east-1");
    let without = json!({"Version": "2012-10-17", "Statement": [allow("alice", json!(["kms:Put*", "kms:Enable*", "kms:DisableKey"]))]});
    let replicate = json!({"KeyId": key, "ReplicaRegion": "us-east-1", "Policy": without.to_string()});
    ok(&kms, &alice, "ReplicateKey", replicate);
    let to = |region: &str| json!({"KeyId": key, "PrimaryRegion": region});
    denied(&kms, &alice, "UpdatePrimaryRegion", to("us-east-1"));
    let replica = key.replace("eu-west-1", "us-east-1");
    let open = json!({"Statement": [allow("alice", json!("kms:*"))]}).to_string();
    ok(&kms, &there, "PutKeyPolicy", json!({"KeyId": replica, "Policy": open}));
    ok(&kms, &there, "DisableKey", json!({"KeyId": replica}));
    assert_eq!(code(&kms, &alice, "UpdatePrimaryRegion", to("us-east-1")), "DisabledException");
    ok(&kms, &there, "EnableKey", json!({"KeyId": replica}));
    assert_eq!(code(&kms, &alice, "UpdatePrimaryRegion", to("eu-west-1")), "ValidationException");
    ok(&kms, &alice, "UpdatePrimaryRegion", to("us-east-1"));
}

#[test]
fn aliases_move_within_a_kind_and_ending_keys_do_not_rotate() {
    let kms = LocalKms::volatile();
    let alice = user("alice");
    let of = |spec: &str, usage: &str| create(&kms, &alice, json!({"KeySpec": spec, "KeyUsage": usage}));
    let (p256, p384) = (of("ECC_NIST_P256", "SIGN_VERIFY"), of("ECC_NIST_P384", "SIGN_VERIFY"));
    let (agree, mac) = (of("ECC_NIST_P256", "KEY_AGREEMENT"), of("HMAC_256", "GENERATE_VERIFY_MAC"));
    let to = |key: &str| json!({"AliasName": "alias/x", "TargetKeyId": key});
    ok(&kms, &alice, "CreateAlias", to(&p256));
    ok(&kms, &alice, "UpdateAlias", to(&p384));
    for other in [agree, mac, symmetric(&kms)] {
        assert_eq!(code(&kms, &alice, "UpdateAlias", to(&other)), "ValidationException");
    }
    let key = json!({"KeyId": symmetric(&kms)});
    ok(&kms, &alice, "EnableKeyRotation", key.clone());
    let rotates = || ok(&kms, &alice, "GetKeyRotationStatus", key.clone())["KeyRotationEnabled"].clone();
    assert_eq!(rotates(), true);
    ok(&kms, &alice, "ScheduleKeyDeletion", key.clone());
    assert_eq!(rotates(), false);
    ok(&kms, &alice, "CancelKeyDeletion", key.clone());
    assert_eq!(rotates(), true);
}

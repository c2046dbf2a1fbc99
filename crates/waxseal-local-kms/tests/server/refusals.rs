//! What a request that isn't right is answered.

use std::time::Duration;

use waxseal_local_kms::server::Server;

use crate::signed::{Reply, Request, Signing, now, server};

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
    AWS Secret Access Key and signing method. Consult the service documentation for details.";
const INVALID_TOKEN: &str = "The security token included in the request is invalid.";

fn good() -> Request {
    Request::new("ListKeys", "{}").signed(&Signing::default())
}

async fn reply_to(server: &Server, request: Request) -> Reply {
    request.send(server.local_addr()).await
}

#[track_caller]
fn refused(reply: &Reply, code: &str, message: &str) {
    assert_eq!(reply.error(), (400, code, message));
}

#[tokio::test]
async fn a_signed_call_is_answered() {
    let server = server(|_| {}).await;
    let reply = reply_to(&server, good()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["Keys"], serde_json::json!([]));
    assert_eq!(reply.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(reply.header("x-amzn-requestid").unwrap().len(), 36);
}

#[tokio::test]
async fn what_was_signed_cannot_be_changed() {
    let server = server(|_| {}).await;
    let longer = |text: &str| format!("{text} ");
    let mut other_body = good();
    other_body.body = b"{ }".to_vec();
    let other_secret = Signing { secret: "another", ..Signing::default() };
    let flipped = |text: &str| match text.strip_suffix('0') {
        Some(text) => format!("{text}1"),
        None => format!("{}0", &text[..text.len() - 1]),
    };
    for (what, request) in [
        ("body", other_body),
        ("secret", Request::new("ListKeys", "{}").signed(&other_secret)),
        ("target", good().with("x-amz-target", |_| "TrentService.ListAliases".into())),
        ("host", good().with("host", |_| "localhost".into())),
        ("date", good().with("x-amz-date", |_| "20260203T040507Z".into())),
        ("signature", good().with("authorization", flipped)),
        (
            "signature's form",
            good()
                .with("authorization", longer)
                .with("authorization", |t| t.trim().replace("Signature=", "Signature=z")),
        ),
        ("region", good().with("authorization", |text| text.replace("eu-west-1", "eu-west-2"))),
        ("signed header", good().without("content-type").with("authorization", |text| text.to_owned())),
    ] {
        let reply = reply_to(&server, request).await;
        if what == "signed header" {
            // Without its content type it is no call at all.
            refused(&reply, "UnknownOperationException", "");
            continue;
        }
        assert_eq!(reply.error(), (400, "InvalidSignatureException", MISMATCH), "{what}");
    }
}

#[tokio::test]
async fn spaces_around_and_in_headers_do_not_count() {
    let server = server(|_| {}).await;
    let mut request = Request::new("ListKeys", "{}");
    request.headers.push(("x-note".into(), "a  b   c".into()));
    let request = request.signed(&Signing::default()).with("x-note", |_| "  a b  c ".into());
    assert_eq!(reply_to(&server, request).await.status, 200);
}

#[tokio::test]
async fn who_does_not_sign_is_asked_to() {
    let server = server(|_| {}).await;
    let reply = reply_to(&server, good().without("authorization")).await;
    refused(&reply, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let reply = reply_to(&server, good().with("authorization", |_| "Basic YTpi".into())).await;
    let all = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' \
        parameter. Authorization header requires 'SignedHeaders' parameter.";
    refused(&reply, "IncompleteSignatureException", all);
    let reply = reply_to(&server, good().without("x-amz-date")).await;
    let date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    refused(&reply, "IncompleteSignatureException", date);
    let reply =
        reply_to(&server, good().with("authorization", |text| text.replace("/aws4_request", ""))).await;
    assert_eq!(reply.error().1, "IncompleteSignatureException");
}

#[tokio::test]
async fn unknown_keys_and_tokens_are_not_told_apart() {
    let server = server(|_| {}).await;
    let unknown = Signing { id: "AKIDOTHER", ..Signing::default() };
    let token = Signing { token: Some("FwoGZXIvYXdzE".into()), ..Signing::default() };
    for signing in [unknown, token] {
        let reply = reply_to(&server, Request::new("ListKeys", "{}").signed(&signing)).await;
        refused(&reply, "UnrecognizedClientException", INVALID_TOKEN);
    }
}

#[tokio::test]
async fn a_signature_is_for_this_service_and_day() {
    let server = server(|_| {}).await;
    let service = Signing { service: "s3", ..Signing::default() };
    let region = Signing { region: "EU_WEST", ..Signing::default() };
    for (signing, message) in [
        (service, "Credential should be scoped to correct service: 'kms'."),
        (region, "Credential should be scoped to a valid region."),
    ] {
        let reply = reply_to(&server, Request::new("ListKeys", "{}").signed(&signing)).await;
        refused(&reply, "InvalidSignatureException", message);
    }
    let terminator = good().with("authorization", |text| text.replace("aws4_request", "aws5_request"));
    let message = "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.";
    refused(&reply_to(&server, terminator).await, "InvalidSignatureException", message);
    let day = good().with("authorization", |text| text.replace("20260203", "20260202"));
    let message = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
        '20260202' != '20260203', from '20260203T040506Z'.";
    refused(&reply_to(&server, day).await, "InvalidSignatureException", message);
}

#[tokio::test]
async fn a_signature_lives_five_minutes() {
    let server = server(|_| {}).await;
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    for time in [now() - minutes(5), now() + minutes(5)] {
        let request = Request::new("ListKeys", "{}").signed(&Signing { time, ..Signing::default() });
        assert_eq!(reply_to(&server, request).await.status, 200);
    }
    for (time, message) in [
        (
            now() - minutes(6),
            "Signature expired: 20260203T035906Z is now earlier than 20260203T040006Z (20260203T040506Z - 5 min.)",
        ),
        (
            now() + minutes(6),
            "Signature not yet current: 20260203T041106Z is still later than 20260203T041006Z \
             (20260203T040506Z + 5 min.)",
        ),
    ] {
        let request = Request::new("ListKeys", "{}").signed(&Signing { time, ..Signing::default() });
        refused(&reply_to(&server, request).await, "InvalidSignatureException", message);
    }
}

#[tokio::test]
async fn headers_that_decide_must_be_signed() {
    let server = server(|_| {}).await;
    // Signed without a target, which is then put in by another.
    let request = Request::new("ListKeys", "{}");
    let unsigned = request.clone().without("x-amz-target").signed(&Signing::default());
    let mut injected = unsigned;
    injected.headers.push(("x-amz-target".into(), "TrentService.ListKeys".into()));
    let message = "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.";
    refused(&reply_to(&server, injected).await, "InvalidSignatureException", message);
}

#[tokio::test]
async fn calls_that_are_none() {
    let server = server(|_| {}).await;
    let unknown = Request::new("Wish", "{}").signed(&Signing::default());
    let other_service = good().with("x-amz-target", |_| "DynamoDB_20120810.GetItem".into());
    let other_type = good().with("content-type", |_| "application/json".into());
    for request in [unknown, good().without("x-amz-target"), other_service, other_type] {
        assert_eq!(reply_to(&server, request).await.error().1, "UnknownOperationException");
    }
    for line in ["GET / HTTP/1.1", "POST /?a=b HTTP/1.1", "POST /keys HTTP/1.1"] {
        let reply = reply_to(&server, Request { line, ..good() }).await;
        assert_eq!(reply.error(), (404, "UnknownOperationException", ""), "{line}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object() {
    let server = server(|_| {}).await;
    for body in ["{", "[]", "\u{0}", "{\"Limit\": \"x\"}"] {
        let request = Request::new("ListKeys", body).signed(&Signing::default());
        let reply = reply_to(&server, request).await;
        assert_eq!((reply.status, reply.error().1), (400, "SerializationException"), "{body:?}");
    }
}

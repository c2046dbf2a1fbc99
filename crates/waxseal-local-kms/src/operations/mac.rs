//! GenerateMac, VerifyMac.

use serde::Serialize;
use waxseal_kms::client::{
    GenerateMacRequest, GenerateMacResponse, MacAlgorithm, VerifiedResponse, VerifyMacRequest,
};

use super::call::{Call, Found};
use super::encrypt::wrong_usage;
use super::permission::Wish;
use crate::ServiceError;
use crate::material::{HmacKey, KeyMaterial, mac_algorithm};
use crate::wire::{Blob, length, name};

const MAX_MESSAGE: usize = 4096;
const MAX_MAC: usize = 6144;

/// Answers `GenerateMac`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Mac {
    key_id: String,
    mac: Blob,
    #[serde(with = "name")]
    mac_algorithm: MacAlgorithm,
}

/// Answers `VerifyMac`: only ever that it is valid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VerifiedMac {
    key_id: String,
    mac_valid: bool,
    #[serde(with = "name")]
    mac_algorithm: MacAlgorithm,
}

/// `GenerateMac`.
pub(crate) fn generate_mac(call: &Call<'_>, request: &GenerateMacRequest<'_>) -> Result<Mac, ServiceError> {
    length(request.message.len(), "message", 1, MAX_MESSAGE)?;
    let wish = Wish::to("GenerateMac").with_grants(request.grant_tokens);
    let found = mac_key(call, request.key_id, wish, request.mac_algorithm)?;
    call.stop_dry_run()?;
    let mac = hmac(&found, "GenerateMac")?.mac(request.message);
    Ok(Mac { key_id: found.arn, mac: Blob(mac), mac_algorithm: request.mac_algorithm })
}

/// `VerifyMac`.
pub(crate) fn verify_mac(
    call: &Call<'_>,
    request: &VerifyMacRequest<'_>,
) -> Result<VerifiedMac, ServiceError> {
    length(request.message.len(), "message", 1, MAX_MESSAGE)?;
    length(request.mac.len(), "mac", 1, MAX_MAC)?;
    let wish = Wish::to("VerifyMac").with_grants(request.grant_tokens);
    let found = mac_key(call, request.key_id, wish, request.mac_algorithm)?;
    if !hmac(&found, "VerifyMac")?.verify(request.message, request.mac) {
        return Err(ServiceError::new("KMSInvalidMacException", ""));
    }
    call.stop_dry_run()?;
    Ok(VerifiedMac { key_id: found.arn, mac_valid: true, mac_algorithm: request.mac_algorithm })
}

fn mac_key(
    call: &Call<'_>,
    key_id: &str,
    wish: Wish<'_>,
    algorithm: MacAlgorithm,
) -> Result<Found, ServiceError> {
    let wish = wish.with_fact("kms:macalgorithm", algorithm.as_str());
    let found = call.usable(key_id, &wish)?;
    hmac(&found, wish.action)?;
    let spec = found.key.record.spec;
    match mac_algorithm(spec) == Some(algorithm) {
        true => Ok(found),
        false => Err(ServiceError::new(
            "InvalidKeyUsageException",
            format!("Algorithm {algorithm} is incompatible with key spec {spec}."),
        )),
    }
}

fn hmac<'f>(found: &'f Found, operation: &str) -> Result<&'f HmacKey, ServiceError> {
    match found.current()?.1 {
        KeyMaterial::Hmac(key) => Ok(key),
        _ => Err(wrong_usage(found, operation)),
    }
}

impl From<Mac> for GenerateMacResponse {
    fn from(answer: Mac) -> Self {
        Self { key_id: answer.key_id, mac: answer.mac.0 }
    }
}

impl From<VerifiedMac> for VerifiedResponse {
    fn from(answer: VerifiedMac) -> Self {
        Self { key_id: answer.key_id }
    }
}

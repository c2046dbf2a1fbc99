//! Key policies.

use super::call::{Call, Found, Wish};
use crate::ServiceError;

/// A new policy must let its author change it later.
pub(crate) fn check_lockout(call: &Call<'_>, found: &Found) -> Result<(), ServiceError> {
    let wish = Wish::to("PutKeyPolicy");
    call.check_permission(found, &found.arn, &wish).map_err(|_| {
        ServiceError::new(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )
    })
}

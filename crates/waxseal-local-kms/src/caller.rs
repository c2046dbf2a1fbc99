//! Who calls.

/// Who calls, and where the call goes.
///
/// The account is the store's. A principal of another account may call too: key policies decide.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The principal's ARN, such as `arn:aws:iam::111122223333:user/alice`.
    pub principal: String,
    /// The region, such as `eu-west-1`. Any name in the form of a region will do.
    pub region: String,
}

impl Caller {
    /// A caller of this name in this region.
    pub fn new(principal: impl Into<String>, region: impl Into<String>) -> Self {
        Self { principal: principal.into(), region: region.into() }
    }
}

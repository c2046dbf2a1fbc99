//! Every call says that it is waxseal's, behind what the SDK says of itself.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextMut;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

const SUFFIX: &str = concat!(" waxseal/", env!("CARGO_PKG_VERSION"));

/// Appends name and version to the user agent. The header is not among those that are signed,
/// so it may change at the last moment, when the SDK has written it.
#[derive(Debug)]
pub(super) struct UserAgentSuffix;

#[dyn_dispatch_hint]
impl Intercept for UserAgentSuffix {
    fn name(&self) -> &'static str {
        "UserAgentSuffix"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        let user_agent = headers.get("user-agent").unwrap_or_default();
        let user_agent = format!("{user_agent}{SUFFIX}");
        headers.try_insert("user-agent", user_agent)?;
        Ok(())
    }
}

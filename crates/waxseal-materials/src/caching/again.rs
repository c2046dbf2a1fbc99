//! One error, told to every task that waited for the call that failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::{BoxError, KeyFailure, MaterialsError};

/// The same error once more: the same kind, the same text, the same details, with sources that
/// are shared. The last who asks gets the original.
pub(super) fn again(error: Arc<MaterialsError>) -> MaterialsError {
    match Arc::try_unwrap(error) {
        Ok(original) => original,
        Err(shared) => copy(&shared),
    }
}

fn copy(error: &Arc<MaterialsError>) -> MaterialsError {
    use MaterialsError as E;
    match &**error {
        E::CommitmentPolicy { suite, policy } => E::CommitmentPolicy { suite, policy: *policy },
        E::ReservedContextKey(key) => E::ReservedContextKey(key.clone()),
        E::ContextMismatch(key) => E::ContextMismatch(key.clone()),
        E::ContextKeyMissing(key) => E::ContextKeyMissing(key.clone()),
        E::VerificationKey(why) => E::VerificationKey(why),
        E::Illegal(why) => E::Illegal(why),
        E::Wrap(failure) => E::Wrap(copy_failure(error, 0, failure)),
        E::Unwrap(failures) => {
            let failures = failures.as_slice().iter().enumerate();
            E::Unwrap(failures.map(|(index, failure)| copy_failure(error, index, failure)).collect())
        }
        E::ReservedNamespace(namespace) => E::ReservedNamespace(namespace.clone()),
        E::WrappingKeyLength(len) => E::WrappingKeyLength(*len),
        E::Key(error) => E::Key(error.clone()),
        E::KeyPair => E::KeyPair,
        E::CacheLimits(why) => E::CacheLimits(why),
        E::Format(error) => E::Format(error.clone()),
        E::Crypto(error) => E::Crypto(*error),
        E::Other(_) => E::Other(SharedSource { error: Arc::clone(error), index: 0 }.into()),
    }
}

fn copy_failure(error: &Arc<MaterialsError>, index: usize, failure: &KeyFailure) -> KeyFailure {
    let mut copy = KeyFailure::new(failure.key.clone(), failure.reason);
    copy.count = failure.count;
    let shared = || SharedSource { error: Arc::clone(error), index }.into();
    copy.source = failure.source.as_ref().map(|_| shared());
    copy
}

/// A source inside an error that several tasks hold.
#[derive(Debug)]
struct SharedSource {
    error: Arc<MaterialsError>,
    index: usize,
}

impl SharedSource {
    fn get(&self) -> Option<&BoxError> {
        match &*self.error {
            MaterialsError::Wrap(failure) => failure.source.as_ref(),
            MaterialsError::Unwrap(failures) => failures.as_slice().get(self.index)?.source.as_ref(),
            MaterialsError::Other(source) => Some(source),
            _ => None,
        }
    }
}

impl fmt::Display for SharedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().map_or(Ok(()), |source| source.fmt(f))
    }
}

impl Error for SharedSource {
    /// The source itself, though it says the same once more: so whoever looks for an error of a
    /// certain type in the chain of sources finds it.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source: &(dyn Error + 'static) = self.get()?.as_ref();
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyFailureReason, KeyFailures};

    #[test]
    fn a_shared_error_says_the_same_and_is_of_the_same_kind() {
        let denied = || KeyFailure::new("arn:k", KeyFailureReason::Denied).with_source("no kms:Decrypt");
        let mut failures = KeyFailures::from(KeyFailure::new("raw/a", KeyFailureReason::NotMine));
        failures.push(denied());
        let errors = [
            MaterialsError::Wrap(denied()),
            MaterialsError::Unwrap(failures),
            MaterialsError::Other("out of luck".into()),
            MaterialsError::ContextMismatch("tenant".into()),
        ];
        for error in errors {
            let original = Arc::new(error);
            let told = again(Arc::clone(&original));
            assert_eq!(told.to_string(), original.to_string());
            assert_eq!(std::mem::discriminant(&told), std::mem::discriminant(&*original));
            let deepest = |error: &MaterialsError| error.source().map(ToString::to_string);
            assert_eq!(deepest(&told), deepest(&original));
        }
    }

    #[test]
    fn a_source_can_still_be_told_by_its_type() {
        let failed = || KeyFailure::new("arn:k", KeyFailureReason::Failed).with_source(std::fmt::Error);
        for error in [
            MaterialsError::Wrap(failed()),
            MaterialsError::Unwrap(failed().into()),
            MaterialsError::Other(Box::new(std::fmt::Error)),
        ] {
            let original = Arc::new(error);
            let told = again(Arc::clone(&original));
            let own_failure = match &told {
                MaterialsError::Unwrap(failures) => failures.as_slice().first().map(|failure| failure as _),
                _ => None,
            };
            let first: &(dyn Error + 'static) = own_failure.unwrap_or(&told);
            assert!(is_in_chain(first), "{told:?}");
        }
    }

    fn is_in_chain(error: &(dyn Error + 'static)) -> bool {
        error.is::<std::fmt::Error>() || error.source().is_some_and(is_in_chain)
    }

    #[test]
    fn whoever_is_alone_gets_the_original() {
        let told = again(Arc::new(MaterialsError::Other(Box::new(std::fmt::Error))));
        assert!(matches!(told, MaterialsError::Other(source) if source.is::<std::fmt::Error>()));
    }
}

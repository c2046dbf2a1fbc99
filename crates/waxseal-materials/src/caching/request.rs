//! A request, as the cache sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
use waxseal_format::{AlgorithmSuite, EncryptionContext, KeyDerivation};

use super::entry::CachedMaterials;
use super::identifier::{self, CacheIdentifier};
use crate::{
    CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest, EncryptionMaterialsRequest,
    MaterialsError,
};

/// Either of the two that a materials manager is asked.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Encryption(EncryptionMaterialsRequest),
    Decryption(DecryptMaterialsRequest),
}

/// A request, and the name of the entry that answers it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) id: CacheIdentifier,
    pub(super) request: Request,
    /// See [`identifier::of_decryption`].
    data_keys_len: usize,
}

/// What a request asks for that its identifier says nothing of. An entry answers the requests
/// that agree in this, too, and no others.
///
/// The formulas know neither required keys, nor reproduced pairs, nor policies. Without this, a
/// message whose required pairs were once given would open later without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MadeFor {
    commitment_policy: CommitmentPolicy,
    required_context_keys: BTreeSet<String>,
    reproduced_context: EncryptionContext,
    data_keys_len: usize,
}

impl Request {
    /// The suite that is asked for.
    pub(super) fn suite(&self) -> Option<&'static AlgorithmSuite> {
        match self {
            Self::Encryption(request) => request.suite,
            Self::Decryption(request) => Some(request.suite),
        }
    }

    /// For events and counters.
    pub(super) fn operation(&self) -> &'static str {
        match self {
            Self::Encryption(_) => "encrypt",
            Self::Decryption(_) => "decrypt",
        }
    }

    /// Bytes to be encrypted at most; none to decrypt.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Encryption(request) => request.max_plaintext_len.unwrap_or(u64::MAX),
            Self::Decryption(_) => 0,
        }
    }

    /// Whether it is known how many.
    pub(super) fn has_length(&self) -> bool {
        match self {
            Self::Encryption(request) => request.max_plaintext_len.is_some(),
            Self::Decryption(_) => true,
        }
    }

    pub(super) fn is_encryption(&self) -> bool {
        matches!(self, Self::Encryption(_))
    }

    /// The same for materials that messages of other lengths will use as well: it names none.
    pub(super) fn without_length(mut self) -> Self {
        if let Self::Encryption(request) = &mut self {
            request.max_plaintext_len = None;
        }
        self
    }

    pub(super) async fn ask(
        self,
        manager: &dyn CryptographicMaterialsManager,
    ) -> Result<CachedMaterials, MaterialsError> {
        match self {
            Self::Encryption(request) => {
                let materials = manager.get_encryption_materials(request).await?;
                Ok(CachedMaterials::Encryption(Arc::new(materials)))
            }
            Self::Decryption(request) => {
                let materials = manager.decrypt_materials(request).await?;
                Ok(CachedMaterials::Decryption(Arc::new(materials)))
            }
        }
    }
}

impl Ask {
    pub(super) fn new(
        crypto: &CryptoProvider,
        partition_id: &str,
        request: Request,
    ) -> Result<Self, MaterialsError> {
        let (id, data_keys_len) = match &request {
            Request::Encryption(request) => (identifier::of_encryption(crypto, partition_id, request)?, 0),
            Request::Decryption(request) => identifier::of_decryption(crypto, partition_id, request)?,
        };
        Ok(Self { id, request, data_keys_len })
    }
}

impl MadeFor {
    pub(super) fn of(ask: &Ask) -> Self {
        let mut made_for = Self { data_keys_len: ask.data_keys_len, ..Self::default() };
        match &ask.request {
            Request::Encryption(request) => {
                made_for.commitment_policy = request.commitment_policy;
                made_for.required_context_keys = request.required_context_keys.clone();
            }
            Request::Decryption(request) => {
                made_for.commitment_policy = request.commitment_policy;
                made_for.reproduced_context = request.reproduced_context.clone();
            }
        }
        made_for
    }

    pub(super) fn is_for(&self, ask: &Ask) -> bool {
        let policy = match &ask.request {
            Request::Encryption(request) if request.required_context_keys == self.required_context_keys => {
                request.commitment_policy
            }
            Request::Decryption(request) if request.reproduced_context == self.reproduced_context => {
                request.commitment_policy
            }
            _ => return false,
        };
        policy == self.commitment_policy && ask.data_keys_len == self.data_keys_len
    }
}

/// Whether messages of this suite use their data key itself. Such a key is for one message only.
pub(super) fn uses_data_key_itself(suite: &AlgorithmSuite) -> bool {
    suite.key_derivation == KeyDerivation::Identity
}

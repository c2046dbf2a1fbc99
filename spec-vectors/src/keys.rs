//! From descriptions of keys to keyrings and materials managers.

use std::sync::Arc;

use anyhow::{Context, Result};
use waxseal::{
    CryptoProvider, CryptographicMaterialsManager, DecryptionMaterials, DefaultCmm, EncryptedDataKey,
    EncryptionMaterials, Keyring, MaterialsError, MultiKeyring, RawAesKeyring, RawEcdhKeyring, RawEcdhSchema,
    RawRsaKeyring, SecretBytes, async_trait,
    crypto::{EcPrivateKey, EcPublicKey},
    materials::RequiredEncryptionContextCmm,
};

use crate::case::{EcdhSpec, KeyringSpec, MaterialsSpec, RsaPem};
use crate::kms::Kms;

/// Builds a materials manager. Keys of AWS KMS are asked for at `kms`.
///
/// # Errors
/// If a key is refused, or if it is one of AWS KMS and there is no way to that.
pub fn materials_manager(
    crypto: &'static CryptoProvider,
    spec: &MaterialsSpec,
    kms: Option<&Kms>,
) -> Result<Arc<dyn CryptographicMaterialsManager>> {
    Ok(match spec {
        MaterialsSpec::Default(spec) => Arc::new(DefaultCmm::new(crypto, keyring(crypto, spec, kms)?)),
        MaterialsSpec::RequiredContext(keys, spec) => {
            let keyring = keyring(crypto, spec, kms)?;
            Arc::new(RequiredEncryptionContextCmm::with_keyring(keys.iter().cloned(), crypto, keyring))
        }
    })
}

/// Builds a keyring. Keys of AWS KMS are asked for at `kms`.
///
/// # Errors
/// If a key is refused, or if it is one of AWS KMS and there is no way to that.
pub fn keyring(
    crypto: &'static CryptoProvider,
    spec: &KeyringSpec,
    kms: Option<&Kms>,
) -> Result<Arc<dyn Keyring>> {
    Ok(match spec {
        KeyringSpec::RawAes { namespace, name, key } => {
            let key = SecretBytes::copy_of(key);
            Arc::new(RawAesKeyring::new(crypto, namespace, name, key)?)
        }
        KeyringSpec::RawRsa { namespace, name, padding, pem } => Arc::new(match pem {
            RsaPem::Public(pem) => {
                RawRsaKeyring::with_public_key(crypto, namespace, name, *padding, pem.as_bytes())?
            }
            RsaPem::Private(pem) => {
                RawRsaKeyring::with_private_key(crypto, namespace, name, *padding, pem.as_bytes())?
            }
        }),
        KeyringSpec::RawEcdh(spec) => Arc::new(ecdh(crypto, spec)?),
        KeyringSpec::Kms(spec) => kms.context("no way to AWS KMS")?.keyring(crypto, spec)?,
        KeyringSpec::Static(data_key) => Arc::new(StaticKeyring { data_key: data_key.clone() }),
        KeyringSpec::Multi(parts) => Arc::new(multi(crypto, parts, kms)?),
    })
}

fn ecdh(crypto: &'static CryptoProvider, spec: &EcdhSpec) -> Result<RawEcdhKeyring> {
    let private_key = |pem: &str| EcPrivateKey::from_pem(pem.as_bytes());
    let (curve, schema) = match spec {
        EcdhSpec::Static { sender_private_key, recipient_public_key } => {
            let sender_private_key = private_key(sender_private_key)?;
            let recipient_public_key = EcPublicKey::from_der(recipient_public_key)?;
            let curve = recipient_public_key.curve();
            (
                curve,
                RawEcdhSchema::RawPrivateKeyToStaticPublicKey { sender_private_key, recipient_public_key },
            )
        }
        EcdhSpec::Ephemeral(der) => {
            let recipient_public_key = EcPublicKey::from_der(der)?;
            let curve = recipient_public_key.curve();
            (curve, RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key })
        }
        EcdhSpec::Discovery(pem) => {
            let recipient_private_key = private_key(pem)?;
            let curve = recipient_private_key.curve();
            (curve, RawEcdhSchema::PublicKeyDiscovery { recipient_private_key })
        }
    };
    Ok(RawEcdhKeyring::new(crypto, curve, schema)?)
}

fn multi(crypto: &'static CryptoProvider, parts: &[KeyringSpec], kms: Option<&Kms>) -> Result<MultiKeyring> {
    let mut keyrings = parts.iter().map(|spec| keyring(crypto, spec, kms));
    let generator = keyrings.next().transpose()?;
    Ok(MultiKeyring::new(generator, keyrings.collect::<Result<_>>()?)?)
}

/// Answers every message with the same data key: for known answers that give the data key.
#[derive(Debug)]
struct StaticKeyring {
    data_key: Option<Vec<u8>>,
}

#[async_trait]
impl Keyring for StaticKeyring {
    async fn on_encrypt(&self, _: EncryptionMaterials) -> Result<EncryptionMaterials, MaterialsError> {
        Err(MaterialsError::Illegal("a static data key must not encrypt"))
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        _: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        if let Some(key) = &self.data_key {
            materials.set_data_key(SecretBytes::copy_of(key))?;
        }
        Ok(materials)
    }
}

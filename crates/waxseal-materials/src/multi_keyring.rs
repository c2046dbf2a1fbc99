//! Several keyrings as one.
//!
//! Source: `framework/multi-keyring.md`.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::EncryptedDataKey;

use crate::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, KeyFailures, Keyring,
    MaterialsError,
};

/// Wraps one data key with all of its keyrings, so that any one of them can unwrap it: the
/// generator makes the data key, the generator and every child wrap it.
///
/// Without a generator it wraps data keys that are there already, and makes none.
///
/// Source: `framework/multi-keyring.md`.
#[derive(Clone, Debug)]
pub struct MultiKeyring {
    generator: Option<Arc<dyn Keyring>>,
    children: Vec<Arc<dyn Keyring>>,
}

impl MultiKeyring {
    /// A keyring of these parts.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if there is no part at all.
    pub fn new(
        generator: Option<Arc<dyn Keyring>>,
        children: Vec<Arc<dyn Keyring>>,
    ) -> Result<Self, MaterialsError> {
        if generator.is_none() && children.is_empty() {
            return Err(MaterialsError::Illegal("a multi keyring without a keyring"));
        }
        Ok(Self { generator, children })
    }

    /// A keyring with this generator, or an `Arc` of one, and no children yet.
    #[must_use]
    pub fn with_generator(generator: impl Keyring + 'static) -> Self {
        Self { generator: Some(Arc::new(generator)), children: Vec::new() }
    }

    /// The same with one more child.
    #[must_use]
    pub fn with_child(mut self, child: impl Keyring + 'static) -> Self {
        self.children.push(Arc::new(child));
        self
    }

    /// The parts with their names for errors, in the order in which they decrypt.
    fn parts(&self) -> impl Iterator<Item = (String, &Arc<dyn Keyring>)> {
        let generator = self.generator.iter().map(|keyring| ("generator keyring".to_owned(), keyring));
        let children = self.children.iter().enumerate();
        generator.chain(children.map(|(index, keyring)| (format!("child keyring {index}"), keyring)))
    }
}

fn without_generator() -> MaterialsError {
    let why = "no generator makes a data key here: give it one to encrypt";
    MaterialsError::Wrap(KeyFailure::new("multi keyring", KeyFailureReason::Unsupported).with_source(why))
}

#[async_trait]
impl Keyring for MultiKeyring {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let mut materials = match (&self.generator, materials.data_key()) {
            (Some(_), Some(_)) => return Err(MaterialsError::Illegal("a second data key")),
            (None, None) => return Err(without_generator()),
            (Some(generator), None) => ask(generator, materials).await?,
            (None, Some(_)) => materials,
        };
        for child in &self.children {
            materials = ask(child, materials).await?;
        }
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let mut failures = KeyFailures::default();
        for (name, keyring) in self.parts() {
            match keyring.as_ref().on_decrypt(materials.clone(), encrypted_data_keys).await {
                Ok(answer) if answer.data_key().is_some() => return Ok(answer),
                Ok(_) => failures.absorb(&name, MaterialsError::Illegal("no data key")),
                Err(error) => failures.absorb(&name, error),
            }
        }
        Err(MaterialsError::Unwrap(failures))
    }
}

/// One part's answer: with a data key, and nothing changed that was there before.
async fn ask(
    keyring: &Arc<dyn Keyring>,
    materials: EncryptionMaterials,
) -> Result<EncryptionMaterials, MaterialsError> {
    let answer = keyring.as_ref().on_encrypt(materials.clone()).await?;
    answer.check_grown_from(&materials)?;
    if answer.data_key().is_none() {
        return Err(MaterialsError::Illegal("no data key"));
    }
    if answer.encrypted_data_keys().len() == materials.encrypted_data_keys().len() {
        return Err(MaterialsError::Illegal("a keyring that wrapped nothing"));
    }
    Ok(answer)
}

//! The table of the EncryptionContext demo: who lives where.

use anyhow::Context;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

const ADDRESS: &str = "Address";

/// The table `EcDemoAddresses`: the key `EmailAddress`, a string, and `Address`, bytes.
#[derive(Debug)]
pub struct Addresses {
    dynamodb: Client,
    /// Made here, so removed here.
    made: bool,
}

impl Addresses {
    /// Its name.
    pub const TABLE: &str = "EcDemoAddresses";
    /// The name of its key.
    pub const KEY: &str = "EmailAddress";

    /// The table, which is made if there is none.
    ///
    /// # Errors
    /// What DynamoDB says.
    pub async fn set_up(dynamodb: Client) -> anyhow::Result<Self> {
        let found = dynamodb.describe_table().table_name(Self::TABLE).send().await;
        let made = match found {
            Ok(_) => false,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) => {
                true
            }
            Err(error) => return Err(error.into()),
        };
        if made {
            make(&dynamodb).await?;
            println!("  table {} made", Self::TABLE);
        }
        Ok(Self { dynamodb, made })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// What DynamoDB says.
    pub async fn put(&self, email: &str, address: Vec<u8>) -> anyhow::Result<()> {
        let request = self.dynamodb.put_item().table_name(Self::TABLE);
        let request = request.item(Self::KEY, AttributeValue::S(email.to_owned()));
        request.item(ADDRESS, AttributeValue::B(Blob::new(address))).send().await?;
        Ok(())
    }

    /// Reads a row's address.
    ///
    /// # Errors
    /// What DynamoDB says; if there is no such row.
    pub async fn get(&self, email: &str) -> anyhow::Result<Vec<u8>> {
        let request = self.dynamodb.get_item().table_name(Self::TABLE).consistent_read(true);
        let found = request.key(Self::KEY, AttributeValue::S(email.to_owned())).send().await?;
        let mut row = found.item.with_context(|| format!("no row of {email}"))?;
        match row.remove(ADDRESS) {
            Some(AttributeValue::B(address)) => Ok(address.into_inner()),
            other => anyhow::bail!("{ADDRESS} of {email} is no bytes: {other:?}"),
        }
    }

    /// Lets two rows change their addresses, by someone who can write the table and has no key.
    ///
    /// # Errors
    /// What DynamoDB says.
    pub async fn swap(&self, one: &str, other: &str) -> anyhow::Result<()> {
        let (of_one, of_other) = (self.get(one).await?, self.get(other).await?);
        self.put(one, of_other).await?;
        self.put(other, of_one).await
    }

    /// Removes these rows, and the table if it was made here.
    ///
    /// # Errors
    /// What DynamoDB says.
    pub async fn clean_up(&self, emails: &[&str]) -> anyhow::Result<()> {
        for email in emails {
            let request = self.dynamodb.delete_item().table_name(Self::TABLE);
            request.key(Self::KEY, AttributeValue::S((*email).to_owned())).send().await?;
        }
        if self.made {
            self.dynamodb.delete_table().table_name(Self::TABLE).send().await?;
        }
        Ok(())
    }
}

async fn make(dynamodb: &Client) -> anyhow::Result<()> {
    let key = Addresses::KEY;
    let of_type = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S);
    let schema = KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash);
    let request =
        dynamodb.create_table().table_name(Addresses::TABLE).billing_mode(BillingMode::PayPerRequest);
    request.attribute_definitions(of_type.build()?).key_schema(schema.build()?).send().await?;
    let table = dynamodb.wait_until_table_exists().table_name(Addresses::TABLE);
    table.wait(std::time::Duration::from_secs(60)).await?;
    Ok(())
}

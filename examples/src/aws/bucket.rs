//! A bucket of S3 for an example: what is put there is removed at the end.

use std::collections::HashMap;
use std::io;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt};
use http_body::Frame;
use http_body_util::StreamBody;
use sync_wrapper::SyncStream;

/// A bucket, which every call expects to be the account's own: a stranger may have made one of this name.
#[derive(Debug)]
pub struct Bucket {
    s3: Client,
    /// Its name.
    pub name: String,
    owner: String,
    /// Made here, so removed here.
    made: bool,
}

/// A request for an object of the bucket.
macro_rules! request {
    ($bucket:expr, $operation:ident, $object:expr) => {
        $bucket.s3.$operation().bucket(&$bucket.name).expected_bucket_owner(&$bucket.owner).key($object)
    };
}

impl Bucket {
    /// The account's bucket of this name, which is made if there is none.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn set_up(s3: Client, name: String, owner: &str) -> anyhow::Result<Self> {
        let found = s3.head_bucket().bucket(&name).expected_bucket_owner(owner).send().await;
        let made = match found {
            Ok(_) => false,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => true,
            Err(error) => return Err(error.into()),
        };
        if made {
            let request = s3.create_bucket().bucket(&name);
            request.set_create_bucket_configuration(location(&s3)).send().await?;
            println!("  bucket {name} made");
        }
        Ok(Self { s3, name, owner: owner.to_owned(), made })
    }

    /// Puts an object whose bytes are all there.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn put(&self, object: &str, bytes: Vec<u8>, metadata: &[(&str, &str)]) -> anyhow::Result<()> {
        let metadata: HashMap<_, _> =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = request!(self, put_object, object).set_metadata(Some(metadata));
        request.body(ByteStream::from(bytes)).send().await?;
        Ok(())
    }

    /// Puts an object of `len` bytes as they come: none waits for the rest. S3 takes 5 GiB in this way,
    /// and more in parts. If the stream fails or has another length, there is no object; the stream
    /// can't be read twice, so that nothing is tried again.
    ///
    /// # Errors
    /// The stream's, or what S3 says.
    pub async fn upload<S>(&self, object: &str, len: u64, stream: S) -> anyhow::Result<()>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        // The SDK's body is `Sync`, though nobody but its one owner ever polls it.
        let frames = SyncStream::new(stream.map_ok(Frame::data));
        let body = ByteStream::from_body_1_x(StreamBody::new(frames));
        let request = request!(self, put_object, object).content_length(i64::try_from(len)?);
        request.body(body).send().await?;
        Ok(())
    }

    /// An object's metadata, and its bytes to come.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn get(&self, object: &str) -> anyhow::Result<GetObjectOutput> {
        Ok(request!(self, get_object, object).send().await?)
    }

    /// All bytes of an object.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn bytes(&self, object: &str) -> anyhow::Result<Vec<u8>> {
        Ok(self.get(object).await?.body.collect().await?.to_vec())
    }

    /// Removes these objects, and the bucket if it was made here.
    ///
    /// # Errors
    /// What S3 says.
    pub async fn clean_up(&self, objects: &[&str]) -> anyhow::Result<()> {
        for object in objects {
            request!(self, delete_object, *object).send().await?;
        }
        if self.made {
            let request = self.s3.delete_bucket().bucket(&self.name);
            request.expected_bucket_owner(&self.owner).send().await?;
        }
        Ok(())
    }
}

/// Where a new bucket is: in the client's region. `us-east-1` must not be said.
fn location(s3: &Client) -> Option<CreateBucketConfiguration> {
    let region = s3.config().region().map(AsRef::as_ref).filter(|region| *region != "us-east-1")?;
    let location = BucketLocationConstraint::from(region);
    Some(CreateBucketConfiguration::builder().location_constraint(location).build())
}

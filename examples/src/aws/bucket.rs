//! A bucket of S3 for an example: what is put there is removed at the end.

use std::collections::HashMap;

use anyhow::Context;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, CompletedMultipartUpload, CompletedPart, CreateBucketConfiguration,
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of each part but the last: the least that S3 takes.
const PART: usize = 5 << 20;

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

    /// Puts an object of whatever length, part after part, as it comes out of `source`: one part is
    /// in memory. Answers how many there were. If the source fails, there is no object.
    ///
    /// # Errors
    /// The source's, or what S3 says.
    pub async fn upload(&self, object: &str, source: impl AsyncRead + Unpin) -> anyhow::Result<usize> {
        let upload = request!(self, create_multipart_upload, object).send().await?;
        let id = upload.upload_id.context("S3 gave no id of the upload")?;
        let parts = match self.upload_parts(object, &id, source).await {
            Ok(parts) => parts,
            Err(error) => {
                request!(self, abort_multipart_upload, object).upload_id(&id).send().await?;
                return Err(error);
            }
        };
        let count = parts.len();
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let end = request!(self, complete_multipart_upload, object).upload_id(&id).multipart_upload(parts);
        end.send().await?;
        Ok(count)
    }

    async fn upload_parts(
        &self,
        object: &str,
        upload: &str,
        mut source: impl AsyncRead + Unpin,
    ) -> anyhow::Result<Vec<CompletedPart>> {
        let mut parts = Vec::new();
        for number in 1.. {
            let mut part = Vec::with_capacity(PART);
            (&mut source).take(PART as u64).read_to_end(&mut part).await?;
            if part.is_empty() {
                break;
            }
            let request = request!(self, upload_part, object).upload_id(upload).part_number(number);
            let sent = request.body(ByteStream::from(part)).send().await?;
            let done = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
            parts.push(done.set_checksum_crc32(sent.checksum_crc32).build());
        }
        Ok(parts)
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

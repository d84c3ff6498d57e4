//! Files in a bucket of an S3 store: Amazon's, or any that speaks its protocol.
//!
//! A large file goes in parts. If this process dies meanwhile they stay in the bucket, unseen, until a lifecycle rule of the bucket
//! (`AbortIncompleteMultipartUpload`) removes them.

#[cfg(test)]
mod tests;

use super::{
    Content, ContentType, FileInfo, Files, FilesError, Key, Listed, NewFile, OpenFile, Result, upload::upload,
};
use crate::{OpenError, S3Options};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use http::{HeaderValue, Method, header};
use object_store::{
    Attribute, Attributes, ClientOptions, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt as _,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::{SignedUrlOptions, Signer as _},
};
use std::{ops::Range, sync::Arc, time::Duration};

/// How often a request that failed is made again within the configured time.
const ATTEMPTS: usize = 5;

/// See the module.
#[derive(Debug, Clone)]
pub struct S3Files {
    store: Arc<AmazonS3>,
    // the same one, as what uploads take
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl S3Files {
    /// Files in a bucket, which must exist. Looks into it, so that wrong options are found out now.
    ///
    /// # Errors
    /// [`OpenError::S3`] if the options make no sense or the bucket cannot be used.
    pub async fn open(options: &S3Options) -> Result<Self, OpenError> {
        let failed = |source| OpenError::S3 {
            bucket: options.bucket.clone(),
            source,
        };
        let store = Arc::new(client(options).map_err(|error| failed(error.into()))?);
        let files = Self {
            objects: Arc::clone(&store) as _,
            store,
            prefix: Path::parse(&options.prefix).map_err(|error| failed(object_store::Error::from(error).into()))?,
        };
        files.health().await.map_err(failed)?;
        Ok(files)
    }

    fn path(&self, key: &Key) -> Path {
        self.prefix.parts().chain(key.path().parts()).collect()
    }

    async fn found(&self, key: &Key, options: GetOptions) -> Result<Option<GetResult>, object_store::Error> {
        match self.objects.get_opts(&self.path(key), options).await {
            Err(error @ object_store::Error::NotFound { .. }) if !bucket_is_missing(&error) => Ok(None),
            found => found.map(Some),
        }
    }

    async fn signed(
        &self,
        method: Method,
        key: &Key,
        valid_for: Duration,
        options: SignedUrlOptions,
    ) -> Result<Option<String>> {
        let url = self
            .store
            .signed_url_opts(method, &self.path(key), valid_for, &options)
            .await?;
        Ok(Some(url.into()))
    }
}

#[async_trait]
impl Files for S3Files {
    async fn put(&self, file: NewFile, content: Content<'_>) -> Result<u64> {
        let attributes = Attributes::from_iter([(Attribute::ContentType, file.content_type.as_str().to_owned())]);
        upload(
            &self.objects,
            &self.path(&file.key),
            attributes,
            file.limit,
            content,
            Bytes::new(),
        )
        .await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<OpenFile>> {
        let wanted = match &range {
            None => None,
            Some(range) if range.is_empty() => return self.out_of_range(key).await,
            // larger numbers than a file can have bytes are not understood everywhere
            Some(range) if range.end > i64::MAX as u64 => Some(GetRange::Offset(range.start)),
            Some(range) => Some(GetRange::Bounded(range.clone())),
        };
        let options = GetOptions {
            range: wanted,
            ..GetOptions::default()
        };
        let found = match self.found(key, options).await {
            Ok(found) => found,
            // what an engine says to a range that it does not like differs; that it lies behind the end is easily looked up
            Err(error) => match (range, self.head(key).await?) {
                (Some(range), Some(info)) if range.start >= info.size => {
                    return Err(FilesError::OutOfRange { size: info.size });
                }
                _ => return Err(error.into()),
            },
        };
        Ok(found.map(|found| OpenFile {
            info: info(&found),
            range: found.range.clone(),
            content: found.into_stream().map_err(FilesError::from).boxed(),
        }))
    }

    async fn head(&self, key: &Key) -> Result<Option<FileInfo>> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        Ok(self.found(key, options).await?.as_ref().map(info))
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        match self.objects.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<Listed>> {
        let below = prefix.map_or_else(|| self.prefix.clone(), |prefix| self.path(prefix));
        let root = self.prefix.clone();
        let listed = self.objects.list(Some(&below)).map_err(FilesError::from);
        let listed = listed.try_filter_map(move |meta| {
            let own = meta.location.prefix_match(&root).map(Path::from_iter);
            // what no key names was not put here by this port
            let key = own.and_then(|own| own.as_ref().parse().ok());
            let stored_at_ms = milliseconds(&meta);
            async move { Ok(key.map(|key| Listed { key, stored_at_ms })) }
        });
        listed.boxed()
    }

    async fn url_to_get(&self, key: &Key, valid_for: Duration) -> Result<Option<String>> {
        self.signed(Method::GET, key, valid_for, SignedUrlOptions::new()).await
    }

    async fn url_to_put(&self, key: &Key, content_type: &ContentType, valid_for: Duration) -> Result<Option<String>> {
        let kind = HeaderValue::from_str(content_type.as_str()).expect("it is printable ASCII");
        let options = SignedUrlOptions::new().with_signed_header(header::CONTENT_TYPE, kind);
        self.signed(Method::PUT, key, valid_for, options).await
    }

    /// Looks for a file that is not there: a bucket that is missing, and rights, are told apart from that.
    async fn health(&self) -> Result<()> {
        let probe = self.prefix.clone().join("health-probe");
        match self.objects.get(&probe).await {
            Err(error @ object_store::Error::NotFound { .. }) if !bucket_is_missing(&error) => Ok(()),
            looked => Ok(looked.map(drop)?),
        }
    }
}

impl S3Files {
    async fn out_of_range(&self, key: &Key) -> Result<Option<OpenFile>> {
        match self.head(key).await? {
            Some(info) => Err(FilesError::OutOfRange { size: info.size }),
            None => Ok(None),
        }
    }
}

fn client(options: &S3Options) -> Result<AmazonS3, object_store::Error> {
    // how TLS is done has to be chosen, for the process; this fails only where it is chosen already
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = ClientOptions::new()
        .with_allow_http(options.endpoint.starts_with("http:"))
        .with_connect_timeout(options.connect_timeout)
        // a large file may take as long as it takes, as long as it goes on
        .with_timeout_disabled()
        .with_read_timeout(options.read_timeout);
    let retry = RetryConfig {
        max_retries: ATTEMPTS,
        retry_timeout: options.retry_for,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client)
        .with_retry(retry)
        .with_region(&options.region)
        .with_bucket_name(&options.bucket)
        .with_virtual_hosted_style_request(!options.path_style)
        .with_access_key_id(&options.access_key)
        .with_secret_access_key(options.secret_key.expose());
    if !options.endpoint.is_empty() {
        builder = builder.with_endpoint(&options.endpoint);
    }
    builder.build()
}

fn info(found: &GetResult) -> FileInfo {
    let content_type = found.attributes.get(&Attribute::ContentType);
    FileInfo {
        size: found.meta.size,
        // what somebody else has put there may be of a type that this port would not take
        content_type: content_type
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(ContentType::unknown),
        stored_at_ms: milliseconds(&found.meta),
    }
}

fn milliseconds(meta: &object_store::ObjectMeta) -> u64 {
    meta.last_modified.timestamp_millis().try_into().unwrap_or_default()
}

/// A file that is missing has the same status.
fn bucket_is_missing(error: &object_store::Error) -> bool {
    error.to_string().contains("<Code>NoSuchBucket</Code>")
}

//! From a stream of bytes to one object, which appears when all of it is there.

use super::{Content, FilesError, Result};
use bytes::Bytes;
use futures::StreamExt as _;
use object_store::{Attributes, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, WriteMultipart, path::Path};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A file up to this size goes in one request; a larger one in parts of it. S3 wants 5 MiB at least, and takes 10,000 parts: 80 GiB.
pub(super) const PART: usize = 8 << 20;
/// So many parts of a file are on their way at once; so often `PART` is what it takes in memory.
const PARTS_AT_ONCE: usize = 4;

/// Stores at most `limit` bytes of `content`, and `tail` behind them; how many bytes there were without the tail.
pub(super) async fn upload(
    store: &Arc<dyn ObjectStore>,
    path: &Path,
    attributes: Attributes,
    limit: u64,
    mut content: Content<'_>,
    tail: Bytes,
) -> Result<u64> {
    let (mut first, mut size) = (Vec::new(), 0);
    while size <= PART as u64 {
        let Some(bytes) = next(&mut content, &mut size, limit).await? else {
            first.push(tail);
            let options = PutOptions::from(attributes);
            store.put_opts(path, PutPayload::from_iter(first), options).await?;
            return Ok(size);
        };
        first.push(bytes);
    }
    let mut parts = Parts::begin(store, path, attributes).await?;
    for bytes in first {
        parts.put(bytes).await?;
    }
    while let Some(bytes) = next(&mut content, &mut size, limit).await? {
        parts.put(bytes).await?;
    }
    parts.put(tail).await?;
    parts.finish().await?;
    Ok(size)
}

async fn next(content: &mut Content<'_>, size: &mut u64, limit: u64) -> Result<Option<Bytes>> {
    let Some(bytes) = content.next().await else {
        return Ok(None);
    };
    let bytes = bytes.map_err(|error| FilesError::BrokenOff(Arc::new(error)))?;
    *size += bytes.len() as u64;
    if *size > limit {
        return Err(FilesError::TooLarge { limit });
    }
    Ok(Some(bytes))
}

/// An object that comes in parts. Unless it is finished, the engine is told to forget them.
struct Parts(Option<WriteMultipart>);

impl Parts {
    async fn begin(store: &Arc<dyn ObjectStore>, path: &Path, attributes: Attributes) -> Result<Self> {
        let options = PutMultipartOptions::from(attributes);
        let upload = store.put_multipart_opts(path, options).await?;
        Ok(Self(Some(WriteMultipart::new_with_chunk_size(upload, PART))))
    }

    async fn put(&mut self, bytes: Bytes) -> Result<()> {
        if let Some(parts) = &mut self.0 {
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.put(bytes);
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<()> {
        if let Some(parts) = self.0.take() {
            parts.finish().await?;
        }
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        // outside of a runtime nothing can be told to anybody
        let (Some(parts), Ok(runtime)) = (self.0.take(), Handle::try_current()) else {
            return;
        };
        runtime.spawn(async move {
            if let Err(error) = parts.abort().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "parts of a file that was given up are left behind"
                );
            }
        });
    }
}

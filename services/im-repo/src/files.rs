//! The files port: what people attach. A file is bytes under a [`Key`], with a [`ContentType`].
//!
//! * **Whole or not at all.** [`Files::put`] writes a new file or replaces one at a stroke: who reads meanwhile gets all bytes of the old one or all
//!   of the new one, and after an error, or when the future is dropped, what was there is there still. The content type goes with the bytes, but S3
//!   gateways over a file system may show the old one a moment longer: put files of another type under another key.
//! * **Durability.** When `put` has returned, the file outlives this process; power too, on a local folder (synced, and its folder with it) and
//!   as far as an S3 store promises that for its own acknowledgements. A deletion may be undone by a loss of power.
//! * **After an error** of the kind [`FilesError::Unavailable`] the same call may be made again.
//!
//! An adapter keeps these promises by passing the suite in [`conformance`].

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod key;
pub mod local;
#[cfg(feature = "s3")]
pub mod s3;
mod upload;

pub use error::FilesError;
pub use key::{ContentType, Key, Malformed};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::{io, ops::Range, time::Duration};

/// The answer of every call.
pub type Result<T, E = FilesError> = std::result::Result<T, E>;

/// The bytes of a file that somebody gives, in pieces of any size. An error ends the put, and nothing is stored.
pub type Content<'a> = BoxStream<'a, io::Result<Bytes>>;

/// A file to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Under which key.
    pub key: Key,
    /// Of which type.
    pub content_type: ContentType,
    /// More bytes than this are refused with [`FilesError::TooLarge`], and nothing is stored.
    pub limit: u64,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// How many bytes it has.
    pub size: u64,
    /// Of which type it is.
    pub content_type: ContentType,
    /// When it was stored, in milliseconds since 1970, by the engine's clock; S3 stores know whole seconds.
    pub stored_at_ms: u64,
}

/// A file that is being read. What is put under its key meanwhile does not mix with it.
pub struct OpenFile {
    /// Of the whole file.
    pub info: FileInfo,
    /// Which of its bytes follow.
    pub range: Range<u64>,
    /// The bytes, in pieces of any size. After an error nothing follows.
    pub content: BoxStream<'static, Result<Bytes>>,
}

/// A file in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: Key,
    /// When it was stored, as in [`FileInfo`].
    pub stored_at_ms: u64,
}

/// A place for files.
#[async_trait]
pub trait Files: Send + Sync + 'static {
    /// Stores a file, in place of the one that has its key; how many bytes it has.
    async fn put(&self, file: NewFile, content: Content<'_>) -> Result<u64>;

    /// The file, or some of its bytes: a range that ends behind the file ends with it. `None` if there is none.
    ///
    /// # Errors
    /// [`FilesError::OutOfRange`] for a range without a byte, or which begins behind the last one.
    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<OpenFile>>;

    /// What is known of a file; `None` if there is none.
    async fn head(&self, key: &Key) -> Result<Option<FileInfo>>;

    /// Deletes a file if it is there. Idempotent; who is reading it reads on.
    async fn delete(&self, key: &Key) -> Result<()>;

    /// All files, or those below `prefix` (`a/b` has `a/b/c` below it, not `a/bc`, not itself), in no order. What is stored or deleted meanwhile
    /// may be listed or not.
    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<Listed>>;

    /// A URL from which anybody may GET the file for so long; whether it exists is not looked up. `None` where the engine has no such URLs.
    async fn url_to_get(&self, key: &Key, valid_for: Duration) -> Result<Option<String>>;

    /// A URL to which anybody may PUT the file for so long, with exactly this `content-type`: the engine refuses another. It does not bound the
    /// size: look at [`Files::head`] before the file is used. `None` where the engine has no such URLs.
    async fn url_to_put(&self, key: &Key, content_type: &ContentType, valid_for: Duration) -> Result<Option<String>>;

    /// Whether files can be stored and read now.
    async fn health(&self) -> Result<()>;
}

/// Bytes that are in memory already, as content.
#[must_use]
pub fn whole(bytes: impl Into<Bytes>) -> Content<'static> {
    let bytes = bytes.into();
    Box::pin(futures::stream::once(async move { Ok(bytes) }))
}

impl std::fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenFile")
            .field("info", &self.info)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

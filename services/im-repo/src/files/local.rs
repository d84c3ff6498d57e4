//! Files in a folder: each in a file of its own, at the path that is its key, synced, and its folder with it, before a put returns.
//!
//! The content type stands behind the bytes (`footer.rs`), so that both appear at a stroke. Several processes may use one folder if it is the same for all of
//! them; it is for one machine, or for a network file system that keeps the order of a sync and a rename.

mod footer;
#[cfg(test)]
mod tests;

use super::{
    Content, ContentType, FileInfo, Files, FilesError, Key, Listed, NewFile, OpenFile, Result, upload::upload,
};
use crate::OpenError;
use async_trait::async_trait;
use bytes::Bytes;
use footer::FOOTER;
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use im_infra::clock::SharedClock;
use object_store::{Attributes, GetResult, GetResultPayload, ObjectStore, ObjectStoreExt as _, local::LocalFileSystem};
use std::{
    fs, io,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

/// What a put has not finished after so long was left behind by a process that died.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// See the module.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    store: Arc<dyn ObjectStore>,
    folder: PathBuf,
}

impl LocalFiles {
    /// Files in `folder`, which is made if it is missing. What processes that died have left unfinished there for a day is removed.
    ///
    /// # Errors
    /// [`OpenError::Folder`] if the folder cannot be made, read or written to.
    pub async fn open(folder: &Path, clock: &SharedClock) -> Result<Self, OpenError> {
        let name = folder.display().to_string();
        let path = folder.to_owned();
        let abandoned = Duration::from_millis(clock.now_ms()).saturating_sub(ABANDONED);
        let opened = blocking(move || {
            fs::create_dir_all(&path)?;
            probe(&path)?;
            let left = sweep(&path, abandoned)?;
            if left > 0 {
                tracing::info!(files = left, folder = %path.display(), "unfinished files removed");
            }
            LocalFileSystem::new_with_prefix(&path).map_err(io::Error::other)
        });
        let store = opened
            .await
            .map_err(|source| OpenError::Folder { folder: name, source })?;
        Ok(Self {
            store: Arc::new(store.with_fsync(true)),
            folder: folder.to_owned(),
        })
    }

    /// The open file with what its footer says, or `None`.
    async fn found(&self, key: &Key) -> Result<Option<(GetResult, FileInfo)>> {
        let found = match self.store.get(&key.path()).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            found => found?,
        };
        let read = tokio::task::spawn_blocking(move || {
            let content_type = content_type(&found)?;
            Some((found, content_type))
        });
        let read = read.await.map_err(object_store::Error::from)?;
        let (found, content_type) = read.ok_or_else(|| FilesError::Damaged { key: key.clone() })?;
        let info = FileInfo {
            size: found.meta.size - FOOTER,
            content_type,
            stored_at_ms: milliseconds(&found.meta),
        };
        Ok(Some((found, info)))
    }
}

#[async_trait]
impl Files for LocalFiles {
    async fn put(&self, file: NewFile, content: Content<'_>) -> Result<u64> {
        let NewFile {
            key,
            content_type,
            limit,
        } = file;
        let footer = Bytes::copy_from_slice(&footer::write(&content_type));
        upload(&self.store, &key.path(), Attributes::new(), limit, content, footer).await
    }

    async fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Option<OpenFile>> {
        let Some((mut found, info)) = self.found(key).await? else {
            return Ok(None);
        };
        let range = match range {
            None => 0..info.size,
            Some(range) if range.is_empty() || range.start >= info.size => {
                return Err(FilesError::OutOfRange { size: info.size });
            }
            Some(range) => range.start..range.end.min(info.size),
        };
        found.range = range.clone();
        Ok(Some(OpenFile {
            content: if range.is_empty() {
                futures::stream::empty().boxed()
            } else {
                found.into_stream().map_err(FilesError::from).boxed()
            },
            info,
            range,
        }))
    }

    async fn head(&self, key: &Key) -> Result<Option<FileInfo>> {
        Ok(self.found(key).await?.map(|(_, info)| info))
    }

    async fn delete(&self, key: &Key) -> Result<()> {
        match self.store.delete(&key.path()).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<Listed>> {
        let listed = self.store.list(prefix.map(Key::path).as_ref());
        let listed = listed.map_err(FilesError::from).try_filter_map(|meta| async move {
            // what no key names was not put here by this port
            Ok(meta.location.as_ref().parse().ok().map(|key| Listed {
                key,
                stored_at_ms: milliseconds(&meta),
            }))
        });
        listed.boxed()
    }

    async fn url_to_get(&self, _: &Key, _: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    async fn url_to_put(&self, _: &Key, _: &ContentType, _: Duration) -> Result<Option<String>> {
        Ok(None)
    }

    /// A byte is written, synced and removed: that finds a folder that is gone or read-only, and a full disk.
    async fn health(&self) -> Result<()> {
        let folder = self.folder.clone();
        let written = blocking(move || probe(&folder));
        written.await.map_err(|error| {
            FilesError::Unavailable(Arc::new(object_store::Error::Generic {
                store: "LocalFileSystem",
                source: error.into(),
            }))
        })
    }
}

fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!("#{}", std::process::id()));
    let file = fs::File::create(&path)?;
    file.write_all_at(b"?", 0)?;
    file.sync_all()?;
    match fs::remove_file(&path) {
        // another look at the same time has removed it
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reads the footer of an open file; `None` if it has none.
fn content_type(found: &GetResult) -> Option<ContentType> {
    let GetResultPayload::File(file, _) = &found.payload else {
        return None;
    };
    let mut bytes = [0; FOOTER as usize];
    file.read_exact_at(&mut bytes, found.meta.size.checked_sub(FOOTER)?)
        .ok()?;
    footer::read(&bytes)
}

fn milliseconds(meta: &object_store::ObjectMeta) -> u64 {
    meta.last_modified.timestamp_millis().try_into().unwrap_or_default()
}

/// Removes what was being written before a time since 1970 and was not finished; how many files.
fn sweep(folder: &Path, before: Duration) -> io::Result<u64> {
    let mut removed = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if is_unfinished(&entry) && last_written(&entry)? < before {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// No key has a `#` in it: that is how files are named while they are written.
fn is_unfinished(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().contains(&b'#')
}

fn last_written(entry: &fs::DirEntry) -> io::Result<Duration> {
    let modified = entry.metadata()?.modified()?;
    Ok(modified.duration_since(UNIX_EPOCH).unwrap_or_default())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

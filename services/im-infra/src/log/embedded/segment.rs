//! Segment files: their names, their header, and the few operations that the writer needs of them.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes before the first frame.
pub(super) const HEADER: usize = 24;
/// The format that this code writes, and the only one that it reads.
pub(super) const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"PARLOG\r\n";

/// Where segment `number` lies.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.seg"))
}

/// The numbers of all segments in the folder, ascending.
pub(super) fn list(folder: &Path) -> io::Result<Vec<u64>> {
    numbers(folder, "seg")
}

/// The numbers of all files `<number>.<extension>` in the folder, ascending.
pub(super) fn numbers(folder: &Path, extension: &str) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = PathBuf::from(entry?.file_name());
        if file.extension().is_some_and(|its| its == extension) {
            found.extend(
                file.file_stem()
                    .and_then(|stem| stem.to_str())
                    .and_then(|stem| stem.parse::<u64>().ok()),
            );
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Makes the creation and deletion of files in the folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The header of segment `number`.
pub(super) fn header(number: u64) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[12..20].copy_from_slice(&number.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..20]);
    bytes[20..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// What the first bytes of a segment file are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The header of this segment, in a format that can be read.
    Good,
    /// An intact header of another version.
    Version(u32),
    /// Anything else.
    Broken,
}

/// Judges the first bytes of segment `number`.
pub(super) fn judge(bytes: &[u8], number: u64) -> Head {
    let Some(head) = bytes.get(..HEADER) else {
        return Head::Broken;
    };
    if head == header(number) {
        return Head::Good;
    }
    let version = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    let intact = &head[..8] == MAGIC && head[20..] == crc32c::crc32c(&head[..20]).to_le_bytes();
    if intact && version != VERSION {
        Head::Version(version)
    } else {
        Head::Broken
    }
}

/// The segment that is being written.
#[derive(Debug)]
pub(super) struct ActiveSegment {
    pub(super) number: u64,
    pub(super) file: Arc<File>,
    faults: Faults,
}

impl ActiveSegment {
    /// Creates an empty file and makes its name durable.
    pub(super) fn create(folder: &Path, number: u64, faults: Faults) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path(folder, number))?;
        sync_folder(folder)?;
        Ok(Self {
            number,
            file: Arc::new(file),
            faults,
        })
    }

    /// Opens one that is there.
    pub(super) fn open(folder: &Path, number: u64, faults: Faults) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path(folder, number))?;
        Ok(Self {
            number,
            file: Arc::new(file),
            faults,
        })
    }

    /// Writes all of `bytes` at `position`.
    pub(super) fn write(&self, bytes: &[u8], position: u64) -> io::Result<()> {
        if let Some(error) = self.faults.write() {
            self.file.write_all_at(&bytes[..bytes.len() / 2], position)?;
            return Err(error);
        }
        self.file.write_all_at(bytes, position)
    }

    /// Waits until what was written survives the loss of power.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.faults.sync()?;
        self.file.sync_data()
    }

    /// Cuts the file to `length`, durably.
    pub(super) fn cut(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)?;
        self.file.sync_all()
    }
}

#[cfg(not(test))]
pub(super) use real::Faults;
#[cfg(test)]
pub(super) use scripted::Faults;

#[cfg(not(test))]
mod real {
    /// No fault but the disk's own.
    #[derive(Debug, Clone, Default)]
    pub(in super::super) struct Faults;

    impl Faults {
        pub(in super::super) fn none() -> Self {
            Self
        }

        pub(super) fn write(&self) -> Option<std::io::Error> {
            None
        }

        pub(super) fn sync(&self) -> std::io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod scripted {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    /// Lets a test say what the disk fails at.
    #[derive(Debug, Clone, Default)]
    pub(in super::super) struct Faults {
        pub(in super::super) disk_full: Arc<AtomicBool>,
        pub(in super::super) sync_fails: Arc<AtomicBool>,
    }

    impl Faults {
        pub(in super::super) fn none() -> Self {
            Self::default()
        }

        pub(super) fn write(&self) -> Option<io::Error> {
            self.disk_full.load(SeqCst).then(|| io::ErrorKind::StorageFull.into())
        }

        pub(super) fn sync(&self) -> io::Result<()> {
            if self.sync_fails.load(SeqCst) {
                Err(io::Error::other("sync failed"))
            } else {
                Ok(())
            }
        }
    }
}

//! What can go wrong with files.

use super::Key;
use im_schema::{failure::Failure, parlance::Reason};
use std::{io, sync::Arc};

/// Why a file was not stored, read or deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FilesError {
    /// The engine cannot be reached, or its disk is full: the same call may succeed later.
    #[error("the file store cannot be used now")]
    Unavailable(#[source] Arc<object_store::Error>),
    /// The engine does not let this process do it: wrong credentials, or too few rights.
    #[error("the file store refuses this process")]
    Refused(#[source] Arc<object_store::Error>),
    /// There are more bytes than allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// How many would have been allowed.
        limit: u64,
    },
    /// The range holds no byte of the file.
    #[error("the file has {size} bytes, none of them in the range")]
    OutOfRange {
        /// How many the file has.
        size: u64,
    },
    /// Whoever gave the content broke off.
    #[error("the content of the file broke off")]
    BrokenOff(#[source] Arc<io::Error>),
    /// There is something under the key that this program did not write, or not all of what it wrote.
    #[error("the file {key} is damaged")]
    Damaged {
        /// Which one.
        key: Key,
    },
    /// The bucket does not exist, or the engine lacks something: a fault of its setup.
    #[error("the file store is not set up for this")]
    Setup(#[source] Arc<object_store::Error>),
}

impl From<object_store::Error> for FilesError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as E;
        let kind = match &error {
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => Self::Refused,
            // of a file that is missing callers say so themselves: what is missing here is the bucket
            E::NotFound { .. }
            | E::NotSupported { .. }
            | E::NotImplemented { .. }
            | E::InvalidPath { .. }
            | E::UnknownConfigurationKey { .. } => Self::Setup,
            _ => Self::Unavailable,
        };
        kind(Arc::new(error))
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        let (reason, message) = match &error {
            FilesError::Unavailable(_) => (Reason::Unavailable, "files cannot be reached"),
            FilesError::TooLarge { .. } => (Reason::TooLarge, "the file is larger than the limit"),
            FilesError::OutOfRange { .. } => (Reason::InvalidArgument, "the range holds no byte of the file"),
            FilesError::BrokenOff(_) => (Reason::Malformed, "the content of the file broke off"),
            FilesError::Refused(_) | FilesError::Damaged { .. } | FilesError::Setup(_) => {
                (Reason::Internal, "the file store failed")
            }
        };
        Self::new(reason, message).because(error)
    }
}

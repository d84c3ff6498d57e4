use im_infra::config::{Secret, duration};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Where files are kept: in a folder, or in a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesOptions {
    /// The folder, made if it is missing; empty for `files` in the repo's own. Several processes must see the same one.
    pub folder: PathBuf,
    /// The bucket; without one the folder is used.
    pub s3: S3Options,
}

/// A bucket of an S3 store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Options {
    /// The bucket, which must exist; empty for the local folder.
    pub bucket: String,
    /// URL of the store, such as `http://127.0.0.1:9000`; empty for Amazon's in `region`.
    pub endpoint: String,
    /// The region; stores that have none take any.
    pub region: String,
    /// The access key: it needs the rights to get, put and delete objects, to list the bucket, and to abort multipart uploads.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: Secret,
    /// Whether the bucket stands in the path of URLs; otherwise in the host's name.
    pub path_style: bool,
    /// Put before all keys, for a bucket that is shared with others: segments between slashes, or empty.
    pub prefix: String,
    /// How long connecting may take.
    #[serde(with = "duration")]
    pub connect_timeout: Duration,
    /// How long the store may send nothing before a request is given up.
    #[serde(with = "duration")]
    pub read_timeout: Duration,
    /// For how long a request that failed is made again before the call fails as unavailable.
    #[serde(with = "duration")]
    pub retry_for: Duration,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: Secret::default(),
            path_style: true,
            prefix: String::new(),
            connect_timeout: Duration::from_secs(3),
            read_timeout: Duration::from_secs(10),
            retry_for: Duration::from_secs(10),
        }
    }
}

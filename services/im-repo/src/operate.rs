//! For who runs a deployment: the schema of the database, and what its engines are like, without opening a repo.

use crate::{
    OpenError, RepoConfig,
    service::open_files,
    store::{Schema, sqlite::SqliteStore},
};
use im_infra::clock::SharedClock;

/// How far the database that is configured is on its way to this version's schema. Nothing is changed.
///
/// # Errors
/// It cannot be reached, or does not say.
pub async fn schema(config: &RepoConfig, clock: &SharedClock) -> Result<Schema, OpenError> {
    if config.mysql.primary.is_empty() {
        return SqliteStore::schema(config).await;
    }
    mysql::schema(config, clock).await
}

/// Brings the database that is configured to this version's schema, and says how far it was before. Any number of processes may do so at the
/// same time: one of them does it.
///
/// # Errors
/// It cannot be reached, or a migration does not work.
pub async fn migrate(config: &RepoConfig, clock: &SharedClock) -> Result<Schema, OpenError> {
    if config.mysql.primary.is_empty() {
        return SqliteStore::migrate(config).await;
    }
    mysql::migrate(config, clock).await
}

/// Opens the place for files that is configured, which looks whether it works. A folder is made if it is missing.
///
/// # Errors
/// It does not.
pub async fn check_files(config: &RepoConfig, clock: &SharedClock) -> Result<(), OpenError> {
    open_files(config, clock).await.map(drop)
}

#[cfg(feature = "mysql")]
mod mysql {
    use super::{OpenError, RepoConfig, Schema, SharedClock};
    use crate::store::mysql;

    pub(super) async fn schema(config: &RepoConfig, clock: &SharedClock) -> Result<Schema, OpenError> {
        mysql::schema(&config.mysql, clock).await
    }

    pub(super) async fn migrate(config: &RepoConfig, clock: &SharedClock) -> Result<Schema, OpenError> {
        mysql::migrate(&config.mysql, clock).await
    }
}

#[cfg(not(feature = "mysql"))]
mod mysql {
    use super::{OpenError, RepoConfig, Schema, SharedClock};

    pub(super) async fn schema(config: &RepoConfig, _: &SharedClock) -> Result<Schema, OpenError> {
        Err(missing(config))
    }

    pub(super) async fn migrate(config: &RepoConfig, _: &SharedClock) -> Result<Schema, OpenError> {
        Err(missing(config))
    }

    fn missing(config: &RepoConfig) -> OpenError {
        OpenError::NoMysql {
            primary: config.mysql.primary.clone(),
        }
    }
}

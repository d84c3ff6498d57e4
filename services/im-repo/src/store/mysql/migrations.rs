use super::super::migrations::{self, Listed, RECORDED, Schema};
use crate::OpenError;
use sqlx::{
    MySqlConnection,
    migrate::{MigrateError, Migrator},
};

const MIGRATIONS: &[Listed] = &[(
    1,
    "initial",
    include_str!("../../../../../migrations/mysql/0001_initial.sql"),
)];

/// How long one who starts waits for others who migrate, in seconds.
const PATIENCE: i64 = 300;

/// One lock a database; names of locks are the server's and at most 64 characters.
macro_rules! lock_name {
    () => {
        "CONCAT('migrate-', LEFT(SHA2(DATABASE(), 256), 32))"
    };
}

fn migrator() -> Migrator {
    let mut migrator = migrations::migrator(MIGRATIONS);
    migrator
        // sqlx's own lock waits for -1 seconds, which MariaDB answers at once and without the lock
        .set_locking(false)
        // a newer version of the program may run beside this one: it adds what this one can do without
        .set_ignore_missing(true);
    migrator
}

/// Runs what is missing, one process at a time; how far the database was before.
pub(super) async fn run(db: &mut MySqlConnection, shown: &str) -> Result<Schema, OpenError> {
    let failed = |source| OpenError::Migrate {
        path: shown.to_owned(),
        source,
    };
    let outcome = async {
        lock(db).await?;
        let before = schema(db, shown).await?;
        forget_what_was_cut_off(db).await?;
        // `run` is the same, but its future cannot be sent to another thread
        migrator().run_direct(None, db, false).await?;
        Ok(before)
    };
    let outcome = outcome.await.map_err(failed);
    // also given back when the connection ends
    let _ = sqlx::query(concat!("DO RELEASE_LOCK(", lock_name!(), ")"))
        .execute(db)
        .await;
    outcome
}

/// How far the database is.
pub(super) async fn schema(db: &mut MySqlConnection, shown: &str) -> Result<Schema, MigrateError> {
    let recorded = if has_table(db).await? {
        sqlx::query_as(RECORDED).fetch_all(db).await?
    } else {
        Vec::new()
    };
    Ok(Schema::compare(shown, &migrator(), &recorded))
}

async fn lock(db: &mut MySqlConnection) -> Result<(), MigrateError> {
    let sql = concat!("SELECT GET_LOCK(", lock_name!(), ", ?)");
    let locked: Option<i64> = sqlx::query_scalar(sql).bind(PATIENCE).fetch_one(db).await?;
    if locked == Some(1) {
        return Ok(());
    }
    let late = format!("another process has been migrating for {PATIENCE} seconds");
    Err(sqlx::Error::Configuration(late.into()).into())
}

/// The server cannot undo half a migration, so each can be run again: a process that died in the middle of one leaves it to the next.
async fn forget_what_was_cut_off(db: &mut MySqlConnection) -> Result<(), MigrateError> {
    if has_table(db).await? {
        sqlx::query("DELETE FROM _sqlx_migrations WHERE success = FALSE")
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn has_table(db: &mut MySqlConnection) -> Result<bool, MigrateError> {
    let table = "SELECT count(*) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(table).fetch_one(db).await?;
    Ok(tables > 0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_listed_under_its_number() {
        crate::store::migrations::every_file_is_listed("mysql", super::MIGRATIONS);
    }
}

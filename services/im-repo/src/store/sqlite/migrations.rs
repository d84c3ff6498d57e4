use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Version, what it does, statements. Forward only: a line is never changed, only added.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "initial",
        include_str!("../../../../../migrations/sqlite/0001_initial.sql"),
    ),
    (
        2,
        "when sessions ended",
        include_str!("../../../../../migrations/sqlite/0002_when_sessions_ended.sql"),
    ),
];

pub(super) fn migrator() -> Migrator {
    let migration = |&(version, description, sql): &(i64, &'static str, &'static str)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

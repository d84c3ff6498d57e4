//! The migrations of an engine, as sqlx wants them.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Version, what it does, statements. Forward only: a line is never changed, only added.
pub(super) type Listed = (i64, &'static str, &'static str);

pub(super) fn migrator(listed: &[Listed]) -> Migrator {
    let migration = |&(version, description, sql): &Listed| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(listed.iter().map(migration).collect())
}

/// Fails unless each file of `migrations/<engine>` is listed under its number and name.
#[cfg(test)]
pub(super) fn every_file_is_listed(engine: &str, listed: &[Listed]) {
    let folder = format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = names.filter(|name| name.ends_with(".sql")).collect();
    files.sort();
    let listed: Vec<_> = listed
        .iter()
        .map(|(version, description, _)| format!("{version:04}_{}.sql", description.replace(' ', "_")))
        .collect();
    assert_eq!(files, listed);
}

//! The migrations of an engine, as sqlx wants them.

use sqlx::{
    SqlSafeStr,
    migrate::{self, MigrationType, Migrator},
};

/// A change of a database's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number; they are run in ascending order.
    pub version: i64,
    /// What it does, in a few words.
    pub description: String,
}

/// How far a database is on its way to this version's schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// The file, or user, server and database.
    pub place: String,
    /// What was run, in ascending order.
    pub applied: Vec<Migration>,
    /// What has yet to be run.
    pub missing: Vec<Migration>,
    /// What was cut off in the middle and will be run again.
    pub cut_off: Vec<Migration>,
    /// What was run, but reads differently in this version: one of the two was changed, which must not be.
    pub changed: Vec<Migration>,
    /// What a newer version of the program has run.
    pub newer: Vec<Migration>,
}

impl Schema {
    /// Whether this version can work on the database as it is.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.missing.is_empty() && self.cut_off.is_empty() && self.changed.is_empty()
    }

    /// Compares what this version lists with what the database says that was run.
    pub(super) fn compare(place: &str, migrator: &Migrator, recorded: &[Recorded]) -> Self {
        let mut schema = Self {
            place: place.to_owned(),
            applied: Vec::new(),
            missing: Vec::new(),
            cut_off: Vec::new(),
            changed: Vec::new(),
            newer: Vec::new(),
        };
        for listed in migrator.iter() {
            let kind = match recorded.iter().find(|(version, ..)| *version == listed.version) {
                None => &mut schema.missing,
                Some((_, _, false, _)) => &mut schema.cut_off,
                Some((.., checksum)) if **checksum != *listed.checksum => &mut schema.changed,
                Some(_) => &mut schema.applied,
            };
            kind.push(Migration {
                version: listed.version,
                description: listed.description.clone().into_owned(),
            });
        }
        for (version, description, ..) in recorded {
            if !migrator.version_exists(*version) {
                schema.newer.push(Migration {
                    version: *version,
                    description: description.clone(),
                });
            }
        }
        schema
    }
}

/// A row of sqlx's table: version, description, whether it came to its end, checksum.
pub(super) type Recorded = (i64, String, bool, Vec<u8>);

pub(super) const RECORDED: &str =
    "SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version";

/// Version, what it does, statements. Forward only: a line is never changed, only added.
pub(super) type Listed = (i64, &'static str, &'static str);

pub(super) fn migrator(listed: &[Listed]) -> Migrator {
    let migration = |&(version, description, sql): &Listed| {
        migrate::Migration::new(
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

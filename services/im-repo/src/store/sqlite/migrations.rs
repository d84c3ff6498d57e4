use super::super::migrations::{self, Listed};
use sqlx::migrate::Migrator;

const MIGRATIONS: &[Listed] = &[
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
    (
        3,
        "places in two tables",
        include_str!("../../../../../migrations/sqlite/0003_places_in_two_tables.sql"),
    ),
];

pub(super) fn migrator() -> Migrator {
    migrations::migrator(MIGRATIONS)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_listed_under_its_number() {
        crate::store::migrations::every_file_is_listed("sqlite", super::MIGRATIONS);
    }
}

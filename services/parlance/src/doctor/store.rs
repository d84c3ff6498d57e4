//! The database: its server, its schema.

use super::{report::Finding, told};
use crate::settings::Settings;
use im_infra::clock::SharedClock;
use im_repo::{
    RepoConfig,
    store::{Migration, Schema},
};

pub(super) async fn look(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    let mut repo = settings.repo.clone();
    repo.folder = settings.data.join("repo");
    if repo.mysql.primary.is_empty() {
        return vec![migrations(&repo, clock).await];
    }
    servers(&repo, clock).await
}

/// How far the database is.
async fn migrations(repo: &RepoConfig, clock: &SharedClock) -> Finding {
    match im_repo::schema(repo, clock).await {
        Ok(schema) => judge(&schema, repo.mysql.primary.is_empty()),
        Err(error) => Finding::bad("migrations", told(&error), "see the database's server"),
    }
}

/// `embedded`: the database is brought along by every start, and nobody else could be on it.
fn judge(schema: &Schema, embedded: bool) -> Finding {
    const SUBJECT: &str = "migrations";
    let place = &schema.place;
    if !schema.changed.is_empty() {
        return Finding::bad(
            SUBJECT,
            format!("{place}: not what this version knows: {}", list(&schema.changed)),
            "run the program that this database belongs to; what was run once must never be changed",
        );
    }
    if !schema.is_up_to_date() {
        let due: Vec<_> = schema.cut_off.iter().chain(&schema.missing).cloned().collect();
        let found = format!("{place}: to be run: {}", list(&due));
        return if embedded {
            Finding::good(SUBJECT, format!("{found}, at the next start"))
        } else {
            Finding::bad(SUBJECT, found, "parlance migrate")
        };
    }
    if !schema.newer.is_empty() {
        return Finding::doubtful(
            SUBJECT,
            format!("{place}: a newer version was here: {}", list(&schema.newer)),
            "update this program, too, once the new version is there to stay",
        );
    }
    Finding::good(SUBJECT, format!("{place}: all {} are done", schema.applied.len()))
}

fn list(migrations: &[Migration]) -> String {
    let shown = migrations
        .iter()
        .map(|migration| format!("{} {}", migration.version, migration.description));
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(feature = "cluster")]
async fn servers(repo: &RepoConfig, clock: &SharedClock) -> Vec<Finding> {
    use im_repo::store::mysql::inspect;
    let options = &repo.mysql;
    let mut findings = match inspect(options, &options.primary, clock).await {
        Ok(primary) => {
            let mut findings = shared::primary(&primary, !options.replicas.is_empty());
            findings.push(migrations(repo, clock).await);
            findings
        }
        Err(error) => vec![Finding::bad(
            "database",
            told(&error),
            "start it, or correct repo.mysql: primary, database, user, password; the database must exist",
        )],
    };
    for replica in &options.replicas {
        findings.push(match inspect(options, replica, clock).await {
            Ok(replica) => shared::replica(&replica),
            Err(error) => Finding::doubtful(
                "replica",
                told(&error),
                "start it, or take it from repo.mysql.replicas; meanwhile the primary answers its reads",
            ),
        });
    }
    findings
}

#[cfg(not(feature = "cluster"))]
async fn servers(_: &RepoConfig, _: &SharedClock) -> Vec<Finding> {
    super::not_built_in("database", "repo.mysql.primary")
}

#[cfg(feature = "cluster")]
mod shared {
    use super::Finding;
    use crate::doctor::clock;
    use im_repo::store::mysql::MysqlState;

    pub(super) fn primary(server: &MysqlState, replicated: bool) -> Vec<Finding> {
        let found = format!("{} answers, {}", server.address, server.version);
        let first = if let Some(least) = too_old(&server.version) {
            Finding::bad(
                "database",
                format!("{found}, which is older than {least}"),
                "update the server",
            )
        } else if server.read_only {
            Finding::bad(
                "database",
                format!("{found}, takes no writes"),
                "name the primary in repo.mysql.primary, not a replica",
            )
        } else if replicated && !server.logs {
            Finding::bad(
                "database",
                format!("{found}, has replicas but writes no log for them"),
                "turn on log_bin, on MySQL gtid_mode too",
            )
        } else if !server.durable {
            Finding::doubtful(
                "database",
                format!("{found}; a crash of its machine loses messages that were accepted"),
                "set innodb_flush_log_at_trx_commit and sync_binlog to 1",
            )
        } else {
            Finding::good("database", found)
        };
        vec![first, clock::compare("the database", server.ahead_ms)]
    }

    pub(super) fn replica(server: &MysqlState) -> Finding {
        let found = format!("{} answers, {}", server.address, server.version);
        if server.read_only {
            Finding::good("replica", found)
        } else {
            Finding::doubtful(
                "replica",
                format!("{found}, takes writes of anybody"),
                "set read_only on it: what is written there is on no other server",
            )
        }
    }

    /// The least version of its kind, if this one is older.
    pub(super) fn too_old(version: &str) -> Option<&'static str> {
        let numbers: Vec<u32> = version.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
        let (least, shown): (&[u32], _) = if version.contains("MariaDB") {
            (&[10, 6], "MariaDB 10.6")
        } else {
            (&[8], "MySQL 8")
        };
        (numbers.as_slice() < least).then_some(shown)
    }
}

#[cfg(test)]
mod tests;

use super::*;
use im_infra::clock::SystemClock;
use sqlx::{Executor, Row};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_start_at_once_on_an_empty_database_migrate_it_once() {
    let database = Database::shared().await;
    let opening = (0..8).map(|_| {
        let options = database.options.clone();
        tokio::spawn(async move { MysqlStore::open(&options, SystemClock::shared()).await })
    });
    for opened in opening.collect::<Vec<_>>() {
        opened.await.unwrap().unwrap().close().await;
    }
    let mut db = database.connect().await;
    let rows = sqlx::query("SELECT count(*), CAST(min(success) AS SIGNED) FROM _sqlx_migrations")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!((rows.get::<i64, _>(0), rows.get::<i64, _>(1)), (1, 1));
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_run_again() {
    let database = Database::shared().await;
    database.open().await.close().await;
    let mut db = database.connect().await;
    // the process died before the last table and before it could say that it was done
    db.execute("DROP TABLE messages").await.unwrap();
    db.execute("UPDATE _sqlx_migrations SET success = FALSE").await.unwrap();
    let world = World::new(database.open().await, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    world.say(group, ada, NOW).await;
    world.store.close().await;
}

#[tokio::test]
async fn a_program_starts_on_a_database_that_a_newer_one_has_added_to() {
    let database = Database::shared().await;
    database.open().await.close().await;
    let mut db = database.connect().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999, 'of a newer version', TRUE, '', 0)";
    db.execute(newer).await.unwrap();
    database.open().await.close().await;
}

#[tokio::test]
async fn an_address_that_is_none_and_a_server_that_is_not_there_are_told() {
    let mut database = Database::shared().await;
    for (primary, expected) in [("nonsense", "is not host:port"), ("127.0.0.1:1", "efused")] {
        database.options.primary = primary.to_owned();
        let error = MysqlStore::open(&database.options, SystemClock::shared())
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("open parlance@{primary}/{}", database.options.database)
        );
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(expected), "{cause}");
    }
}

//! Reads on replicas.

use super::{
    super::{database::connect, replicas::State},
    *,
};
use im_infra::engines::Own;
use sqlx::Executor;

/// A world that reads large things on a replica.
async fn replicated_world() -> World {
    let database = Database::replicated().await;
    let store = database.open().await;
    store.replicas.first().becomes(State::InUse).await;
    World::new(store, 1_000, database)
}

mod conformance {
    use super::*;

    crate::conformance_tests!(replicated_world().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_in_one_process_and_reads_in_another_sees_it() {
    let mut database = Database::replicated().await;
    // however slow the machine is: what is late here is read on the replica all the same
    database.options.replica_wait = Duration::from_secs(5);
    let (writing, reading) = (database.open().await, database.open().await);
    reading.replicas.first().becomes(State::InUse).await;
    let world = World::new(writing, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    for n in 1..=200 {
        world.say(group, ada, NOW).await;
        let (newest, last) = reading.read_messages(group, 0, false, 1).await.unwrap();
        assert_eq!((newest[0].sequence, last), (n, n));
    }
    assert_eq!(reading.replicas.first().answered(), 200);
    world.store.close().await;
    reading.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_is_not_read_until_it_has_caught_up() {
    let engines = tokio::task::spawn_blocking(|| Own::up(&["mysql"])).await.unwrap();
    let mut database = Database::on(engines.address("mysql")).await;
    database
        .options
        .replicas
        .push(engines.address("mysql_replica").to_owned());
    database.options.replica_probe = Duration::from_millis(50);
    let store = database.open().await;
    let replica = store.replicas.first();
    replica.becomes(State::InUse).await;
    let world = World::new(Arc::clone(&store) as Arc<dyn Store>, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    let mut follower = connect(engines.address("mysql_replica"), "").await;

    follower.execute("STOP SLAVE SQL_THREAD").await.unwrap();
    let before = replica.answered();
    for n in 1..=20 {
        world.say(group, ada, NOW).await;
        assert_eq!(store.read_messages(group, 0, false, 1).await.unwrap().1, n);
    }
    replica.becomes(State::Aside).await;
    assert_eq!(replica.answered(), before);

    follower.execute("START SLAVE SQL_THREAD").await.unwrap();
    replica.becomes(State::InUse).await;
    assert_eq!(store.read_messages(group, 0, false, 1).await.unwrap().1, 20);
    assert_eq!(replica.answered(), before + 1);
    world.store.close().await;
    drop(database);
    tokio::task::spawn_blocking(move || drop(engines)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_replica_reads_go_to_the_primary_and_with_it_again_to_the_replica() {
    let engines = tokio::task::spawn_blocking(|| Arc::new(Own::up(&["mysql"])))
        .await
        .unwrap();
    let mut database = Database::on(engines.address("mysql")).await;
    database
        .options
        .replicas
        .push(engines.address("mysql_replica").to_owned());
    database.options.replica_probe = Duration::from_millis(50);
    database.options.connect_timeout = Duration::from_millis(500);
    let store = database.open().await;
    let replica = store.replicas.first();
    replica.becomes(State::InUse).await;
    let world = World::new(Arc::clone(&store) as Arc<dyn Store>, 1_000, ());
    let ada = world.user().await;
    let group = world.group(ada, &[]).await;
    world.say(group, ada, NOW).await;
    assert_eq!(store.read_messages(group, 0, false, 1).await.unwrap().1, 1);
    assert_eq!(replica.answered(), 1);

    let own = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || own.kill("mysql_replica"))
        .await
        .unwrap();
    for n in 2..=5 {
        world.say(group, ada, NOW).await;
        assert_eq!(store.read_messages(group, 0, false, 1).await.unwrap().1, n);
    }
    replica.becomes(State::Aside).await;
    assert_eq!(replica.answered(), 1);

    let own = Arc::clone(&engines);
    tokio::task::spawn_blocking(move || own.start("mysql_replica"))
        .await
        .unwrap();
    replica.becomes(State::InUse).await;
    assert_eq!(store.read_messages(group, 0, false, 1).await.unwrap().1, 5);
    assert_eq!(replica.answered(), 2);
    world.store.close().await;
    drop(database);
    tokio::task::spawn_blocking(move || drop(engines)).await.unwrap();
}

//! Without the replica: reads go to the primary.

use crate::kit::{Engine, TURN, until};
use im_repo::store::mysql::database::Database;
use im_schema::v1::client_frame;
use im_testkit::{Ground, Town, message};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_replica_the_primary_answers_and_with_it_the_replica_again() {
    let _turn = TURN.lock().await;
    let engine = Engine::up("mysql").await;
    let database = Database::on(&engine.address("mysql")).await;
    let replica = engine.address("mysql_replica");
    let town = Town::start(
        Ground::Engines,
        &[
            ("repo.mysql.primary", &database.options.primary),
            ("repo.mysql.database", &database.options.database),
            ("repo.mysql.replicas", &replica),
            // what a busy machine takes for a moment is no reason to put a replica aside
            ("repo.mysql.replica_wait", "5s"),
        ],
    )
    .await;
    let (mut alice, bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let mut sent = Vec::new();
    let read = async |sent: &[String]| {
        let page = alice
            .history(conversation, "direction=LIST_DIRECTION_FORWARD&limit=100")
            .await
            .expect("the history is read");
        let texts: Vec<_> = page.messages.iter().map(im_testkit::text_of).collect();
        assert_eq!(texts, sent, "all that was stored is read, wherever that is");
    };
    until("reads go to the replica", async || {
        let before = reads(&town).await;
        read(&sent).await;
        reads(&town).await > before
    })
    .await;

    engine.kill("mysql_replica").await;
    let mut bob = bob;
    for number in 0..10 {
        let text = format!("meanwhile {number}");
        bob.send(client_frame::Body::Send(message(conversation, &text))).await;
        bob.fate().await.expect("the message is stored");
        sent.push(text);
        read(&sent).await;
    }

    engine.start("mysql_replica").await;
    until("reads go to the replica again", async || {
        let before = reads(&town).await;
        read(&sent).await;
        reads(&town).await > before
    })
    .await;
    drop((alice, bob, town));
    drop(database);
    engine.end().await;
}

/// How many reads replicas have answered.
async fn reads(town: &Town) -> u64 {
    let page = reqwest::get(format!("{}/metrics", town.url()))
        .await
        .expect("an answer");
    let page = page.text().await.expect("a page");
    let count = page
        .lines()
        .find_map(|line| line.strip_prefix("repo_replica_reads_total "));
    count.map_or(0, |count| count.parse().expect("a number"))
}

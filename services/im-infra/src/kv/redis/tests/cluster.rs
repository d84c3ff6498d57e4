//! A cluster: three nodes, each with a third of the keys.

use super::*;

const NODES: [&str; 3] = ["redis_cluster_a", "redis_cluster_b", "redis_cluster_c"];

async fn cluster() -> (Arc<Own>, RedisOptions) {
    let own = tokio::task::spawn_blocking(|| Own::up(&["redis_cluster"])).await;
    let own = Arc::new(own.expect("the cluster starts"));
    let options = RedisOptions {
        addresses: NODES.map(|node| own.address(node).into()).to_vec(),
        cluster: true,
        ..RedisOptions::new("", prefix())
    };
    (own, options)
}

async fn to(own: &Arc<Own>, act: impl FnOnce(&Own) + Send + 'static) {
    let own = Arc::clone(own);
    tokio::task::spawn_blocking(move || act(&own))
        .await
        .expect("the script works");
}

/// So many keys that each node has some.
fn keys() -> Vec<String> {
    (0..30).map(|number| format!("key {number}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_keeps_every_promise() {
    let (_own, options) = cluster().await;
    every_promise(&Subject {
        kv: Arc::new(RedisKv::connect(options).await.unwrap()),
        pass: Box::new(|time| Box::pin(tokio::time::sleep(time))),
        prefix: String::new(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_takes_its_keys_only_and_its_loss_is_told_when_it_is_back() {
    let (own, options) = cluster().await;
    let longest = options.timeout;
    let kv = RedisKv::connect(options).await.unwrap();
    for key in keys() {
        kv.set(&key, text("before"), None).await.unwrap();
    }
    let mut losses = kv.losses();
    losses.mark_unchanged();

    to(&own, |own| own.kill(NODES[1])).await;
    // a cluster of which a part is away may refuse everything, but never waits for long
    for key in keys() {
        let started = Instant::now();
        let _ = kv.set(&key, text("meanwhile"), None).await;
        assert!(started.elapsed() < longest * 2, "{key} took {:?}", started.elapsed());
    }
    assert!(!losses.has_changed().unwrap(), "nobody knows yet what it lost");

    to(&own, |own| own.start(NODES[1])).await;
    until(async || {
        for key in keys() {
            if kv.set(&key, text("after"), None).await.is_err() {
                return false;
            }
        }
        true
    })
    .await;
    for key in keys() {
        assert_eq!(kv.get(&key).await.unwrap(), Some(text("after")), "{key}");
    }
    until(async || losses.has_changed().unwrap()).await;
}

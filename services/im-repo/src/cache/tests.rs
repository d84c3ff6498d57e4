//! On kv in this process and on Redis: what is kept spares the store a question, and never says anything else than the store would.

use super::{Tails, Users, messages};
use im_infra::{
    clock::SystemClock,
    engines::{Own, address},
    kv::{
        Kv,
        embedded::EmbeddedKv,
        redis::{RedisKv, RedisOptions},
    },
};
use im_schema::{
    failure::Failure,
    v1::{Content, Message, Text, User, content},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

async fn redis(address: &str) -> Arc<dyn Kv> {
    let prefix = format!("cache-{:016x}", rand::random::<u64>());
    Arc::new(RedisKv::connect(RedisOptions::new(address, prefix)).await.unwrap())
}

async fn engines() -> [Arc<dyn Kv>; 2] {
    let embedded: Arc<dyn Kv> = Arc::new(EmbeddedKv::new(SystemClock::shared()));
    [embedded, redis(&address("redis")).await]
}

/// A store of users that counts how often it is asked.
#[derive(Default)]
struct Asked(AtomicU32);

impl Asked {
    /// Users with an odd id exist.
    async fn load(&self, ids: Vec<u64>, name: &str) -> Result<Vec<User>, Failure> {
        self.0.fetch_add(1, Relaxed);
        // long enough for others to ask meanwhile
        tokio::time::sleep(Duration::from_millis(30)).await;
        let users = ids.into_iter().filter(|id| id % 2 == 1).map(|user_id| User {
            user_id,
            name: name.into(),
            ..Default::default()
        });
        Ok(users.collect())
    }

    async fn ids(&self, users: &Users, ids: &[u64]) -> Vec<u64> {
        let found = users.find(ids, |ids| self.load(ids, "ada")).await.unwrap();
        let mut found: Vec<u64> = found.into_iter().map(|user| user.user_id).collect();
        found.sort_unstable();
        found
    }

    fn times(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

#[tokio::test]
async fn who_was_found_is_kept_and_who_does_not_exist_too() {
    for kv in engines().await {
        let (users, asked) = (Users::new(kv), Asked::default());
        assert_eq!(asked.ids(&users, &[1, 2, 3, 1]).await, [1, 3]);
        assert_eq!(asked.ids(&users, &[3, 2, 1]).await, [1, 3]);
        assert_eq!(asked.ids(&users, &[2]).await, [0; 0]);
        assert_eq!(asked.times(), 1);
        assert_eq!(asked.ids(&users, &[1, 5]).await, [1, 5]);
        assert_eq!(asked.times(), 2, "for the one who was not known");
    }
}

#[tokio::test]
async fn many_who_ask_at_the_same_moment_are_one_question() {
    for kv in engines().await {
        let (users, asked) = (Users::new(kv), Asked::default());
        let askers = (0..50).map(|_| asked.ids(&users, &[7]));
        for found in futures::future::join_all(askers).await {
            assert_eq!(found, [7]);
        }
        assert_eq!(asked.times(), 1);
    }
}

#[tokio::test]
async fn a_change_is_seen_at_once_even_by_who_read_before_it() {
    for kv in engines().await {
        let (users, asked) = (Users::new(kv), Asked::default());
        let name = async |given: &str| {
            let found = users.find(&[7], |ids| asked.load(ids, given)).await.unwrap();
            found[0].name.clone()
        };
        assert_eq!(name("before").await, "before");
        users.changed(7).await;
        assert_eq!(name("after").await, "after");
        // a question that began before the change and ends after it
        users.changed(9).await;
        let late = users.find(&[9], async |ids| {
            let read = asked.load(ids, "before").await;
            users.changed(9).await;
            read
        });
        late.await.unwrap();
        let found = users.find(&[9], |ids| asked.load(ids, "after")).await.unwrap();
        assert_eq!(found[0].name, "after");
    }
}

#[tokio::test]
async fn a_failure_is_everybodys_and_is_not_kept() {
    for kv in engines().await {
        let users = Users::new(kv);
        let failed = users.find(&[1], async |_| {
            Err(Failure::new(im_schema::parlance::Reason::Unavailable, "away"))
        });
        assert_eq!(failed.await.unwrap_err().message(), "away");
        let asked = Asked::default();
        assert_eq!(asked.ids(&users, &[1]).await, [1]);
    }
}

fn said(sequence: u64, text: &str) -> Message {
    Message {
        conversation_id: 5,
        sequence,
        content: Some(Content {
            kind: Some(content::Kind::Text(Text {
                body: text.into(),
                ..Default::default()
            })),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_conversation_that_is_read_is_kept_up_to_its_head() {
    for kv in engines().await {
        let tails = Tails::new(kv);
        let all: Vec<Message> = (1..=6).map(|sequence| said(sequence, "hello")).collect();
        assert!(tails.hot([5, 6].into_iter()).await.is_empty());
        assert_eq!(tails.read(5, 2..=4, 4).await, None);
        tails.warm(5, &all[..4]).await;
        assert_eq!(tails.hot([5, 6].into_iter()).await.into_iter().collect::<Vec<_>>(), [5]);
        assert_eq!(tails.read(5, 2..=3, 4).await.as_deref(), Some(&all[1..3]));
        assert_eq!(tails.read(5, 2..=5, 5).await, None, "5 is not here");
        // in any order, and more than once
        tails
            .add([all[5].clone(), all[4].clone(), all[5].clone()].into_iter())
            .await;
        assert_eq!(tails.read(5, 1..=6, 6).await.as_deref(), Some(&all[..]));
    }
}

#[tokio::test]
async fn only_the_latest_are_kept_and_none_that_is_large() {
    for kv in engines().await {
        let tails = Tails::new(kv);
        let many: Vec<Message> = (1..=150).map(|sequence| said(sequence, "hello")).collect();
        tails.warm(5, &many).await;
        let first = 151 - messages::KEPT as u64;
        assert!(tails.read(5, first..=150, 150).await.is_some());
        assert_eq!(tails.read(5, first - 1..=150, 150).await, None);
        tails
            .add([said(151, &"x".repeat(5_000)), said(152, "hello")].into_iter())
            .await;
        assert!(tails.read(5, 152..=152, 152).await.is_some());
        assert_eq!(tails.read(5, 151..=152, 152).await, None);
    }
}

#[tokio::test]
async fn without_redis_everything_is_read_from_the_store_and_later_kept_again() {
    let own = Own::up(&["redis"]);
    let kv = redis(own.address("redis")).await;
    let (users, tails, asked) = (Users::new(Arc::clone(&kv)), Tails::new(kv), Asked::default());
    assert_eq!(asked.ids(&users, &[1, 2]).await, [1]);
    own.kill("redis");
    for _ in 0..3 {
        assert_eq!(asked.ids(&users, &[1, 2]).await, [1]);
    }
    assert_eq!(asked.times(), 4);
    users.changed(1).await;
    tails.warm(5, &[said(1, "hello")]).await;
    assert_eq!(tails.read(5, 1..=1, 1).await, None);
    assert!(tails.hot([5].into_iter()).await.is_empty());
    own.start("redis");
    // as soon as the connection is there again
    for _ in 0..600 {
        let before = asked.times();
        asked.ids(&users, &[1, 2]).await;
        if asked.times() == before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing is kept again");
}

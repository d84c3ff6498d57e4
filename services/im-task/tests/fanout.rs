//! A large group on a real store and the embedded engines.

use async_trait::async_trait;
use bytes::Bytes;
use im_infra::{
    clock::{SharedClock, SystemClock},
    kv::{Kv, embedded::EmbeddedKv},
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    presence,
    registry::embedded::EmbeddedRegistry,
    topics::{self, Consumer, Handler, Producer},
};
use im_repo::{Repo, RepoConfig};
use im_schema::{
    failure::Failure,
    ids::UserId,
    internal::v1::{
        CreateUserRequest, Deliveries, Delivery, Downstream, Fanout, InsertGroupRequest, InsertMembersRequest, Offline,
        downstream::Event,
    },
    rpc::Context,
    services::{ConversationRepoClient, UserRepoClient},
    v1::{Message, User},
    wkt::Timestamp,
};
use im_task::{Config, Deps, Tasks};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const GROUP: u64 = 1_000_000;
const MEMBERS: u64 = 1_100;

/// What a gateway was told: for each recipient the sequences in order.
#[derive(Default)]
struct Gateway {
    told: Mutex<HashMap<u64, Vec<u64>>>,
    arrived: Notify,
}

#[async_trait]
impl Handler<Downstream> for Gateway {
    async fn handle(&self, _: u32, batch: Vec<(u64, Downstream)>) -> Result<(), Failure> {
        let mut told = self.told.lock();
        for (_, downstream) in batch {
            let Some(Event::Deliveries(deliveries)) = downstream.event else {
                continue;
            };
            for user in downstream.recipients {
                let sequences = deliveries
                    .items
                    .iter()
                    .map(|item| item.message.as_ref().unwrap().sequence);
                told.entry(user).or_default().extend(sequences);
            }
        }
        self.arrived.notify_one();
        Ok(())
    }
}

/// What reaches users another way.
#[async_trait]
impl Handler<Offline> for Gateway {
    async fn handle(&self, _: u32, batch: Vec<(u64, Offline)>) -> Result<(), Failure> {
        let mut told = self.told.lock();
        for (_, offline) in batch {
            for user in offline.user_ids {
                told.entry(user)
                    .or_default()
                    .extend(offline.first_sequence..=offline.last_sequence);
            }
        }
        self.arrived.notify_one();
        Ok(())
    }
}

impl Gateway {
    async fn has(&self, users: &[u64], sequences: &[u64]) {
        let complete = async {
            loop {
                let arrived = self.arrived.notified();
                let all = |told: &HashMap<u64, Vec<u64>>| {
                    users
                        .iter()
                        .all(|user| told.get(user).is_some_and(|seen| seen == sequences))
                };
                if all(&self.told.lock()) {
                    return;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), complete)
            .await
            .expect("not everybody was told");
    }
}

struct World {
    log: Arc<dyn Log>,
    kv: Arc<EmbeddedKv>,
    conversations: ConversationRepoClient,
    users: UserRepoClient,
    gateways: HashMap<&'static str, Arc<Gateway>>,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl World {
    /// A group of users 1 to [`MEMBERS`], two gateways, and the tasks at work.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = SystemClock::shared();
        let log = EmbeddedLog::open(folder.path().join("log"), EmbeddedLogOptions::new(Arc::clone(&clock))).unwrap();
        let log: Arc<dyn Log> = Arc::new(log);
        let config = RepoConfig {
            folder: folder.path().join("repo"),
            bcrypt_cost: 4,
            ..RepoConfig::default()
        };
        let repo = Repo::build(config, Arc::clone(&clock), None).await.unwrap();
        let kv = Arc::new(EmbeddedKv::new(Arc::clone(&clock)));
        let conversations = ConversationRepoClient::local(Arc::clone(&repo.conversations));
        let users = UserRepoClient::local(Arc::clone(&repo.users));
        let stop = CancellationToken::new();
        let deps = Deps {
            log: Arc::clone(&log),
            kv: kv.clone(),
            registry: Arc::new(EmbeddedRegistry::new()),
            clock: Arc::clone(&clock),
            conversations: conversations.clone(),
        };
        let config = Config {
            list_offline: true,
            ..Config::default()
        };
        let tasks = Tasks::build(config, deps).await.unwrap();
        tokio::spawn(tasks.run(stop.clone()));
        let mut gateways = HashMap::new();
        for name in ["a", "b"] {
            gateways.insert(name, listen(&log, &clock, name, &stop).await);
        }
        let world = Self {
            log,
            kv,
            conversations,
            users,
            gateways,
            stop,
            _folder: folder,
        };
        let everybody: Vec<u64> = (1..=MEMBERS).collect();
        futures::future::join_all(everybody.iter().map(|user| world.user(*user))).await;
        let request = InsertGroupRequest {
            conversation_id: GROUP,
            title: "everybody".to_owned(),
            owner_id: 1,
            user_ids: everybody[1..].to_vec(),
            created_at: Some(Timestamp::from_millis(1)),
            ..Default::default()
        };
        world
            .conversations
            .insert_group(Context::internal(), request)
            .await
            .unwrap();
        world
    }

    async fn user(&self, user_id: u64) {
        let name = format!("user{user_id}");
        let created_at = Some(Timestamp::from_millis(1));
        let user = User {
            user_id,
            display_name: name.clone(),
            name,
            about: String::new(),
            created_at,
            ..Default::default()
        };
        let request = CreateUserRequest {
            user: Some(user),
            password: "correct horse".to_owned(),
            ..Default::default()
        };
        self.users.create_user(Context::internal(), request).await.unwrap();
    }

    async fn online(&self, user: u64, gateway: &str) {
        self.kv
            .hash_set(
                &presence::key(UserId(user)),
                &[(gateway.to_owned(), Bytes::new())],
                None,
            )
            .await
            .unwrap();
    }

    /// Waits until these users, and no others, are listed with all of these sequences.
    async fn lists(&self, users: &[u64], sequences: &[u64]) {
        let consumer = Consumer::<Offline>::new(Arc::clone(&self.log), SystemClock::shared(), "push");
        let push = Arc::new(Gateway::default());
        tokio::spawn(consumer.run(Arc::clone(&push), self.stop.clone()));
        push.has(users, sequences).await;
        assert_eq!(push.told.lock().len(), users.len(), "nobody else is listed");
    }

    async fn hand_over(&self, sequences: &[u64]) {
        let message = |sequence: &u64| Message {
            message_id: *sequence,
            conversation_id: GROUP,
            sequence: *sequence,
            ..Message::default()
        };
        let items = sequences
            .iter()
            .map(|sequence| Delivery {
                message: Some(message(sequence)),
                ..Delivery::default()
            })
            .collect();
        let task = Fanout {
            conversation_id: GROUP,
            deliveries: Some(Deliveries {
                items,
                ..Default::default()
            }),
            ..Default::default()
        };
        Producer::new(Arc::clone(&self.log)).append(vec![task]).await.unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen(log: &Arc<dyn Log>, clock: &SharedClock, name: &str, stop: &CancellationToken) -> Arc<Gateway> {
    topics::create_for::<Downstream>(&**log, name).await.unwrap();
    let gateway = Arc::new(Gateway::default());
    let consumer = Consumer::<Downstream>::of_instance(Arc::clone(log), Arc::clone(clock), name);
    tokio::spawn(consumer.run(Arc::clone(&gateway), stop.clone()));
    gateway
}

#[tokio::test]
async fn every_member_who_is_online_is_told_at_the_right_gateway_in_order() {
    let world = World::new().await;
    let (of_a, rest): (Vec<u64>, Vec<u64>) = (1..=MEMBERS).partition(|user| user % 2 == 0);
    let (of_b, offline): (Vec<u64>, Vec<u64>) = rest.into_iter().partition(|user| user % 3 == 0);
    for user in &of_a {
        world.online(*user, "a").await;
    }
    for user in &of_b {
        world.online(*user, "b").await;
    }
    for sequences in [&[1, 2][..], &[3], &[4, 5, 6]] {
        world.hand_over(sequences).await;
    }
    let (a, b) = (&world.gateways["a"], &world.gateways["b"]);
    a.has(&of_a, &[1, 2, 3, 4, 5, 6]).await;
    b.has(&of_b, &[1, 2, 3, 4, 5, 6]).await;
    assert_eq!(a.told.lock().len(), of_a.len(), "nobody else is told there");
    assert_eq!(b.told.lock().len(), of_b.len());
    world.lists(&offline, &[1, 2, 3, 4, 5, 6]).await;
}

#[tokio::test]
async fn a_member_who_joins_is_told_from_then_on() {
    let world = World::new().await;
    let newcomer = MEMBERS + 1;
    world.user(newcomer).await;
    world.online(1, "a").await;
    world.online(newcomer, "a").await;
    world.hand_over(&[1]).await;
    world.gateways["a"].has(&[1], &[1]).await;
    let request = InsertMembersRequest {
        conversation_id: GROUP,
        user_ids: vec![newcomer],
        joined_at: Some(Timestamp::from_millis(2)),
        max_members: 10_000,
        ..Default::default()
    };
    world
        .conversations
        .insert_members(Context::internal(), request)
        .await
        .unwrap();
    world
        .kv
        .publish(presence::ROSTER_CHANNEL, Bytes::copy_from_slice(&GROUP.to_be_bytes()))
        .await
        .unwrap();
    // the notice travels apart from the messages
    tokio::time::timeout(Duration::from_secs(20), async {
        for sequence in 2.. {
            world.hand_over(&[sequence]).await;
            world.gateways["a"].has(&[1], &(1..=sequence).collect::<Vec<_>>()).await;
            if world.gateways["a"].told.lock().contains_key(&newcomer) {
                return;
            }
        }
    })
    .await
    .expect("the newcomer is never told");
}

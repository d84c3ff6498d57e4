use super::*;
use crate::rosters::Roster;
use im_infra::{
    clock::SystemClock,
    kv::{Kv, embedded::EmbeddedKv},
    log::embedded::{EmbeddedLog, EmbeddedLogOptions},
    presence,
    registry::{Instance, Registry, embedded::EmbeddedRegistry},
    topics::{self, name_for},
};
use im_schema::{
    ids::UserId,
    internal::v1::Roster as RosterRecord,
    topic::{TopicPayload, unpack},
    v1::{Content, Text, content},
};
use std::{ops::RangeInclusive, time::Duration};

const GROUP: u64 = 10;
const LARGE: u64 = 20;
const NOW: u64 = 1_764_000_000_000;

struct World {
    log: Arc<dyn Log>,
    kv: Arc<EmbeddedKv>,
    registry: EmbeddedRegistry,
    distributor: Distributor,
    rosters: Known,
    _folder: tempfile::TempDir,
}

impl World {
    /// A group of users 1, 2 and 3, and a large one.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = EmbeddedLog::open(folder.path(), EmbeddedLogOptions::new(SystemClock::shared())).unwrap();
        topics::create(&log).await.unwrap();
        for instance in ["a", "b", "logic"] {
            topics::create_for::<Downstream>(&log, instance).await.unwrap();
        }
        let log: Arc<dyn Log> = Arc::new(log);
        let kv = Arc::new(EmbeddedKv::new(SystemClock::shared()));
        let registry = EmbeddedRegistry::new();
        let routing = Arc::new(
            Routing::new(kv.clone(), &registry, SystemClock::shared())
                .await
                .unwrap(),
        );
        let small = RosterRecord {
            member_count: 3,
            user_ids: vec![1, 2, 3],
            roles: vec![1, 3, 3],
            ..RosterRecord::default()
        };
        let large = RosterRecord {
            member_count: 900,
            ..RosterRecord::default()
        };
        let rosters = [(GROUP, small), (LARGE, large)]
            .map(|(id, roster)| (id, Arc::new(Roster::from(roster))))
            .into();
        Self {
            distributor: Distributor::new(Arc::clone(&log), routing, true),
            log,
            kv,
            registry,
            rosters,
            _folder: folder,
        }
    }

    async fn online(&self, user: u64, gateways: &[&str]) {
        let fields: Vec<_> = gateways
            .iter()
            .map(|gateway| ((*gateway).to_owned(), bytes::Bytes::new()))
            .collect();
        self.kv
            .hash_set(&presence::key(UserId(user)), &fields, None)
            .await
            .unwrap();
    }

    async fn distribute(&self, messages: Vec<(Upstream, StoreOutcome)>, refused: Vec<Refused>) {
        let settled = Settled {
            messages,
            ids: RangeInclusive::new(1, 99),
        };
        let batch = Batch {
            rosters: &self.rosters,
            settled,
            refused,
            published: &Published::default(),
        };
        self.distributor.distribute(batch).await.unwrap();
    }

    /// Everything that stands in a topic.
    async fn read<T: TopicPayload>(&self, topic: &str) -> Vec<T> {
        let mut subscription = self.log.subscribe(topic, "test").await.unwrap();
        let mut found = Vec::new();
        // a stream that is dropped is assigned again
        let mut streams = Vec::new();
        for _ in 0..T::TOPIC.partitions {
            let mut stream = subscription.assigned().await.unwrap();
            let records = tokio::time::timeout(Duration::from_millis(50), stream.next(1 << 20)).await;
            for record in records.into_iter().flat_map(|records| records.unwrap().unwrap()) {
                found.extend(unpack::<T>(&record.payload).unwrap());
            }
            streams.push(stream);
        }
        found
    }

    async fn told(&self, instance: &str) -> Vec<Downstream> {
        self.read(&name_for::<Downstream>(instance)).await
    }
}

fn message(conversation_id: u64, number: u64, kind: Kind, from: &str) -> (Upstream, StoreOutcome) {
    let text = Text {
        body: format!("message {number}"),
        ..Default::default()
    };
    let upstream = Upstream {
        conversation_id,
        sender_id: 1,
        client_message_id: vec![number as u8; 16].into(),
        content: Some(Content {
            kind: Some(content::Kind::Text(text)),
            ..Default::default()
        }),
        accepted_at_ms: NOW,
        origin: Some(Origin {
            instance: from.to_owned(),
            connection_id: 5,
            request_id: number,
            ..Default::default()
        }),
        ..Default::default()
    };
    (
        upstream,
        StoreOutcome {
            kind: kind as i32,
            message_id: number,
            sequence: number,
            sent_at_ms: NOW + 1,
            ..Default::default()
        },
    )
}

/// Recipients, and the sequences of what they get.
fn seen(downstream: &Downstream) -> (Vec<u64>, Vec<u64>) {
    let Some(Event::Deliveries(deliveries)) = &downstream.event else {
        panic!("{downstream:?}")
    };
    let sequences = deliveries
        .items
        .iter()
        .map(|item| item.message.as_ref().unwrap().sequence);
    (downstream.recipients.clone(), sequences.collect())
}

#[tokio::test]
async fn each_gateway_gets_the_messages_of_a_conversation_once_for_its_members() {
    let world = World::new().await;
    world.online(1, &["a"]).await;
    world.online(2, &["a", "b"]).await;
    world
        .distribute(
            vec![
                message(GROUP, 1, Kind::Stored, "a"),
                message(GROUP, 2, Kind::Stored, "a"),
            ],
            vec![],
        )
        .await;
    let (a, b) = (world.told("a").await, world.told("b").await);
    assert_eq!(a.iter().map(seen).collect::<Vec<_>>(), [(vec![1, 2], vec![1, 2])]);
    assert_eq!(b.iter().map(seen).collect::<Vec<_>>(), [(vec![2], vec![1, 2])]);
    let Some(Event::Deliveries(deliveries)) = &a[0].event else {
        panic!()
    };
    let origin = deliveries.items[1].origin.as_ref().unwrap();
    assert_eq!(
        (origin.instance.as_str(), origin.connection_id, origin.request_id),
        ("a", 5, 2)
    );
}

#[tokio::test]
async fn a_sender_who_waits_elsewhere_is_told_there() {
    let world = World::new().await;
    world.online(2, &["a"]).await;
    world
        .distribute(
            vec![
                message(GROUP, 1, Kind::Stored, "logic"),
                message(GROUP, 2, Kind::Stored, "b"),
            ],
            vec![],
        )
        .await;
    assert_eq!(
        world.told("logic").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![], vec![1])]
    );
    assert_eq!(
        world.told("b").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![], vec![2])]
    );
    assert_eq!(
        world.told("a").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![2], vec![1, 2])]
    );
}

#[tokio::test]
async fn a_duplicate_concerns_only_its_sender() {
    let world = World::new().await;
    world.online(1, &["a"]).await;
    world.online(2, &["b"]).await;
    world
        .distribute(vec![message(GROUP, 1, Kind::Duplicate, "a")], vec![])
        .await;
    assert_eq!(
        world.told("a").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![], vec![1])]
    );
    assert!(world.told("b").await.is_empty());
}

#[tokio::test]
async fn a_duplicate_that_may_never_have_been_told_is_told_to_all() {
    let world = World::new().await;
    world.online(2, &["b"]).await;
    let (upstream, mut outcome) = message(GROUP, 1, Kind::Duplicate, "a");
    outcome.message_id = 500;
    world.distribute(vec![(upstream, outcome)], vec![]).await;
    assert_eq!(
        world.told("b").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![2], vec![1])]
    );
}

#[tokio::test]
async fn a_large_group_is_handed_over_and_its_sender_told_at_once() {
    let world = World::new().await;
    world.online(1, &["a"]).await;
    world
        .distribute(
            vec![
                message(LARGE, 1, Kind::Stored, "a"),
                message(LARGE, 2, Kind::Stored, "a"),
            ],
            vec![],
        )
        .await;
    assert_eq!(
        world.told("a").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![], vec![1, 2])]
    );
    let tasks: Vec<Fanout> = world.read(Fanout::TOPIC.name).await;
    assert_eq!((tasks.len(), tasks[0].conversation_id), (1, LARGE));
    let items = &tasks[0].deliveries.as_ref().unwrap().items;
    assert_eq!(items.len(), 2);
    assert!(
        items.iter().all(|item| item.told),
        "who sent them is not to be told again"
    );
}

#[tokio::test]
async fn refusals_go_to_where_the_message_came_from() {
    let world = World::new().await;
    let (stranger, _) = message(GROUP, 3, Kind::Stored, "b");
    let refused = Refused {
        verify: false,
        upstream: stranger,
        failure: Failure::new(Reason::NotAMember, ""),
    };
    let conflict = message(GROUP, 1, Kind::Conflict, "a");
    let gone = message(GROUP, 2, Kind::NoConversation, "a");
    let old = message(GROUP, 1, Kind::TooOld, "a");
    world.distribute(vec![conflict, gone, old], vec![refused]).await;
    let reasons = |told: Vec<Downstream>| {
        let reason = |downstream: Downstream| match downstream.event {
            Some(Event::Rejection(rejection)) => rejection.rejected.unwrap().problem.unwrap().reason,
            other => panic!("{other:?}"),
        };
        told.into_iter().map(reason).collect::<Vec<_>>()
    };
    assert_eq!(
        reasons(world.told("a").await),
        ["CONFLICTING_DUPLICATE", "NOT_A_MEMBER", "MESSAGE_ID_OUT_OF_TIME"]
    );
    assert_eq!(reasons(world.told("b").await), ["NOT_A_MEMBER"]);
}

#[tokio::test]
async fn while_presence_is_unknown_every_gateway_is_told() {
    let world = World::new().await;
    let gateway = Instance {
        id: "b".to_owned(),
        address: String::new(),
    };
    let _lease = world
        .registry
        .register(presence::GATEWAYS, gateway, Duration::from_secs(60))
        .await
        .unwrap();
    // a value of another kind in the place of presence is all that an engine in process can fail by
    world
        .kv
        .set(&presence::key(UserId(2)), bytes::Bytes::new(), None)
        .await
        .unwrap();
    world
        .distribute(vec![message(GROUP, 1, Kind::Stored, "a")], vec![])
        .await;
    assert_eq!(
        world.told("b").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![1, 2, 3], vec![1])]
    );
}

#[tokio::test]
async fn members_who_are_nowhere_are_listed() {
    let world = World::new().await;
    world.online(2, &["a"]).await;
    let said = [
        message(GROUP, 1, Kind::Stored, "a"),
        message(GROUP, 2, Kind::Stored, "a"),
        message(LARGE, 3, Kind::Stored, "a"),
    ];
    world.distribute(said.into(), vec![]).await;
    let listed = world.read::<Offline>("parlance.offline").await;
    let [
        Offline {
            conversation_id,
            first_sequence,
            last_sequence,
            user_ids,
            ..
        },
    ] = &listed[..]
    else {
        panic!("{listed:?}")
    };
    assert_eq!(
        (*conversation_id, *first_sequence, *last_sequence),
        (GROUP, 1, 2),
        "large groups are listed by im-task"
    );
    assert_eq!(*user_ids, [1, 3]);
}

#[tokio::test]
async fn a_gateway_is_told_everything_while_it_does_not_vouch_for_its_users() {
    let world = World::new().await;
    let gateway = Instance {
        id: "b".to_owned(),
        address: String::new(),
    };
    let _lease = world
        .registry
        .register(presence::GATEWAYS, gateway, Duration::from_secs(60))
        .await
        .unwrap();
    world
        .distribute(vec![message(GROUP, 1, Kind::Stored, "a")], vec![])
        .await;
    assert_eq!(
        world.told("b").await.iter().map(seen).collect::<Vec<_>>(),
        [(vec![1, 2, 3], vec![1])],
        "nobody is in presence"
    );
    let vouchers = [
        (presence::begun("b"), "7".into()),
        (presence::done("b"), presence::vouch(7, u64::MAX)),
    ];
    world.kv.hash_set(presence::VOUCHERS, &vouchers, None).await.unwrap();
    world
        .distribute(vec![message(GROUP, 2, Kind::Stored, "a")], vec![])
        .await;
    assert_eq!(world.told("b").await.len(), 1, "nobody is there");
}

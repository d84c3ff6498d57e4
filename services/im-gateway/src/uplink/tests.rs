use super::*;
use crate::{
    receipts::CROWD,
    wire::Wire,
    ws::outbox::{Outbox, OutboxLimits},
};
use futures::FutureExt as _;
use im_infra::{
    clock::ManualClock,
    log::{
        Log as _,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    topics,
};
use im_schema::{
    ids::{SessionId, UserId},
    rpc::Caller,
    v1::{Content, Text, content::Kind},
};

struct House {
    uplink: Arc<Uplink>,
    receipts: Arc<Receipts>,
    log: EmbeddedLog,
    _folder: tempfile::TempDir,
}

async fn house() -> House {
    let folder = tempfile::tempdir().expect("a folder");
    let clock: SharedClock = ManualClock::at(1_800_000_000_000);
    let log = EmbeddedLog::open(folder.path(), EmbeddedLogOptions::new(Arc::clone(&clock))).expect("a log");
    topics::create(&log).await.expect("the topics are made");
    let receipts = Arc::new(Receipts::default());
    let producer = Producer::new(Arc::new(log.clone()));
    let uplink = Arc::new(Uplink::new(producer, Arc::clone(&receipts), clock, 1 << 20, 10_000));
    House {
        uplink,
        receipts,
        log,
        _folder: folder,
    }
}

fn connection(id: u64) -> Arc<Connection> {
    let caller = Caller {
        user: UserId(id),
        session: SessionId(id),
        device: "laptop".into(),
        admin: false,
        expires_at_ms: u64::MAX,
    };
    let limits = OutboxLimits {
        bytes: 10_000,
        frames: 100,
    };
    let outbox = Outbox::new(Wire::Text, limits);
    Arc::new(Connection::new(id, caller, [127, 0, 0, 1].into(), outbox, 0))
}

fn item(connection: &Arc<Connection>) -> Item {
    let text = Kind::Text(Text {
        body: "hi".to_owned(),
        ..Default::default()
    });
    Item {
        connection: Arc::clone(connection),
        request_id: 1,
        client_message_id: "one".to_owned(),
        upstream: Upstream {
            conversation_id: 7,
            sender_id: connection.user().into(),
            client_message_id: bytes::Bytes::from_static(&[1; 16]),
            content: Some(Content {
                kind: Some(text),
                ..Default::default()
            }),
            accepted_at_ms: 1_800_000_000_000,
            ..Default::default()
        },
        span: None,
    }
}

fn written(connection: &Connection) -> String {
    let chunks = connection
        .outbox
        .take()
        .map(|batch| batch.chunks.concat())
        .unwrap_or_default();
    String::from_utf8(chunks).expect("JSON")
}

#[tokio::test]
async fn few_hear_at_once_that_their_messages_are_accepted() {
    let house = house().await;
    let few: Vec<_> = (1..CROWD as u64).map(connection).collect();
    house.uplink.append(few.iter().map(item).collect()).await;
    for connection in &few {
        assert!(connection.outbox.changed().now_or_never().is_some(), "it is woken");
        assert!(written(connection).contains("accepted"));
    }
    house.log.close().await;
}

#[tokio::test]
async fn in_a_crowd_accepted_waits_for_company_but_not_for_long() {
    let house = house().await;
    let waking = tokio::spawn(Arc::clone(&house.receipts).run());
    let many: Vec<_> = (1..=CROWD as u64).map(connection).collect();
    house.uplink.append(many.iter().map(item).collect()).await;
    assert!(
        many[0].outbox.changed().now_or_never().is_none(),
        "it is not woken for this alone"
    );
    assert!(written(&many[0]).contains("accepted"), "whoever writes takes it along");
    for connection in &many[1..] {
        connection.outbox.changed().await;
        assert!(written(connection).contains("accepted"));
    }
    waking.abort();
    house.log.close().await;
}

#[tokio::test]
async fn a_refusal_never_waits() {
    let house = house().await;
    house.log.close().await;
    let many: Vec<_> = (1..=CROWD as u64).map(connection).collect();
    house.uplink.append(many.iter().map(item).collect()).await;
    for connection in &many {
        assert!(connection.outbox.changed().now_or_never().is_some(), "it is woken");
        assert!(written(connection).contains("error"));
    }
}

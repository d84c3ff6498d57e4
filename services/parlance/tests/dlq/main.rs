//! `parlance dlq` as its users run it: as a program, on a data folder and on Kafka.

use async_trait::async_trait;
use im_infra::{
    clock::SystemClock,
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    topics::{self, Consumer, Handler, Producer},
};
use im_schema::{
    failure::Failure,
    internal::v1::Upstream,
    parlance::Reason,
    v1::{Content, Text, content::Kind},
};
use serde_json::Value;
use std::{
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What must happen has happened by then.
const PATIENCE: Duration = Duration::from_secs(180);

fn dlq(arguments: &[&str], settings: &[String]) -> Output {
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    Command::new(env!("CARGO_BIN_EXE_parlance"))
        .arg("dlq")
        .args(arguments)
        .args(set)
        .env_remove("PARLANCE_CONFIG")
        .output()
        .expect("the program runs")
}

/// What it prints, if it says that all is well.
fn prints(arguments: &[&str], settings: &[String]) -> String {
    let output = dlq(arguments, settings);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it prints text")
}

fn message(sender_id: u64) -> Upstream {
    let text = Text {
        body: "what nobody should read".into(),
        ..Default::default()
    };
    Upstream {
        conversation_id: 7,
        sender_id,
        client_message_id: vec![7; 16].into(),
        content: Some(Content {
            kind: Some(Kind::Text(text)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Tells of each message what became of it: handled, or given up.
struct Reader {
    poisoned: bool,
    told: mpsc::UnboundedSender<(u64, bool)>,
}

#[async_trait]
impl Handler<Upstream> for Reader {
    async fn handle(&self, _: u32, batch: Vec<(u64, Upstream)>) -> Result<(), Failure> {
        if self.poisoned {
            return Err(Failure::new(Reason::Internal, "no taste for it"));
        }
        for (_, message) in batch {
            let _ = self.told.send((message.sender_id, true));
        }
        Ok(())
    }

    async fn given_up(&self, message: Upstream, _: &Failure) {
        let _ = self.told.send((message.sender_id, false));
    }
}

/// Runs a group until it has told of one message.
async fn first_fate(log: &Arc<dyn Log>, poisoned: bool) -> (u64, bool) {
    let (told, mut fates) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let consumer = Consumer::<Upstream>::new(Arc::clone(log), SystemClock::shared(), "logic");
    let running = tokio::spawn(consumer.run(Arc::new(Reader { poisoned, told }), stop.clone()));
    let fate = tokio::time::timeout(PATIENCE, fates.recv())
        .await
        .expect("a message comes to its end");
    stop.cancel();
    running
        .await
        .expect("the reader ends")
        .expect("the group can be joined");
    fate.expect("the reader tells")
}

/// From the poisoned message to its being handled, as whoever looks after it does it. `open` opens the log that the settings name.
async fn a_letter_is_listed_shown_put_back_and_handled(settings: &[String], open: impl Fn() -> Arc<dyn Log>) {
    let log = open();
    topics::create(&*log).await.expect("the topics are made");
    Producer::new(Arc::clone(&log))
        .append(vec![message(13)])
        .await
        .expect("it is appended");
    assert_eq!(first_fate(&log, true).await, (13, false));
    log.close().await;
    drop(log);

    let list = prints(&["list"], settings);
    assert!(
        list.starts_with("0/0 ") && list.contains("parlance.upstream key 7") && list.contains("no taste for it"),
        "{list}"
    );
    let list: Value =
        serde_json::from_str(&prints(&["list", "--json", "--pending", "--limit", "5"], settings)).unwrap();
    assert_eq!((&list["id"], &list["replayedAt"]), (&"0/0".into(), &Value::Null));
    assert_eq!(
        prints(&["list", "--topic", "parlance.fanout"], settings),
        "no dead letters\n"
    );
    assert_eq!(
        prints(&["list", "--since", "7d", "--json"], settings).lines().count(),
        1
    );

    let shown: Value = serde_json::from_str(&prints(&["show", "0/0"], settings)).unwrap();
    assert_eq!(shown["message"]["senderId"], "13");
    assert!(!shown.to_string().contains("nobody should read"), "{shown}");
    assert!(prints(&["show", "0/0", "--sensitive"], settings).contains("what nobody should read"));
    assert_eq!(dlq(&["show", "0/99"], settings).status.code(), Some(1));

    assert!(prints(&["replay", "--all", "--dry-run"], settings).contains("1 would be put back"));
    assert_eq!(
        dlq(&["replay"], settings).status.code(),
        Some(2),
        "it is to be said which"
    );
    assert_eq!(dlq(&["replay", "0/99"], settings).status.code(), Some(1));
    assert_eq!(prints(&["replay", "0/0"], settings), "1 of 1 put back\n");
    assert!(prints(&["list"], settings).contains("[replayed "));
    assert_eq!(prints(&["list", "--pending"], settings), "no dead letters\n");
    assert_eq!(
        dlq(&["replay", "0/0"], settings).status.code(),
        Some(1),
        "once is enough"
    );
    assert_eq!(prints(&["replay", "--all"], settings), "0 of 0 put back\n");

    let log = open();
    assert_eq!(first_fate(&log, false).await, (13, true));
    log.close().await;
}

fn embedded(folder: &std::path::Path) -> Arc<dyn Log> {
    let options = EmbeddedLogOptions::new(SystemClock::shared());
    Arc::new(EmbeddedLog::open(folder.join("log"), options).expect("the log opens"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_a_data_folder_is_handled_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [format!("data={}", folder.path().display())];
    let nothing = dlq(&["list"], &settings);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(!folder.path().join("log").exists(), "looking made the log");
    a_letter_is_listed_shown_put_back_and_handled(&settings, || embedded(folder.path())).await;

    let _server = embedded(folder.path());
    let refused = dlq(&["list"], &settings);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(1) && why.contains("stop the server first"),
        "{why}"
    );
}

#[cfg(feature = "cluster")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_kafka_is_handled_in_the_end() {
    use im_infra::{
        engines,
        log::{
            kafka::{KafkaLog, KafkaOptions},
            prefixed::Prefixed,
        },
    };
    let brokers = tokio::task::spawn_blocking(|| engines::address("kafka")).await.unwrap();
    let prefix = format!("dlq-{:x}.", rand::random::<u64>());
    let settings = [
        format!("kafka.brokers={brokers}"),
        format!("kafka.prefix={prefix}"),
        "kafka.delivery_timeout=30s".to_owned(),
    ];
    a_letter_is_listed_shown_put_back_and_handled(&settings, || {
        let options = KafkaOptions {
            delivery_timeout: Duration::from_secs(30),
            ..KafkaOptions::new(&brokers)
        };
        Arc::new(Prefixed::new(Arc::new(KafkaLog::new(options).unwrap()), &prefix))
    })
    .await;
}

//! On real engines.

use super::{doctor, parlance};
use im_infra::{
    clock::SystemClock,
    engines::{Own, address},
    log::{
        Durability, Log as _, TopicSpec,
        kafka::{KafkaLog, KafkaOptions},
    },
    registry::{
        Instance, Registry as _,
        etcd::{EtcdOptions, EtcdRegistry},
    },
};
use std::{process::Command, time::Duration};

/// An empty database on the server that tests share; dropped with this.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn new(test: &str) -> Self {
        let database = Self {
            server: address("mysql"),
            name: format!("doctor_{test}_{}", std::process::id()),
        };
        database.run(&format!("CREATE DATABASE {}", database.name));
        database
    }

    fn run(&self, sql: &str) {
        let (host, port) = self.server.split_once(':').unwrap();
        let client = ["-h", host, "-P", port, "-uparlance", "-pparlance", "-e", sql];
        let status = Command::new("mariadb")
            .args(client)
            .status()
            .expect("the client is there");
        assert!(status.success(), "{sql}");
    }

    fn settings(&self) -> Vec<String> {
        vec![
            format!("repo.mysql.primary={}", self.server),
            format!("repo.mysql.database={}", self.name),
            "repo.mysql.password=parlance".into(),
        ]
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(&format!("DROP DATABASE {}", self.name));
    }
}

fn in_a_new_folder(folder: &tempfile::TempDir, engines: Vec<String>) -> Vec<String> {
    let data = format!("data={}", folder.path().join("data").display());
    [vec![data], engines].concat()
}

#[test]
fn a_database_that_lacks_migrations_is_mended_by_what_the_doctor_says() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::new("lacks");
    let settings = in_a_new_folder(&folder, database.settings());
    let arguments = |command: &'static str| {
        let set = settings.iter().flat_map(|setting| ["--set", setting]);
        [command].into_iter().chain(set).collect::<Vec<_>>()
    };

    let (report, code) = doctor(&settings);
    let (verdict, found, mend) = report.of("migrations");
    assert!(
        code == 1 && verdict == "bad" && found.contains("1 initial"),
        "{:#}",
        report.0
    );
    assert_eq!(mend, "parlance migrate");
    assert_eq!(
        parlance(&[&arguments("migrate")[..], &["--check"]].concat())
            .status
            .code(),
        Some(1)
    );

    // several at once: each ends well, and one of them has done it
    let started: Vec<_> = (0..3)
        .map(|_| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_parlance"));
            command.args(arguments("migrate")).stdout(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let ended: Vec<_> = started
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    assert!(ended.iter().all(|output| output.status.success()), "{ended:?}");
    let done = |output: &&std::process::Output| String::from_utf8_lossy(&output.stdout).contains("1 initial: done");
    assert_eq!(ended.iter().filter(done).count(), 1, "{ended:?}");

    let (report, code) = doctor(&settings);
    assert!(code == 0 && report.of("migrations").0 == "good", "{:#}", report.0);
    assert!(report.of("database").1.contains("MariaDB"), "{:#}", report.0);
    assert_eq!(report.of("clock of the database").0, "good");
    assert_eq!(
        parlance(&[&arguments("migrate")[..], &["--check"]].concat())
            .status
            .code(),
        Some(0)
    );
}

#[test]
fn a_migration_that_was_changed_after_it_was_run_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::new("changed");
    let settings = in_a_new_folder(&folder, database.settings());
    let migrate: Vec<_> = ["migrate"]
        .into_iter()
        .chain(settings.iter().flat_map(|setting| ["--set", setting]))
        .collect();
    assert!(parlance(&migrate).status.success());
    database.run(&format!(
        "UPDATE {}._sqlx_migrations SET checksum = 'other'",
        database.name
    ));
    let (report, code) = doctor(&settings);
    let (verdict, found, _) = report.of("migrations");
    assert!(
        code == 1 && verdict == "bad" && found.contains("1 initial"),
        "{:#}",
        report.0
    );
    assert_eq!(parlance(&migrate).status.code(), Some(1));
}

#[test]
fn engines_that_are_down_are_told_each_with_what_to_do_and_the_others_are_still_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let own = Own::up(&["redis"]);
    let nobody = {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        port.to_string()
    };
    let engines = vec![
        format!("redis.addresses={}", own.address("redis")),
        format!("kafka.brokers={nobody}"),
        "kafka.delivery_timeout=2s".into(),
        format!("repo.mysql.primary={nobody}"),
    ];
    let settings = in_a_new_folder(&folder, engines);

    let (report, code) = doctor(&settings);
    assert_eq!(code, 1);
    let (verdict, found, _) = report.of("keys");
    assert!(verdict == "good" && found.contains("Redis 7"), "{:#}", report.0);
    assert_eq!(report.of("clock of Redis").0, "good");
    for (engine, setting) in [("log", "kafka"), ("database", "repo.mysql")] {
        let (verdict, found, mend) = report.of(engine);
        assert!(
            verdict == "bad" && found.contains(&nobody) && mend.contains(setting),
            "{:#}",
            report.0
        );
    }

    own.kill("redis");
    let (report, _) = doctor(&settings);
    let (verdict, found, mend) = report.of("keys");
    assert_eq!(verdict, "bad");
    assert!(
        found.contains(own.address("redis")) && mend.contains("redis"),
        "{found}: {mend}"
    );
}

#[tokio::test]
async fn a_topic_with_another_number_of_partitions_than_the_schema_says_is_told_by_its_name() {
    let own = tokio::task::spawn_blocking(|| Own::up(&["kafka"])).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = in_a_new_folder(&folder, vec![format!("kafka.brokers={}", own.address("kafka"))]);
    let (report, code) = doctor(&settings);
    assert!(
        code == 0 && report.of("log").1.contains(own.address("kafka")),
        "without topics: {:#}",
        report.0
    );

    let log = KafkaLog::new(KafkaOptions::new(own.address("kafka"))).unwrap();
    let wrong = TopicSpec {
        name: "parlance.upstream".into(),
        partitions: 7,
        retention_ms: 604_800_000,
        durability: Durability::Disk,
    };
    log.create_topic(&wrong).await.unwrap();
    log.close().await;
    let (report, code) = doctor(&settings);
    assert_eq!(code, 1);
    let (verdict, found, _) = report.of("topic parlance.upstream");
    assert!(
        verdict == "bad" && found.contains("has 7 partitions, the schema says 4"),
        "{:#}",
        report.0
    );
    let (verdict, found, _) = report.of("topic parlance.fanout");
    assert!(verdict == "doubtful" && found.contains("not there yet"), "{found}");
}

#[tokio::test]
async fn who_is_registered_and_does_not_answer_is_told_and_so_is_a_role_that_nobody_has() {
    let own = tokio::task::spawn_blocking(|| Own::up(&["etcd"])).await.unwrap();
    let settings = {
        let folder = tempfile::tempdir().unwrap();
        in_a_new_folder(&folder, vec![format!("etcd.endpoints={}", own.address("etcd"))])
    };
    let registry = EtcdRegistry::connect(EtcdOptions::new(own.address("etcd"), "parlance"), SystemClock::shared())
        .await
        .unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = Instance {
        id: "logic-7".into(),
        address: format!("http://{nobody}"),
    };
    let _lease = registry.register("logic", gone, Duration::from_secs(60)).await.unwrap();

    let (report, code) = doctor(&settings);
    assert_eq!(code, 1);
    assert!(report.of("registry").1.contains(own.address("etcd")), "{:#}", report.0);
    let (verdict, found, mend) = report.of("logic-7");
    assert!(
        verdict == "bad" && found.contains(&nobody.to_string()) && mend.contains("advertise"),
        "{:#}",
        report.0
    );
    let (verdict, _, mend) = report.of("gateway");
    assert_eq!((verdict, mend), ("doubtful", "start one: parlance gateway"));

    own.kill("etcd");
    let (report, _) = doctor(&settings);
    let (verdict, found, mend) = report.of("registry");
    assert_eq!(verdict, "bad");
    assert!(
        found.contains(own.address("etcd")) && mend.contains("endpoints"),
        "{found}: {mend}"
    );
}

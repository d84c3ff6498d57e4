use super::*;
use crate::{
    clock::SystemClock,
    config::{Loader, Secret, hot::Hot},
    engines::{Own, address},
    ids::{IdError, MACHINES, Snowflake},
    registry::{
        Registration,
        conformance::{Subject, every_promise},
    },
    telemetry::Level,
    tls::Tls,
};
use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::block_in_place,
    time::{Instant, sleep, timeout},
};

const TTL: Duration = Duration::from_secs(10);
/// The shortest that etcd grants.
const SHORT: Duration = Duration::from_secs(2);

/// A name that no other test, and no other run, has used.
fn prefix() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test-{}-{number}-{:08x}", std::process::id(), rand::random::<u32>())
}

fn options(address: &str, prefix: &str) -> EtcdOptions {
    EtcdOptions {
        timeout: Duration::from_millis(500),
        ..EtcdOptions::new(address, prefix)
    }
}

async fn registry(address: &str, prefix: &str) -> EtcdRegistry {
    EtcdRegistry::connect(options(address, prefix), SystemClock::shared())
        .await
        .unwrap()
}

fn instance(id: &str) -> Instance {
    Instance {
        id: id.into(),
        address: format!("http://{id}"),
    }
}

/// A way to etcd that can be cut: then nothing comes through, and nobody is told.
struct Way {
    address: String,
    engine: Arc<Mutex<String>>,
    open: watch::Sender<bool>,
    _task: AbortOnDropHandle<()>,
}

impl Way {
    async fn to(engine: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let open = watch::Sender::new(true);
        let opened = open.subscribe();
        let engine = Arc::new(Mutex::new(engine));
        let target = Arc::clone(&engine);
        let task = tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (engine, mut opened) = (target.lock().clone(), opened.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(engine).await.unwrap();
                    let mut cut = opened.clone();
                    opened.wait_for(|open| *open).await.unwrap();
                    let cut = async { cut.wait_for(|open| !open).await.is_ok() };
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => return,
                        _ = cut => {}
                    }
                    // both are kept, so that neither end notices
                    std::future::pending::<()>().await;
                });
            }
        });
        Self {
            address,
            engine,
            open,
            _task: AbortOnDropHandle::new(task),
        }
    }
}

/// Tries again until it is so; fails if that takes much longer than any engine.
async fn until(so: impl AsyncFn() -> bool) {
    let tried = async {
        while !so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), tried).await.expect("it becomes so");
}

async fn told<T>(watcher: &mut watch::Receiver<T>, wanted: impl FnMut(&T) -> bool) {
    let told = timeout(Duration::from_secs(20), watcher.wait_for(wanted)).await;
    told.expect("the watcher is told").expect("the watch goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_keeps_every_promise() {
    every_promise(&Subject {
        registry: Arc::new(registry(&address("etcd"), &prefix()).await),
        prefix: String::new(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_see_each_other_and_deployments_do_not() {
    let (engine, prefix) = (address("etcd"), prefix());
    let (one, two) = (registry(&engine, &prefix).await, registry(&engine, &prefix).await);
    let other = registry(&engine, &format!("{prefix}-other")).await;
    let mut seen = two.watch("gateway/a").await.unwrap();
    let old = one.register("gateway/a", instance("g%2F/1"), TTL).await.unwrap();
    told(&mut seen, |now| now.get("g%2F/1") == Some(&instance("g%2F/1"))).await;
    assert!(other.watch("gateway/a").await.unwrap().borrow().is_empty());
    assert!(one.watch("gateway").await.unwrap().borrow().is_empty());

    let new = two.register("gateway/a", instance("g%2F/1"), TTL).await.unwrap();
    told(&mut old.held(), |held| !held).await;
    assert!(!old.is_held() && new.is_held());
    assert_eq!(seen.borrow().len(), 1);

    let slot = one.lease_slot("machine", 2, TTL).await.unwrap();
    let next = two.lease_slot("machine", 2, TTL).await.unwrap();
    assert_eq!((slot.slot(), next.slot()), (0, 1));
    assert_eq!(other.lease_slot("machine", 2, TTL).await.unwrap().slot(), 0);

    let mut setting = two.config_watch("telemetry.level").await.unwrap();
    one.config_set("telemetry.level", Some("debug".into())).await.unwrap();
    told(&mut setting, |value| value.as_deref() == Some("debug")).await;
    assert_eq!(other.config_get("telemetry.level").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_lasts_while_its_process_does_and_little_longer() {
    let (engine, prefix) = (address("etcd"), prefix());
    let (one, two) = (registry(&engine, &prefix).await, registry(&engine, &prefix).await);
    let mut seen = two.watch("gateway").await.unwrap();
    let lease = one.register("gateway", instance("g"), SHORT).await.unwrap();
    sleep(SHORT * 2).await;
    assert!(lease.is_held(), "it is renewed");
    assert_eq!(seen.borrow_and_update().len(), 1);
    // as a process that was killed: nothing is given back
    drop(one);
    assert!(!lease.is_held() && !*lease.held().borrow());
    let died = Instant::now();
    told(&mut seen, Instances::is_empty).await;
    assert!(died.elapsed() < SHORT * 3, "{:?}", died.elapsed());
}

#[tokio::test]
async fn a_process_that_was_stopped_for_longer_than_its_lease_makes_no_id() {
    let (engine, prefix) = (address("etcd"), prefix());
    let registry = registry(&engine, &prefix).await;
    let lease = registry.lease_slot("machine", MACHINES, SHORT).await.unwrap();
    let ids = Snowflake::from_lease(SystemClock::shared(), lease).unwrap();
    ids.next().unwrap();
    // nothing else of this process, whose only thread this is, runs in the meantime
    thread::sleep(SHORT);
    assert_eq!(ids.next(), Err(IdError::Fenced));
    assert_eq!(ids.next_many(2), Err(IdError::Fenced));
    sleep(SHORT).await;
    assert_eq!(ids.next(), Err(IdError::Fenced), "it stays so");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_is_given_to_another_only_after_its_holder_knows() {
    let (engine, prefix) = (address("etcd"), prefix());
    let way = Way::to(engine.clone()).await;
    let (cut_off, other) = (registry(&way.address, &prefix).await, registry(&engine, &prefix).await);
    let mine = cut_off.lease_slot("machine", 1, SHORT).await.unwrap();
    way.open.send_replace(false);
    let theirs = async {
        loop {
            match other.lease_slot("machine", 1, SHORT).await {
                Err(RegistryError::NoSlot { .. }) => sleep(Duration::from_millis(5)).await,
                outcome => return outcome.unwrap(),
            }
        }
    };
    let theirs = timeout(Duration::from_secs(20), theirs).await.expect("the lease ends");
    assert!(theirs.is_held() && !mine.is_held());
    assert!(!*mine.held().borrow(), "its holder was told");
    way.open.send_replace(true);
    until(async || cut_off.is_available()).await;
    mine.revoke().await;
    drop(mine);
    sleep(SHORT).await;
    assert!(theirs.is_held(), "the older lease takes nothing away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_known_is_shown_while_etcd_does_not_answer() {
    let (engine, prefix) = (address("etcd"), prefix());
    let way = Way::to(engine.clone()).await;
    let (cut_off, other) = (registry(&way.address, &prefix).await, registry(&engine, &prefix).await);
    let first = other.register("gateway", instance("g-1"), TTL).await.unwrap();
    let mut seen = cut_off.watch("gateway").await.unwrap();
    let mut setting = cut_off.config_watch("k").await.unwrap();
    assert_eq!(seen.borrow_and_update().len(), 1);

    way.open.send_replace(false);
    until(async || !cut_off.is_available()).await;
    let started = Instant::now();
    assert!(matches!(
        cut_off.config_get("k").await,
        Err(RegistryError::Unavailable(Some(_)))
    ));
    assert!(matches!(
        cut_off.watch("another").await,
        Err(RegistryError::Unavailable(Some(_)))
    ));
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "within the time that it is given"
    );
    first.revoke().await;
    let _second = other.register("gateway", instance("g-2"), TTL).await.unwrap();
    other.config_set("k", Some("v".into())).await.unwrap();
    assert_eq!(cut_off.watch("gateway").await.unwrap().borrow().len(), 1);
    assert!(seen.borrow().contains_key("g-1"));

    way.open.send_replace(true);
    told(&mut seen, |now| now.contains_key("g-2") && now.len() == 1).await;
    told(&mut setting, |value| value.as_deref() == Some("v")).await;
    other.config_set("k", None).await.unwrap();
    told(&mut setting, Option::is_none).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_may_be_killed_and_started_again() {
    let engine = Own::up(&["etcd"]);
    let registry = registry(engine.address("etcd"), "p").await;
    let mut seen = registry.watch("gateway").await.unwrap();
    let lease = registry.register("gateway", instance("g-1"), TTL).await.unwrap();
    let short = registry.lease_slot("machine", 4, SHORT).await.unwrap();
    told(&mut seen, |now| now.len() == 1).await;
    seen.borrow_and_update();

    block_in_place(|| engine.kill("etcd"));
    let failed = registry.config_set("k", Some("v".into())).await;
    assert!(matches!(failed, Err(RegistryError::Unavailable(Some(_)))));
    until(async || !registry.is_available()).await;
    assert!(lease.is_held() && seen.borrow().len() == 1);
    told(&mut short.held(), |held| !held).await;

    block_in_place(|| engine.start("etcd"));
    until(async || registry.config_set("k", Some("v".into())).await.is_ok()).await;
    assert!(registry.is_available() && lease.is_held());
    assert!(!short.is_held(), "what was lost stays so");
    assert_eq!(seen.borrow().len(), 1);
    let _second = registry.register("gateway", instance("g-2"), TTL).await.unwrap();
    told(&mut seen, |now| now.len() == 2).await;
    lease.revoke().await;
    told(&mut seen, |now| now.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd_that_lost_everything_is_followed_too() {
    let way = Way::to(address("etcd")).await;
    let registry = registry(&way.address, &prefix()).await;
    let mut seen = registry.watch("gateway").await.unwrap();
    let lease = registry.register("gateway", instance("g"), TTL).await.unwrap();
    registry.config_set("k", Some("v".into())).await.unwrap();
    told(&mut seen, |now| now.len() == 1).await;

    // a new one, at its first revision
    let engine = Own::up(&["etcd"]);
    way.open.send_replace(false);
    until(async || !registry.is_available()).await;
    *way.engine.lock() = engine.address("etcd").into();
    way.open.send_replace(true);
    told(&mut seen, Instances::is_empty).await;
    told(&mut lease.held(), |held| !held).await;
    assert_eq!(registry.config_get("k").await.unwrap(), None);
    let _again = registry.register("gateway", instance("g"), TTL).await.unwrap();
    told(&mut seen, |now| now.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_starts_in_an_outage_works_after_it_also_with_a_user() {
    let engine = Own::up(&["etcd"]);
    let at = engine.address("etcd").to_owned();
    let mut admin = etcd_client::Client::connect([&at], None).await.unwrap();
    admin.user_add("root", "secret", None).await.unwrap();
    admin.user_grant_role("root", "root").await.unwrap();
    admin.auth_enable().await.unwrap();
    let with = |password: &str| EtcdOptions {
        user: "root".into(),
        password: Secret::new(password),
        // the engine hashes the password, on a machine that may be busy
        timeout: Duration::from_secs(5),
        ..options(&at, "p")
    };
    let refused = EtcdRegistry::connect(with("wrong"), SystemClock::shared()).await;
    assert!(matches!(refused, Err(EtcdOptionsError::Refused(_))));

    block_in_place(|| engine.stop("etcd"));
    let registry = EtcdRegistry::connect(with("secret"), SystemClock::shared())
        .await
        .unwrap();
    assert!(!registry.is_available());
    block_in_place(|| engine.start("etcd"));
    until(async || registry.config_set("k", Some("v".into())).await.is_ok()).await;
    let mut setting = registry.config_watch("k").await.unwrap();

    // forgets its tokens
    block_in_place(|| engine.kill("etcd"));
    block_in_place(|| engine.start("etcd"));
    until(async || registry.config_set("k", Some("w".into())).await.is_ok()).await;
    told(&mut setting, |value| value.as_deref() == Some("w")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_outlives_outages_and_an_instance_is_never_gone_while_it_does() {
    let engine = Own::up(&["etcd"]);
    block_in_place(|| engine.stop("etcd"));
    let other = registry(engine.address("etcd"), "p").await;
    let registry: Arc<dyn Registry> = Arc::new(registry(engine.address("etcd"), "p").await);
    let registration = Registration::keep(registry, "gateway", instance("g"), SHORT);
    let mut registered = registration.registered();
    assert!(!*registered.borrow());
    block_in_place(|| engine.start("etcd"));
    told(&mut registered, |registered| *registered).await;
    until(async || other.watch("gateway").await.is_ok()).await;
    let mut seen = other.watch("gateway").await.unwrap();
    assert_eq!(seen.borrow_and_update().get("g"), Some(&instance("g")));

    block_in_place(|| engine.kill("etcd"));
    told(&mut registered, |registered| !registered).await;
    block_in_place(|| engine.start("etcd"));
    told(&mut registered, |registered| *registered).await;
    assert!(!seen.has_changed().unwrap(), "for others it was there all the time");

    registration.end().await;
    told(&mut seen, Instances::is_empty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_change_within_a_second_and_stay_as_they_are_without_etcd() {
    let engine = Own::up(&["etcd"]);
    let operator = registry(engine.address("etcd"), "p").await;
    let process: Arc<dyn Registry> = Arc::new(registry(engine.address("etcd"), "p").await);
    let sources = Loader::new("level = \"info\"\nswitch = true").gather().unwrap();
    let hot = Hot::<Switches>::new(sources, &["level", "switch"]);
    let now = watch::Sender::new(("info".to_owned(), true));
    let mut seen = now.subscribe();
    let follow = hot.follow(process, move |taken| {
        now.send_replace((taken.level.to_string(), taken.switch));
    });
    let _task = AbortOnDropHandle::new(tokio::spawn(follow));
    let set = async |key: &str, value: &str| operator.config_set(key, Some(value.into())).await;
    let mut becomes = async |level: &str, switch: bool| {
        let became = seen.wait_for(|now| *now == (level.to_owned(), switch));
        timeout(Duration::from_secs(1), became)
            .await
            .expect("within a second")
            .unwrap();
    };

    until(async || set("level", "debug").await.is_ok()).await;
    becomes("debug", true).await;
    set("switch", "false").await.unwrap();
    becomes("debug", false).await;
    set("level", "loud").await.unwrap();
    set("switch", "true").await.unwrap();
    becomes("debug", true).await;

    block_in_place(|| engine.kill("etcd"));
    until(async || !operator.is_available()).await;
    becomes("debug", true).await;
    block_in_place(|| engine.start("etcd"));
    until(async || set("level", "warn").await.is_ok()).await;
    becomes("warn", true).await;
    operator.config_set("level", None).await.unwrap();
    becomes("info", true).await;
}

#[derive(serde::Deserialize)]
struct Switches {
    level: Level,
    switch: bool,
}

#[tokio::test]
async fn options_that_make_no_client_are_refused() {
    let good = EtcdOptions::new("127.0.0.1:1", "p");
    for (options, told) in [
        (
            EtcdOptions {
                endpoints: Vec::new(),
                ..good.clone()
            },
            "at least one endpoint",
        ),
        (EtcdOptions::new("127.0.0.1:1", "p*"), "prefix \"p*\""),
        (
            EtcdOptions {
                tls: Tls {
                    enabled: true,
                    ca: "/nowhere".into(),
                    ..Tls::default()
                },
                ..good.clone()
            },
            "etcd.tls",
        ),
    ] {
        let error = EtcdRegistry::connect(options, SystemClock::shared())
            .await
            .err()
            .expect(told);
        assert!(error.to_string().contains(told), "{error}");
    }
    let secret = EtcdOptions {
        password: Secret::new("hunter2"),
        ..good
    };
    assert!(!format!("{secret:?}").contains("hunter2"));
}

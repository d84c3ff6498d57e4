//! On real servers, each on a runtime of its own, so that one can be killed with its connections.

use super::*;
use crate::registry::{Instance, Lease, Registry as _, embedded::EmbeddedRegistry};
use axum::{Router, response::Response};
use im_schema::grpc::Codec;
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    net::{SocketAddr, TcpListener},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};
use tokio::runtime::{Builder, Runtime};
use tonic::Code;

const SERVICE: &str = "tested";
const TTL: Duration = Duration::from_secs(10);
/// Longer than [`patience`] takes for a sign that nobody answers.
const PATIENCE: Duration = Duration::from_millis(2100);
const BACK: Duration = Duration::from_secs(60);
const ASKED: usize = 200;
/// Half of the calls would go to each of two instances; less than this go to one whose circuit is open, though it is tried once a second.
const FEW: usize = 20;

/// What a server does with a call.
#[derive(Clone, Copy)]
enum Mood {
    /// Fails it with its own name, which is an answer.
    Answers,
    Unavailable,
    Silent,
}

/// A server that says who it is.
struct Named {
    name: &'static str,
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicUsize>,
    runtime: Option<Runtime>,
}

impl Named {
    fn serve(name: &'static str) -> Self {
        let mut named = Self {
            name,
            address: "127.0.0.1:0".parse().unwrap(),
            mood: Arc::new(Mutex::new(Mood::Answers)),
            asked: Arc::default(),
            runtime: None,
        };
        named.start();
        named
    }

    /// At the address where it was before, if it was.
    fn start(&mut self) {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let entered = runtime.enter();
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.address = listener.local_addr().unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let (name, mood, asked) = (self.name, Arc::clone(&self.mood), Arc::clone(&self.asked));
        let app = Router::new().fallback(move || {
            asked.fetch_add(1, Ordering::Relaxed);
            answer(name, *mood.lock())
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        drop(entered);
        self.runtime = Some(runtime);
    }

    fn die(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    fn becomes(&self, mood: Mood) {
        *self.mood.lock() = mood;
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    async fn register(&self, registry: &EmbeddedRegistry) -> Box<dyn Lease> {
        self.register_as(registry, self.name).await
    }

    async fn register_as(&self, registry: &EmbeddedRegistry, id: &str) -> Box<dyn Lease> {
        let instance = Instance {
            id: id.into(),
            address: format!("http://{}", self.address),
        };
        registry.register(SERVICE, instance, TTL).await.unwrap()
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn answer(name: &'static str, mood: Mood) -> Response {
    match mood {
        Mood::Answers => Status::aborted(name).into_http(),
        Mood::Unavailable => Status::unavailable("not now").into_http(),
        Mood::Silent => std::future::pending().await,
    }
}

/// What comes of a call.
async fn call(channel: &Channel) -> Status {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let mut request = tonic::Request::new(());
    request.set_timeout(PATIENCE);
    let path = http::uri::PathAndQuery::from_static("/test/Ask");
    let answer = grpc.unary::<(), (), _>(request, path, Codec::default());
    answer.await.unwrap_err()
}

/// Who answers a call; `None` if nobody does.
async fn ask(channel: &Channel) -> Option<String> {
    let status = call(channel).await;
    (status.code() == Code::Aborted).then(|| status.message().to_owned())
}

/// Who answers some calls, once nobody else does any more.
async fn answered_by_just(channel: &Channel, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    let (mut seen, begun) = (BTreeSet::new(), Instant::now());
    while begun.elapsed() < BACK {
        seen.clear();
        for _ in 0..40 {
            seen.extend(ask(channel).await);
        }
        if seen == expected {
            return;
        }
    }
    panic!("{seen:?} answer, not {expected:?}");
}

/// Two servers that are registered, and a channel to them that both have answered.
async fn a_well_and_an_ill_one() -> (EmbeddedRegistry, Channel, [Named; 2], [Box<dyn Lease>; 2]) {
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let (well, ill) = (Named::serve("well"), Named::serve("ill"));
    let leases = [well.register(&registry).await, ill.register(&registry).await];
    answered_by_just(&channel, &["ill", "well"]).await;
    (registry, channel, [well, ill], leases)
}

/// Asks one call after the other; how many were not answered by the one that is well.
async fn unanswered(channel: &Channel, calls: usize) -> usize {
    let mut unanswered = 0;
    for _ in 0..calls {
        match ask(channel).await.as_deref() {
            Some("well") => {}
            Some(other) => panic!("{other} is not well"),
            None => unanswered += 1,
        }
    }
    unanswered
}

#[tokio::test]
async fn calls_are_spread_over_the_instances_that_are_there() {
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let nobody = call(&channel).await;
    assert_eq!(nobody.code(), Code::Unavailable, "nobody is there yet: {nobody}");

    let (one, two) = (Named::serve("one"), Named::serve("two"));
    let first = one.register(&registry).await;
    answered_by_just(&channel, &["one"]).await;
    let _second = two.register(&registry).await;
    answered_by_just(&channel, &["one", "two"]).await;
    first.revoke().await;
    answered_by_just(&channel, &["two"]).await;
}

#[tokio::test]
async fn a_call_waits_for_the_first_instance() {
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let one = Named::serve("one");
    let (answer, _lease) = tokio::join!(biased; ask(&channel), one.register(&registry));
    assert_eq!(answer.as_deref(), Some("one"));
}

#[tokio::test]
async fn an_instance_that_comes_back_elsewhere_is_found() {
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let (one, two) = (Named::serve("one"), Named::serve("two"));
    let _before = one.register_as(&registry, "a").await;
    answered_by_just(&channel, &["one"]).await;
    let _after = two.register_as(&registry, "a").await;
    answered_by_just(&channel, &["two"]).await;
}

#[tokio::test]
async fn what_was_known_last_stays_when_the_registry_ends() {
    let registry = EmbeddedRegistry::new();
    let (tell, instances) = watch::channel(Instances::new());
    let channel = channel(SERVICE, instances, None);
    let one = Named::serve("one");
    let _lease = one.register(&registry).await;
    tell.send_replace(registry.watch(SERVICE).await.unwrap().borrow().clone());
    drop(tell);
    answered_by_just(&channel, &["one"]).await;
}

#[test]
fn an_address_that_is_none_is_passed_over() {
    let instance = Instance {
        id: "a".into(),
        address: "http://not an address".into(),
    };
    let current = Instances::from([("a".to_owned(), instance)]);
    assert!(merge(SERVICE, &BTreeMap::new(), &current, None).is_empty());
}

#[tokio::test]
async fn who_has_calls_to_answer_gets_no_more_of_them() {
    let (_registry, channel, [_well, ill], _leases) = a_well_and_an_ill_one().await;
    ill.becomes(Mood::Silent);
    let before = ill.asked();
    let mut waiting = loop {
        let mut call = Box::pin(call(&channel));
        let arrived = async {
            while ill.asked() == before {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = &mut call => {}
            () = arrived => break call,
        }
    };
    for _ in 0..ASKED {
        assert_eq!(ask(&channel).await.as_deref(), Some("well"));
    }
    assert_eq!(ill.asked(), before + 1);
    assert!(futures::poll!(&mut waiting).is_pending());
}

#[tokio::test]
async fn an_instance_that_is_unavailable_costs_a_few_calls_until_it_is_back() {
    let (_registry, channel, [_well, ill], _leases) = a_well_and_an_ill_one().await;
    ill.becomes(Mood::Unavailable);
    let before = ill.asked();
    let unanswered = unanswered(&channel, ASKED).await;
    assert!((1..FEW).contains(&unanswered), "{unanswered} of {ASKED}");
    assert_eq!(ill.asked() - before, unanswered, "it was those that it was asked");

    ill.becomes(Mood::Answers);
    answered_by_just(&channel, &["ill", "well"]).await;
}

#[tokio::test]
async fn an_instance_that_was_killed_costs_a_few_calls_until_it_is_back() {
    let (_registry, channel, [_well, mut ill], _leases) = a_well_and_an_ill_one().await;
    ill.die();
    let unanswered = unanswered(&channel, ASKED).await;
    assert!((1..FEW).contains(&unanswered), "{unanswered} of {ASKED}");

    ill.start();
    answered_by_just(&channel, &["ill", "well"]).await;
}

#[tokio::test]
async fn an_instance_that_hangs_costs_a_few_calls_until_it_is_back() {
    let (_registry, channel, [_well, ill], _leases) = a_well_and_an_ill_one().await;
    ill.becomes(Mood::Silent);
    let unanswered = unanswered(&channel, ASKED / 2).await;
    assert!((1..FEW).contains(&unanswered), "{unanswered} of {}", ASKED / 2);

    ill.becomes(Mood::Answers);
    answered_by_just(&channel, &["ill", "well"]).await;
}

#[tokio::test]
async fn who_answers_is_asked_nevertheless_if_nobody_answers_better() {
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let only = Named::serve("only");
    let _lease = only.register(&registry).await;
    only.becomes(Mood::Unavailable);
    for asked in 1..=ASKED {
        assert_eq!(call(&channel).await.message(), "not now");
        assert_eq!(only.asked(), asked);
    }
}

#[tokio::test]
async fn if_nobody_can_be_reached_calls_fail_at_once_and_the_metrics_say_so() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _local = metrics::set_default_local_recorder(&recorder);
    let registry = EmbeddedRegistry::new();
    let channel = channel(SERVICE, registry.watch(SERVICE).await.unwrap(), None);
    let mut only = Named::serve("only");
    let lease = only.register(&registry).await;
    answered_by_just(&channel, &["only"]).await;

    only.die();
    let begun = Instant::now();
    let mut passed_over = 0;
    while passed_over < ASKED && begun.elapsed() < BACK {
        let status = call(&channel).await;
        assert_eq!(status.code(), Code::Unavailable, "{status}");
        passed_over += usize::from(status.message() == "no instance of tested can be reached");
    }
    assert_eq!(passed_over, ASKED);
    let open = |count| format!("circuit_open_instances{{service=\"tested\"}} {count}");
    let page = recorder.handle().render();
    assert!(page.contains(&open(1)), "{page}");
    assert!(page.contains("circuit_opened_total{service=\"tested\"} 1"), "{page}");

    lease.revoke().await;
    while !recorder.handle().render().contains(&open(0)) && begun.elapsed() < BACK {
        tokio::task::yield_now().await;
    }
    assert!(
        recorder.handle().render().contains(&open(0)),
        "an instance that is gone counts no more"
    );
}

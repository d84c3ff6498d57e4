//! One channel to all instances of a service that are in the registry.
//!
//! * **Who is picked.** Of two instances, drawn at random, the one that has fewer calls to answer. Instances come and go with the registry; while
//!   that is away those that were known last stay.
//! * **Who is passed over.** Each instance has a circuit breaker: three calls in a row that did not reach it, that it did not answer, or that it
//!   answered with `UNAVAILABLE` open it, and calls go to others. A second later one call tries whether it is back; so an instance that is dead,
//!   stopped or cut off costs a call a second until the registry takes it out when its lease ends.
//! * **When all are passed over**, those that answer at all are called nevertheless: what is amiss may be behind them, and not for every call. If
//!   none can be reached, calls fail as unavailable at once. While no instance is known, they wait for one, at most 2 s.

mod circuit;
mod patience;
mod target;
#[cfg(test)]
mod tests;

pub use self::target::Encryption;
pub(crate) use self::target::connect;

use self::target::{Begun, Target};
use crate::registry::Instances;
use futures::future::BoxFuture;
use rand::Rng as _;
use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use tonic::{Status, body::Body};
use tower::Service;

/// While no instance is known calls wait so long: one that is replaced is back in that time.
const NOBODY: Duration = Duration::from_secs(2);

/// The instances that are known.
type Targets = Arc<[Arc<Target>]>;
type Request = http::Request<Body>;
type Answer = Result<http::Response<Body>, Status>;

/// A channel to all instances of a service; clones are the same. See [`channel`].
#[derive(Clone)]
pub struct Channel {
    service: &'static str,
    targets: watch::Receiver<Targets>,
}

/// A channel to the instances of `service` that `instances` shows, now and as they change. Those without an address are passed over: they cannot
/// be called; with an encryption, so are those whose address is not of `https`.
#[must_use]
pub fn channel(
    service: &'static str,
    instances: watch::Receiver<Instances>,
    encryption: Option<Encryption>,
) -> Channel {
    let (tell, targets) = watch::channel(Targets::default());
    tokio::spawn(follow(service, instances, encryption, tell));
    Channel { service, targets }
}

async fn follow(
    service: &'static str,
    mut instances: watch::Receiver<Instances>,
    encryption: Option<Encryption>,
    tell: watch::Sender<Targets>,
) {
    let mut known: BTreeMap<String, Arc<Target>> = BTreeMap::new();
    loop {
        known = merge(service, &known, &instances.borrow_and_update(), encryption.as_ref());
        tell.send_replace(known.values().cloned().collect());
        tokio::select! {
            // without the registry the channel keeps what it has
            changed = instances.changed() => if changed.is_err() { return },
            () = tell.closed() => return,
        }
    }
}

/// Those that are there now. Who is where it was keeps its connection and its circuit.
fn merge(
    service: &'static str,
    known: &BTreeMap<String, Arc<Target>>,
    current: &Instances,
    encryption: Option<&Encryption>,
) -> BTreeMap<String, Arc<Target>> {
    let served = current.values().filter(|instance| !instance.address.is_empty());
    let targets = served.filter_map(|instance| {
        let same = known.get(&instance.id).filter(|target| target.is_at(&instance.address));
        let target = match same {
            Some(target) => Arc::clone(target),
            None => match Target::new(service, instance, encryption) {
                Ok(target) => Arc::new(target),
                Err(error) => {
                    let (id, address) = (&instance.id, &instance.address);
                    let error = &*error as &dyn std::error::Error;
                    tracing::error!(instance = %id, address, error, "an instance cannot be called");
                    return None;
                }
            },
        };
        Some((instance.id.clone(), target))
    });
    targets.collect()
}

impl Service<Request> for Channel {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Answer>;

    /// Always ready: each call picks its instance.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(send(self.clone(), request))
    }
}

async fn send(Channel { service, mut targets }: Channel, request: Request) -> Answer {
    // what waits for less shall learn why it does so in vain
    let wait = im_schema::grpc::timeout(&request).map_or(NOBODY, |wait| NOBODY.min(wait / 2));
    let known = timeout(wait, targets.wait_for(|targets| !targets.is_empty())).await;
    let Ok(Ok(known)) = known.map(|known| known.map(|known| Targets::clone(&known))) else {
        return Err(Status::unavailable(format!("no instance of {service} is known")));
    };
    let mut request = Some(request);
    let begun = poll_fn(|cx| {
        let request = request.take().expect("what is ready is polled once");
        Poll::Ready(begin(&known, request, cx))
    });
    match begun.await {
        Begun::Answered(answer) => answer,
        Begun::UnderWay(answer) => answer.await,
        Begun::Refused(request) => last_resort(service, &known, request).await,
    }
}

/// Sends the request to the one of two instances that has less to do, as long as there are some whose circuit is closed. If there is none, the
/// request comes back.
fn begin(known: &Targets, mut request: Request, cx: &mut Context<'_>) -> Begun {
    let mut left: Vec<&Target> = known.iter().map(AsRef::as_ref).collect();
    while !left.is_empty() {
        let target = left.swap_remove(less_busy(&left));
        match target.begin(request, cx) {
            Begun::Refused(refused) => request = refused,
            begun => return begun,
        }
    }
    Begun::Refused(request)
}

/// The index of the one of two, drawn at random, that has fewer calls to answer. There must be one.
fn less_busy(targets: &[&Target]) -> usize {
    if targets.len() == 1 {
        return 0;
    }
    let mut rng = rand::rng();
    let one = rng.random_range(0..targets.len());
    let other = (one + rng.random_range(1..targets.len())) % targets.len();
    if targets[other].load() < targets[one].load() {
        other
    } else {
        one
    }
}

/// Sends the request to one that answers, though not as it should.
async fn last_resort(service: &str, known: &Targets, request: Request) -> Answer {
    let answering: Vec<&Target> = known
        .iter()
        .map(AsRef::as_ref)
        .filter(|target| target.answers())
        .collect();
    if answering.is_empty() {
        return Err(Status::unavailable(format!("no instance of {service} can be reached")));
    }
    answering[less_busy(&answering)].call_nevertheless(request).await
}

//! One channel to all instances of a service that are in the registry.
//!
//! Each call goes to one of them, picked at random. Instances come and go with the registry; while that is away those that were known last stay.
//! Calls of an instance that died fail as unavailable at once, those of one that is stopped or cut off after 4 seconds, if their deadline is not
//! sooner; the caller's retry takes them elsewhere, and the registry takes the instance out when its lease ends.

use crate::registry::Instances;
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc, watch};
use tonic::transport::{Channel, Endpoint, channel::Change};

/// A connection is asked so often whether somebody is there.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// Whoever does not answer that for so long is gone.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that cannot be made in this time is not made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// HTTP/2 windows: batches of messages are larger than the default of 64 KiB.
const WINDOW_BYTES: u32 = 4 << 20;
/// So many changes may wait to be taken over.
const CHANGES: usize = 64;

/// A channel to the instances that `instances` shows, now and as they change. Those without an address are passed over: they cannot be called.
/// While there is none, calls wait until their deadline. Ends with its last clone or with the registry.
#[must_use]
pub fn channel(instances: watch::Receiver<Instances>) -> Channel {
    let (channel, changes) = Channel::balance_channel(CHANGES);
    tokio::spawn(follow(instances, changes));
    channel
}

async fn follow(mut instances: watch::Receiver<Instances>, changes: mpsc::Sender<Change<String, Endpoint>>) {
    // address by id, as far as the channel knows
    let mut known = BTreeMap::new();
    loop {
        let current = addresses(&instances.borrow_and_update());
        for change in differences(&known, &current) {
            if changes.send(change).await.is_err() {
                return;
            }
        }
        known = current;
        tokio::select! {
            // without the registry the channel keeps what it has
            changed = instances.changed() => if changed.is_err() { return },
            () = changes.closed() => return,
        }
    }
}

fn addresses(instances: &Instances) -> BTreeMap<String, String> {
    let served = instances.values().filter(|instance| !instance.address.is_empty());
    served
        .map(|instance| (instance.id.clone(), instance.address.clone()))
        .collect()
}

/// What a channel that knows `known` has to be told.
fn differences(known: &BTreeMap<String, String>, current: &BTreeMap<String, String>) -> Vec<Change<String, Endpoint>> {
    let gone = known.keys().filter(|id| !current.contains_key(*id));
    let gone = gone.map(|id| Change::Remove(id.clone()));
    let new = current.iter().filter(|(id, address)| known.get(*id) != Some(*address));
    let new = new.filter_map(|(id, address)| match endpoint(address) {
        Ok(endpoint) => Some(Change::Insert(id.clone(), endpoint)),
        Err(error) => {
            tracing::error!(instance = %id, address, error = &error as &dyn std::error::Error, "an instance cannot be called");
            None
        }
    });
    gone.chain(new).collect()
}

fn endpoint(address: &str) -> Result<Endpoint, tonic::transport::Error> {
    Ok(Endpoint::from_shared(address.to_owned())?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .tcp_nodelay(true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Instance, Lease, Registry as _, embedded::EmbeddedRegistry};
    use axum::Router;
    use im_schema::grpc::Codec;
    use std::collections::BTreeSet;
    use tokio::{net::TcpListener, time::timeout};
    use tokio_util::task::AbortOnDropHandle;
    use tonic::{Code, Request, Status};

    const SERVICE: &str = "tested";
    const TTL: Duration = Duration::from_secs(10);

    /// A server that answers every call with a failure that says which one it is.
    struct Named {
        address: String,
        _server: AbortOnDropHandle<()>,
    }

    impl Named {
        async fn serve(name: &'static str) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = format!("http://{}", listener.local_addr().unwrap());
            let app =
                Router::new().fallback(move || async move { Status::aborted(name).into_http::<axum::body::Body>() });
            let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
            Self {
                address,
                _server: AbortOnDropHandle::new(server),
            }
        }

        async fn register(&self, registry: &EmbeddedRegistry, id: &str) -> Box<dyn Lease> {
            let instance = Instance {
                id: id.into(),
                address: self.address.clone(),
            };
            registry.register(SERVICE, instance, TTL).await.unwrap()
        }
    }

    /// Who answers a call; `None` if nobody does in time.
    async fn ask(channel: &Channel) -> Option<String> {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        let call = async {
            grpc.ready().await.ok()?;
            let path = http::uri::PathAndQuery::from_static("/test/Ask");
            let answer = grpc.unary::<(), (), _>(Request::new(()), path, Codec::default());
            let status = answer.await.unwrap_err();
            (status.code() == Code::Aborted).then(|| status.message().to_owned())
        };
        timeout(Duration::from_millis(300), call).await.ok().flatten()
    }

    /// Who answers some calls, once nobody else does any more.
    async fn answered_by_just(channel: &Channel, expected: &[&str]) {
        let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        let mut seen = BTreeSet::new();
        for _ in 0..50 {
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

    #[tokio::test]
    async fn calls_are_spread_over_the_instances_that_are_there() {
        let registry = EmbeddedRegistry::new();
        let channel = channel(registry.watch(SERVICE).await.unwrap());
        assert_eq!(ask(&channel).await, None, "nobody is there yet");

        let (one, two) = (Named::serve("one").await, Named::serve("two").await);
        let first = one.register(&registry, "a").await;
        answered_by_just(&channel, &["one"]).await;
        let _second = two.register(&registry, "b").await;
        answered_by_just(&channel, &["one", "two"]).await;
        first.revoke().await;
        answered_by_just(&channel, &["two"]).await;
    }

    #[tokio::test]
    async fn an_instance_that_comes_back_elsewhere_is_found() {
        let registry = EmbeddedRegistry::new();
        let channel = channel(registry.watch(SERVICE).await.unwrap());
        let (one, two) = (Named::serve("one").await, Named::serve("two").await);
        let _before = one.register(&registry, "a").await;
        answered_by_just(&channel, &["one"]).await;
        let _after = two.register(&registry, "a").await;
        answered_by_just(&channel, &["two"]).await;
    }

    #[tokio::test]
    async fn what_was_known_last_stays_when_the_registry_ends() {
        let registry = EmbeddedRegistry::new();
        let (tell, instances) = watch::channel(Instances::new());
        let channel = channel(instances);
        let one = Named::serve("one").await;
        let _lease = one.register(&registry, "a").await;
        tell.send_replace(registry.watch(SERVICE).await.unwrap().borrow().clone());
        drop(tell);
        answered_by_just(&channel, &["one"]).await;
    }

    #[test]
    fn an_address_that_is_none_is_passed_over() {
        let known = BTreeMap::new();
        let current = BTreeMap::from([("a".to_owned(), "http://not an address".to_owned())]);
        assert!(differences(&known, &current).is_empty());
    }
}

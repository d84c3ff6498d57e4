//! Calls of `SendMessage` that wait for what becomes of their message. The pipeline tells them the way it tells a gateway: over the topic of the
//! instance that accepted the message.

use async_trait::async_trait;
use im_infra::{topics::Handler, trace::TraceContext};
use im_schema::{
    failure::Failure,
    internal::v1::{Downstream, Origin, downstream::Event},
    v1::Message,
};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;

/// What became of a message.
pub(crate) type Fate = Result<Message, Failure>;

/// The waiting calls of this instance.
pub(crate) struct Waiters {
    instance: Arc<str>,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Fate>>>,
}

/// One call that waits. Dropping it ends the waiting.
pub(crate) struct Waiter<'a> {
    waiters: &'a Waiters,
    id: u64,
    fate: oneshot::Receiver<Fate>,
}

impl Waiters {
    /// Nobody waits yet at this instance.
    #[must_use]
    pub(crate) fn new(instance: Arc<str>) -> Self {
        Self {
            instance,
            next: AtomicU64::new(1),
            waiting: Mutex::default(),
        }
    }

    /// Begins to wait; to be done before the message is on its way.
    pub(crate) fn wait(&self) -> Waiter<'_> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (tell, fate) = oneshot::channel();
        self.waiting.lock().insert(id, tell);
        Waiter {
            waiters: self,
            id,
            fate,
        }
    }

    /// Tells the call behind `origin`, if it is of this instance and still waits.
    fn tell(&self, origin: Option<&Origin>, fate: Fate) {
        let own = origin.filter(|origin| *origin.instance == *self.instance);
        if let Some(tell) = own.and_then(|origin| self.waiting.lock().remove(&origin.connection_id)) {
            // a call that has just given up needs no answer
            let _ = tell.send(fate);
        }
    }
}

impl Waiter<'_> {
    /// What to write into the message so that its fate finds back here.
    #[must_use]
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            instance: self.waiters.instance.to_string(),
            connection_id: self.id,
            request_id: 0,
            traceparent: TraceContext::current()
                .map(|trace| trace.to_string())
                .unwrap_or_default(),
            ..Default::default()
        }
    }

    /// The message's fate; `None` if it is not known in time.
    pub(crate) async fn fate(mut self, time: Duration) -> Option<Fate> {
        tokio::time::timeout(time, &mut self.fate).await.ok()?.ok()
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiters.waiting.lock().remove(&self.id);
    }
}

#[async_trait]
impl Handler<Downstream> for Waiters {
    async fn handle(&self, _partition: u32, batch: Vec<(u64, Downstream)>) -> Result<(), Failure> {
        for (_, downstream) in batch {
            match downstream.event {
                Some(Event::Deliveries(deliveries)) => {
                    for delivery in deliveries.items {
                        if let Some(message) = delivery.message {
                            self.tell(delivery.origin.as_ref(), Ok(message));
                        }
                    }
                }
                Some(Event::Rejection(rejection)) => {
                    let problem = rejection
                        .rejected
                        .and_then(|rejected| rejected.problem)
                        .unwrap_or_default();
                    self.tell(rejection.origin.as_ref(), Err(Failure::from_problem(&problem)));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_schema::internal::v1::{Deliveries, Delivery};

    fn stored(origin: Origin) -> Downstream {
        let message = Some(Message {
            message_id: 7,
            ..Message::default()
        });
        let items = vec![Delivery {
            message,
            origin: Some(origin),
            told: false,
            ..Default::default()
        }];
        Downstream {
            recipients: Vec::new(),
            event: Some(Event::Deliveries(Deliveries {
                items,
                ..Default::default()
            })),
            ..Default::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_hears_what_became_of_its_own_message() {
        let waiters = Waiters::new("logic-1".into());
        let (first, second) = (waiters.wait(), waiters.wait());
        let foreign = Origin {
            instance: "gateway-1".into(),
            ..second.origin()
        };
        let batch = vec![(0, stored(foreign)), (0, stored(first.origin()))];
        waiters.handle(0, batch).await.unwrap();
        let time = Duration::from_secs(2);
        assert_eq!(first.fate(time).await.unwrap().unwrap().message_id, 7);
        assert!(second.fate(time).await.is_none());
        assert!(
            waiters.waiting.lock().is_empty(),
            "nobody is remembered who does not wait"
        );
    }
}

//! A batch of one partition through all the hops.
//!
//! Whatever fails, the batch fails as a whole and comes again: nothing is skipped, and what was done already does no harm.
//! * Marks are set before anything is stored: what comes again is verified.
//! * What is stored already is found by the store and keeps its place.
//! * What was distributed already is distributed again at worst: clients drop what they have by its sequence.

use super::{Dedupe, Distributor, Store, decide::part, dedupe::Trust, distribute::Batch, published::Published};
use crate::rosters::Rosters;
use async_trait::async_trait;
use im_infra::{
    clock::SharedClock,
    topics::Handler,
    trace::{self, Recorded as _, TraceContext},
};
use im_schema::{failure::Failure, internal::v1::Upstream};
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};

/// The hops, one behind the other.
pub(crate) struct Pipeline {
    clock: SharedClock,
    rosters: Arc<Rosters>,
    dedupe: Arc<Dedupe>,
    store: Store,
    distributor: Distributor,
    partitions: Mutex<HashMap<u32, Partition>>,
}

/// What is known of a partition while it is ours.
#[derive(Clone)]
struct Partition {
    /// The record that comes next unless another process had the partition meanwhile.
    next: u64,
    trust: Trust,
    published: Published,
}

impl Pipeline {
    pub(crate) fn new(
        clock: SharedClock,
        rosters: Arc<Rosters>,
        dedupe: Arc<Dedupe>,
        store: Store,
        distributor: Distributor,
    ) -> Self {
        Self {
            clock,
            rosters,
            dedupe,
            store,
            distributor,
            partitions: Mutex::default(),
        }
    }

    /// The partition's state; a fresh one if this batch does not follow on what was handled here before.
    fn enter(&self, partition: u32, offset: u64) -> Partition {
        let known = self
            .partitions
            .lock()
            .get(&partition)
            .filter(|known| known.next == offset)
            .cloned();
        known.unwrap_or_else(|| Partition {
            next: offset,
            trust: self.dedupe.trust_from_now(),
            published: Published::default(),
        })
    }

    async fn take(&self, state: &mut Partition, batch: Vec<Upstream>) -> Result<(), Failure> {
        let verify = self.dedupe.suspects(&batch, &mut state.trust).await;
        let pairs: Vec<_> = batch
            .iter()
            .map(|upstream| (upstream.conversation_id, upstream.sender_id))
            .collect();
        let (rosters, standings) = self.rosters.standings(&pairs).await?;
        let now_ms = self.clock.now_ms();
        let (accepted, refused) = part(batch, &standings, &verify, now_ms);
        let (known, refused) = self.dedupe.stored_before(refused).await?;
        let mut settled = self.store.store(accepted, now_ms).await?;
        settled.join(known);
        let ids = settled.ids.clone();
        let batch = Batch {
            rosters: &rosters,
            settled,
            refused,
            published: &state.published,
        };
        self.distributor.distribute(batch).await?;
        state.published.add(&ids);
        Ok(())
    }
}

#[async_trait]
impl Handler<Upstream> for Pipeline {
    async fn handle(&self, partition: u32, batch: Vec<(u64, Upstream)>) -> Result<(), Failure> {
        let (Some((first, _)), Some((last, _))) = (batch.first(), batch.last()) else {
            return Ok(());
        };
        let (first, last) = (*first, *last);
        let started = self.clock.monotonic();
        metrics::histogram!("pipeline_batch_messages").record(batch.len() as f64);
        let mut state = self.enter(partition, first);
        let mut hop = trace::batch(
            "logic.batch",
            batch.iter().filter_map(|(_, upstream)| traceparent(upstream)),
        );
        if let Some(hop) = &mut hop {
            hop.note("batch.size", batch.len() as u64);
            hop.note("log.partition", partition.into());
        }
        let batch = batch.into_iter().map(|(_, upstream)| upstream).collect();
        let result = TraceContext::within(hop.context(), self.take(&mut state, batch)).await;
        if let (Some(hop), Err(failure)) = (&mut hop, &result) {
            hop.fail(failure.spec().name);
        }
        drop(hop);
        state.next = if result.is_ok() { last + 1 } else { first };
        self.partitions.lock().insert(partition, state);
        metrics::histogram!("pipeline_batch_seconds").record((self.clock.monotonic() - started).as_secs_f64());
        result
    }

    /// The sender was told that the message is accepted, so it must hear that it is not.
    async fn given_up(&self, message: Upstream, cause: &Failure) {
        self.distributor.reject(&message, cause).await;
    }
}

fn traceparent(upstream: &Upstream) -> Option<&str> {
    Some(&upstream.origin.as_ref()?.traceparent)
}

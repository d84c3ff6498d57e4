//! Messages that failed for a reason that passes, and step aside for those behind them: into a topic of their own, until they are due.
//!
//! They are due in another order than they stand there, so a reader takes along what is not due yet, up to a bound, and commits up to the first
//! one that is not done with. What a crash makes it read again is handled again, which the handler has to bear anyway.

use super::{Consumer, Handler, Stopped};
use crate::log::{Append, LogError, PartitionStream, Record, partition_of};
use im_schema::{
    failure::Failure,
    internal::v1::Delayed,
    topic::{Retry, TopicPayload},
};
use prost::Message as _;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// So many messages of a partition are taken along until they are due; those behind them are read later.
const MOST: usize = 1_000;

/// Messages of one partition that are not due yet.
#[derive(Default)]
struct Waiting {
    /// By the time at which they are due, then by their offset in the topic for retries.
    by_time: BTreeMap<(u64, u64), Delayed>,
    /// Behind what was read.
    end: u64,
}

impl Waiting {
    fn has_room(&self) -> bool {
        self.by_time.len() < MOST
    }

    fn due_at_ms(&self) -> Option<u64> {
        self.by_time.first_key_value().map(|((due, _), _)| *due)
    }

    fn take_due(&mut self, now_ms: u64) -> Option<Delayed> {
        let first = self.by_time.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    /// Everything below is done with.
    fn done(&self) -> u64 {
        self.by_time.keys().map(|(_, offset)| *offset).min().unwrap_or(self.end)
    }
}

impl<T: TopicPayload + Clone + 'static> Consumer<T> {
    /// A message fails for the first time.
    pub(super) async fn step_aside(
        &self,
        retry: &Retry,
        partition: u32,
        offset: u64,
        message: &T,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        let delayed = Delayed {
            partition,
            offset,
            payload: message.encode_to_vec().into(),
            due_at_ms: self.clock.now_ms() + retry.first_pause_ms,
            ..Default::default()
        };
        self.delay(retry, message.key(), &delayed, stop).await
    }

    async fn delay(&self, retry: &Retry, key: u64, delayed: &Delayed, stop: &CancellationToken) -> Result<(), Stopped> {
        metrics::counter!("consumer_delayed_total", "topic" => self.label()).increment(1);
        let append = Append {
            topic: retry.name.into(),
            partition: partition_of(key, T::TOPIC.partitions),
            payload: delayed.encode_to_vec().into(),
        };
        let mut attempts = 0;
        while let Err(error) = self.log.append(vec![append.clone()]).await {
            tracing::warn!(
                topic = retry.name,
                error = &error as &dyn std::error::Error,
                "message not put aside"
            );
            self.pause(attempts, stop).await?;
            attempts += 1;
        }
        Ok(())
    }

    /// Reads one partition of the topic for retries for as long as it is ours.
    pub(super) async fn read_again<H: Handler<T>>(
        self: Arc<Self>,
        retry: Retry,
        mut stream: Box<dyn PartitionStream>,
        handler: Arc<H>,
        stop: CancellationToken,
    ) {
        let (mut waiting, mut failures) = (Waiting::default(), 0);
        loop {
            let records = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.until_due(&waiting) => {
                    if self.try_due(&retry, &mut waiting, stream.partition(), &*handler, &stop).await.is_err() {
                        return;
                    }
                    if let Err(error) = stream.commit(waiting.done()).await {
                        tracing::warn!(topic = retry.name, error = &error as &dyn std::error::Error, "commit failed");
                    }
                    continue;
                }
                records = stream.next(self.batch_bytes), if waiting.has_room() => records,
            };
            match records {
                Ok(Some(records)) => {
                    failures = 0;
                    if self
                        .take_along(&retry, &mut waiting, stream.partition(), records, &*handler, &stop)
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
                Ok(None) | Err(LogError::Closed) => return,
                Err(error) => {
                    tracing::warn!(
                        topic = retry.name,
                        error = &error as &dyn std::error::Error,
                        "read failed"
                    );
                    if self.pause(failures, &stop).await.is_err() {
                        return;
                    }
                    failures += 1;
                }
            }
        }
    }

    /// Waits until the first message is due; for ever if there is none.
    async fn until_due(&self, waiting: &Waiting) {
        match waiting.due_at_ms() {
            Some(due) => tokio::time::sleep(Duration::from_millis(due.saturating_sub(self.clock.now_ms()))).await,
            None => std::future::pending().await,
        }
    }

    async fn take_along<H: Handler<T>>(
        &self,
        retry: &Retry,
        waiting: &mut Waiting,
        partition: u32,
        records: Vec<Record>,
        handler: &H,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        for Record { offset, payload } in records {
            waiting.end = offset + 1;
            match Delayed::decode(payload.clone()) {
                Ok(delayed) => {
                    waiting.by_time.insert((delayed.due_at_ms, offset), delayed);
                }
                Err(error) => {
                    let failure = Failure::malformed("not a message that was put aside").because(error);
                    let unfit = self.unreadable(retry.name, partition, offset, payload, failure);
                    self.bury(vec![unfit], handler, stop).await?;
                }
            }
        }
        Ok(())
    }

    /// Tries what is due, message by message.
    async fn try_due<H: Handler<T>>(
        &self,
        retry: &Retry,
        waiting: &mut Waiting,
        partition: u32,
        handler: &H,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        while let Some(mut delayed) = waiting.take_due(self.clock.now_ms()) {
            let message = match T::decode(delayed.payload.clone()) {
                Ok(message) => message,
                Err(error) => {
                    let failure =
                        Failure::malformed("the message that was put aside is of another type").because(error);
                    let unfit = self.unreadable(retry.name, partition, delayed.offset, delayed.payload, failure);
                    self.bury(vec![unfit], handler, stop).await?;
                    continue;
                }
            };
            let lane = T::TOPIC.partitions + partition;
            let Err(failure) = self
                .attempt(lane, vec![(delayed.offset, message.clone())], handler)
                .await
            else {
                metrics::counter!("consumer_messages_total", "topic" => self.label()).increment(1);
                continue;
            };
            delayed.retries += 1;
            match retry.pause_ms(delayed.retries).filter(|_| failure.spec().retryable) {
                Some(pause) => {
                    self.note(delayed.partition, &failure, delayed.retries);
                    delayed.due_at_ms = self.clock.now_ms() + pause;
                    self.delay(retry, message.key(), &delayed, stop).await?;
                }
                None => {
                    let unfit = self.unfit(delayed.partition, delayed.offset, message, failure);
                    self.bury(vec![unfit], handler, stop).await?;
                }
            }
        }
        Ok(())
    }
}

//! Reading a topic: a task a partition, in order, at least once.

mod aside;
mod bury;
mod digest;

use super::{failure, lag, name_for};
use crate::{
    clock::SharedClock,
    log::{Log, LogError, PartitionStream, Subscription},
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::{
    failure::Failure,
    topic::{Retry, TopicPayload},
};
use std::{marker::PhantomData, panic::AssertUnwindSafe, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is done with the messages of a topic.
#[async_trait]
pub trait Handler<T: TopicPayload + 'static>: Send + Sync + 'static {
    /// Handles messages of one partition, in order, each with the offset of the record that it stood in. Partitions are handled at the
    /// same time, batches of one partition never are.
    ///
    /// # Errors
    /// After a retryable reason the same batch comes again, as often as it takes: what was done of it must do no harm when it is done again. After
    /// any other reason it comes again a few times, then message by message; what then fails again becomes a dead letter.
    ///
    /// Of a topic with [`Topic::retry`](im_schema::topic::Topic::retry), a message that fails alone for a retryable reason steps aside: those behind it go on, and it comes alone
    /// after its pause, with a number of a partition that is beyond those of the topic. After the last attempt it becomes a dead letter.
    async fn handle(&self, partition: u32, batch: Vec<(u64, T)>) -> Result<(), Failure>;

    /// A message will not be handled: it breaks a rule of the schema, or [`Handler::handle`] refused it for good. It is among the dead letters.
    async fn given_up(&self, _message: T, _cause: &Failure) {}

    /// Records of a topic in memory were dropped before they could be read; what is handled next in this partition lies behind them.
    async fn missed(&self, _partition: u32, _records: u64) {}
}

/// A member of a group that reads one topic.
pub struct Consumer<T> {
    log: Arc<dyn Log>,
    clock: SharedClock,
    topic: Arc<str>,
    group: Arc<str>,
    batch_bytes: usize,
    retry: Option<Retry>,
    messages: PhantomData<fn(T)>,
}

/// How often a batch that fails for a reason that does not pass comes again as a whole.
const PATIENCE: u32 = 3;
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The consumer was told to stop before the batch was done with.
struct Stopped;

impl<T: TopicPayload + Clone + 'static> Consumer<T> {
    /// A member of `group` that reads the shared topic of `T`.
    #[must_use]
    pub fn new(log: Arc<dyn Log>, clock: SharedClock, group: &str) -> Self {
        Self::of(log, clock, T::TOPIC.name.into(), group.into())
    }

    /// The only reader of an instance's own topic.
    #[must_use]
    pub fn of_instance(log: Arc<dyn Log>, clock: SharedClock, instance: &str) -> Self {
        Self::of(log, clock, name_for::<T>(instance).into(), instance.into())
    }

    fn of(log: Arc<dyn Log>, clock: SharedClock, topic: Arc<str>, group: Arc<str>) -> Self {
        Self {
            log,
            clock,
            topic,
            group,
            batch_bytes: 512 * 1024,
            retry: T::TOPIC.retry,
            messages: PhantomData,
        }
    }

    /// About how many bytes of records make a batch at most; half a MiB if nothing is said.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Other pauses than those of the schema.
    #[cfg(test)]
    pub(super) fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Reads until `stop` is cancelled or the log is closed. A batch that is being handled then is finished, unless it is
    /// waiting to be tried again.
    ///
    /// # Errors
    /// If the group cannot be joined at all; what happens later is tried again.
    pub async fn run<H: Handler<T>>(self, handler: Arc<H>, stop: CancellationToken) -> Result<(), Failure> {
        let join = async |topic| self.log.subscribe(topic, &self.group).await.map_err(failure);
        let first = join(&self.topic).await?;
        let again = match self.retry {
            Some(retry) => Some((join(retry.name).await?, retry)),
            None => None,
        };
        let watched = |topic, label| lag::report(Arc::clone(&self.log), topic, Arc::clone(&self.group), label);
        let _lag = watched(Arc::clone(&self.topic), T::TOPIC.name);
        let _lag_again = self.retry.map(|retry| watched(retry.name.into(), retry.name));
        let consumer = Arc::new(self);
        let read = |stream| Arc::clone(&consumer).read(stream, Arc::clone(&handler), stop.clone());
        let all_again = async {
            if let Some((again, retry)) = again {
                let read = |stream| Arc::clone(&consumer).read_again(retry, stream, Arc::clone(&handler), stop.clone());
                follow(again, read, &stop).await;
            }
        };
        tokio::join!(follow(first, read, &stop), all_again);
        Ok(())
    }

    /// Reads one partition for as long as it is ours.
    async fn read<H: Handler<T>>(
        self: Arc<Self>,
        mut stream: Box<dyn PartitionStream>,
        handler: Arc<H>,
        stop: CancellationToken,
    ) {
        let partition = stream.partition();
        let mut failures = 0;
        loop {
            let records = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                records = stream.next(self.batch_bytes) => records,
            };
            match records {
                Ok(Some(records)) if !records.is_empty() => {
                    failures = 0;
                    let end = records[records.len() - 1].offset + 1;
                    if self.digest(partition, &records, &*handler, &stop).await.is_err() {
                        return;
                    }
                    if let Err(error) = stream.commit(end).await {
                        // what was not committed is read again, no more
                        tracing::warn!(topic = %self.topic, partition, error = &error as &dyn std::error::Error, "commit failed");
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(LogError::Closed) => return,
                Err(LogError::Dropped { records }) => {
                    let missed = AssertUnwindSafe(handler.missed(partition, records)).catch_unwind();
                    if missed.await.is_err() {
                        tracing::error!(topic = %self.topic, partition, records, "the handler panicked over records that it missed");
                    }
                }
                Err(error) => {
                    tracing::warn!(topic = %self.topic, partition, error = &error as &dyn std::error::Error, "read failed");
                    if self.pause(failures, &stop).await.is_err() {
                        return;
                    }
                    failures += 1;
                }
            }
        }
    }

    async fn pause(&self, failures: u32, stop: &CancellationToken) -> Result<(), Stopped> {
        let longest = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
        // not all at the same moment
        let pause = longest.mul_f64(rand::random_range(0.5..=1.0));
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(Stopped),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// The topic without the instance, so that metrics stay few.
    fn label(&self) -> &'static str {
        T::TOPIC.name
    }
}

/// Hands each partition that a member is given to a task of its own, until `stop` or the end of the log; waits for them then.
async fn follow<F: Future<Output = ()> + Send + 'static>(
    mut subscription: Box<dyn Subscription>,
    read: impl Fn(Box<dyn PartitionStream>) -> F,
    stop: &CancellationToken,
) {
    let mut partitions = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            // stopping comes first: nothing new is begun after it
            () = stop.cancelled() => break,
            // then new work
            assigned = subscription.assigned() => match assigned {
                Some(stream) => {
                    partitions.spawn(read(stream));
                }
                None => break,
            },
            // finished partitions were taken away and need no more than forgetting
            Some(_) = partitions.join_next() => {}
        }
    }
    while partitions.join_next().await.is_some() {}
}

//! Reading a topic: a task a partition, in order, at least once.

use super::{failure, lag, name_for};
use crate::{
    clock::SharedClock,
    log::{Append, Log, LogError, PartitionStream, Record},
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::{
    failure::Failure,
    internal::v1::DeadLetter,
    parlance::Reason,
    topic::{self, TopicPayload},
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
            messages: PhantomData,
        }
    }

    /// About how many bytes of records make a batch at most; half a MiB if nothing is said.
    #[must_use]
    pub fn batch_bytes(mut self, bytes: usize) -> Self {
        self.batch_bytes = bytes;
        self
    }

    /// Reads until `stop` is cancelled or the log is closed. A batch that is being handled then is finished, unless it is
    /// waiting to be tried again.
    ///
    /// # Errors
    /// If the group cannot be joined at all; what happens later is tried again.
    pub async fn run<H: Handler<T>>(self, handler: Arc<H>, stop: CancellationToken) -> Result<(), Failure> {
        let (topic, group) = (Arc::clone(&self.topic), Arc::clone(&self.group));
        let _lag = lag::report(Arc::clone(&self.log), topic, group, T::TOPIC.name);
        let mut subscription = self.log.subscribe(&self.topic, &self.group).await.map_err(failure)?;
        let consumer = Arc::new(self);
        let mut partitions = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                // stopping comes first: nothing new is begun after it
                () = stop.cancelled() => break,
                // then new work
                assigned = subscription.assigned() => match assigned {
                    Some(stream) => {
                        partitions.spawn(Arc::clone(&consumer).read(stream, Arc::clone(&handler), stop.clone()));
                    }
                    None => break,
                },
                // finished partitions were taken away and need no more than forgetting
                Some(_) = partitions.join_next() => {}
            }
        }
        while partitions.join_next().await.is_some() {}
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

    /// Brings one batch to its end, whatever it takes.
    async fn digest<H: Handler<T>>(
        &self,
        partition: u32,
        records: &[Record],
        handler: &H,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        let mut attempts = 0;
        loop {
            let (batch, unfit) = self.decode(partition, records);
            let count = batch.len() as u64;
            match self.attempt(partition, batch, handler).await {
                Ok(()) => {
                    metrics::counter!("consumer_messages_total", "topic" => self.label()).increment(count);
                    metrics::counter!("consumer_batches_total", "topic" => self.label()).increment(1);
                    return self.bury(unfit, handler, stop).await;
                }
                Err(failure) if failure.spec().retryable || attempts < PATIENCE => {
                    self.note(partition, &failure, attempts);
                    self.pause(attempts, stop).await?;
                    attempts += 1;
                }
                Err(_) => {
                    self.one_by_one(partition, records, handler, stop).await?;
                    return self.bury(unfit, handler, stop).await;
                }
            }
        }
    }

    /// A batch that fails as a whole: most of its messages may be good.
    async fn one_by_one<H: Handler<T>>(
        &self,
        partition: u32,
        records: &[Record],
        handler: &H,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        for (offset, message) in self.decode(partition, records).0 {
            let mut attempts = 0;
            while let Err(failure) = self.attempt(partition, vec![(offset, message.clone())], handler).await {
                if !failure.spec().retryable {
                    let payload = message.encode_to_vec().into();
                    let letter = self.letter(partition, offset, message.key(), &failure, payload);
                    self.bury(
                        vec![Unfit {
                            letter,
                            message: Some(message),
                            failure,
                        }],
                        handler,
                        stop,
                    )
                    .await?;
                    break;
                }
                self.note(partition, &failure, attempts);
                self.pause(attempts, stop).await?;
                attempts += 1;
            }
        }
        Ok(())
    }

    /// One call of the handler; a panic is a failure like others.
    async fn attempt<H: Handler<T>>(&self, partition: u32, batch: Vec<(u64, T)>, handler: &H) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        let handled = AssertUnwindSafe(handler.handle(partition, batch)).catch_unwind().await;
        handled.unwrap_or_else(|_| Err(Failure::new(Reason::Internal, "the handler panicked")))
    }

    /// The messages of some records, and apart from them what is none or breaks a rule.
    fn decode(&self, partition: u32, records: &[Record]) -> (Vec<(u64, T)>, Vec<Unfit<T>>) {
        let mut batch = Vec::new();
        let mut unfit = Vec::new();
        for Record { offset, payload } in records {
            match topic::unpack_shared::<T>(payload.clone()) {
                Ok(messages) => {
                    for message in messages {
                        match message.validate() {
                            Ok(()) => batch.push((*offset, message)),
                            Err(failure) => {
                                let payload = message.encode_to_vec().into();
                                let letter = self.letter(partition, *offset, message.key(), &failure, payload);
                                unfit.push(Unfit {
                                    letter,
                                    message: Some(message),
                                    failure,
                                });
                            }
                        }
                    }
                }
                Err(failure) => {
                    let letter = self.letter(partition, *offset, 0, &failure, payload.clone());
                    unfit.push(Unfit {
                        letter,
                        message: None,
                        failure,
                    });
                }
            }
        }
        (batch, unfit)
    }

    fn letter(&self, partition: u32, offset: u64, key: u64, cause: &Failure, payload: bytes::Bytes) -> DeadLetter {
        DeadLetter {
            topic: self.topic.to_string(),
            partition,
            offset,
            key,
            cause: cause.to_string(),
            payload,
            failed_at_ms: self.clock.now_ms(),
            ..Default::default()
        }
    }

    /// Puts what cannot be handled where somebody can look at it.
    async fn bury<H: Handler<T>>(
        &self,
        unfit: Vec<Unfit<T>>,
        handler: &H,
        stop: &CancellationToken,
    ) -> Result<(), Stopped> {
        for Unfit {
            letter,
            message,
            failure,
        } in unfit
        {
            tracing::error!(
                topic = %self.topic, partition = letter.partition, offset = letter.offset, error = &failure as &dyn std::error::Error,
                "message given up"
            );
            metrics::counter!("consumer_dead_letters_total", "topic" => self.label()).increment(1);
            let mut attempts = 0;
            while let (Some(grave), Err(error)) = (T::TOPIC.dead_letter, self.append_letter(&letter).await) {
                tracing::warn!(
                    topic = grave,
                    error = &error as &dyn std::error::Error,
                    "dead letter not written"
                );
                self.pause(attempts, stop).await?;
                attempts += 1;
            }
            if let Some(message) = message {
                handler.given_up(message, &failure).await;
            }
        }
        Ok(())
    }

    async fn append_letter(&self, letter: &DeadLetter) -> Result<(), LogError> {
        let Some(grave) = T::TOPIC.dead_letter else {
            return Ok(());
        };
        let partition = crate::log::partition_of(letter.key(), DeadLetter::TOPIC.partitions);
        self.log
            .append(vec![Append {
                topic: grave.into(),
                partition,
                payload: topic::pack([letter]),
            }])
            .await
    }

    fn note(&self, partition: u32, failure: &Failure, attempts: u32) {
        metrics::counter!("consumer_retries_total", "topic" => self.label()).increment(1);
        tracing::warn!(
            topic = %self.topic, partition, attempts, error = failure as &dyn std::error::Error, "batch failed, it will come again"
        );
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

/// What cannot be handled.
struct Unfit<T> {
    letter: DeadLetter,
    message: Option<T>,
    failure: Failure,
}

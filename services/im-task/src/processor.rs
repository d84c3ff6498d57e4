//! A kind of task, and what all kinds have in common: a consumer group, retries, dead letters, metrics.

use async_trait::async_trait;
use im_infra::{
    clock::SharedClock,
    log::Log,
    topics::{Consumer, Handler},
};
use im_schema::{failure::Failure, topic::TopicPayload};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One kind of task.
#[async_trait]
pub trait Processor: Send + Sync + 'static {
    /// The payload of its topic.
    type Task: TopicPayload + Clone + 'static;

    /// Its name: of the consumer group, in metrics and in logs.
    const NAME: &'static str;

    /// Does some tasks of one partition, in order.
    ///
    /// # Errors
    /// After a retryable reason the same tasks come again, with pauses that grow; what was done of them must do no harm when it is done
    /// again. A task that fails for another reason again and again becomes a dead letter.
    async fn process(&self, partition: u32, tasks: Vec<Self::Task>) -> Result<(), Failure>;
}

/// A processor at work.
struct Worker<P> {
    processor: P,
    clock: SharedClock,
}

#[async_trait]
impl<P: Processor> Handler<P::Task> for Worker<P> {
    async fn handle(&self, partition: u32, batch: Vec<(u64, P::Task)>) -> Result<(), Failure> {
        let count = batch.len() as u64;
        let started = self.clock.monotonic();
        let result = self
            .processor
            .process(partition, batch.into_iter().map(|(_, task)| task).collect())
            .await;
        let seconds = (self.clock.monotonic() - started).as_secs_f64();
        let outcome = result.as_ref().err().map_or("OK", |failure| failure.spec().name);
        metrics::counter!("tasks_total", "task" => P::NAME, "reason" => outcome).increment(count);
        metrics::histogram!("task_batch_seconds", "task" => P::NAME).record(seconds);
        metrics::histogram!("task_batch_size", "task" => P::NAME).record(count as f64);
        result
    }
}

/// Does a processor's tasks until `stop`: shares them with all processes that do the same.
///
/// # Errors
/// If its topic cannot be consumed at all.
pub(crate) async fn work<P: Processor>(
    processor: P,
    (log, clock): (Arc<dyn Log>, SharedClock),
    batch_bytes: usize,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let consumer = Consumer::<P::Task>::new(log, Arc::clone(&clock), P::NAME).batch_bytes(batch_bytes);
    consumer.run(Arc::new(Worker { processor, clock }), stop).await
}

//! One batch, from its records to the point where all of it is done with.

use super::{Consumer, Handler, PATIENCE, Stopped, bury::Unfit};
use crate::log::Record;
use futures::FutureExt as _;
use im_schema::{
    failure::Failure,
    parlance::Reason,
    topic::{self, TopicPayload},
};
use std::panic::AssertUnwindSafe;
use tokio_util::sync::CancellationToken;

impl<T: TopicPayload + Clone + 'static> Consumer<T> {
    /// Brings one batch to its end, whatever it takes.
    pub(super) async fn digest<H: Handler<T>>(
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
                Err(failure) if attempts < PATIENCE || (failure.spec().retryable && self.retry.is_none()) => {
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
                    let unfit = self.unfit(partition, offset, message, failure);
                    self.bury(vec![unfit], handler, stop).await?;
                    break;
                }
                self.note(partition, &failure, attempts);
                if let Some(retry) = self.retry {
                    self.step_aside(&retry, partition, offset, &message, stop).await?;
                    break;
                }
                self.pause(attempts, stop).await?;
                attempts += 1;
            }
        }
        Ok(())
    }

    /// One call of the handler; a panic is a failure like others.
    pub(super) async fn attempt<H: Handler<T>>(
        &self,
        partition: u32,
        batch: Vec<(u64, T)>,
        handler: &H,
    ) -> Result<(), Failure> {
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
                            Err(failure) => unfit.push(self.unfit(partition, *offset, message, failure)),
                        }
                    }
                }
                Err(failure) => unfit.push(self.unreadable(&self.topic, partition, *offset, payload.clone(), failure)),
            }
        }
        (batch, unfit)
    }

    pub(super) fn note(&self, partition: u32, failure: &Failure, attempts: u32) {
        metrics::counter!("consumer_retries_total", "topic" => self.label()).increment(1);
        tracing::warn!(
            topic = %self.topic, partition, attempts, error = failure as &dyn std::error::Error, "batch failed, it will come again"
        );
    }
}

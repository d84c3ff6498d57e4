//! What cannot be handled, and where it goes.

use super::{Consumer, Handler, Stopped};
use crate::log::{Append, LogError, partition_of};
use bytes::Bytes;
use im_schema::{
    failure::Failure,
    internal::v1::DeadLetter,
    topic::{self, TopicPayload},
};
use tokio_util::sync::CancellationToken;

/// What cannot be handled.
pub(super) struct Unfit<T> {
    letter: DeadLetter,
    message: Option<T>,
    failure: Failure,
}

impl<T: TopicPayload + Clone + 'static> Consumer<T> {
    /// A message that cannot be handled, and where it stood.
    pub(super) fn unfit(&self, partition: u32, offset: u64, message: T, failure: Failure) -> Unfit<T> {
        let letter = DeadLetter {
            key: message.key(),
            payload: message.encode_to_vec().into(),
            ..self.letter(&self.topic, partition, offset, &failure)
        };
        Unfit {
            letter,
            message: Some(message),
            failure,
        }
    }

    /// A record that cannot be read, and where it stood.
    pub(super) fn unreadable(
        &self,
        topic: &str,
        partition: u32,
        offset: u64,
        payload: Bytes,
        failure: Failure,
    ) -> Unfit<T> {
        let letter = DeadLetter {
            payload,
            unread: true,
            ..self.letter(topic, partition, offset, &failure)
        };
        Unfit {
            letter,
            message: None,
            failure,
        }
    }

    fn letter(&self, topic: &str, partition: u32, offset: u64, cause: &Failure) -> DeadLetter {
        DeadLetter {
            topic: topic.to_owned(),
            partition,
            offset,
            cause: cause.to_string(),
            failed_at_ms: self.clock.now_ms(),
            ..Default::default()
        }
    }

    /// Puts what cannot be handled where somebody can look at it.
    pub(super) async fn bury<H: Handler<T>>(
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
        let partition = partition_of(letter.key(), DeadLetter::TOPIC.partitions);
        self.log
            .append(vec![Append {
                topic: grave.into(),
                partition,
                payload: topic::pack([letter]),
            }])
            .await
    }
}

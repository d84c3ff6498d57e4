//! Appending: all records of a batch are handed over at once, and the batch is done when the broker has answered for the last of them.

use super::{KafkaOptions, errors};
use crate::log::{Append, LogError};
use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Message as _,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// How long it is tried to reach a broker while none can be reached.
const PROBE: Duration = Duration::from_millis(500);
/// When no broker has been reached for so long, what waits for one fails: long enough for a connection that broke to be made again.
const GRACE: Duration = Duration::from_millis(1_500);

pub(super) type Client = ThreadedProducer<Reports>;

/// The producer of a log.
pub(super) struct Appender {
    options: KafkaOptions,
    client: Mutex<Arc<Client>>,
    probing: tokio::sync::Mutex<()>,
}

/// What the producer tells while it works.
pub(super) struct Reports {
    /// No broker could be reached when one was last needed.
    away: watch::Sender<bool>,
    /// What last went wrong with a broker.
    cause: Mutex<Option<String>>,
    /// Told when a record has left the queue.
    room: Notify,
}

/// Records that were handed over together.
pub(super) struct Batch {
    /// Records without an answer, and one more while records are being handed over.
    open: AtomicUsize,
    failure: Mutex<Option<LogError>>,
    done: Notify,
}

impl Appender {
    pub(super) fn new(options: &KafkaOptions) -> Result<Self, KafkaError> {
        Ok(Self {
            client: Mutex::new(connect(options)?),
            options: options.clone(),
            probing: tokio::sync::Mutex::new(()),
        })
    }

    /// The client, also for questions about topics.
    pub(super) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.lock())
    }

    /// Appends records whose sizes and partitions are in order.
    pub(super) async fn append(&self, records: &[Append]) -> Result<(), LogError> {
        self.reachable().await?;
        let client = self.client();
        let appended = self.append_by(&client, records).await;
        // it may also have failed between two appends: then it takes nothing, and no answer says so
        if appended.is_err() && client.client().fatal_error().is_some() {
            self.replace(&client);
        }
        appended
    }

    async fn append_by(&self, client: &Client, records: &[Append]) -> Result<(), LogError> {
        let batch = Arc::new(Batch {
            open: AtomicUsize::new(1),
            failure: Mutex::new(None),
            done: Notify::new(),
        });
        for record in records {
            self.hand_over(client, record, &batch).await?;
        }
        batch.close_one();
        tokio::select! {
            biased;
            () = batch.done.notified() => {}
            // the records are still in the queue, and may come to their partition when a broker is back
            () = self.given_up(client) => return Err(LogError::Unavailable(None)),
        }
        let failure = batch.failure.lock().take();
        failure.map_or(Ok(()), Err)
    }

    /// Puts a record into the producer's queue; waits for room there as long as a delivery may take, or a broker can be reached.
    async fn hand_over(&self, client: &Client, record: &Append, batch: &Arc<Batch>) -> Result<(), LogError> {
        let deadline = tokio::time::Instant::now() + self.options.delivery_timeout;
        batch.open.fetch_add(1, Ordering::Relaxed);
        let mut message: BaseRecord<'_, (), [u8], Arc<Batch>> =
            BaseRecord::with_opaque_to(&record.topic, Arc::clone(batch))
                .partition(record.partition as i32)
                .payload(&record.payload[..]);
        loop {
            let mut room = std::pin::pin!(client.context().room.notified());
            room.as_mut().enable();
            let Err((error, back)) = client.send(message) else {
                return Ok(());
            };
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(errors::of_record(
                    &error,
                    &record.topic,
                    record.partition,
                    record.payload.len(),
                ));
            }
            message = back;
            tokio::select! {
                biased;
                () = room => {}
                () = tokio::time::sleep_until(deadline) => return Err(errors::unavailable(error)),
                () = self.given_up(client) => return Err(errors::unavailable(error)),
            }
        }
    }

    /// Fails at once while no broker can be reached; one caller at a time looks whether that is still so.
    async fn reachable(&self) -> Result<(), LogError> {
        let client = self.client();
        if !*client.context().away.borrow() {
            return Ok(());
        }
        let Ok(_only) = self.probing.try_lock() else {
            return Err(LogError::Unavailable(None));
        };
        self.look(PROBE).await
    }

    /// Asks the brokers; appends are taken again if one answers within `patience`.
    pub(super) async fn look(&self, patience: Duration) -> Result<(), LogError> {
        let client = self.client();
        let asked = Arc::clone(&client);
        errors::blocking(move || asked.client().fetch_metadata(None, patience)).await?;
        if client.context().away.send_replace(false) {
            tracing::info!("kafka is back");
        }
        Ok(())
    }

    /// Returns when no broker has been reached for a while.
    async fn given_up(&self, client: &Client) {
        let mut away = client.context().away.subscribe();
        loop {
            becomes(&mut away, true).await;
            let looking = async {
                if let Ok(_only) = self.probing.try_lock() {
                    // what comes of it is told to all who wait
                    let _ = self.look(GRACE).await;
                }
            };
            let (back, ()) = tokio::join!(timeout(GRACE, becomes(&mut away, false)), looking);
            if back.is_err() {
                return;
            }
        }
    }

    /// A producer that has lost its place in the order of a partition refuses everything from then on; a new one begins anew.
    fn replace(&self, broken: &Arc<Client>) {
        let mut client = self.client.lock();
        if !Arc::ptr_eq(&client, broken) {
            return;
        }
        tracing::error!(cause = ?broken.client().fatal_error(), "kafka producer failed, a new one takes over");
        match connect(&self.options) {
            Ok(new) => {
                let old = std::mem::replace(&mut *client, new);
                // its end waits for its thread
                tokio::task::spawn_blocking(move || drop(old));
            }
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "no new kafka producer"),
        }
    }

    /// Waits until every record that was handed over has its answer.
    pub(super) async fn flush(&self) {
        let (client, patience) = (self.client(), self.options.delivery_timeout);
        let flushed = errors::blocking(move || client.flush(patience)).await;
        if let Err(error) = flushed {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "kafka has not taken everything"
            );
        }
    }
}

async fn becomes(away: &mut watch::Receiver<bool>, wanted: bool) {
    // no error: the sender outlives this
    let _ = away.wait_for(|away| *away == wanted).await;
}

fn connect(options: &KafkaOptions) -> Result<Arc<Client>, KafkaError> {
    let client = options.producer().create_with_context(Reports::new())?;
    Ok(Arc::new(client))
}

impl Batch {
    fn close_one(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }
}

impl Reports {
    fn new() -> Self {
        Self {
            away: watch::Sender::new(false),
            cause: Mutex::default(),
            room: Notify::new(),
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Arc<Batch>;

    fn delivery(&self, result: &DeliveryResult<'_>, batch: Arc<Batch>) {
        if let Err((error, message)) = result {
            let failure = errors::of_record(
                error,
                message.topic(),
                message.partition() as u32,
                message.payload_len(),
            );
            batch.failure.lock().get_or_insert(failure);
        }
        batch.close_one();
        self.room.notify_waiters();
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, subject: &str, line: &str) {
        errors::log(level, subject, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            // `reason` says no more than that
            let cause = self.cause.lock().take();
            if !self.away.send_replace(true) {
                let cause = cause.as_deref().unwrap_or(reason);
                tracing::warn!(cause, "kafka cannot be reached, appends are refused until it can");
            }
        } else {
            tracing::debug!(reason, error = &error as &dyn std::error::Error, "kafka producer");
            *self.cause.lock() = Some(reason.to_owned());
        }
    }
}

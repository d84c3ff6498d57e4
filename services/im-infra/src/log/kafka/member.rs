//! A member of a consumer group: a thread that answers the group's coordinator, and a queue for each partition that it holds.
//!
//! A partition is taken away in two steps, so that it never has two readers: first its stream gives nothing more and may only commit; when
//! the reader has come back for more, or after a grace period, what was committed is sent, and only then the coordinator may hand it on.

use super::{
    errors,
    stream::{Slot, Stream},
};
use crate::log::{Durability, PartitionStream};
use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Message as _, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    types::RDKafkaRespErr,
};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How long a reader may finish what it has read before its partition is taken from it.
const GRACE: Duration = Duration::from_secs(5);
/// How long the coordinator is asked for offsets.
const PATIENCE: Duration = Duration::from_secs(5);
/// How soon a member that is not needed any more notices.
const TICK: Duration = Duration::from_millis(100);

const STAYS: u8 = 0;
const LEAVES: u8 = 1;
const CLOSES: u8 = 2;

pub(super) type Client = BaseConsumer<Member>;
pub(super) type Streams = mpsc::UnboundedReceiver<Box<dyn PartitionStream>>;

/// What the member's thread, its streams and librdkafka share.
pub(super) struct Member {
    pub(super) topic: Arc<str>,
    pub(super) group: Arc<str>,
    pub(super) durability: Durability,
    client: OnceLock<Weak<Client>>,
    held: Mutex<BTreeMap<i32, Arc<Slot>>>,
    /// Where streams are handed out; gone with the member.
    streams: Mutex<Option<mpsc::UnboundedSender<Box<dyn PartitionStream>>>>,
    /// Partitions whose streams were dropped while the member stays, and from where they are to be read again.
    dropped: Mutex<Vec<(i32, Option<u64>)>>,
    ending: AtomicU8,
}

impl Member {
    /// A member that has yet to join, and the streams that it will be given.
    pub(super) fn new(topic: &str, group: &str, durability: Durability) -> (Self, Streams) {
        let (sender, streams) = mpsc::unbounded_channel();
        let member = Self {
            topic: topic.into(),
            group: group.into(),
            durability,
            client: OnceLock::new(),
            held: Mutex::new(BTreeMap::new()),
            streams: Mutex::new(Some(sender)),
            dropped: Mutex::new(Vec::new()),
            ending: AtomicU8::new(STAYS),
        };
        (member, streams)
    }

    /// Joins the group; the thread ends when the member leaves.
    pub(super) fn join(client: Client) -> Result<(Arc<Self>, thread::JoinHandle<()>), KafkaError> {
        let client = Arc::new(client);
        let member = Arc::clone(client.context());
        member.client.get_or_init(|| Arc::downgrade(&client));
        client.subscribe(&[&member.topic])?;
        let serving = Arc::clone(&member);
        let thread = thread::Builder::new()
            .name("kafka-member".into())
            .spawn(move || serving.serve(client))
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok((member, thread))
    }

    /// Leaves the group once its readers have finished.
    pub(super) fn leave(&self) {
        let _ = self
            .ending
            .compare_exchange(STAYS, LEAVES, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Leaves the group at once.
    pub(super) fn close(&self) {
        self.ending.store(CLOSES, Ordering::Relaxed);
    }

    /// The consumer, as long as the member is in its group.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.client.get().and_then(Weak::upgrade)
    }

    /// A stream was dropped while its partition is held: it will be handed out again, from `offset`, or from where nothing was read yet.
    pub(super) fn take_back(&self, partition: i32, offset: Option<u64>) {
        self.dropped.lock().push((partition, offset));
    }

    fn serve(&self, client: Arc<Client>) {
        while self.ending.load(Ordering::Relaxed) == STAYS {
            match client.poll(TICK) {
                None => {}
                Some(Err(error)) => self.trouble(&error),
                Some(Ok(message)) => self.put_back(&client, message.partition(), message.offset()),
            }
            self.hand_out_again(&client);
        }
        self.withdraw(&self.all_held(), self.ending.load(Ordering::Relaxed) == LEAVES);
        self.streams.lock().take();
        self.end(client);
    }

    /// Commits and leaves the group. The last to let go of the consumer would do that, and wait; that must be this thread.
    fn end(&self, mut client: Arc<Client>) {
        self.send_commits(&client);
        loop {
            match Arc::try_unwrap(client) {
                Ok(last) => return drop(last),
                Err(shared) => client = shared,
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Each partition has a queue of its own from before its first record; should one come by here all the same, it is read again there.
    fn put_back(&self, client: &Client, partition: i32, offset: i64) {
        tracing::error!(topic = &*self.topic, partition, offset, "kafka record beside its queue");
        if let Err(error) = client.seek(&self.topic, partition, Offset::Offset(offset), PATIENCE) {
            self.trouble(&error);
        }
    }

    fn hand_out_again(&self, client: &Client) {
        let dropped = std::mem::take(&mut *self.dropped.lock());
        for (partition, offset) in dropped {
            if !self.held.lock().contains_key(&partition) {
                continue;
            }
            let back = offset.map_or(Ok(()), |offset| {
                client.seek(&self.topic, partition, Offset::Offset(offset as i64), PATIENCE)
            });
            match back {
                Ok(()) => self.hand_out(partition, offset),
                Err(error) => {
                    self.trouble(&error);
                    self.take_back(partition, offset);
                }
            }
        }
    }

    /// Gives the partition a queue, and a stream that reads it.
    fn hand_out(&self, partition: i32, offset: Option<u64>) {
        let Some(client) = self.client() else { return };
        let Some(queue) = client.split_partition_queue(&self.topic, partition) else {
            tracing::error!(topic = &*self.topic, partition, "kafka gives no queue for a partition");
            return;
        };
        let slot = Slot::new(partition, queue);
        self.held.lock().insert(partition, Arc::clone(&slot));
        if let Some(streams) = &*self.streams.lock() {
            // nobody listens any more when the member is about to leave
            let _ = streams.send(Box::new(Stream::new(Arc::clone(client.context()), slot, offset)));
        }
    }

    fn all_held(&self) -> Vec<Arc<Slot>> {
        std::mem::take(&mut *self.held.lock()).into_values().collect()
    }

    /// Ends streams; waits for their readers, if there is time.
    fn withdraw(&self, slots: &[Arc<Slot>], grace: bool) {
        slots.iter().for_each(|slot| slot.ask_back());
        let deadline = Instant::now() + if grace { GRACE } else { Duration::ZERO };
        for slot in slots {
            if !slot.wait_until_free(deadline) && grace {
                let (topic, group, partition) = (&*self.topic, &*self.group, slot.partition);
                tracing::warn!(
                    topic,
                    group,
                    partition,
                    "partition taken from a consumer that did not let go"
                );
            }
        }
    }

    /// Where to begin: at what the group has committed, or at the beginning. Where that cannot be asked, librdkafka asks later.
    fn begin_at(&self, client: &Client, partitions: &mut TopicPartitionList) -> BTreeMap<i32, u64> {
        let committed = match client.committed_offsets(partitions.clone(), PATIENCE) {
            Ok(committed) => committed,
            Err(error) => {
                self.trouble(&error);
                return BTreeMap::new();
            }
        };
        let mut begin = BTreeMap::new();
        for found in committed.elements() {
            let offset = match (found.error(), found.offset()) {
                (Ok(()), Offset::Offset(offset)) => {
                    begin.insert(found.partition(), offset as u64);
                    Offset::Offset(offset)
                }
                (Ok(()), _) => Offset::Beginning,
                (Err(_), _) => Offset::Invalid,
            };
            if let Err(error) = partitions.set_partition_offset(&self.topic, found.partition(), offset) {
                self.trouble(&error);
            }
        }
        begin
    }

    fn assign(&self, client: &Client, partitions: &mut TopicPartitionList) {
        let begin = self.begin_at(client, partitions);
        for partition in partitions.elements() {
            let number = partition.partition();
            self.hand_out(number, begin.get(&number).copied());
        }
        if let Err(error) = client.incremental_assign(partitions) {
            let (topic, group) = (&*self.topic, &*self.group);
            let error = &error as &dyn std::error::Error;
            tracing::error!(topic, group, error, "partitions of a group are not read");
        }
    }

    fn revoke(&self, client: &Client, partitions: &TopicPartitionList) {
        let slots: Vec<_> = {
            let mut held = self.held.lock();
            let elements = partitions.elements();
            elements
                .iter()
                .filter_map(|taken| held.remove(&taken.partition()))
                .collect()
        };
        // what is lost is with somebody else already
        let lost = client.assignment_lost();
        self.withdraw(&slots, !lost && self.ending.load(Ordering::Relaxed) != CLOSES);
        if !lost {
            self.send_commits(client);
        }
        if let Err(error) = client.incremental_unassign(partitions) {
            self.trouble(&error);
        }
    }

    /// Sends what was committed and waits for the answer.
    pub(super) fn send_commits(&self, client: &Client) {
        match client.commit_consumer_state(CommitMode::Sync) {
            Ok(()) | Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => {}
            // what was not committed is read again
            Err(error) => self.trouble(&error),
        }
    }

    fn trouble(&self, error: &KafkaError) {
        let (topic, group) = (&*self.topic, &*self.group);
        let error = error as &dyn std::error::Error;
        tracing::debug!(topic, group, error, "kafka consumer");
    }
}

impl ConsumerContext for Member {
    fn rebalance(&self, client: &Client, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assign(client, partitions);
        } else {
            self.revoke(client, partitions);
        }
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, subject: &str, line: &str) {
        errors::log(level, subject, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(reason, error = &error as &dyn std::error::Error, "kafka consumer");
    }
}

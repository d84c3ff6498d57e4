use super::{count, or_nothing, unless_away};
use bytes::Bytes;
use futures::future::join_all;
use im_infra::kv::Kv;
use im_schema::v1::Message;
use prost::Message as _;
use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
    sync::Arc,
    time::Duration,
};

/// How many messages of a conversation are kept.
pub(crate) const KEPT: usize = 100;
/// How long those of a conversation that nobody reads any more.
const HOT: Duration = Duration::from_secs(300);
/// Larger ones are not kept: a conversation with some is read from the store.
const LARGEST_BYTES: usize = 4 * 1024;

/// The latest messages of conversations that are read.
///
/// Messages never change once they are stored, so what stands here cannot be wrong; it can only be missing. So the sequences must be there without a
/// gap, up to the head that the store says now.
pub(crate) struct Tails {
    kv: Arc<dyn Kv>,
}

impl Tails {
    pub(crate) fn new(kv: Arc<dyn Kv>) -> Self {
        Self { kv }
    }

    /// Which of these conversations are read.
    pub(crate) async fn hot(&self, conversations: impl Iterator<Item = u64>) -> HashSet<u64> {
        let conversations: Vec<u64> = conversations.collect::<HashSet<u64>>().into_iter().collect();
        let markers: Vec<String> = conversations.iter().map(|id| marker(*id)).collect();
        let read = or_nothing(self.kv.get_many(&markers).await);
        let hot = conversations
            .into_iter()
            .zip(read)
            .filter(|(_, marker)| marker.is_some());
        hot.map(|(id, _)| id).collect()
    }

    /// Keeps messages of conversations that are read.
    pub(crate) async fn add(&self, messages: impl Iterator<Item = Message>) {
        let mut added: BTreeMap<u64, Vec<Message>> = BTreeMap::new();
        for message in messages {
            added.entry(message.conversation_id).or_default().push(message);
        }
        join_all(
            added
                .iter()
                .map(|(conversation, messages)| self.add_to(*conversation, messages)),
        )
        .await;
    }

    /// The messages with these sequences, in ascending order, if all of them are here.
    pub(crate) async fn read(&self, conversation: u64, wanted: RangeInclusive<u64>, head: u64) -> Option<Vec<Message>> {
        let deep = head - wanted.start() + 1;
        if deep > KEPT as u64 {
            return None;
        }
        let kept = or_nothing(self.kv.sorted_top(&tail(conversation), 0, KEPT).await);
        let kept = kept.into_iter().filter_map(|(_, bytes)| Message::decode(bytes).ok());
        let mut kept: BTreeMap<u64, Message> = kept.map(|message| (message.sequence, message)).collect();
        let found: Option<Vec<Message>> = wanted.map(|sequence| kept.remove(&sequence)).collect();
        count("messages", if found.is_some() { "hit" } else { "miss" }, 1);
        found
    }

    /// Somebody has read the latest messages from the store: from now on they are kept.
    pub(crate) async fn warm(&self, conversation: u64, messages: &[Message]) {
        // before what was read: what is stored from now on is added by who stores it
        unless_away(
            self.kv
                .set(&marker(conversation), Bytes::from_static(b"1"), Some(HOT))
                .await,
        );
        self.add_to(conversation, messages).await;
        unless_away(self.kv.expire(&tail(conversation), HOT).await);
    }

    async fn add_to(&self, conversation: u64, messages: &[Message]) {
        let members = messages
            .iter()
            .map(|message| (message.sequence as f64, message.encode_to_vec()));
        let members = members.filter(|(_, bytes)| bytes.len() <= LARGEST_BYTES);
        let members: Vec<(f64, Bytes)> = members.map(|(score, bytes)| (score, bytes.into())).collect();
        if members.is_empty() {
            return;
        }
        let key = tail(conversation);
        unless_away(self.kv.sorted_add(&key, &members).await);
        unless_away(self.kv.sorted_trim(&key, KEPT).await);
    }
}

fn marker(conversation: u64) -> String {
    format!("read:{conversation}")
}

pub(super) fn tail(conversation: u64) -> String {
    format!("tail:{conversation}")
}

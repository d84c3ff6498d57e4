//! Stores messages: sequences, duplicates, heads and read positions of a whole batch in a few statements.
//!
//! The head rows of the conversations are locked first, in ascending order, so two who store into the same conversations never wait for
//! each other in a circle, and from then on nobody else gives sequences there or stores a message under a client id.

use super::{
    super::{ClientMessageId, MessageRecord, NewMessage, Place, Result, StoreOutcome, repeated},
    lists::{LONGEST, ListStatement},
    messages::message,
    text::Text,
};
use sqlx::{MySqlConnection, Row};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::LazyLock,
};

const INSERT: &str = "INSERT INTO messages \
    (conversation_id, sequence, message_id, sender_id, client_message_id, sent_at_ms, content) VALUES ";

pub(super) static FIND: LazyLock<ListStatement> = LazyLock::new(|| {
    ListStatement::of_rows(
        "SELECT * FROM messages FORCE INDEX (messages_by_client_id) WHERE",
        &["conversation_id", "sender_id", "client_message_id"],
        "",
    )
});

/// In ascending order, which is that of the key.
pub(super) fn lock_heads(text: &mut Text, conversations: &[u64]) {
    text.add("SELECT conversation_id, last_sequence FROM heads FORCE INDEX (PRIMARY) WHERE conversation_id IN ")
        .list(conversations)
        .add(" ORDER BY conversation_id FOR UPDATE");
}

/// By conversation and sequence of the last messages of conversations.
pub(super) fn set_heads(text: &mut Text, newest: &[(u64, u64)]) {
    text.add(
        "UPDATE messages m FORCE INDEX (PRIMARY) STRAIGHT_JOIN heads h ON h.conversation_id = m.conversation_id \
         SET h.last_sequence = m.sequence, h.last_at_ms = m.sent_at_ms WHERE (m.conversation_id, m.sequence) IN ",
    );
    text.pairs(newest);
}

/// By conversation and sequence of the last messages of each sender in conversations.
pub(super) fn advance(text: &mut Text, newest: &[(u64, u64)]) {
    text.add(
        "UPDATE messages m FORCE INDEX (PRIMARY) STRAIGHT_JOIN members r \
         ON r.conversation_id = m.conversation_id AND r.user_id = m.sender_id \
         SET r.read_sequence = GREATEST(r.read_sequence, m.sequence) WHERE (m.conversation_id, m.sequence) IN ",
    );
    text.pairs(newest);
}

/// One call of `store_messages`.
pub(super) struct Append {
    pub(super) messages: Vec<NewMessage>,
    pub(super) now_ms: u64,
    /// Looks for messages that nobody has asked to look for, too.
    pub(super) verify_all: bool,
}

type Key = (u64, u64, ClientMessageId);

/// A message to insert.
struct NewRow<'a> {
    message: &'a NewMessage,
    place: Place,
}

impl NewRow<'_> {
    fn write(&self, text: &mut Text) {
        let Self { message, place } = self;
        text.add("(").number(message.conversation.into());
        text.add(",").number(place.sequence);
        text.add(",").number(message.id.into());
        text.add(",").number(message.sender.into());
        text.add(",").bytes(&message.client_id);
        text.add(",").number(place.sent_at_ms);
        text.add(",").bytes(&message.content).add(")");
    }
}

/// What one transaction adds.
struct Batch<'a> {
    rows: Vec<NewRow<'a>>,
    /// Last sequences of the conversations; those that do not exist are left out.
    heads: HashMap<u64, u64>,
    /// The sequence of the last new message of each conversation.
    newest: BTreeMap<u64, u64>,
    /// That of the last new message by conversation and sender.
    newest_of: BTreeMap<(u64, u64), u64>,
    /// Messages that were stored before.
    stored: HashMap<Key, MessageRecord>,
    /// Index in `rows`.
    fresh: HashMap<Key, usize>,
}

/// Inside a transaction. Outcomes in the order of the messages.
pub(super) async fn append(db: &mut MySqlConnection, append: &Append) -> Result<Vec<StoreOutcome>> {
    let heads = locked_heads(db, append).await?;
    let stored = find_stored(db, append).await?;
    let mut batch = Batch {
        heads,
        stored,
        rows: Vec::with_capacity(append.messages.len()),
        newest: BTreeMap::new(),
        newest_of: BTreeMap::new(),
        fresh: HashMap::new(),
    };
    let outcomes = append
        .messages
        .iter()
        .map(|message| batch.decide(message, append.now_ms))
        .collect();
    batch.insert(db).await?;
    Ok(outcomes)
}

async fn locked_heads(db: &mut MySqlConnection, append: &Append) -> Result<HashMap<u64, u64>> {
    let mut wanted: Vec<u64> = append
        .messages
        .iter()
        .map(|message| message.conversation.into())
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut heads = HashMap::with_capacity(wanted.len());
    for wanted in wanted.chunks(LONGEST) {
        let mut text = Text::default();
        lock_heads(&mut text, wanted);
        for row in text.fetch(&mut *db).await? {
            heads.insert(row.try_get(0)?, row.try_get(1)?);
        }
    }
    Ok(heads)
}

async fn find_stored(db: &mut MySqlConnection, append: &Append) -> Result<HashMap<Key, MessageRecord>> {
    let asked = append
        .messages
        .iter()
        .filter(|message| append.verify_all || message.verify);
    let asked: Vec<&NewMessage> = asked.collect();
    let rows = FIND
        .fetch(
            db,
            &asked,
            |_| Ok(()),
            |row, message| {
                row.value(u64::from(message.conversation))?
                    .value(u64::from(message.sender))?
                    .value(message.client_id.as_slice())?;
                Ok(())
            },
        )
        .await?;
    let found = rows.iter().map(|row| {
        let found = message(row)?;
        Ok(((found.conversation.into(), found.sender.into(), found.client_id), found))
    });
    found.collect()
}

impl<'a> Batch<'a> {
    fn decide(&mut self, message: &'a NewMessage, now_ms: u64) -> StoreOutcome {
        let (conversation, sender) = (u64::from(message.conversation), u64::from(message.sender));
        let Some(head) = self.heads.get_mut(&conversation) else {
            return StoreOutcome::NoConversation;
        };
        let key = (conversation, sender, message.client_id);
        if let Some(earlier) = self.stored.get(&key) {
            let place = Place {
                id: earlier.id,
                sequence: earlier.sequence,
                sent_at_ms: earlier.sent_at_ms,
            };
            return repeated(message, &earlier.content, place);
        }
        let slot = match self.fresh.entry(key) {
            Entry::Occupied(earlier) => {
                let earlier = &self.rows[*earlier.get()];
                return repeated(message, &earlier.message.content, earlier.place);
            }
            Entry::Vacant(slot) => slot,
        };
        *head += 1;
        let place = Place {
            id: message.id,
            sequence: *head,
            sent_at_ms: now_ms,
        };
        slot.insert(self.rows.len());
        self.newest.insert(conversation, place.sequence);
        self.newest_of.insert((conversation, sender), place.sequence);
        self.rows.push(NewRow { message, place });
        StoreOutcome::Stored(place)
    }

    async fn insert(&mut self, db: &mut MySqlConnection) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        // neighbours in the table next to each other
        self.rows
            .sort_unstable_by_key(|row| (row.message.conversation, row.place.sequence));
        let mut text = Text::default();
        for row in &self.rows {
            if text.is_long() {
                std::mem::take(&mut text).execute(&mut *db).await?;
            }
            text.add(if text.is_empty() { INSERT } else { "," });
            row.write(&mut text);
        }
        let newest: Vec<_> = self
            .newest
            .iter()
            .map(|(conversation, last)| (*conversation, *last))
            .collect();
        for newest in newest.chunks(LONGEST) {
            set_heads(text.add(";"), newest);
        }
        let newest: Vec<_> = self
            .newest_of
            .iter()
            .map(|((conversation, _), last)| (*conversation, *last))
            .collect();
        for newest in newest.chunks(LONGEST) {
            advance(text.add(";"), newest);
        }
        text.execute(&mut *db).await?;
        metrics::histogram!("repo_batch_messages").record(self.rows.len() as f64);
        Ok(())
    }
}

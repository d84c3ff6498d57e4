use super::{
    super::{Head, MessageRecord, MessageStore, NewMessage, Result, StoreError, StoreOutcome},
    MysqlStore,
    append::{Append, append},
    error::broken_key,
    lists::ListStatement,
};
use async_trait::async_trait;
use futures::FutureExt as _;
use im_schema::ids::ConversationId;
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::sync::LazyLock;

/// The last sequence of a conversation, beside each of its first messages in the given range and order. Conversation, sequence, limit,
/// conversation.
macro_rules! page {
    ($range:literal, $order:literal) => {
        concat!(
            "SELECT last_sequence, page.* FROM heads LEFT JOIN \
             (SELECT * FROM messages WHERE conversation_id = ? AND ",
            $range,
            " LIMIT ?) AS page ON true WHERE heads.conversation_id = ? ORDER BY page.",
            $order
        )
    };
}

pub(super) const FORWARD: &str = page!("sequence >= ? ORDER BY sequence", "sequence");
pub(super) const BACKWARD: &str = page!("sequence <= ? ORDER BY sequence DESC", "sequence DESC");

static HEADS: LazyLock<ListStatement> = LazyLock::new(|| {
    ListStatement::of_values(
        "SELECT conversation_id, last_sequence, last_at_ms FROM heads FORCE INDEX (PRIMARY) WHERE",
        "conversation_id",
        "",
    )
});

struct Wanted {
    conversation: u64,
    from: u64,
    forward: bool,
    limit: u32,
}

#[async_trait]
impl MessageStore for MysqlStore {
    async fn store_messages(&self, messages: Vec<NewMessage>, now_ms: u64) -> Result<Vec<StoreOutcome>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let started = self.primary.clock.monotonic();
        let mut request = Append {
            messages,
            now_ms,
            verify_all: false,
        };
        let mut outcomes = self.write(&request, |db, request| append(db, request).boxed()).await;
        if outcomes
            .as_ref()
            .is_err_and(|error| broken_key(error) == Some("messages_by_client_id"))
        {
            // one was stored before though nobody thought so
            request.verify_all = true;
            outcomes = self.write(&request, |db, request| append(db, request).boxed()).await;
        }
        metrics::histogram!("repo_store_seconds").record((self.primary.clock.monotonic() - started).as_secs_f64());
        outcomes
    }

    async fn read_messages(
        &self,
        conversation: ConversationId,
        from: u64,
        forward: bool,
        limit: u32,
    ) -> Result<(Vec<MessageRecord>, u64)> {
        let wanted = Wanted {
            conversation: conversation.into(),
            from: if from == 0 && !forward { u64::MAX } else { from },
            forward,
            limit,
        };
        self.read_large(&wanted, |db, wanted| page(db, wanted).boxed()).await
    }

    async fn read_heads(&self, conversations: &[ConversationId]) -> Result<Vec<Head>> {
        self.read(&conversations, |db, conversations| heads(db, conversations).boxed())
            .await
    }
}

async fn heads(db: &mut MySqlConnection, conversations: &[ConversationId]) -> Result<Vec<Head>> {
    let rows = HEADS
        .fetch(
            db,
            conversations,
            |_| Ok(()),
            |row, conversation| {
                row.value(u64::from(*conversation))?;
                Ok(())
            },
        )
        .await?;
    let head = |row: &MySqlRow| {
        let number = |column: usize| row.try_get::<u64, _>(column);
        Ok(Head {
            conversation: number(0)?.into(),
            last_sequence: number(1)?,
            last_at_ms: number(2)?,
        })
    };
    rows.iter().map(head).collect()
}

async fn page(db: &mut MySqlConnection, wanted: &Wanted) -> Result<(Vec<MessageRecord>, u64)> {
    // one statement, so that messages and last sequence are of one moment; without messages one row says the last sequence
    let rows = sqlx::query(if wanted.forward { FORWARD } else { BACKWARD })
        .bind(wanted.conversation)
        .bind(wanted.from)
        .bind(wanted.limit)
        .bind(wanted.conversation)
        .fetch_all(db)
        .await?;
    let Some(first) = rows.first() else {
        return Ok((Vec::new(), 0));
    };
    let last_sequence = first.try_get("last_sequence")?;
    let messages: Result<Vec<_>> = rows.iter().filter_map(|row| optional(row).transpose()).collect();
    Ok((messages?, last_sequence))
}

/// A message of a row that may have none.
pub(super) fn optional(row: &MySqlRow) -> Result<Option<MessageRecord>> {
    match row.try_get::<Option<u64>, _>("message_id")? {
        Some(_) => message(row).map(Some),
        None => Ok(None),
    }
}

/// A message of a row.
pub(super) fn message(row: &MySqlRow) -> Result<MessageRecord> {
    let number = |column: &str| row.try_get::<u64, _>(column);
    let client_id: &[u8] = row.try_get("client_message_id")?;
    Ok(MessageRecord {
        id: number("message_id")?.into(),
        conversation: number("conversation_id")?.into(),
        sequence: number("sequence")?,
        sender: number("sender_id")?.into(),
        client_id: client_id.try_into().map_err(|_| StoreError::Unreadable {
            what: "a client message id",
        })?,
        sent_at_ms: number("sent_at_ms")?,
        content: row.try_get("content")?,
    })
}

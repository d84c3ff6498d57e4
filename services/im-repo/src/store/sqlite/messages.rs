use super::{
    super::{Head, MessageRecord, MessageStore, NewMessage, Result, StoreError, StoreOutcome},
    SqliteStore, id_list,
};
use async_trait::async_trait;
use im_schema::ids::ConversationId;
use sqlx::{Row, sqlite::SqliteRow};

/// The last sequence of conversation ?1, beside each of the first ?3 of its messages in the given range and order.
macro_rules! page {
    ($range:literal, $order:literal) => {
        concat!(
            "SELECT last_sequence, page.* FROM heads LEFT JOIN \
             (SELECT * FROM messages WHERE conversation_id = ?1 AND ",
            $range,
            " LIMIT ?3) AS page ON true WHERE heads.conversation_id = ?1 ORDER BY ",
            $order
        )
    };
}

pub(super) const FORWARD: &str = page!("sequence >= ?2 ORDER BY sequence", "sequence");
pub(super) const BACKWARD: &str = page!("sequence <= ?2 ORDER BY sequence DESC", "sequence DESC");

#[async_trait]
impl MessageStore for SqliteStore {
    async fn store_messages(&self, messages: Vec<NewMessage>, now_ms: u64) -> Result<Vec<StoreOutcome>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        if messages.iter().any(|message| message.verify) {
            self.seen.look(&self.readers, &messages, now_ms).await?;
        }
        self.writer.append(messages, now_ms).await
    }

    async fn read_messages(
        &self,
        conversation: ConversationId,
        from: u64,
        forward: bool,
        limit: u32,
    ) -> Result<(Vec<MessageRecord>, u64)> {
        // one statement, so that messages and last sequence are of one moment; without messages one row says the last sequence
        let sql = if forward { FORWARD } else { BACKWARD };
        let newest = if from == 0 { u64::MAX } else { from };
        let from = if forward { from } else { newest };
        let rows = sqlx::query(sql)
            .bind(u64::from(conversation) as i64)
            .bind(i64::try_from(from).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        let Some(first) = rows.first() else {
            return Ok((Vec::new(), 0));
        };
        let last_sequence = first.try_get::<i64, _>("last_sequence")? as u64;
        let messages: Result<Vec<_>> = rows.iter().filter_map(|row| optional(row).transpose()).collect();
        Ok((messages?, last_sequence))
    }

    async fn read_heads(&self, conversations: &[ConversationId]) -> Result<Vec<Head>> {
        let sql = "SELECT conversation_id, last_sequence, last_at_ms FROM heads \
                   WHERE conversation_id IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(sql)
            .bind(id_list(conversations.iter().map(|id| u64::from(*id))))
            .fetch_all(&self.readers)
            .await?;
        let head = |row: &SqliteRow| {
            let number = |column: usize| row.try_get::<i64, _>(column).map(|value| value as u64);
            Ok(Head {
                conversation: number(0)?.into(),
                last_sequence: number(1)?,
                last_at_ms: number(2)?,
            })
        };
        rows.iter().map(head).collect()
    }
}

/// A message of a row that may have none.
pub(super) fn optional(row: &SqliteRow) -> Result<Option<MessageRecord>> {
    match row.try_get::<Option<i64>, _>("message_id")? {
        Some(_) => message(row).map(Some),
        None => Ok(None),
    }
}

/// A message of a row.
pub(super) fn message(row: &SqliteRow) -> Result<MessageRecord> {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|value| value as u64);
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

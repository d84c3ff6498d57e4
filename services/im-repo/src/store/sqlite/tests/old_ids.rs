//! A client chooses how old its message's id is; it does not choose how long everybody waits.

use super::*;
use crate::store::{
    MessageStore as _, NewMessage, StoreOutcome,
    conformance::{client_id, stored},
    sqlite::seen::MAX_EARLIER,
};
use im_schema::ids::{ConversationId, UserId};

const DAY: u64 = 24 * 60 * 60 * 1_000;
/// Messages of the busy conversation, one every ten seconds up to [`NOW`].
const BUSY: u64 = 200_000;
const EVERY: u64 = 10_000;

struct Busy {
    world: World,
    store: Arc<SqliteStore>,
    ada: UserId,
    conversation: ConversationId,
}

impl Busy {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).await;
        let world = World::new(Arc::clone(&store) as Arc<dyn Store>, 10 * BUSY, folder);
        let ada = world.user().await;
        let conversation = world.group(ada, &[]).await;
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                    INSERT INTO message_rows SELECT i, ?2, i, ?3, CAST(printf('%016d', i) AS BLOB), ?4 - (?1 - i) * ?5, x'00' FROM n";
        let (id, sender) = (u64::from(conversation) as i64, u64::from(ada) as i64);
        let written = store.write(move |db| {
            Box::pin(async move {
                sqlx::query(fill)
                    .bind(BUSY as i64)
                    .bind(id)
                    .bind(sender)
                    .bind(NOW as i64)
                    .bind(EVERY as i64)
                    .execute(&mut *db)
                    .await?;
                let places = "INSERT INTO places SELECT conversation_id, sequence, message_id FROM message_rows";
                sqlx::query(places).execute(&mut *db).await?;
                let head = "UPDATE heads SET last_sequence = ?, last_at_ms = ? WHERE conversation_id = ?";
                sqlx::query(head)
                    .bind(BUSY as i64)
                    .bind(NOW as i64)
                    .bind(id)
                    .execute(db)
                    .await?;
                Ok(())
            })
        });
        written.await.unwrap();
        Self {
            world,
            store,
            ada,
            conversation,
        }
    }

    /// A message whose id is of `made_at_ms`, sent now.
    fn old(&self, made_at_ms: u64) -> NewMessage {
        NewMessage {
            client_id: client_id(made_at_ms, self.world.id()),
            verify: true,
            ..self.world.message(self.conversation, self.ada, NOW)
        }
    }

    async fn store(&self, message: &NewMessage) -> StoreOutcome {
        self.store.store_messages(vec![message.clone()], NOW).await.unwrap()[0]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_id_costs_the_others_nothing_and_whoever_has_it_not_much() {
    let busy = Busy::new().await;
    assert_eq!(busy.store(&busy.old(NOW - 30 * DAY)).await, StoreOutcome::TooOld);
    let (before, inside) = busy.store.seen.rows();
    assert_eq!(inside, 0, "nothing was read while others waited");
    assert!(before <= MAX_EARLIER as u64 + 1_000, "{before} rows were read");
    for days in 1..30 {
        let outcome = busy.store(&busy.old(NOW - days * DAY)).await;
        // 50,000 messages reach back to the sixth day
        assert_eq!(
            matches!(outcome, StoreOutcome::Stored(_)),
            days <= 5,
            "{days} days: {outcome:?}"
        );
    }
    assert_eq!(busy.store.seen.rows(), (before, 0), "what was read once is remembered");
    busy.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_or_repeated_in_time_is_stored_once_however_busy_the_conversation_is() {
    let busy = Busy::new().await;
    // far more within a minute than is looked through for an old id
    let crowd: Vec<_> = (0..MAX_EARLIER + 20_000)
        .map(|_| busy.world.message(busy.conversation, busy.ada, NOW))
        .collect();
    let mut places = Vec::new();
    for part in crowd.chunks(10_000) {
        places.extend(busy.store.store_messages(part.to_vec(), NOW).await.unwrap());
    }
    for (message, outcome) in crowd.iter().zip(&places).step_by(9_999) {
        let again = NewMessage {
            verify: true,
            ..message.clone()
        };
        assert_eq!(busy.store(&again).await, StoreOutcome::Duplicate(stored(*outcome)));
    }
    let fresh = busy.store(&busy.old(NOW - 1_000)).await;
    assert_eq!(stored(fresh).sequence, BUSY + crowd.len() as u64 + 1);
    assert_eq!(busy.store(&busy.old(NOW - DAY)).await, StoreOutcome::TooOld);
    let (_, inside) = busy.store.seen.rows();
    assert_eq!(inside, 0);
    busy.store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transaction_reads_only_what_was_stored_since_somebody_looked() {
    const SENDERS: usize = 8;
    const EACH: usize = 50;
    let busy = Arc::new(Busy::new().await);
    let senders = (0..SENDERS).map(|number| {
        let busy = Arc::clone(&busy);
        tokio::spawn(async move {
            for _ in 0..EACH {
                let mut message = busy.old(NOW - 2 * DAY);
                message.verify = number % 2 == 0;
                let outcome = busy.store(&message).await;
                assert!(matches!(outcome, StoreOutcome::Stored(_)), "{outcome:?}");
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let (before, inside) = busy.store.seen.rows();
    assert!(inside <= (SENDERS * EACH) as u64, "{inside} rows");
    assert!(before <= (SENDERS * MAX_EARLIER) as u64);
    busy.store.close().await;
}

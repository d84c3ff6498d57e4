//! What every [`Store`] must pass. Each function is a test on a store that is empty or shared with the other tests; ids are made
//! by [`World`], so that tests on one database do not meet.
//!
//! An adapter runs all of them with [`conformance_tests!`](crate::conformance_tests).

pub mod conversations;
pub mod members;
pub mod messages;
pub mod random;
pub mod sessions;
pub mod users;

use super::{
    ClientMessageId, ConversationView, NewDirect, NewGroup, NewMessage, NewSession, Place, Store, StoreOutcome,
    UserRecord,
};
use im_schema::ids::{ConversationId, MessageId, SessionId, UserId};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The time at which tests begin.
pub const NOW: u64 = 1_764_000_000_000;

/// A store with the means to fill it.
#[derive(Clone)]
pub struct World {
    /// The store under test.
    pub store: Arc<dyn Store>,
    ids: Arc<AtomicU64>,
    /// What must not go before the store, such as its folder.
    _kept: Arc<dyn Any + Send + Sync>,
}

impl World {
    /// Fills `store` with ids from `first_id` on; drops `kept` after it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, first_id: u64, kept: impl Any + Send + Sync) -> Self {
        Self {
            store,
            ids: Arc::new(AtomicU64::new(first_id)),
            _kept: Arc::new(kept),
        }
    }

    /// An id that nothing else has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// A stored user.
    pub async fn user(&self) -> UserId {
        let id = self.id();
        let inserted = self
            .store
            .insert_user(person(id, &format!("User-{id}")), "hash".to_owned())
            .await
            .unwrap();
        assert!(inserted);
        id.into()
    }

    /// `n` stored users.
    pub async fn users(&self, n: usize) -> Vec<UserId> {
        let mut users = Vec::with_capacity(n);
        for _ in 0..n {
            users.push(self.user().await);
        }
        users
    }

    /// The direct conversation of two users.
    pub async fn direct(&self, user: UserId, peer: UserId) -> ConversationId {
        let direct = NewDirect {
            id: self.id().into(),
            user,
            peer,
            created_at_ms: NOW,
        };
        self.store.ensure_direct(direct).await.unwrap().unwrap().0.id
    }

    /// A group.
    pub async fn group(&self, owner: UserId, members: &[UserId]) -> ConversationId {
        let group = NewGroup {
            id: self.id().into(),
            title: "Engine room".to_owned(),
            owner,
            members: members.to_vec(),
            created_at_ms: NOW,
        };
        self.store.insert_group(group).await.unwrap().unwrap().id
    }

    /// A message that was made at `made_at_ms` by its client's clock.
    #[must_use]
    pub fn message(&self, conversation: ConversationId, sender: UserId, made_at_ms: u64) -> NewMessage {
        let id = self.id();
        NewMessage {
            id: MessageId::from(id),
            conversation,
            sender,
            client_id: client_id(made_at_ms, id),
            content: format!("message {id}").into_bytes(),
            accepted_at_ms: made_at_ms,
            verify: false,
        }
    }

    /// Stores one message at `now_ms`.
    pub async fn say(&self, conversation: ConversationId, sender: UserId, now_ms: u64) -> Place {
        let message = self.message(conversation, sender, now_ms);
        stored(self.store.store_messages(vec![message], now_ms).await.unwrap()[0])
    }

    /// A session to open.
    #[must_use]
    pub fn session(&self, user: UserId, device: &str) -> NewSession {
        let id = self.id();
        NewSession {
            id: SessionId::from(id),
            user,
            device: device.to_owned(),
            refresh_hash: hash(id),
            expires_at_ms: NOW + 1_000,
        }
    }

    /// A conversation as a member sees it.
    pub async fn view(&self, user: UserId, conversation: ConversationId) -> Option<ConversationView> {
        self.store.conversations(user, &[conversation]).await.unwrap().pop()
    }
}

/// A user's record.
#[must_use]
pub fn person(id: u64, name: &str) -> UserRecord {
    UserRecord {
        id: id.into(),
        name: name.to_owned(),
        display_name: String::new(),
        about: "words".to_owned(),
        created_at_ms: NOW,
    }
}

/// A version 7 UUID.
#[must_use]
pub fn client_id(made_at_ms: u64, unique: u64) -> ClientMessageId {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&made_at_ms.to_be_bytes()[2..]);
    id[6] = 0x70;
    id[8..].copy_from_slice(&unique.to_be_bytes());
    id
}

/// A hash of a refresh token.
#[must_use]
pub fn hash(unique: u64) -> [u8; 32] {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&unique.to_be_bytes());
    hash
}

/// The place of a message that must have been stored.
#[must_use]
pub fn stored(outcome: StoreOutcome) -> Place {
    match outcome {
        StoreOutcome::Stored(place) => place,
        other => panic!("not stored: {other:?}"),
    }
}

/// Runs the suite as tests: `conformance_tests!(open_world().await)` with an expression that gives a [`World`].
#[macro_export]
macro_rules! conformance_tests {
    ($world:expr) => {
        $crate::conformance_tests!(@ $world;
            users: names_are_unique_without_regard_to_case, users_are_found_by_id_and_name, profiles_change_in_part;
            sessions: a_device_has_one_open_session, a_refresh_token_works_once, an_old_token_ends_the_session,
                an_expired_token_is_invalid, sessions_end_one_or_all, what_ended_is_listed_with_its_time;
            conversations: a_pair_has_one_direct_conversation, a_pair_that_races_gets_one_conversation,
                a_group_has_its_members, unknown_users_are_in_no_conversation, lists_follow_activity, pages_do_not_repeat,
                titles_are_for_groups, rosters_leave_out_large_memberships;
            members: newcomers_have_nothing_unread, members_are_added_all_or_none, members_leave, owners_stay,
                ownership_passes_on, members_come_in_pages, standings_name_only_members, read_positions_move_forward;
            messages: sequences_follow_the_request, conversations_count_for_themselves, sending_reads,
                a_missing_conversation_fails_alone, an_empty_request_is_fine, twins_in_a_batch_are_found,
                a_stored_message_is_found_again, a_changed_message_is_a_conflict, another_sender_may_use_the_same_id,
                a_client_clock_may_be_ahead, history_reads_both_ways,
                racing_senders_leave_no_gap, a_faulty_request_fails_alone, heads_say_how_far_conversations_have_come;
            random: any_interleaving_keeps_the_books
        );
    };
    (@ $world:expr; $($room:ident: $($test:ident),+);+) => {
        $(mod $room {
            use super::*;

            $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let world = $world;
                $crate::store::conformance::$room::$test(&world).await;
                world.store.close().await;
            }
        )+ })+
    };
}

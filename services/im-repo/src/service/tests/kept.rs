//! With and without what is kept in kv the same is read.

use super::{NOW, register, text};
use crate::{RepoConfig, cache::Cache, password::Passwords, service::Repo, store::sqlite::SqliteStore};
use im_infra::{
    clock::ManualClock,
    kv::{Kv, embedded::EmbeddedKv},
};
use im_schema::{
    internal::v1::{
        EnsureDirectRequest, FindUsersRequest, ReadMessagesRequest, StoreMessagesRequest, UpdateUserRequest,
    },
    rpc::Peer,
    v1::Profile,
    wkt::FieldMask,
};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;

/// Two on one store: the first keeps things in kv, the second does not.
struct Pair {
    kept: Repo,
    plain: Repo,
    clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Pair {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = RepoConfig {
            folder: folder.path().into(),
            ..RepoConfig::default()
        };
        let clock = ManualClock::at(NOW);
        let kv: Arc<dyn Kv> = Arc::new(EmbeddedKv::new(clock.clone()));
        let store = Arc::new(SqliteStore::open(&config, clock.clone()).await.unwrap());
        let files = crate::service::open_files(&config, &(clock.clone() as _))
            .await
            .unwrap();
        let on = |cache: Option<&Cache>| {
            let passwords = Passwords::new(4, clock.clone()).unwrap();
            Repo::on(store.clone(), Arc::clone(&files), passwords, clock.clone(), cache)
        };
        let (kept, plain) = (on(Some(&Cache::on(&kv))), on(None));
        Self {
            kept,
            plain,
            clock,
            _folder: folder,
        }
    }

    async fn says(&self, from: u64, to: u64) {
        let request = StoreMessagesRequest {
            messages: (from..=to)
                .map(|id| text(1_000 + id, 100, 7, &format!("number {id}")))
                .collect(),
            now_ms: NOW + from,
            ..Default::default()
        };
        let answer = self.kept.messages.store_messages(Peer, request).await.unwrap();
        assert_eq!(answer.outcomes.last().unwrap().sequence, to);
    }

    /// Fails unless both read the same, whatever is asked for.
    async fn read_alike(&self) {
        for from in [0, 1, 2, 5, 8, 9, 10, 11, 12, 100, i64::MAX as u64] {
            for limit in [0, 1, 3, 10, 100, 10_000] {
                for forward in [false, true] {
                    let request = ReadMessagesRequest {
                        conversation_id: 100,
                        from_sequence: from,
                        forward,
                        limit,
                        ..Default::default()
                    };
                    let plain = self.plain.messages.read_messages(Peer, request.clone()).await.unwrap();
                    // the first may fill what the second is served from
                    for _ in 0..2 {
                        let kept = self.kept.messages.read_messages(Peer, request.clone()).await.unwrap();
                        assert_eq!(kept, plain, "from {from}, {limit}, forward: {forward}");
                    }
                }
            }
        }
    }

    /// From now on it is kept.
    async fn kept_profile_of(&self, id: u64) {
        let request = FindUsersRequest {
            user_ids: vec![id],
            ..Default::default()
        };
        self.kept.users.find_users(Peer, request).await.unwrap();
    }

    async fn with_a_conversation() -> Self {
        let pair = Self::new().await;
        for (id, name) in [(7, "ada"), (8, "bob")] {
            register(&pair.kept, id, name).await.unwrap();
        }
        let request = EnsureDirectRequest {
            conversation_id: 100,
            user_id: 7,
            peer_id: 8,
            ..Default::default()
        };
        pair.kept.conversations.ensure_direct(Peer, request).await.unwrap();
        pair
    }
}

#[tokio::test]
async fn pages_are_the_same_whatever_is_kept_of_them() {
    let pair = Pair::with_a_conversation().await;
    pair.read_alike().await;
    pair.says(1, 8).await;
    pair.read_alike().await;
    // added by who stores, since it is read
    pair.says(9, 11).await;
    pair.read_alike().await;
    // by somebody who does not keep anything: a gap
    let request = StoreMessagesRequest {
        messages: vec![text(2_000, 100, 8, "unkept")],
        now_ms: NOW + 50,
        ..Default::default()
    };
    pair.plain.messages.store_messages(Peer, request).await.unwrap();
    pair.read_alike().await;
    pair.says(13, 160).await;
    pair.read_alike().await;
}

#[tokio::test]
async fn a_user_sees_the_own_change_at_once() {
    let pair = Pair::with_a_conversation().await;
    let about = async |given: &str| {
        // what was changed before is kept by now
        pair.clock.advance(Duration::from_secs(11));
        let request = UpdateUserRequest {
            user_id: 7,
            profile: Some(Profile {
                about: given.into(),
                ..Default::default()
            }),
            update_mask: Some(FieldMask {
                paths: vec!["about".into()],
            }),
            ..Default::default()
        };
        pair.kept.users.update_user(Peer, request).await.unwrap();
        let request = FindUsersRequest {
            user_ids: vec![7, 8, 9],
            names: vec!["bob".into()],
            ..Default::default()
        };
        let mut found = Vec::new();
        for repo in [&pair.kept, &pair.kept, &pair.plain] {
            let mut users = repo.users.find_users(Peer, request.clone()).await.unwrap().users;
            users.sort_by_key(|user| user.user_id);
            found.push(users);
        }
        assert!(found.iter().all(|users| *users == found[0]), "{found:?}");
        found[0][0].about.clone()
    };
    assert_eq!(about("one").await, "one");
    pair.clock.advance(Duration::from_secs(11));
    pair.kept_profile_of(7).await;
    assert_eq!(about("two").await, "two");
}

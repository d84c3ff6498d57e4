//! The real repo behind a connection that breaks.

use super::*;
use futures::future::join_all;
use im_infra::{
    clock::ManualClock,
    kv::embedded::EmbeddedKv,
    layers::{Authenticator, Capacity, Memory, Quota, Quotas, RateLimits},
    session::EndedSessions,
    token::TokenKeys,
};
use im_repo::RepoConfig;
use im_schema::{
    internal::v1::{CreateUserRequest, FindUsersRequest, StoreMessagesRequest},
    parlance::Reason,
    rpc::Context,
    v1::User,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use tower::{ServiceExt as _, service_fn};

/// A connection that breaks so many times, and counts what is asked.
#[derive(Clone)]
struct Line {
    breaks: usize,
    asked: Arc<AtomicUsize>,
}

impl Line {
    fn that_breaks(breaks: usize) -> Self {
        Self {
            breaks,
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// The service at the other end of the line.
    fn to<S, R, A>(
        &self,
        service: S,
    ) -> impl Service<Call<R>, Response = A, Error = Failure, Future: Send> + Clone + Send + Sync + 'static
    where
        S: Service<Call<R>, Response = A, Error = Failure, Future: Send> + Clone + Send + Sync + 'static,
        R: Send + 'static,
        A: Send + 'static,
    {
        let line = self.clone();
        service_fn(move |call: Call<R>| {
            let (service, broken) = (
                service.clone(),
                line.asked.fetch_add(1, Ordering::Relaxed) < line.breaks,
            );
            async move {
                if broken {
                    return Err(Failure::unavailable("the line is broken"));
                }
                service.oneshot(call).await
            }
        })
    }
}

fn layers() -> Layers {
    let clock = ManualClock::at(1_764_000_000_000);
    let (kv, secret) = (Arc::new(EmbeddedKv::new(clock.clone())), [7; 32]);
    let keys = Arc::new(TokenKeys::new(&secret, "parlance", "parlance").expect("long enough"));
    let quota = Quota {
        per_second: 1.try_into().expect("not zero"),
        burst: 1.try_into().expect("not zero"),
    };
    Layers {
        capacity: Capacity::new(1.try_into().expect("not zero")),
        authenticator: Authenticator::new(keys, EndedSessions::new(kv.clone(), Duration::from_secs(60)), clock),
        // of no account: services are not limited
        rates: RateLimits::new(&Quotas {
            credentials: quota,
            read: quota,
            write: quota,
            send: quota,
        }),
        memory: Memory::new(kv, &secret, Duration::from_secs(60)),
        default_deadline: Duration::from_secs(10),
    }
}

async fn repo() -> (Repo, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let config = RepoConfig {
        folder: folder.path().join("repo"),
        bcrypt_cost: 4,
        ..RepoConfig::default()
    };
    let repo = Repo::build(config, ManualClock::at(1_764_000_000_000), None).await;
    (repo.expect("the database opens"), folder)
}

fn ada() -> CreateUserRequest {
    CreateUserRequest {
        user: Some(User {
            user_id: 7,
            name: "ada".into(),
            ..Default::default()
        }),
        password: "correct horse".into(),
        ..Default::default()
    }
}

fn who_is_ada() -> FindUsersRequest {
    FindUsersRequest {
        names: vec!["ada".into()],
        ..Default::default()
    }
}

#[tokio::test]
async fn reads_outlive_two_breaks_of_the_line_and_nothing_unsafe_is_repeated() {
    let (repo, _folder) = repo().await;
    let users =
        |line: &Line| UserRepoClient::new(patient(&layers(), line.to(user_repo::local(Arc::clone(&repo.users)))));
    let line = Line::that_breaks(1);
    let refused = users(&line).create_user(Context::internal(), ada()).await;
    assert_eq!(refused.expect_err("the line broke").reason(), Reason::Unavailable);
    assert_eq!(line.asked(), 1, "a user may have been created");
    let line = Line::that_breaks(0);
    users(&line)
        .create_user(Context::internal(), ada())
        .await
        .expect("a new user");

    let line = Line::that_breaks(2);
    let found = users(&line).find_users(Context::internal(), who_is_ada()).await;
    assert_eq!(found.expect("the third attempt goes well").users[0].user_id, 7);
    assert_eq!(line.asked(), 3);
}

#[tokio::test]
async fn the_pipeline_learns_at_once_that_a_batch_was_not_stored() {
    let (repo, _folder) = repo().await;
    let line = Line::that_breaks(1);
    let messages = MessageRepoClient::new(patient(
        &layers(),
        line.to(message_repo::local(Arc::clone(&repo.messages))),
    ));
    let refused = messages
        .store_messages(Context::internal(), StoreMessagesRequest::default())
        .await;
    assert_eq!(refused.expect_err("the line broke").reason(), Reason::Unavailable);
    assert_eq!(line.asked(), 1, "who reads the log comes with the batch again");
}

#[tokio::test]
async fn an_outage_is_not_multiplied() {
    let (repo, _folder) = repo().await;
    let line = Line::that_breaks(usize::MAX);
    let users = UserRepoClient::new(patient(&layers(), line.to(user_repo::local(Arc::clone(&repo.users)))));
    let all = join_all((0..50).map(|_| users.find_users(Context::internal(), who_is_ada()))).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(line.asked(), 60, "ten repetitions for all callers together");
}

//! Logic, put together.

use crate::{
    api::{Auth, Conversations, Messages, Sessions, Users},
    config::Config,
    error::BuildError,
    layers::Services,
    notices::Notices,
    pipeline::{Dedupe, Distributor, Pipeline, Store},
    rosters::Rosters,
    waiters::Waiters,
};
use futures::FutureExt as _;
use im_infra::{
    clock::SharedClock,
    ids::Snowflake,
    kv::Kv,
    log::Log,
    registry::Registry,
    routing::Routing,
    session::EndedSessions,
    token::TokenKeys,
    topics::{self, Consumer, Producer},
};
use im_schema::{
    failure::Failure,
    internal::v1::{Downstream, Upstream},
    page,
    services::{ConversationRepoClient, MessageRepoClient, UserRepoClient},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The group that reads the upstream topic; its members share the work.
pub const GROUP: &str = "logic";
/// How often what was promised to be kept is renewed.
const KEEP: Duration = Duration::from_secs(60);
/// Pause before ended sessions are noted again, where the repo does not say which.
const RECALL_AGAIN: Duration = Duration::from_secs(1);

/// What logic is built on.
#[derive(Clone)]
pub struct Deps {
    /// Unique among all instances of the deployment.
    pub instance: Arc<str>,
    /// The log.
    pub log: Arc<dyn Log>,
    /// The key-value engine.
    pub kv: Arc<dyn Kv>,
    /// The registry.
    pub registry: Arc<dyn Registry>,
    /// The clock.
    pub clock: SharedClock,
    /// Makes ids.
    pub ids: Arc<Snowflake>,
    /// Signs access tokens.
    pub keys: Arc<TokenKeys>,
    /// Signs page tokens; the same on every instance.
    pub pages: page::Keys,
    /// Users and sessions.
    pub users: UserRepoClient,
    /// Conversations and members.
    pub conversations: ConversationRepoClient,
    /// Messages.
    pub messages: MessageRepoClient,
}

/// Decides: the API services and the pipeline.
pub struct Logic {
    services: Services,
    pipeline: Arc<Pipeline>,
    waiters: Arc<Waiters>,
    rosters: Arc<Rosters>,
    dedupe: Arc<Dedupe>,
    sessions: Sessions,
    config: Config,
    deps: Deps,
}

/// What a large group is: one that im-task tells of its messages.
#[derive(Clone)]
pub struct LargeGroups(Arc<Rosters>);

impl LargeGroups {
    /// From now on groups with more than `threshold` members are large, as [`Config::large_group_threshold`] says at the start.
    pub fn set_threshold(&self, threshold: u32) {
        self.0.set_large(threshold);
    }
}

impl Logic {
    /// Puts everything together and creates the topics. Consumes nothing yet.
    ///
    /// # Errors
    /// If the log, the registry or im-repo cannot be reached.
    pub async fn build(config: Config, deps: Deps) -> Result<Self, BuildError> {
        topics::create(&*deps.log).await.map_err(BuildError::Topics)?;
        topics::create_for::<Downstream>(&*deps.log, &deps.instance)
            .await
            .map_err(BuildError::Topics)?;
        let routing = Routing::new(Arc::clone(&deps.kv), &*deps.registry, Arc::clone(&deps.clock))
            .await
            .map_err(BuildError::Registry)?;
        let routing = Arc::new(routing);
        let rosters = Arc::new(Rosters::new(
            deps.conversations.clone(),
            Arc::clone(&deps.kv),
            config.large_group_threshold,
            config.cached_members,
        ));
        let waiters = Arc::new(Waiters::new(Arc::clone(&deps.instance)));
        let dedupe = Arc::new(Dedupe::new(
            Arc::clone(&deps.kv),
            deps.messages.clone(),
            Arc::clone(&deps.clock),
        ));
        let pipeline = Arc::new(Pipeline::new(
            Arc::clone(&deps.clock),
            Arc::clone(&rosters),
            Arc::clone(&dedupe),
            Store::new(deps.messages.clone(), Arc::clone(&deps.ids)),
            Distributor::new(Arc::clone(&deps.log), Arc::clone(&routing), config.list_offline),
        ));
        let notices = Arc::new(Notices::new(
            Arc::clone(&deps.log),
            Arc::clone(&routing),
            Arc::clone(&rosters),
            deps.conversations.clone(),
        ));
        let sessions = sessions(&config, &deps, &notices);
        // before anybody is served: a token of an ended session must not be good again because kv began anew
        sessions.recall().await.map_err(BuildError::Sessions)?;
        let services = services(&config, &deps, sessions.clone(), notices, &rosters, &waiters);
        Ok(Self {
            services,
            pipeline,
            waiters,
            rosters,
            dedupe,
            sessions,
            config,
            deps,
        })
    }

    /// The API services. They answer as soon as [`Logic::build`] has returned; what is sent is stored once [`Logic::run`] runs.
    #[must_use]
    pub fn services(&self) -> Services {
        self.services.clone()
    }

    /// What a large group is, to be changed while this runs.
    #[must_use]
    pub fn large_groups(&self) -> LargeGroups {
        LargeGroups(Arc::clone(&self.rosters))
    }

    /// Consumes until `stop` is cancelled; a batch that is being handled then is finished.
    ///
    /// # Errors
    /// If a topic cannot be consumed at all.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Failure> {
        let ended = stop.child_token();
        let Deps {
            log,
            kv,
            clock,
            instance,
            ..
        } = &self.deps;
        let upstream =
            Consumer::<Upstream>::new(Arc::clone(log), Arc::clone(clock), GROUP).batch_bytes(self.config.batch_bytes);
        let downstream = Consumer::<Downstream>::of_instance(Arc::clone(log), Arc::clone(clock), instance);
        // whichever ends first, in good or ill, ends the others
        let (upstream, downstream, (), (), ()) = tokio::join!(
            upstream.run(self.pipeline, ended.clone()).inspect(|_| ended.cancel()),
            downstream.run(self.waiters, ended.clone()).inspect(|_| ended.cancel()),
            self.rosters.follow(ended.clone()),
            keep(&self.dedupe, &ended),
            recall(&self.sessions, kv.losses(), &ended),
        );
        upstream.and(downstream)
    }
}

async fn keep(dedupe: &Dedupe, ended: &CancellationToken) {
    while tokio::time::timeout(KEEP, ended.cancelled()).await.is_err() {
        dedupe.keep().await;
    }
}

/// Notes again which sessions were ended, whenever kv may have forgotten it.
async fn recall(sessions: &Sessions, mut losses: watch::Receiver<u64>, ended: &CancellationToken) {
    while let Some(Ok(())) = ended.run_until_cancelled(losses.changed()).await {
        while let Err(failure) = sessions.recall().await {
            tracing::warn!(
                error = &failure as &dyn std::error::Error,
                "ended sessions are not noted again yet"
            );
            if tokio::time::timeout(RECALL_AGAIN, ended.cancelled()).await.is_ok() {
                return;
            }
        }
    }
}

fn sessions(config: &Config, deps: &Deps, notices: &Arc<Notices>) -> Sessions {
    Sessions {
        users: deps.users.clone(),
        ids: Arc::clone(&deps.ids),
        keys: Arc::clone(&deps.keys),
        clock: Arc::clone(&deps.clock),
        marks: EndedSessions::new(Arc::clone(&deps.kv), config.access_token_lifetime),
        notices: Arc::clone(notices),
        access_lifetime: config.access_token_lifetime,
        refresh_lifetime: config.refresh_token_lifetime,
    }
}

fn services(
    config: &Config,
    deps: &Deps,
    sessions: Sessions,
    notices: Arc<Notices>,
    rosters: &Arc<Rosters>,
    waiters: &Arc<Waiters>,
) -> Services {
    let auth = Auth {
        users: deps.users.clone(),
        sessions,
        ids: Arc::clone(&deps.ids),
        clock: Arc::clone(&deps.clock),
    };
    let conversations = Conversations {
        repo: deps.conversations.clone(),
        rosters: Arc::clone(rosters),
        notices: Arc::clone(&notices),
        ids: Arc::clone(&deps.ids),
        clock: Arc::clone(&deps.clock),
        pages: deps.pages.clone(),
        config: config.clone(),
    };
    let messages = Messages {
        conversations: deps.conversations.clone(),
        messages: deps.messages.clone(),
        rosters: Arc::clone(rosters),
        notices,
        upstream: Producer::new(Arc::clone(&deps.log)),
        waiters: Arc::clone(waiters),
        clock: Arc::clone(&deps.clock),
        send_wait: config.send_wait,
    };
    Services {
        auth: Arc::new(auth),
        users: Arc::new(Users {
            users: deps.users.clone(),
        }),
        conversations: Arc::new(conversations),
        messages: Arc::new(messages),
    }
}

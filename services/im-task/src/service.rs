//! The tasks, put together.

use crate::{
    config::Config, error::BuildError, fanout::FanoutProcessor, members::Members, pace::Pace, processor::work,
};
use futures::FutureExt as _;
use im_infra::{clock::SharedClock, kv::Kv, log::Log, registry::Registry, routing::Routing, topics};
use im_schema::{failure::Failure, services::ConversationRepoClient};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What tasks are built on.
#[derive(Clone)]
pub struct Deps {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The key-value engine.
    pub kv: Arc<dyn Kv>,
    /// The registry.
    pub registry: Arc<dyn Registry>,
    /// The clock.
    pub clock: SharedClock,
    /// Conversations and members.
    pub conversations: ConversationRepoClient,
}

/// Does what may wait.
pub struct Tasks {
    fanout: FanoutProcessor,
    members: Arc<Members>,
    config: Config,
    deps: Deps,
}

impl Tasks {
    /// Puts everything together and creates the topics. Consumes nothing yet.
    ///
    /// # Errors
    /// If the log or the registry cannot be reached.
    pub async fn build(config: Config, deps: Deps) -> Result<Self, BuildError> {
        topics::create(&*deps.log).await.map_err(BuildError::Topics)?;
        let routing = Routing::new(Arc::clone(&deps.kv), &*deps.registry, Arc::clone(&deps.clock))
            .await
            .map_err(BuildError::Registry)?;
        let members = Arc::new(Members::new(deps.conversations.clone(), config.cached_members));
        let fanout = FanoutProcessor {
            log: Arc::clone(&deps.log),
            routing: Arc::new(routing),
            members: Arc::clone(&members),
            pace: Pace::new(&config),
            list_offline: config.list_offline,
        };
        Ok(Self {
            fanout,
            members,
            config,
            deps,
        })
    }

    /// Does tasks until `stop` is cancelled; a batch that is being done then is finished.
    ///
    /// # Errors
    /// If a topic cannot be consumed at all.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Failure> {
        let ended = stop.child_token();
        let engines = (Arc::clone(&self.deps.log), Arc::clone(&self.deps.clock));
        // whichever ends first, in good or ill, ends the others
        let (fanout, ()) = tokio::join!(
            work(self.fanout, engines, self.config.batch_bytes, ended.clone()).inspect(|_| ended.cancel()),
            self.members.follow(&*self.deps.kv, &ended),
        );
        fanout
    }
}

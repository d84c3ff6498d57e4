//! All services in one process, put together from top to bottom, on the engines that the configuration names.

pub(crate) mod engines;
pub(crate) mod ground;
pub(crate) mod part;
pub(crate) mod repo;
mod secrets;
pub(crate) mod services;

pub(crate) use self::engines::log_alone;

use self::{
    ground::{Ground, Name, lost},
    part::Part,
    repo::RepoClients,
};
use crate::{
    hot::{Following, Parts},
    settings::Settings,
};
use im_infra::{readiness::Engine, telemetry::MetricsHandle};
use im_repo::Repo;
use im_schema::services::MessageServiceClient;
use std::net::SocketAddr;
use tokio::sync::watch;

/// The running platform. Dropping it leaves its tasks to the runtime; [`Platform::stop`] ends them in order.
pub struct Platform {
    address: SocketAddr,
    services: im_gateway::Services,
    gateway: Part,
    logic: Part,
    tasks: Part,
    names: [Name; 2],
    may_make_ids: watch::Receiver<bool>,
    repo: Repo,
    ground: Ground,
    _following: Option<Following>,
}

impl Platform {
    /// Opens the engines, builds every service, takes the port and serves.
    ///
    /// # Errors
    /// The data folder is in use or cannot be read, the port is taken, an engine elsewhere is away, or the configuration makes no sense.
    pub async fn start(settings: Settings, metrics: MetricsHandle) -> anyhow::Result<Self> {
        let ground = Ground::prepare(settings).await?;
        let (ids, may_make_ids) = ground.ids().await?;
        let names = [ground.name("logic").await?, ground.name("gateway").await?];

        let repo = services::repo(&ground).await?;
        let clients = RepoClients::local(&ground.layers, &repo);
        let conversations = clients.conversations.clone();
        let logic = services::logic(&ground, &names[0].name, ids, clients).await?;
        let tasks = services::tasks(&ground, conversations).await?;
        let api = services::of_logic(&ground, &logic);
        let history = MessageServiceClient::local(logic.services().messages);
        let engines = &ground.engines;
        let readiness = engines.readiness(vec![Engine::log(&engines.log), repo::store(&repo)]);
        let gateway = services::gateway(&ground, &names[1].name, api.clone(), history, &readiness, metrics).await?;

        let parts = Parts {
            pages: Some(gateway.pages()),
            large_groups: Some(logic.large_groups()),
        };

        Ok(Self {
            _following: parts.follow(&ground),
            address: gateway.local_addr(),
            services: api,
            logic: Part::run("logic", |stop| logic.run(stop)),
            tasks: Part::run("tasks", |stop| tasks.run(stop)),
            gateway: Part::run("the gateway", |stop| gateway.run(stop)),
            names,
            may_make_ids,
            repo,
            ground,
        })
    }

    /// Where REST, WebSocket and gRPC are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[cfg(test)]
    pub(crate) fn registry(&self) -> &dyn im_infra::registry::Registry {
        &*self.ground.engines.registry
    }

    #[cfg(test)]
    pub(crate) fn rates(&self) -> &im_infra::layers::RateLimits {
        &self.ground.rates
    }

    /// What clients may call, without a transport: the same layers stand before it.
    #[must_use]
    pub fn services(&self) -> &im_gateway::Services {
        &self.services
    }

    /// Waits until a part ends by itself, which it does only when it failed, and says what happened.
    pub async fn failed(&mut self) -> String {
        let [logic, gateway] = &self.names;
        tokio::select! {
            what = self.gateway.ended() => what,
            what = self.logic.ended() => what,
            what = self.tasks.ended() => what,
            what = logic.lost() => what,
            what = gateway.lost() => what,
            () = lost(self.may_make_ids.clone()) => "the machine number was lost, ids would not be unique".into(),
            () = self.ground.engines.failed() => {
                "the log cannot be written any more; a restart goes on with everything that was durable".into()
            }
        }
    }

    /// Ends everything in order: connections first, then those who work for them, then the engines.
    ///
    /// # Errors
    /// A part failed while it ran or ended; the others were ended nevertheless.
    pub async fn stop(self) -> anyhow::Result<()> {
        let gateway = self.gateway.stop().await;
        let logic = self.logic.stop().await;
        let tasks = self.tasks.stop().await;
        self.repo.close().await;
        self.ground.engines.close().await;
        gateway.and(logic).and(tasks)
    }
}

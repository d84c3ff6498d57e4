//! One role of the platform in a process of its own.

mod inside;
mod port;

#[cfg(feature = "cluster")]
pub(crate) use self::inside::encryption;

use self::{inside::Peers, port::Port};
use crate::{
    hot::{Following, Parts},
    platform::{
        ground::{Ground, Name, lost},
        part::Part,
        repo::{RepoClients, store},
        services,
    },
    settings::Settings,
};
use anyhow::bail;
use im_infra::{
    readiness::Engine,
    registry::{Instance, Registration},
    telemetry::MetricsHandle,
};
use im_repo::Repo;
use std::{fmt, future::pending, net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;
use tonic::service::Routes;

/// Others need so long to learn that an instance is going, after its registration has ended; meanwhile it still serves them.
const FAREWELL: Duration = Duration::from_millis(500);

/// What a process of the platform can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Gateway,
    Logic,
    Repo,
    Task,
}

/// A running process of one role.
pub(crate) struct Node {
    role: Role,
    name: Name,
    address: SocketAddr,
    /// In the order in which they end.
    parts: Vec<Part>,
    /// Kept for as long as it serves; missing for a gateway, which registers by itself.
    registration: Option<Registration>,
    /// Whether it still may make ids, if it does.
    ids: Option<watch::Receiver<bool>>,
    repo: Option<Repo>,
    /// Takes settings from the registry while it runs.
    following: Option<Following>,
    ground: Ground,
}

impl Role {
    /// All of them.
    #[cfg(feature = "cluster")]
    pub(crate) const ALL: [Self; 4] = [Self::Gateway, Self::Logic, Self::Repo, Self::Task];

    /// Its name: in the registry, in names of instances, on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Logic => "logic",
            Self::Repo => "repo",
            Self::Task => "task",
        }
    }

    /// # Errors
    /// The configuration lacks what processes need to work together; all of it is named.
    fn check(self, settings: &Settings) -> anyhow::Result<()> {
        let empty = [
            ("cluster.secret", settings.cluster.secret.is_empty()),
            ("etcd.endpoints", settings.etcd.endpoints.is_empty()),
            ("redis.addresses", settings.redis.addresses.is_empty()),
            ("kafka.brokers", settings.kafka.brokers.is_empty() && self != Self::Repo),
            (
                "repo.mysql.primary",
                settings.repo.mysql.primary.is_empty() && self == Self::Repo,
            ),
            (
                "auth.secret",
                settings.auth.secret.is_empty() && matches!(self, Self::Gateway | Self::Logic),
            ),
        ];
        let missing: Vec<&str> = empty.iter().filter(|(_, empty)| *empty).map(|(key, _)| *key).collect();
        if !missing.is_empty() {
            bail!(
                "{self} works together with other processes, which takes {} in the configuration; `parlance dev` needs none of it",
                missing.join(", ")
            );
        }
        Ok(())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Node {
    /// Opens the engines, builds the service, takes the port, serves, and registers.
    ///
    /// # Errors
    /// The configuration makes no sense or an engine that the role cannot be without is away.
    pub(crate) async fn start(role: Role, settings: Settings, metrics: MetricsHandle) -> anyhow::Result<Self> {
        role.check(&settings)?;
        let ground = Ground::prepare(settings).await?;
        let peers = Peers::new(&ground)?;
        let name = ground.name(role.name()).await?;
        let mut node = Self {
            role,
            name,
            address: ground.settings.gateway.listen,
            parts: Vec::new(),
            registration: None,
            ids: None,
            repo: None,
            following: None,
            ground,
        };
        let hot = match role {
            Role::Gateway => node.gateway(&peers, metrics).await?,
            Role::Logic => node.logic(&peers, metrics).await?,
            Role::Repo => node.repo(&peers, metrics).await?,
            Role::Task => node.task(&peers, metrics).await?,
        };
        node.following = hot.follow(&node.ground);
        Ok(node)
    }

    /// Its name, unique among those of its role.
    pub(crate) fn name(&self) -> &str {
        &self.name.name
    }

    /// Where it serves.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https` where it serves encrypted connections only, otherwise `http`.
    pub(crate) fn scheme(&self) -> &'static str {
        let settings = &self.ground.settings;
        let tls = match self.role {
            Role::Gateway => &settings.gateway.tls,
            Role::Logic | Role::Repo | Role::Task => &settings.cluster.tls,
        };
        if tls.enabled { "https" } else { "http" }
    }

    async fn gateway(&mut self, peers: &Peers, metrics: MetricsHandle) -> anyhow::Result<Parts> {
        let logic = peers.channel(&self.ground, Role::Logic).await?;
        let (api, history) = (peers.services(&self.ground, &logic), peers.history(&logic));
        let engines = &self.ground.engines;
        let logic = Engine::peers(Role::Logic.name(), logic);
        let readiness = engines.readiness(vec![Engine::log(&engines.log), logic]);
        let gateway = services::gateway(&self.ground, &self.name.name, api, history, &readiness, metrics).await?;
        self.address = gateway.local_addr();
        let pages = gateway.pages();
        self.parts.push(Part::run("the gateway", |stop| gateway.run(stop)));
        Ok(Parts {
            pages: Some(pages),
            ..Parts::default()
        })
    }

    async fn logic(&mut self, peers: &Peers, metrics: MetricsHandle) -> anyhow::Result<Parts> {
        let channel = peers.channel(&self.ground, Role::Repo).await?;
        let (ids, may_make_ids) = self.ground.ids().await?;
        let repo = RepoClients::remote(&peers.inside, &channel);
        let logic = services::logic(&self.ground, &self.name.name, ids, repo).await?;
        let routes = peers.serve_logic(&logic.services());
        self.ids = Some(may_make_ids);
        let large_groups = logic.large_groups();
        let logic = Part::run("logic", |stop| logic.run(stop));
        let needed = vec![
            Engine::log(&self.ground.engines.log),
            Engine::peers(Role::Repo.name(), channel),
        ];
        self.serve(peers, routes, needed, metrics).await?;
        self.parts.push(logic);
        self.register();
        Ok(Parts {
            large_groups: Some(large_groups),
            ..Parts::default()
        })
    }

    async fn repo(&mut self, peers: &Peers, metrics: MetricsHandle) -> anyhow::Result<Parts> {
        let repo = services::repo(&self.ground).await?;
        let routes = peers.serve_repo(&repo);
        self.serve(peers, routes, vec![store(&repo)], metrics).await?;
        self.repo = Some(repo);
        self.register();
        Ok(Parts::default())
    }

    async fn task(&mut self, peers: &Peers, metrics: MetricsHandle) -> anyhow::Result<Parts> {
        let channel = peers.channel(&self.ground, Role::Repo).await?;
        let repo = RepoClients::remote(&peers.inside, &channel);
        let tasks = services::tasks(&self.ground, repo.conversations).await?;
        self.parts.push(Part::run("tasks", |stop| tasks.run(stop)));
        let needed = vec![
            Engine::log(&self.ground.engines.log),
            Engine::peers(Role::Repo.name(), channel),
        ];
        self.serve(peers, Routes::default(), needed, metrics).await?;
        self.register();
        Ok(Parts::default())
    }

    /// Serves what other roles may call, health and metrics; it is ready while what is `needed` for that is there.
    async fn serve(
        &mut self,
        peers: &Peers,
        routes: Routes,
        needed: Vec<Engine>,
        metrics: MetricsHandle,
    ) -> anyhow::Result<()> {
        let readiness = self.ground.engines.readiness(needed);
        let port = Port::open(
            self.ground.settings.cluster.listen,
            peers.acceptor()?,
            routes,
            readiness,
            metrics,
        )
        .await?;
        self.address = port.address();
        self.parts.push(Part::run("the port", |stop| port.serve(stop)));
        Ok(())
    }

    /// From now on others find it.
    fn register(&mut self) {
        let cluster = &self.ground.settings.cluster;
        let address = if cluster.advertise.is_empty() {
            format!("{}://{}", self.scheme(), self.address)
        } else {
            cluster.advertise.clone()
        };
        let instance = Instance {
            id: self.name.name.to_string(),
            address,
        };
        let registry = Arc::clone(&self.ground.engines.registry);
        self.registration = Some(Registration::keep(
            registry,
            self.role.name(),
            instance,
            cluster.registration_ttl,
        ));
    }

    /// Waits until it cannot go on, and says why.
    pub(crate) async fn failed(&self) -> String {
        let part = async {
            let ended = self.parts.iter().map(|part| Box::pin(part.ended()));
            futures::future::select_all(ended).await.0
        };
        let ids = async {
            match &self.ids {
                Some(held) => lost(held.clone()).await,
                None => pending().await,
            }
        };
        tokio::select! {
            what = part => what,
            what = self.name.lost() => what,
            () = ids => "the machine number was lost, ids would not be unique".into(),
            () = self.ground.engines.failed() => "an engine of this process failed".into(),
        }
    }

    /// Ends everything in order: nobody is sent here any more, what was taken is finished, the engines are closed.
    ///
    /// # Errors
    /// A part failed while it ran or ended; the others were ended nevertheless.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(registration) = self.registration.take() {
            registration.end().await;
            tokio::time::sleep(FAREWELL).await;
        }
        let mut result = Ok(());
        for part in self.parts {
            result = result.and(part.stop().await);
        }
        if let Some(repo) = &self.repo {
            repo.close().await;
        }
        self.ground.engines.close().await;
        result
    }
}

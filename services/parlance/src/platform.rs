//! All services in one process on embedded engines, put together from top to bottom.

mod repo;

use self::repo::RepoClients;
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use im_gateway::Gateway;
use im_infra::{
    clock::{SharedClock, SystemClock},
    ids::Snowflake,
    kv::{Kv, embedded::EmbeddedKv},
    layers::{Authenticator, Layers, Memory, RateLimits},
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    registry::{Registry, embedded::EmbeddedRegistry},
    session::EndedSessions,
    telemetry::MetricsHandle,
    token::{TokenKeys, random_secret},
};
use im_logic::Logic;
use im_repo::Repo;
use im_schema::{
    page,
    services::{self, AuthServiceClient, ConversationServiceClient, MessageServiceClient, UserServiceClient},
};
use im_task::Tasks;
use std::{
    fmt::Display, fs, io::Write as _, net::SocketAddr, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc,
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const MACHINES: u32 = 1024;
const LEASE: Duration = Duration::from_secs(10);
const SWEEP: Duration = Duration::from_secs(60);

/// The running platform. Dropping it leaves its tasks to the runtime; [`Platform::stop`] ends them in order.
pub struct Platform {
    address: SocketAddr,
    gateway: Part,
    logic: Part,
    tasks: Part,
    repo: Repo,
    log: Arc<EmbeddedLog>,
    kv: Arc<EmbeddedKv>,
    sweepers: [JoinHandle<()>; 2],
}

impl Platform {
    /// Opens the engines, builds every service, takes the port and serves.
    ///
    /// # Errors
    /// The data folder is in use or cannot be read, the port is taken, or the configuration makes no sense.
    pub async fn start(settings: Settings, metrics: MetricsHandle) -> anyhow::Result<Self> {
        fs::create_dir_all(&settings.data).with_context(|| format!("make {}", settings.data.display()))?;

        // engines
        let clock: SharedClock = SystemClock::shared();
        let log = Arc::new(open_log(&settings, &clock)?);
        let kv = Arc::new(EmbeddedKv::new(Arc::clone(&clock)));
        let (log_port, kv_port): (Arc<dyn Log>, Arc<dyn Kv>) = (Arc::clone(&log) as _, Arc::clone(&kv) as _);
        let registry: Arc<dyn Registry> = Arc::new(EmbeddedRegistry::new());
        let machine = registry
            .lease_slot("machine", MACHINES, LEASE)
            .await
            .context("lease a machine id")?;
        let ids = Arc::new(Snowflake::from_lease(Arc::clone(&clock), machine)?);

        // who may do what
        let secret = secret(&settings)?;
        let keys = Arc::new(TokenKeys::new(
            &secret,
            settings.auth.issuer.as_str(),
            settings.auth.audience.as_str(),
        )?);
        let ended = EndedSessions::new(Arc::clone(&kv_port), settings.logic.access_token_lifetime);
        let authenticator = Authenticator::new(Arc::clone(&keys), ended, Arc::clone(&clock));
        let rates = RateLimits::new(&settings.limits.quotas());
        let layers = Layers {
            authenticator: authenticator.clone(),
            rates: rates.clone(),
            memory: Memory::new(Arc::clone(&kv_port), &secret, settings.limits.idempotency_window),
            default_deadline: settings.limits.deadline,
        };

        // repo
        let mut repo_config = settings.repo.clone();
        repo_config.folder = settings.data.join("repo");
        let repo = Repo::build(repo_config, Arc::clone(&clock))
            .await
            .context("open the database")?;
        let RepoClients {
            users,
            conversations,
            messages,
        } = RepoClients::local(&layers, &repo);

        // logic
        let deps = im_logic::Deps {
            instance: "logic-0".into(),
            log: Arc::clone(&log_port),
            kv: Arc::clone(&kv_port),
            registry: Arc::clone(&registry),
            clock: Arc::clone(&clock),
            ids,
            keys,
            pages: page::Keys::new(&secret),
            users,
            conversations: conversations.clone(),
            messages,
        };
        let logic = Logic::build(settings.logic.clone(), deps)
            .await
            .context("build logic")?;
        let api = logic.services();

        // tasks
        let deps = im_task::Deps {
            log: Arc::clone(&log_port),
            kv: Arc::clone(&kv_port),
            registry: Arc::clone(&registry),
            clock: Arc::clone(&clock),
            conversations,
        };
        let tasks = Tasks::build(settings.task.clone(), deps).await.context("build tasks")?;

        // gateway
        let deps = im_gateway::Deps {
            instance: "gateway-0".into(),
            log: log_port,
            kv: kv_port,
            registry,
            clock,
            authenticator,
            rates: rates.clone(),
            services: im_gateway::Services {
                auth: AuthServiceClient::new(layers.stack(services::auth_service::local(api.auth))),
                user: UserServiceClient::new(layers.stack(services::user_service::local(api.users))),
                conversation: ConversationServiceClient::new(
                    layers.stack(services::conversation_service::local(api.conversations)),
                ),
                message: MessageServiceClient::new(
                    layers.stack(services::message_service::local(Arc::clone(&api.messages))),
                ),
            },
            history: MessageServiceClient::local(api.messages),
            metrics: Arc::new(move || metrics.render()),
        };
        let gateway = Gateway::build(settings.gateway.clone(), deps)
            .await
            .context("build the gateway")?;
        let address = gateway.local_addr();

        Ok(Self {
            address,
            logic: Part::run(|stop| logic.run(stop)),
            tasks: Part::run(|stop| tasks.run(stop)),
            gateway: Part::run(|stop| gateway.run(stop)),
            repo,
            log,
            sweepers: [kv.spawn_sweeper(), tokio::spawn(sweep(rates))],
            kv,
        })
    }

    /// Where REST, WebSocket and gRPC are served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until a part ends by itself, which it does only when it failed, and says what happened.
    pub async fn failed(&mut self) -> &'static str {
        tokio::select! {
            () = self.gateway.ended() => "the gateway ended by itself",
            () = self.logic.ended() => "logic ended by itself",
            () = self.tasks.ended() => "tasks ended by themselves",
            () = self.log.failed() => "the log cannot be written any more; a restart goes on with everything that was durable",
        }
    }

    /// Ends everything in order: connections first, then those who work for them, then the engines.
    ///
    /// # Errors
    /// A part failed while it ran or ended; the others were ended nevertheless.
    pub async fn stop(self) -> anyhow::Result<()> {
        let gateway = self.gateway.stop("gateway").await;
        let logic = self.logic.stop("logic").await;
        let tasks = self.tasks.stop("tasks").await;
        self.sweepers.iter().for_each(JoinHandle::abort);
        self.repo.close().await;
        self.log.close().await;
        self.kv.close();
        gateway.and(logic).and(tasks)
    }
}

/// A part that runs until it is told to stop.
struct Part {
    stop: CancellationToken,
    task: JoinHandle<Result<(), String>>,
}

impl Part {
    fn run<F, E>(run: impl FnOnce(CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let stop = CancellationToken::new();
        let work = run(stop.clone());
        let task = tokio::spawn(async move { work.await.map_err(|error| format!("{error:#}")) });
        Self { stop, task }
    }

    async fn ended(&mut self) {
        // polling a finished task again would panic: that it is finished is enough
        while !self.task.is_finished() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn stop(self, name: &str) -> anyhow::Result<()> {
        self.stop.cancel();
        match self.task.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => bail!("{name} failed: {error}"),
            Err(panic) => bail!("{name} panicked: {panic}"),
        }
    }
}

fn open_log(settings: &Settings, clock: &SharedClock) -> anyhow::Result<EmbeddedLog> {
    let options = EmbeddedLogOptions {
        segment_bytes: settings.log.segment,
        tail_bytes: settings.log.tail,
        memory_topic_bytes: settings.log.memory_topic,
        max_bytes: settings.log.max,
        ..EmbeddedLogOptions::new(Arc::clone(clock))
    };
    EmbeddedLog::open(settings.data.join("log"), options).context("open the log")
}

/// The configured secret, or the one in the data folder, made at the first start.
fn secret(settings: &Settings) -> anyhow::Result<Vec<u8>> {
    let configured = settings.auth.secret.expose();
    if !configured.is_empty() {
        return Ok(configured.as_bytes().to_vec());
    }
    let path = settings.data.join("secret");
    match fs::read(&path) {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            make_secret(&path).with_context(|| format!("write {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

fn make_secret(path: &Path) -> anyhow::Result<Vec<u8>> {
    let secret = random_secret();
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    Ok(secret.to_vec())
}

async fn sweep(rates: RateLimits) {
    loop {
        tokio::time::sleep(SWEEP).await;
        rates.sweep();
    }
}

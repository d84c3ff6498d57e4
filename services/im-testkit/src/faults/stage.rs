//! Where it is played: engines that only this run uses, two processes of each role, and a proxy in each of their connections.

use super::{
    node::Node,
    proxy::{Proxy, Reserved},
    schedule::{Engine, Event, Fault, Link, Process, Role},
};
use im_infra::engines::Own;
use im_repo::store::mysql::database::Database;
use rustix::process::Signal;
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::{task::spawn_blocking, time::sleep};

/// What processes know each other by.
const SECRET: &str = "a secret of tests, known to everybody who reads this";

/// Engines, proxies and processes. All end when this is dropped.
pub struct Stage {
    nodes: HashMap<Process, Node>,
    proxies: HashMap<(Process, Link), Proxy>,
    gateways: Vec<String>,
    folder: TempDir,
    _database: Database,
    engines: Arc<Own>,
}

impl Stage {
    /// Starts everything; that takes some ten seconds. `program` has the roles as commands.
    ///
    /// # Panics
    /// If an engine does not start.
    ///
    /// # Errors
    /// A process does not become ready.
    pub async fn build(program: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut reserved = HashMap::new();
        for process in Process::all() {
            for link in process.role.links() {
                reserved.insert((process, *link), Reserved::any().await);
            }
        }
        // Kafka tells its clients where it is: each process has a port of its own there, whose proxy is what it is told
        let mut listeners = HashMap::new();
        for ((process, link), proxy) in &reserved {
            if *link == Link::Kafka {
                listeners.insert(*process, (free_port(), proxy.port()));
            }
        }
        let pairs: Vec<(u16, u16)> = listeners.values().copied().collect();
        let engines = spawn_blocking(move || Own::up_with(&["kafka", "redis", "etcd", "mysql"], &pairs)).await;
        let engines = Arc::new(engines.expect("the engines start"));
        let database = Database::on(engines.address("mysql")).await;
        let mut stage = Self {
            nodes: HashMap::new(),
            proxies: HashMap::new(),
            gateways: Vec::new(),
            folder,
            _database: database,
            engines,
        };
        let ports: HashMap<Process, u16> = Process::all().map(|process| (process, free_port())).collect();
        for ((process, link), proxy) in reserved {
            let target = match link {
                Link::Kafka => local(listeners[&process].0),
                Link::Callers => local(ports[&process]),
                Link::Redis => stage.engine("redis"),
                Link::Etcd => stage.engine("etcd"),
                Link::Mysql => stage.engine("mysql"),
            };
            stage.proxies.insert((process, link), proxy.lead_to(target));
        }
        for process in Process::all() {
            let settings = stage.settings(process, ports[&process]);
            let node = Node::start(PathBuf::from(program), stage.folder.path(), process, settings);
            stage.nodes.insert(process, node);
            if process.role == Role::Gateway {
                stage.gateways.push(format!("http://127.0.0.1:{}", ports[&process]));
            }
        }
        stage.ready().await?;
        Ok(stage)
    }

    /// Where the gateways serve.
    #[must_use]
    pub fn gateways(&self) -> &[String] {
        &self.gateways
    }

    /// Where the processes' logs are.
    #[must_use]
    pub fn logs(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the logs beyond the end; their folder.
    #[must_use]
    pub fn keep_logs(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }

    /// How often processes have ended although nobody asked them to, and were started again.
    #[must_use]
    pub fn ended_by_themselves(&self) -> usize {
        self.nodes.values().map(Node::ended_by_itself).sum()
    }

    /// Waits until every process serves.
    ///
    /// # Errors
    /// One does not, in a minute and a half.
    pub async fn ready(&self) -> io::Result<()> {
        for (process, node) in &self.nodes {
            let ready = node.ready().await;
            ready.map_err(|error| io::Error::other(format!("{process}: {error}, see {}", self.logs().display())))?;
        }
        Ok(())
    }

    /// Ends a process as an operator would, starts it again, and waits until it serves.
    ///
    /// # Errors
    /// It does not, in a minute and a half.
    pub async fn restart(&self, process: Process) -> io::Result<()> {
        let node = &self.nodes[&process];
        node.down(Signal::TERM).await;
        node.up();
        node.ready().await
    }

    /// Waits for the time of an event, lets it happen, and ends it when it has lasted.
    pub async fn play(&self, event: Event) {
        sleep(event.at).await;
        match event.fault {
            Fault::Kill(process) => self.bounce(process, Signal::KILL, event).await,
            Fault::Restart(process) => self.bounce(process, Signal::TERM, event).await,
            Fault::Pause(process) => {
                self.nodes[&process].tell(Signal::STOP);
                sleep(event.lasts).await;
                self.nodes[&process].tell(Signal::CONT);
            }
            Fault::KillEngine(engine) => {
                self.command(engine, Own::kill).await;
                sleep(event.lasts).await;
                self.command(engine, Own::start).await;
            }
            Fault::PauseEngine(engine) => {
                self.command(engine, Own::pause).await;
                sleep(event.lasts).await;
                self.command(engine, Own::resume).await;
            }
            Fault::Disconnect(process, link, how) => {
                let proxy = &self.proxies[&(process, link)];
                proxy.cut(how);
                sleep(event.lasts).await;
                proxy.mend();
            }
        }
    }

    async fn bounce(&self, process: Process, signal: Signal, event: Event) {
        let node = &self.nodes[&process];
        node.down(signal).await;
        sleep(event.lasts).await;
        node.up();
    }

    async fn command(&self, engine: Engine, command: fn(&Own, &str)) {
        let engines = Arc::clone(&self.engines);
        let done = spawn_blocking(move || command(&engines, engine.name())).await;
        done.expect("the script does it");
    }

    fn engine(&self, name: &str) -> SocketAddr {
        self.engines.address(name).parse().expect("it has an address")
    }

    fn settings(&self, process: Process, port: u16) -> Vec<(String, String)> {
        let through = |link| self.proxies.get(&(process, link)).map(Proxy::address);
        let mut settings: Vec<(String, String)> = [
            ("kafka.brokers", through(Link::Kafka)),
            ("redis.addresses", through(Link::Redis)),
            ("etcd.endpoints", through(Link::Etcd)),
            ("repo.mysql.primary", through(Link::Mysql)),
            (
                "cluster.advertise",
                through(Link::Callers).map(|address| format!("http://{address}")),
            ),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect();
        let mysql = &self._database.options;
        let instance = ["a", "b"][process.number];
        let (own, listen) = match process.role {
            Role::Gateway => ("gateway.listen", format!("127.0.0.1:{port}")),
            _ => ("cluster.listen", format!("127.0.0.1:{port}")),
        };
        let data = self.folder.path().join(process.to_string());
        settings.extend(
            [
                (own, listen.as_str()),
                ("data", &data.display().to_string()),
                ("cluster.instance", instance),
                ("repo.mysql.replicas", self.engines.address("mysql_replica")),
                ("repo.mysql.database", &mysql.database),
                ("repo.mysql.user", &mysql.user),
                ("repo.mysql.password", mysql.password.expose()),
            ]
            .into_iter()
            .chain(OF_ALL.iter().copied())
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        settings
    }
}

/// What all processes are set to: quicker to miss each other than in production, so that a run sees it, and with the task's way for all larger groups.
const OF_ALL: &[(&str, &str)] = &[
    ("auth.secret", SECRET),
    ("cluster.secret", SECRET),
    ("cluster.registration_ttl", "3s"),
    ("kafka.session_timeout", "3s"),
    ("gateway.reconnect_spread", "1s"),
    ("logic.large_group_threshold", "4"),
    ("repo.bcrypt_cost", "4"),
    ("repo.mysql.connections", "6"),
    ("limits.credentials.per_second", "1000000"),
    ("limits.credentials.burst", "1000000"),
    ("limits.read.per_second", "1000000"),
    ("limits.read.burst", "1000000"),
    ("limits.write.per_second", "1000000"),
    ("limits.write.burst", "1000000"),
    ("limits.send.per_second", "1000000"),
    ("limits.send.burst", "1000000"),
];

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A free port that stays free while nobody listens: none of those that clients are given for their own ends.
fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..20_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

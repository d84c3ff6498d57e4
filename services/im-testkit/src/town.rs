//! The platform on free ports, with data of its own.

mod processes;
mod shared;

use self::{processes::Processes, shared::Shared};
use crate::User;
use im_infra::{
    telemetry::{self, LogFormat},
    token::TokenKeys,
    trace::Traces,
};
use parlance::{platform::Platform, settings::Settings};
use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;

/// What processes know each other by.
const SECRET: &str = "a secret of tests, known to everybody who reads this";

/// What a town stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// One process, on engines of its own.
    Embedded,
    /// One process, on Kafka, Redis, etcd and MySQL.
    Engines,
    /// Two processes of each role, on the same; the program is given.
    Processes(&'static str),
    /// One process of each role, on the same.
    Roles(&'static str),
}

/// A running platform. Dropping it ends it at once; [`Town::stop`] ends it in order.
pub struct Town {
    running: Option<Running>,
    ground: Ground,
    settings: Vec<(String, String)>,
    /// Signs access tokens.
    secret: String,
    /// Who came last is at this gateway, counted on.
    came: AtomicUsize,
    // goes after what runs on it
    _shared: Option<Shared>,
    folder: Option<TempDir>,
}

enum Running {
    InProcess(Box<Platform>, Traces),
    Processes(Processes),
}

impl Town {
    /// Starts with the default configuration, but cheap passwords and without rate limits, changed by `settings`.
    ///
    /// # Panics
    /// If the platform does not start.
    pub async fn start(ground: Ground, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let shared = match ground {
            Ground::Embedded => None,
            Ground::Engines | Ground::Processes(_) | Ground::Roles(_) => Some(Shared::prepare().await),
        };
        let secret = format!("{SECRET} {:x}", rand::random::<u64>());
        let mut all = of_tests();
        all.push(("auth.secret".into(), secret.clone()));
        all.push(("data".into(), folder.path().display().to_string()));
        all.extend(shared.iter().flat_map(Shared::settings));
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        all.extend(settings.iter().map(own));
        let mut town = Self {
            running: None,
            ground,
            settings: all,
            secret,
            came: AtomicUsize::new(0),
            _shared: shared,
            folder: Some(folder),
        };
        town.run().await;
        town
    }

    /// Base address, e.g. `http://127.0.0.1:40321`: that of each gateway in turn, if there are several.
    ///
    /// # Panics
    /// If the platform was stopped.
    #[must_use]
    pub fn url(&self) -> String {
        let urls = self.urls("gateway");
        urls[self.came.fetch_add(1, Ordering::Relaxed) % urls.len()].clone()
    }

    /// Where all processes of a role serve; the one process if it has all roles.
    ///
    /// # Panics
    /// If the platform was stopped.
    #[must_use]
    pub fn urls(&self, role: &str) -> Vec<String> {
        match self.running.as_ref().expect("the platform runs") {
            Running::InProcess(platform, _) => vec![format!("http://{}", platform.address())],
            Running::Processes(processes) => processes.urls(role),
        }
    }

    /// Where its data is, as far as it is in no engine elsewhere.
    ///
    /// # Panics
    /// Never: the folder goes last.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("the folder goes last").path()
    }

    /// What it was started with, as `--set` takes it.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let settings = self.settings.iter();
        settings.map(|(key, value)| format!("{key}={value}")).collect()
    }

    /// What clients may call, without a transport; `None` if it is in other processes.
    #[must_use]
    pub fn services(&self) -> Option<im_gateway::Services> {
        match self.running.as_ref()? {
            Running::InProcess(platform, _) => Some(platform.services().clone()),
            Running::Processes(_) => None,
        }
    }

    /// What processes of the platform have logged so far; empty if it is in this one, whose log is its standard error.
    ///
    /// # Panics
    /// If it cannot be read.
    #[must_use]
    pub fn log_of_processes(&self) -> String {
        match (self.ground, &self.folder) {
            (Ground::Processes(_) | Ground::Roles(_), Some(folder)) => processes::log(folder.path()),
            _ => String::new(),
        }
    }

    /// The keys that sign access tokens here: for tokens that the platform would not issue.
    ///
    /// # Panics
    /// Never: the secret is long enough.
    #[must_use]
    pub fn keys(&self) -> TokenKeys {
        let auth = Settings::load(None, &[])
            .expect("the default configuration is valid")
            .auth;
        TokenKeys::new(self.secret.as_bytes(), auth.issuer, auth.audience).expect("the secret is long enough")
    }

    /// Registers a user, with one device online.
    ///
    /// # Panics
    /// If the name is taken.
    pub async fn user(&self, name: &str) -> User {
        User::register(&self.url(), name).await
    }

    /// Ends the platform as Ctrl-C would, and waits for it.
    ///
    /// # Panics
    /// If a part of the platform failed while it ran or ended.
    pub async fn stop(&mut self) {
        match self.running.take() {
            Some(Running::InProcess(platform, traces)) => {
                platform.stop().await.expect("the platform ends in order");
                traces.stop().await;
            }
            Some(Running::Processes(processes)) => processes.stop().await,
            None => {}
        }
    }

    /// Starts again on the same data, on other ports.
    ///
    /// # Panics
    /// If the platform does not start.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    async fn processes(&self, program: &'static str, each: usize) -> Running {
        let folder = self.folder.as_ref().expect("the folder goes last").path();
        Running::Processes(Processes::start(program, each, folder, &self.settings).await)
    }

    async fn run(&mut self) {
        self.running = Some(match self.ground {
            Ground::Embedded | Ground::Engines => {
                let settings = Settings::load(None, &self.settings).expect("the configuration is valid");
                let telemetry = telemetry::install(LogFormat::Human, &settings.telemetry.level);
                let traces = Traces::start(&settings.telemetry.traces(), "parlance").expect("traces can be exported");
                let platform = Platform::start(settings, telemetry.metrics).await;
                Running::InProcess(Box::new(platform.expect("the platform starts")), traces)
            }
            Ground::Processes(program) => self.processes(program, 2).await,
            Ground::Roles(program) => self.processes(program, 1).await,
        });
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.running = None;
        let processes = matches!(self.ground, Ground::Processes(_) | Ground::Roles(_));
        if let (true, true, Some(folder)) = (std::thread::panicking(), processes, self.folder.take()) {
            eprintln!("what the processes said is in {}", folder.keep().display());
        }
    }
}

fn of_tests() -> Vec<(String, String)> {
    let mut settings = vec![
        ("repo.bcrypt_cost".to_owned(), "4".to_owned()),
        ("gateway.listen".to_owned(), "127.0.0.1:0".to_owned()),
    ];
    for class in ["credentials", "read", "write", "send"] {
        for key in ["per_second", "burst"] {
            settings.push((format!("limits.{class}.{key}"), "1000000".to_owned()));
        }
    }
    settings
}

//! The platform on a free port and a folder of its own.

use crate::User;
use im_infra::{
    telemetry::{self, LogFormat},
    token::TokenKeys,
};
use parlance::{platform::Platform, settings::Settings};
use tempfile::TempDir;

/// A running platform. Dropping it ends it at once; [`Town::stop`] ends it in order.
pub struct Town {
    platform: Option<Platform>,
    folder: TempDir,
    change: fn(&mut Settings),
}

impl Town {
    /// Starts with the default configuration, but cheap passwords and without rate limits.
    ///
    /// # Panics
    /// If the platform does not start.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with a changed configuration.
    ///
    /// # Panics
    /// If the platform does not start.
    pub async fn start_with(change: fn(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let platform = start(&folder, change).await;
        Self {
            platform: Some(platform),
            folder,
            change,
        }
    }

    /// Base address, e.g. `http://127.0.0.1:40321`.
    ///
    /// # Panics
    /// If the platform was stopped.
    #[must_use]
    pub fn url(&self) -> String {
        format!(
            "http://{}",
            self.platform.as_ref().expect("the platform runs").address()
        )
    }

    /// The keys that sign access tokens here: for tokens that the platform would not issue.
    ///
    /// # Panics
    /// If the platform has not made its secret yet.
    #[must_use]
    pub fn keys(&self) -> TokenKeys {
        let secret = std::fs::read(self.folder.path().join("secret")).expect("the platform made its secret");
        let auth = Settings::load(None, &[])
            .expect("the default configuration is valid")
            .auth;
        TokenKeys::new(&secret, auth.issuer, auth.audience).expect("the secret is long enough")
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
        if let Some(platform) = self.platform.take() {
            platform.stop().await.expect("the platform ends in order");
        }
    }

    /// Starts again on the same data, on another port.
    ///
    /// # Panics
    /// If the platform does not start.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.platform = Some(start(&self.folder, self.change).await);
    }
}

async fn start(folder: &TempDir, change: fn(&mut Settings)) -> Platform {
    let mut overrides = vec![("repo.bcrypt_cost".to_owned(), "4".to_owned())];
    for class in ["credentials", "read", "write", "send"] {
        for key in ["per_second", "burst"] {
            overrides.push((format!("limits.{class}.{key}"), "1000000".to_owned()));
        }
    }
    let mut settings = Settings::load(None, &overrides).expect("the default configuration is valid");
    settings.data = folder.path().to_path_buf();
    settings.gateway.listen = "127.0.0.1:0".parse().expect("an address");
    change(&mut settings);
    let telemetry = telemetry::install(LogFormat::Human, &settings.telemetry.level);
    Platform::start(settings, telemetry.metrics)
        .await
        .expect("the platform starts")
}

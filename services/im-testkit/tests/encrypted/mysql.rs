//! A database that takes encrypted connections only.

use crate::authority::Authority;
use im_infra::{clock::SystemClock, config::Secret, tls::Tls};
use im_repo::{MysqlOptions, Repo, RepoConfig, TlsMode};
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const PATIENCE: u32 = 60;

/// Ends with the test.
struct Database {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Database {
    fn start(tls: &Tls) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &Path| path.display().to_string();
        let data = at(&folder.path().join("data"));
        // as root it wants to be told that this is meant
        let user = rustix::process::geteuid().is_root().then_some("--user=root");
        let mut install = Command::new("mariadb-install-db");
        install
            .arg("--no-defaults")
            .args(user)
            .arg(format!("--datadir={data}"))
            .arg("--skip-test-db");
        assert!(install.stdout(Stdio::null()).status().unwrap().success());
        let statements = folder.path().join("init.sql");
        let grant = "CREATE DATABASE IF NOT EXISTS parlance;\nGRANT ALL ON parlance.* TO 'parlance'@'%' IDENTIFIED BY 'parlance';\n\
                     GRANT RELOAD, PROCESS ON *.* TO 'parlance'@'%';\n";
        fs::write(&statements, grant).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new("mariadbd");
        server.arg("--no-defaults").args(user).args([
            format!("--datadir={data}"),
            format!("--port={port}"),
            format!("--init-file={}", at(&statements)),
            format!("--ssl-ca={}", at(&tls.ca)),
            format!("--ssl-cert={}", at(&tls.certificate)),
            format!("--ssl-key={}", at(&tls.key)),
        ]);
        server.args([
            "--socket=socket",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--require-secure-transport=ON",
        ]);
        let process = server
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port, folder }
    }

    fn options(&self, tls: TlsMode, ca: &Path) -> RepoConfig {
        RepoConfig {
            folder: self.folder.path().join("repo"),
            mysql: MysqlOptions {
                primary: format!("127.0.0.1:{}", self.port),
                password: Secret::new("parlance"),
                tls,
                tls_ca: ca.into(),
                ..MysqlOptions::default()
            },
            ..RepoConfig::default()
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Opens the repo on the database; why it cannot.
async fn open(config: RepoConfig) -> Result<(), String> {
    match Repo::build(config, SystemClock::shared(), None).await {
        Ok(repo) => {
            repo.close().await;
            Ok(())
        }
        Err(error) => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text += &format!(": {error}");
                cause = error.source();
            }
            Err(text)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_store_is_reached_encrypted_and_a_server_that_is_not_trusted_is_refused_with_the_cause() {
    let _installed = im_infra::engines::address("mysql");
    let (authority, other) = (Authority::new(), Authority::new());
    let tls = authority.issue("127.0.0.1");
    let database = Database::start(&tls);
    let mut patience = PATIENCE;
    while let Err(error) = open(database.options(TlsMode::Verified, &tls.ca)).await {
        patience -= 1;
        assert!(patience > 0, "{error}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let refused = open(database.options(TlsMode::Verified, &other.ca()))
        .await
        .unwrap_err();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    let plain = open(database.options(TlsMode::Off, Path::new(""))).await.unwrap_err();
    // as MariaDB says it of a connection that is not encrypted
    assert!(plain.contains("Access denied"), "{plain}");
}

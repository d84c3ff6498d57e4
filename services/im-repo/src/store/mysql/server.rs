//! One server: its connections, and reads on them.

use super::{
    super::{Result, StoreError},
    error::{Again, again},
    reach::Reach,
};
use crate::{MysqlOptions, TlsMode};
use futures::future::BoxFuture;
use im_infra::clock::SharedClock;
use sqlx::{
    ConnectOptions, Connection, Executor, MySql, MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode},
    pool::PoolConnection,
};
use std::{future::Future, sync::Arc, time::Duration};

/// What is to be done on a connection: a function of its own, so that it can be called again with the same input.
pub(super) type Work<I, T> = for<'c> fn(&'c mut MySqlConnection, &'c I) -> BoxFuture<'c, Result<T>>;

/// A connection that was idle for longer is asked whether it still works before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// A connection that does not come within this time makes one ask whether the server is there at all.
const SUSPICIOUS: Duration = Duration::from_millis(300);
/// So many broken connections in a row and a read fails: the server goes away as fast as it comes.
const READ_TRIES: usize = 3;

/// A server with a pool of connections to it.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) name: Arc<str>,
    pub(super) clock: SharedClock,
    pub(super) retry_for: Duration,
    pool: MySqlPool,
    reach: Reach,
    call_timeout: Duration,
}

impl Server {
    /// The server at `address`, with at most `connections` to it. Connects when it is first used.
    ///
    /// # Errors
    /// The address is not `host:port`.
    pub(super) fn new(
        options: &MysqlOptions,
        address: &str,
        connections: u32,
        clock: SharedClock,
    ) -> Result<Self, sqlx::Error> {
        let session = session_settings(options);
        let pool = MySqlPoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(options.connect_timeout)
            .test_before_acquire(false)
            .before_acquire(|db, idle| {
                Box::pin(async move {
                    if idle.idle_for > TRUSTED_FOR {
                        db.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_connect(move |db, _| {
                let session = session.clone();
                Box::pin(async move { db.execute(sqlx::AssertSqlSafe(session)).await.map(drop) })
            })
            .connect_lazy_with(connect_options(options, address)?);
        let name: Arc<str> = format!("{address}/{}", options.database).into();
        Ok(Self {
            reach: Reach::of(Arc::clone(&name), options.connect_timeout),
            name,
            clock,
            retry_for: options.retry_for,
            pool,
            call_timeout: options.call_timeout,
        })
    }

    /// A connection, once one is free. Fails at once while it is known that the server is away.
    pub(super) async fn acquire(&self) -> Result<PoolConnection<MySql>> {
        if self.pool.is_closed() {
            return Err(StoreError::Closed);
        }
        let connect = self.pool.connect_options();
        self.reach.known(&connect).await?;
        let mut acquiring = std::pin::pin!(self.pool.acquire());
        if let Ok(acquired) = tokio::time::timeout(SUSPICIOUS, &mut acquiring).await {
            return Ok(acquired?);
        }
        tokio::select! {
            biased;
            acquired = acquiring => Ok(acquired?),
            away = self.reach.missed(&connect) => Err(away),
        }
    }

    /// A connection of its own, which tells why there is none.
    ///
    /// # Errors
    /// Those of the server, or of the network.
    pub(super) async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        let options = self.pool.connect_options();
        let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        tokio::time::timeout(self.call_timeout, options.connect())
            .await
            .map_err(late)?
    }

    /// Whether the server answers.
    pub(super) async fn ping(&self) -> Result<()> {
        let mut db = self.acquire().await?;
        self.in_time(async { Ok(db.ping().await?) }).await
    }

    /// Runs a read, again on another connection if that breaks.
    pub(super) async fn read<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Result<T> {
        let mut tries = 1;
        loop {
            let mut db = self.acquire().await?;
            let answer = self.in_time(work(&mut db, input)).await;
            match answer {
                Err(error) if tries < READ_TRIES && again(&error) == Some(Again::Lost) => tries += 1,
                answer => {
                    if matches!(answer, Err(StoreError::Unavailable(_))) {
                        // whatever it still waits for is not to be waited for by the next one
                        db.close_on_drop();
                    }
                    return answer;
                }
            }
        }
    }

    /// The answer of `work`, or `Unavailable` when it takes too long. A connection in the middle of something must not be used again.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match tokio::time::timeout(self.call_timeout, work).await {
            Ok(answer) => answer,
            Err(_) => {
                let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "the server did not answer in time");
                // no `Io`: whether what was asked for has happened is not known, so nothing may be tried again
                Err(StoreError::Unavailable(Arc::new(sqlx::Error::AnyDriverError(
                    late.into(),
                ))))
            }
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.name).finish()
    }
}

fn connect_options(options: &MysqlOptions, address: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
    let (host, port) = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?)))
        .ok_or_else(|| sqlx::Error::Configuration(format!("{address:?} is not host:port").into()))?;
    let mut connect = MySqlConnectOptions::new()
        .host(host)
        .port(port)
        .username(&options.user)
        .password(options.password.expose())
        .database(&options.database)
        .charset("utf8mb4")
        .pipes_as_concat(false)
        .statement_cache_capacity(128)
        .ssl_mode(match options.tls {
            TlsMode::Off => MySqlSslMode::Disabled,
            TlsMode::Required => MySqlSslMode::Required,
            TlsMode::Verified => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    if !options.tls_ca.as_os_str().is_empty() {
        connect = connect.ssl_ca(&options.tls_ca);
    }
    Ok(connect)
}

/// What every connection begins with. Read committed: what has been locked is read as it is now, and gaps between rows are not locked.
/// Strict: a value that does not fit is refused and not cut.
fn session_settings(options: &MysqlOptions) -> String {
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION innodb_lock_wait_timeout = {}; \
         SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
        options.lock_timeout.as_secs().max(1)
    )
}

//! The one connection for commands. While it is away every call fails at once, and only its keeper tries to get it back.

use super::{
    masters::Masters,
    options::{RedisOptions, RedisOptionsError},
};
use crate::outage::Outage;
use parking_lot::RwLock;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult,
    ScriptInvocation, ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::{error::Elapsed, timeout},
};

/// A connection that nobody uses is looked after so often: an outage is noticed and told though nothing is asked.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
pub(super) const RETRY_EVERY: Duration = Duration::from_millis(200);
const PART: &str = "commands";

/// Many calls at a time, on one connection.
#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Why a call has no answer that it can use.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The engine was not reached, or did not answer in time.
    Away(Arc<RedisError>),
    /// It answered with an error.
    Refused(Arc<RedisError>),
}

pub(super) struct Link {
    client: Client,
    cluster: Option<ClusterClient>,
    masters: Masters,
    timeout: Duration,
    state: RwLock<State>,
    lost: Arc<Notify>,
    /// Counts connections, and masters that a cluster gets: behind each new one there may be a server that has forgotten everything.
    pub(super) connections: watch::Sender<u64>,
    pub(super) outage: Arc<Outage>,
}

struct State {
    /// The connection, or why there is none.
    connection: Result<Connection, Failure>,
    /// Grows with every connection, so that a call on an old one does not take away the new one.
    generation: u64,
}

impl Link {
    pub(super) fn new(options: &RedisOptions) -> Result<Self, RedisOptionsError> {
        Ok(Self {
            client: options.clients()?.swap_remove(0),
            cluster: options.cluster_client()?,
            masters: Masters::default(),
            timeout: options.timeout,
            state: RwLock::new(State {
                connection: Err(Failure::away("not connected yet")),
                generation: 0,
            }),
            lost: Arc::default(),
            connections: watch::Sender::new(0),
            outage: Arc::new(Outage::of("Redis")),
        })
    }

    /// One command, one round trip.
    pub(super) async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let (mut connection, generation) = self.connection()?;
        let answer = timeout(self.timeout, command.query_async(&mut connection)).await;
        self.judge(answer, generation)
    }

    /// A script, in one round trip once the engine knows it.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Failure> {
        let (mut connection, generation) = self.connection()?;
        let answer = timeout(self.timeout, script.invoke_async(&mut connection)).await;
        self.judge(answer, generation)
    }

    /// Many commands in one round trip, each with an answer or an error of its own. In a cluster, one round trip to each node.
    pub(super) async fn call_all<T: FromRedisValue>(
        &self,
        commands: Vec<Cmd>,
    ) -> Result<Vec<Result<T, Failure>>, Failure> {
        let (mut connection, generation) = self.connection()?;
        let answers: Vec<RedisResult<T>> = match &mut connection {
            Connection::Single(_) => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command(command);
                }
                let answers = timeout(self.timeout, pipeline.ignore_errors().query_async(&mut connection)).await;
                self.judge(answers, generation)?
            }
            // Commands for many slots make no pipeline; those for one node share its connection, and with it its system calls.
            Connection::Cluster(cluster) => {
                let calls = commands.iter().map(|command| {
                    let mut cluster = cluster.clone();
                    async move { command.query_async(&mut cluster).await }
                });
                let answers = timeout(self.timeout, futures::future::join_all(calls)).await;
                self.judge(answers.map(Ok), generation)?
            }
        };
        Ok(answers
            .into_iter()
            .map(|answer| answer.map_err(Failure::from))
            .collect())
    }

    fn connection(&self) -> Result<(Connection, u64), Failure> {
        let state = self.state.read();
        state
            .connection
            .clone()
            .map(|connection| (connection, state.generation))
    }

    fn judge<T>(&self, answer: Result<RedisResult<T>, Elapsed>, generation: u64) -> Result<T, Failure> {
        let failure = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => Failure::from(error),
            Err(_) => Failure::away("no answer in time"),
        };
        // A cluster's connection mends itself node by node; only its keeper says that all of it is away.
        if matches!(failure, Failure::Away(_)) && self.cluster.is_none() {
            self.lose(&failure, generation);
        }
        Err(failure)
    }

    fn lose(&self, failure: &Failure, generation: u64) {
        {
            let mut state = self.state.write();
            if state.generation != generation {
                return;
            }
            state.connection = Err(failure.clone());
        }
        self.outage.begins(PART, failure.error());
        self.lost.notify_one();
    }

    /// Keeps a connection there, for as long as the link is.
    pub(super) async fn keep(link: Weak<Self>) {
        loop {
            let Some(strong) = link.upgrade() else { return };
            let wait = strong.look().await;
            let lost = Arc::clone(&strong.lost);
            drop(strong);
            // whichever is first; what has passed is all that counts
            let _ = timeout(wait, lost.notified()).await;
        }
    }

    /// Looks whether the connection works, or makes one; how long until the next look.
    pub(super) async fn look(&self) -> Duration {
        let Ok((_, generation)) = self.connection() else {
            return self.connect().await;
        };
        // a read, and not a ping: it is refused while the engine loads its data
        match self.call::<bool>(redis::cmd("EXISTS").arg("{health}")).await {
            Err(failure @ Failure::Away(_)) => {
                self.lose(&failure, generation);
                RETRY_EVERY
            }
            Ok(_) | Err(Failure::Refused(_)) => {
                self.look_at_masters().await;
                LOOK_EVERY
            }
        }
    }

    /// A cluster's connection stays when one of its nodes is another one.
    async fn look_at_masters(&self) {
        let Ok((Connection::Cluster(mut cluster), _)) = self.connection() else {
            return;
        };
        // one that does not answer is asked next time
        if let Ok(Ok(true)) = timeout(self.timeout, self.masters.changed(&mut cluster)).await {
            self.connections.send_modify(|connections| *connections += 1);
        }
    }

    async fn connect(&self) -> Duration {
        let attempt = timeout(self.timeout, self.attempt()).await;
        let outcome = match attempt {
            Ok(outcome) => outcome.map_err(Failure::from),
            Err(_) => Err(Failure::away("no connection in time")),
        };
        match outcome {
            Ok(connection) => {
                let mut state = self.state.write();
                state.connection = Ok(connection);
                state.generation += 1;
                drop(state);
                self.outage.ends(PART);
                self.connections.send_modify(|connections| *connections += 1);
                LOOK_EVERY
            }
            Err(failure) => {
                self.outage.begins(PART, failure.error());
                self.state.write().connection = Err(failure);
                RETRY_EVERY
            }
        }
    }

    async fn attempt(&self) -> RedisResult<Connection> {
        let mut connection = match &self.cluster {
            Some(cluster) => Connection::Cluster(cluster.get_async_connection().await?),
            None => {
                // All waiting is bounded by whoever calls, the time in queues included.
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(None)
                    .set_response_timeout(None);
                let connection = self.client.get_multiplexed_async_connection_with_config(&config);
                Connection::Single(connection.await?)
            }
        };
        let _: bool = redis::cmd("EXISTS")
            .arg("{health}")
            .query_async(&mut connection)
            .await?;
        Ok(connection)
    }
}

impl Failure {
    fn away(why: &'static str) -> Self {
        Self::Away(Arc::new(RedisError::from((ErrorKind::Io, why))))
    }

    pub(super) fn error(&self) -> &RedisError {
        let (Self::Away(error) | Self::Refused(error)) = self;
        error
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly};
        match error.kind() {
            // a server that is starting, or was made a replica: as good as away
            ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly) => Self::Away(Arc::new(error)),
            ErrorKind::Server(_) | ErrorKind::Extension | ErrorKind::UnexpectedReturnType => {
                Self::Refused(Arc::new(error))
            }
            _ => Self::Away(Arc::new(error)),
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

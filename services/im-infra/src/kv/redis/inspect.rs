//! What a server is like, for who looks after it. Nothing is changed.

use super::{RedisOptions, RedisOptionsError};
use crate::clock::Clock;
use redis::{AsyncConnectionConfig, InfoDict, cmd};
use std::io;
use tokio::time::timeout;

/// A server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisState {
    /// `host:port`, as it was configured.
    pub address: String,
    /// Its version.
    pub version: String,
    /// `master`, or `slave`, which takes no writes.
    pub role: String,
    /// What it does when memory is short: `maxmemory_policy`; empty if it does not say.
    pub eviction: String,
    /// Bytes that it may use; 0 for no bound.
    pub max_memory: u64,
    /// By how many milliseconds its clock is ahead of `clock`, to half of the time that the answer took.
    pub ahead_ms: i64,
}

/// Why a server is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum RedisInspectError {
    /// The options make no client.
    #[error("the options make no client")]
    Options(#[from] RedisOptionsError),
    /// It cannot be reached, or refused.
    #[error("{address}")]
    Server {
        /// Which one.
        address: String,
        /// Why.
        #[source]
        source: redis::RedisError,
    },
}

/// Asks each of the servers that are configured.
///
/// # Errors
/// One of them does not answer in [`RedisOptions::timeout`], or refuses to.
pub async fn inspect(options: &RedisOptions, clock: &dyn Clock) -> Result<Vec<RedisState>, RedisInspectError> {
    options.check()?;
    let mut states = Vec::new();
    for (address, client) in options.addresses.iter().zip(options.clients()?) {
        let ask = async {
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(options.timeout))
                .set_response_timeout(Some(options.timeout));
            let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
            let info: InfoDict = cmd("INFO").query_async(&mut connection).await?;
            let asked_ms = clock.now_ms();
            let (seconds, micros): (u64, u64) = cmd("TIME").query_async(&mut connection).await?;
            let middle_ms = u64::midpoint(asked_ms, clock.now_ms());
            let text = |key| info.get::<String>(key).unwrap_or_default();
            Ok(RedisState {
                address: address.clone(),
                version: text("redis_version"),
                role: text("role"),
                eviction: text("maxmemory_policy"),
                max_memory: info.get("maxmemory").unwrap_or(0),
                ahead_ms: (seconds * 1_000 + micros / 1_000) as i64 - middle_ms as i64,
            })
        };
        let late = |_| io::Error::from(io::ErrorKind::TimedOut).into();
        let answer = timeout(options.timeout * 2, ask).await.map_err(late).flatten();
        states.push(answer.map_err(|source| RedisInspectError::Server {
            address: address.clone(),
            source,
        })?);
    }
    Ok(states)
}

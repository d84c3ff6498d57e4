//! The keys that processes share: presence, marks of duplicates, sessions that ended.

use super::report::Finding;
use crate::settings::Settings;
use im_infra::clock::SharedClock;

const SUBJECT: &str = "keys";

pub(super) async fn look(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    if settings.redis.addresses.is_empty() {
        return vec![Finding::good(SUBJECT, "in the process")];
    }
    shared(settings, clock).await
}

#[cfg(not(feature = "cluster"))]
async fn shared(_: &Settings, _: &SharedClock) -> Vec<Finding> {
    super::not_built_in(SUBJECT, "redis.addresses")
}

#[cfg(feature = "cluster")]
async fn shared(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    use super::{clock::compare, told};
    use im_infra::kv::redis::{RedisOptions, RedisState, inspect};
    let redis = &settings.redis;
    match inspect(&RedisOptions::from(redis), &**clock).await {
        Ok(servers) => {
            let both = |server: RedisState| {
                let clock = compare("Redis", server.ahead_ms);
                [judge(&server), clock]
            };
            servers.into_iter().flat_map(both).collect()
        }
        Err(error) => vec![Finding::bad(
            SUBJECT,
            format!("Redis does not answer: {}", told(&error)),
            "start it, or correct redis: addresses, user, password, timeout; meanwhile everything is slower, and who is online is not known",
        )],
    }
}

#[cfg(feature = "cluster")]
fn judge(server: &im_infra::kv::redis::RedisState) -> Finding {
    let found = format!("{} answers, Redis {}", server.address, server.version);
    let version: Vec<u32> = server.version.split('.').map_while(|part| part.parse().ok()).collect();
    if version.as_slice() < &[6, 2][..] {
        return Finding::bad(
            SUBJECT,
            format!("{found}, which is older than 6.2"),
            "update the server",
        );
    }
    if server.role != "master" {
        return Finding::bad(
            SUBJECT,
            format!("{found}, takes no writes"),
            "name the server that does in redis.addresses",
        );
    }
    if server.max_memory > 0 && server.eviction.starts_with("allkeys") {
        return Finding::doubtful(
            SUBJECT,
            format!(
                "{found}, throws away any key when its memory is full ({})",
                server.eviction
            ),
            "set maxmemory-policy to volatile-lru: fences of locks must not be forgotten",
        );
    }
    Finding::good(SUBJECT, found)
}

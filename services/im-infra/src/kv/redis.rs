//! Redis, for processes that share their keys: one server, or a cluster.
//!
//! * **Connections.** One for commands, used by all calls at once, and one for messages. Both come back by themselves.
//! * **Outages.** A call that gets no answer in [`RedisOptions::timeout`] is [`KvError::Unavailable`], and so is, at once, every other
//!   until the engine answers again, which is tried five times a second. One line is logged when it goes and one when it is back.
//!   What a call that failed so was to change may have been changed. Subscribers get [`Received::Missed`](super::Received::Missed) when it is back.
//! * **Losses.** Whoever keeps in Redis what must not be missed there is told ([`Kv::losses`]) of each new connection and, in a cluster, within about a
//!   second, of each new master.
//! * **Keys.** `prefix:key` for values, `prefix!{key}` for locks and `prefix#{key}` for their fences: the braces put both in one slot
//!   of a cluster.
//! * **Time to live** is counted by the server's clock, which should run evenly: fences grow with it.

mod inspect;
mod link;
mod masters;
mod options;
mod scripts;
mod subscriptions;

pub use inspect::{RedisInspectError, RedisState, inspect};
pub use options::{RedisOptions, RedisOptionsError};

use self::{
    link::{Failure, Link},
    scripts::Scripts,
    subscriptions::{Ask, Subscriptions},
};
use super::{Kv, KvError, Lock, Messages, channels::Channels};
use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, FromRedisValue, Script, ScriptInvocation, cmd};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

/// A fence is kept for so long after its lock: longer than any clock of a server is set back.
const FENCE_KEPT: Duration = Duration::from_secs(24 * 3_600);
/// A time to live beyond the 30,000 years that Redis can count is as good as this.
const LONGEST_MS: u64 = 1_000_000_000_000_000;
/// So many may wait for their subscription; more wait for these.
const ASKS: usize = 64;

/// A client of Redis. Subscriptions end when it is dropped.
pub struct RedisKv {
    prefix: String,
    timeout: Duration,
    link: Arc<Link>,
    scripts: Scripts,
    channels: Arc<Channels>,
    asks: mpsc::Sender<Ask>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl RedisKv {
    /// A client. It has tried to connect once; if that failed, it starts in an outage.
    ///
    /// # Errors
    /// [`RedisOptionsError`] for options that make no client.
    pub async fn connect(options: RedisOptions) -> Result<Self, RedisOptionsError> {
        options.check()?;
        let link = Arc::new(Link::new(&options)?);
        link.look().await;
        let (asks, received) = mpsc::channel(ASKS);
        let channels = Arc::new(Channels::default());
        let subscriptions = Subscriptions {
            clients: options.clients()?,
            prefix: options.prefix.clone(),
            timeout: options.timeout,
            channels: Arc::clone(&channels),
            asks: received,
            outage: Arc::clone(&link.outage),
        };
        let tasks = [
            tokio::spawn(Link::keep(Arc::downgrade(&link))),
            tokio::spawn(subscriptions.keep()),
        ];
        Ok(Self {
            prefix: options.prefix,
            timeout: options.timeout,
            link,
            scripts: Scripts::new(),
            channels,
            asks,
            _tasks: tasks.map(AbortOnDropHandle::new),
        })
    }

    fn name(&self, key: &str) -> String {
        format!("{}:{key}", self.prefix)
    }

    fn lock_name(&self, key: &str) -> String {
        format!("{}!{{{key}}}", self.prefix)
    }

    /// A command whose first argument is a key.
    fn on(&self, command: &str, key: &str) -> Cmd {
        let mut command = cmd(command);
        command.arg(self.name(key));
        command
    }

    async fn call<T: FromRedisValue>(&self, key: &str, command: &Cmd) -> Result<T, KvError> {
        self.link.call(command).await.map_err(|failure| error(key, &failure))
    }

    async fn run<T: FromRedisValue>(&self, key: &str, script: &ScriptInvocation<'_>) -> Result<T, KvError> {
        self.link.run(script).await.map_err(|failure| error(key, &failure))
    }

    async fn run_on_lock(&self, script: &Script, lock: &Lock, ttl: Option<Duration>) -> Result<bool, KvError> {
        let mut script = script.key(self.lock_name(&lock.key));
        script.arg(owner(lock.owner));
        if let Some(ttl) = ttl {
            script.arg(millis(ttl));
        }
        self.run(&lock.key, &script).await
    }
}

fn millis(ttl: Duration) -> u64 {
    ttl.as_millis().clamp(1, u128::from(LONGEST_MS)) as u64
}

fn owner(owner: u128) -> String {
    format!("{owner:032x}")
}

fn error(key: &str, failure: &Failure) -> KvError {
    let (Failure::Away(cause) | Failure::Refused(cause)) = failure;
    // these two are known by their words alone: `value is not an integer or out of range`, `increment or decrement would overflow`
    let not_a_number = |text: &str| text.contains("not an integer") || text.contains("would overflow");
    if cause.code() == Some("WRONGTYPE") || cause.detail().is_some_and(not_a_number) {
        return KvError::WrongKind { key: key.into() };
    }
    KvError::Unavailable(Some(Arc::clone(cause) as _))
}

/// Fields of a hash as Redis lists them.
type Fields = Vec<(String, Bytes)>;

#[async_trait]
impl Kv for RedisKv {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, KvError> {
        self.call(key, &self.on("GET", key)).await
    }

    async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, KvError> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let mut command = cmd("MGET");
        for key in keys {
            command.arg(self.name(key));
        }
        self.call(first, &command).await
    }

    async fn set(&self, key: &str, value: Bytes, ttl: Option<Duration>) -> Result<(), KvError> {
        let mut command = self.on("SET", key);
        command.arg(&*value);
        if let Some(ttl) = ttl {
            command.arg("PX").arg(millis(ttl));
        }
        self.call(key, &command).await
    }

    async fn set_if_absent(&self, entries: &[(String, Bytes)], ttl: Option<Duration>) -> Result<Vec<bool>, KvError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let command = |(key, value): &(String, Bytes)| {
            let mut command = self.on("SET", key);
            command.arg(&**value).arg("NX");
            if let Some(ttl) = ttl {
                command.arg("PX").arg(millis(ttl));
            }
            command
        };
        let answers = self.link.call_all(entries.iter().map(command).collect()).await;
        let answers = answers.map_err(|failure| error(&entries[0].0, &failure))?;
        let set = |((key, _), answer): (&(String, Bytes), Result<Option<String>, Failure>)| match answer {
            Ok(answer) => Ok(answer.is_some()),
            Err(failure) => Err(error(key, &failure)),
        };
        entries.iter().zip(answers).map(set).collect()
    }

    async fn delete(&self, keys: &[String]) -> Result<u64, KvError> {
        let Some(first) = keys.first() else {
            return Ok(0);
        };
        let mut command = cmd("DEL");
        for key in keys {
            command.arg(self.name(key));
        }
        self.call(first, &command).await
    }

    async fn expire(&self, key: &str, ttl: Duration) -> Result<bool, KvError> {
        self.call(key, self.on("PEXPIRE", key).arg(millis(ttl))).await
    }

    async fn increment(&self, key: &str, by: i64) -> Result<i64, KvError> {
        self.call(key, self.on("INCRBY", key).arg(by)).await
    }

    async fn hash_set(&self, key: &str, fields: &[(String, Bytes)], ttl: Option<Duration>) -> Result<(), KvError> {
        let Some(ttl) = ttl else {
            let mut command = self.on(if fields.is_empty() { "HLEN" } else { "HSET" }, key);
            for (field, value) in fields {
                command.arg(field).arg(&**value);
            }
            return self.call(key, &command).await;
        };
        let mut script = self.scripts.hash_set.key(self.name(key));
        script.arg(millis(ttl));
        for (field, value) in fields {
            script.arg(field).arg(&**value);
        }
        self.run(key, &script).await
    }

    async fn hash_get(&self, key: &str, field: &str) -> Result<Option<Bytes>, KvError> {
        self.call(key, self.on("HGET", key).arg(field)).await
    }

    async fn hash_all(&self, key: &str) -> Result<Vec<(String, Bytes)>, KvError> {
        self.call(key, &self.on("HGETALL", key)).await
    }

    async fn hash_all_many(&self, keys: &[String]) -> Result<Vec<Vec<(String, Bytes)>>, KvError> {
        let Some(first) = keys.first() else {
            return Ok(Vec::new());
        };
        let commands = keys.iter().map(|key| self.on("HGETALL", key)).collect();
        let answers: Vec<Result<Fields, Failure>> = self
            .link
            .call_all(commands)
            .await
            .map_err(|failure| error(first, &failure))?;
        let named = |(key, answer): (&String, Result<Fields, Failure>)| answer.map_err(|failure| error(key, &failure));
        keys.iter().zip(answers).map(named).collect()
    }

    async fn hash_delete(&self, key: &str, fields: &[String]) -> Result<u64, KvError> {
        if fields.is_empty() {
            return self.call::<u64>(key, &self.on("HLEN", key)).await.map(|_| 0);
        }
        self.call(key, self.on("HDEL", key).arg(fields)).await
    }

    async fn hash_increment(&self, key: &str, field: &str, by: i64) -> Result<i64, KvError> {
        self.call(key, self.on("HINCRBY", key).arg(field).arg(by)).await
    }

    async fn sorted_add(&self, key: &str, members: &[(f64, Bytes)]) -> Result<(), KvError> {
        let mut command = self.on(if members.is_empty() { "ZCARD" } else { "ZADD" }, key);
        for (score, member) in members {
            let score = if score.is_nan() { f64::NEG_INFINITY } else { *score };
            command.arg(score).arg(&**member);
        }
        self.call(key, &command).await
    }

    async fn sorted_top(&self, key: &str, offset: usize, limit: usize) -> Result<Vec<(f64, Bytes)>, KvError> {
        let (first, last) = match limit {
            // a range that is empty, but of which the engine still says whether the key is of this kind
            0 => (1, 0),
            _ => (index(offset), index(offset.saturating_add(limit - 1))),
        };
        let mut command = self.on("ZREVRANGE", key);
        command.arg(first).arg(last).arg("WITHSCORES");
        let members: Vec<(Bytes, f64)> = self.call(key, &command).await?;
        Ok(members.into_iter().map(|(member, score)| (score, member)).collect())
    }

    async fn sorted_trim(&self, key: &str, keep: usize) -> Result<u64, KvError> {
        // ranks from the lowest score, the last one counted from the highest
        self.call(key, self.on("ZREMRANGEBYRANK", key).arg(0).arg(-1 - index(keep)))
            .await
    }

    async fn sorted_remove(&self, key: &str, members: &[Bytes]) -> Result<u64, KvError> {
        if members.is_empty() {
            return self.call::<u64>(key, &self.on("ZCARD", key)).await.map(|_| 0);
        }
        let mut command = self.on("ZREM", key);
        for member in members {
            command.arg(&**member);
        }
        self.call(key, &command).await
    }

    async fn try_lock(&self, key: &str, ttl: Duration) -> Result<Option<Lock>, KvError> {
        let id: u128 = rand::random();
        let mut script = self.scripts.take.key(self.lock_name(key));
        script.key(format!("{}#{{{key}}}", self.prefix));
        script.arg(owner(id)).arg(millis(ttl)).arg(millis(FENCE_KEPT));
        let fence: Option<u64> = self.run(key, &script).await?;
        Ok(fence.map(|fence| Lock {
            key: key.into(),
            fence,
            owner: id,
        }))
    }

    async fn extend(&self, lock: &Lock, ttl: Duration) -> Result<bool, KvError> {
        self.run_on_lock(&self.scripts.extend, lock, Some(ttl)).await
    }

    async fn unlock(&self, lock: Lock) -> Result<bool, KvError> {
        self.run_on_lock(&self.scripts.release, &lock, None).await
    }

    async fn publish(&self, channel: &str, message: Bytes) -> Result<(), KvError> {
        self.call(channel, self.on("PUBLISH", channel).arg(&*message)).await
    }

    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Messages>, KvError> {
        let messages = self.channels.subscribe(channel);
        let (done, asked) = oneshot::channel();
        let ask = Ask {
            channel: channel.into(),
            done,
        };
        let subscribed = async { self.asks.send(ask).await.is_ok() && asked.await.is_ok() };
        // twice: it may have to wait for a connection first
        match timeout(self.timeout * 2, subscribed).await {
            Ok(true) => Ok(Box::new(messages)),
            Ok(false) | Err(_) => Err(KvError::Unavailable(None)),
        }
    }

    fn health(&self) -> Result<(), KvError> {
        if self.link.outage.lasts() {
            return Err(KvError::Unavailable(None));
        }
        Ok(())
    }

    fn losses(&self) -> watch::Receiver<u64> {
        self.link.connections.subscribe()
    }
}

fn index(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX - 1).min(i64::MAX - 1)
}

#[cfg(test)]
mod tests;

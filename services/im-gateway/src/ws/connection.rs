//! What everybody may know of a connection.

use super::{outbox::Outbox, pending::Pending};
use crate::config::Config;
use im_schema::{
    failure::Failure,
    ids::UserId,
    parlance::Reason,
    rpc::{Caller, Context, Identity},
};
use std::{
    net::IpAddr,
    sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed},
};

/// A connection, as others see it: they may put something into its outbox.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Unique among all connections that this gateway ever had, restarts included.
    pub(crate) id: u64,
    /// Who is at the other end, by the token of the upgrade.
    pub(crate) caller: Caller,
    pub(crate) outbox: Outbox,
    /// What it sent and has not been told to be accepted.
    pub(crate) pending: Pending,
    address: IpAddr,
    expires_at_ms: AtomicU64,
    // both in milliseconds of the monotonic clock, as exact as the ticker
    heard_ms: AtomicU64,
    pinged_ms: AtomicU64,
    calls: AtomicU16,
}

impl Connection {
    pub(crate) fn new(id: u64, caller: Caller, address: IpAddr, outbox: Outbox, monotonic_ms: u64) -> Self {
        Self {
            id,
            outbox,
            pending: Pending::default(),
            address,
            expires_at_ms: AtomicU64::new(caller.expires_at_ms),
            heard_ms: AtomicU64::new(monotonic_ms),
            pinged_ms: AtomicU64::new(monotonic_ms),
            calls: AtomicU16::new(0),
            caller,
        }
    }

    pub(crate) fn user(&self) -> UserId {
        self.caller.user
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::User(Caller {
            expires_at_ms: self.expires_at_ms.load(Relaxed),
            ..self.caller.clone()
        })
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// With what the user calls services over this connection.
    pub(crate) fn context(&self) -> Context {
        Context {
            identity: self.identity(),
            address: Some(self.address),
            ..Context::default()
        }
    }

    /// Takes note that the peer is alive.
    pub(crate) fn heard(&self, monotonic_ms: u64) {
        self.heard_ms.store(monotonic_ms, Relaxed);
    }

    /// Keeps the connection until the end of a new token.
    pub(crate) fn renew(&self, expires_at_ms: u64) {
        self.expires_at_ms.store(expires_at_ms, Relaxed);
    }

    /// Counts a call that is being answered, unless there are `limit` already.
    pub(crate) fn begin_call(&self, limit: u16) -> bool {
        // only the connection's own task begins calls, so what is read cannot grow meanwhile
        let free = self.calls.load(Relaxed) < limit.max(1);
        if free {
            self.calls.fetch_add(1, Relaxed);
        }
        free
    }

    /// Counts a call as answered. The answer has to be sent after this, so that the task which it wakes sees it.
    pub(crate) fn end_call(&self) {
        self.calls.fetch_sub(1, Relaxed);
    }

    /// What is due on a connection, at every tick.
    pub(crate) fn tick(&self, config: &Config, monotonic_ms: u64, now_ms: u64) {
        if now_ms >= self.expires_at_ms.load(Relaxed) {
            return self.outbox.fail(&Failure::new(Reason::TokenExpired, ""));
        }
        let silent_ms = monotonic_ms.saturating_sub(self.heard_ms.load(Relaxed));
        if u128::from(silent_ms) >= config.idle_timeout.as_millis() {
            return self.outbox.fail(&Failure::new(Reason::PingTimeout, ""));
        }
        let unpinged_ms = monotonic_ms.saturating_sub(self.pinged_ms.load(Relaxed));
        if u128::from(unpinged_ms) >= config.ping_interval.as_millis() {
            self.pinged_ms.store(monotonic_ms, Relaxed);
            self.outbox.ping();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{wire::Wire, ws::outbox::OutboxLimits};
    use im_schema::ids::SessionId;
    use std::time::Duration;

    fn connection() -> Connection {
        let caller = Caller {
            user: UserId(1),
            session: SessionId(2),
            device: "laptop".into(),
            admin: false,
            expires_at_ms: 100_000,
        };
        let outbox = Outbox::new(
            Wire::Text,
            OutboxLimits {
                bytes: 1_000,
                frames: 10,
            },
        );
        Connection::new(7, caller, [127, 0, 0, 1].into(), outbox, 0)
    }

    fn config() -> Config {
        Config {
            ping_interval: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(25),
            ..Config::default()
        }
    }

    #[test]
    fn it_is_pinged_now_and_then_and_closed_when_it_stays_silent() {
        let connection = connection();
        connection.tick(&config(), 9_999, 0);
        assert!(connection.outbox.take().is_none());
        connection.tick(&config(), 10_000, 0);
        assert!(connection.outbox.take().unwrap().ping);
        connection.heard(12_000);
        connection.tick(&config(), 36_000, 0);
        assert!(connection.outbox.take().unwrap().close.is_none());
        connection.tick(&config(), 37_000, 0);
        assert_eq!(connection.outbox.take().unwrap().close.unwrap().code, 4409);
    }

    #[test]
    fn it_ends_with_its_token_unless_that_is_renewed() {
        let connection = connection();
        connection.renew(200_000);
        connection.tick(&config(), 1, 100_000);
        assert!(connection.outbox.take().is_none());
        connection.tick(&config(), 1, 200_000);
        assert_eq!(connection.outbox.take().unwrap().close.unwrap().code, 4402);
    }

    #[test]
    fn calls_are_counted() {
        let connection = connection();
        assert!(connection.begin_call(2) && connection.begin_call(2) && !connection.begin_call(2));
        connection.end_call();
        assert!(connection.begin_call(2));
    }
}

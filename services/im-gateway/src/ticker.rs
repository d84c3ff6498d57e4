//! The one timer that all connections share, and the heartbeat of presence.

use crate::gate::Gate;
use std::sync::{Arc, atomic::Ordering::Relaxed};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Looks after pings, silence and expiry, for ever.
pub(crate) async fn tick(gate: Arc<Gate>) {
    let mut ticks = every_tick(&gate);
    loop {
        ticks.tick().await;
        let monotonic_ms = gate.clock.monotonic().as_millis() as u64;
        let now_ms = gate.clock.now_ms();
        gate.coarse.store(monotonic_ms, Relaxed);
        gate.hub.read(|tables| {
            for connection in tables.all() {
                connection.tick(&gate.config, monotonic_ms, now_ms);
            }
        });
    }
}

/// Renews presence, a part of the users a tick, for ever. Apart from the ticker, since kv may be slow.
pub(crate) async fn heartbeat(gate: Arc<Gate>) {
    let mut ticks = every_tick(&gate);
    let parts = gate.presence.parts_due(gate.config.tick);
    loop {
        ticks.tick().await;
        gate.presence.heartbeat(parts).await;
    }
}

fn every_tick(gate: &Gate) -> Interval {
    let mut ticks = interval(gate.config.tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

//! What all connections of a gateway share.

use crate::{
    config::Config, hub::Hub, meters::Meters, origin::Origins, presence::Presence, receipts::Receipts, uplink::Uplink,
};
use im_infra::{
    clock::SharedClock,
    layers::{Authenticator, RateLimits},
};
use im_schema::{frames::Clients, services::MessageServiceClient};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tokio_util::task::TaskTracker;

/// See the module.
pub(crate) struct Gate {
    pub(crate) config: Config,
    pub(crate) instance: Arc<str>,
    pub(crate) clock: SharedClock,
    pub(crate) origins: Origins,
    pub(crate) authenticator: Authenticator,
    pub(crate) rates: RateLimits,
    pub(crate) clients: Clients,
    pub(crate) history: MessageServiceClient,
    pub(crate) hub: Arc<Hub>,
    pub(crate) uplink: Arc<Uplink>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) presence: Presence,
    /// Connections, their calls, and what is left to do for those that ended.
    pub(crate) tasks: TaskTracker,
    pub(crate) meters: Meters,
    pub(crate) ids: ConnectionIds,
    pub(crate) coarse: AtomicU64,
}

impl Gate {
    /// The monotonic clock in milliseconds, as of the last tick: a thousand connections need not ask the machine each time.
    pub(crate) fn coarse_ms(&self) -> u64 {
        self.coarse.load(Relaxed)
    }

    pub(crate) fn next_connection_id(&self) -> u64 {
        self.ids.0.fetch_add(1, Relaxed)
    }
}

/// Ids of connections. They begin at the time of the start, so that what an earlier life of this instance left in the log finds nobody.
pub(crate) struct ConnectionIds(AtomicU64);

impl ConnectionIds {
    pub(crate) fn since(now_ms: u64) -> Self {
        // room for a million connections in each millisecond of an earlier life
        Self(AtomicU64::new(now_ms << 20))
    }
}

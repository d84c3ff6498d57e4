//! Who the masters of a cluster are: behind one that was not there before, some of the keys may be gone.

use parking_lot::Mutex;
use redis::{
    RedisResult,
    cluster_async::ClusterConnection,
    cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo},
    cmd, from_redis_value,
};
use std::collections::{BTreeSet, HashMap};

/// The processes that were masters when they were last asked.
#[derive(Default)]
pub(super) struct Masters(Mutex<BTreeSet<String>>);

impl Masters {
    /// Asks them all. Whether there is one that was not there before: restarted, made a master in place of another one, or added.
    ///
    /// # Errors
    /// One does not answer: nothing is known then.
    pub(super) async fn changed(&self, cluster: &mut ClusterConnection) -> RedisResult<bool> {
        let all = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        let told = cluster.route_command(cmd("INFO").arg("server").clone(), all).await?;
        let told: HashMap<String, String> = from_redis_value(told)?;
        let now: BTreeSet<String> = told
            .values()
            .filter_map(|told| run_id(told))
            .map(str::to_owned)
            .collect();
        let before = std::mem::replace(&mut *self.0.lock(), now.clone());
        Ok(!before.is_empty() && !now.is_subset(&before))
    }
}

/// Each start of a server has another one.
fn run_id(info: &str) -> Option<&str> {
    info.lines().find_map(|line| line.strip_prefix("run_id:"))
}

//! Settings that change in a running process, by values in the registry.

use crate::{platform::ground::Ground, settings::Settings};
use im_gateway::Pages;
use im_infra::{
    config::hot::Hot,
    layers::Layers,
    telemetry::{self, LevelHandle},
};
use im_logic::LargeGroups;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// Keys of the settings that may change. The commented default file says `(hot)` of each.
pub const KEYS: [&str; 8] = [
    "telemetry.level",
    "gateway.pages",
    "logic.large_group_threshold",
    "limits.credentials",
    "limits.read",
    "limits.write",
    "limits.send",
    "limits.concurrency",
];

/// What takes settings while it runs; missing is what a role does not have.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) pages: Option<Pages>,
    pub(crate) large_groups: Option<LargeGroups>,
}

/// Follows the registry until it is dropped.
pub(crate) type Following = AbortOnDropHandle<()>;

impl Parts {
    /// Hands these parts, the log and the limits of a process what the registry says, from now on.
    pub(crate) fn follow(self, ground: &Ground) -> Option<Following> {
        let sources = ground.settings.sources.clone()?;
        let (layers, level) = (
            ground.layers.clone(),
            telemetry::installed().map(|installed| installed.level.clone()),
        );
        let apply = move |settings: &Settings| self.apply(settings, &layers, level.as_ref());
        let follow = Hot::new(sources, &KEYS).follow(Arc::clone(&ground.engines.registry), apply);
        Some(AbortOnDropHandle::new(tokio::spawn(follow)))
    }

    fn apply(&self, settings: &Settings, layers: &Layers, level: Option<&LevelHandle>) {
        if let Some(level) = level {
            level.set(&settings.telemetry.level);
        }
        layers.rates.set(&settings.limits.quotas());
        layers.capacity.set(settings.limits.concurrency);
        if let Some(pages) = &self.pages {
            pages.set(settings.gateway.pages);
        }
        if let Some(large_groups) = &self.large_groups {
            large_groups.set_threshold(settings.logic.large_group_threshold);
        }
    }
}

#[cfg(test)]
mod tests;

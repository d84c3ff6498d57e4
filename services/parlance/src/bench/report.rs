//! The figures, for people and for programs.

use super::tally::{Percentiles, Tally};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use std::{collections::BTreeMap, path::Path, time::Duration};

/// All figures of one run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    pub(crate) scenario: String,
    /// How long messages were sent, in seconds.
    pub(crate) seconds: f64,
    pub(crate) connections: usize,
    /// What was asked for, in messages (for `group`: deliveries) per second.
    pub(crate) offered_per_second: f64,
    pub(crate) sent: u64,
    pub(crate) accepted: u64,
    pub(crate) stored: u64,
    pub(crate) delivered: u64,
    /// Accepted and never delivered.
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) out_of_order: u64,
    /// Refused with a retryable reason before they were accepted.
    pub(crate) refused: u64,
    /// Deliveries per second, from the first intended send to the last delivery.
    pub(crate) rate_per_second: f64,
    pub(crate) accept_ms: Percentiles,
    pub(crate) delivery_ms: Percentiles,
    pub(crate) cpu_seconds: Cpu,
    pub(crate) server_kib_per_connection: f64,
    /// What fdatasync itself takes on this disk while it is quiet.
    pub(crate) sync_ms: Percentiles,
}

/// Processor time used during the run.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Cpu {
    /// By name: the server that was started for the purpose, and those that were to be watched.
    pub(crate) processes: BTreeMap<String, f64>,
    pub(crate) client: f64,
}

impl Cpu {
    fn line(&self) -> String {
        let processes = self
            .processes
            .iter()
            .map(|(name, seconds)| format!("{name} {seconds:.2}   "));
        format!("{}client {:.2}", processes.collect::<String>(), self.client)
    }
}

impl Report {
    /// The figures of a run; what no run can know is zero and filled in by the caller.
    pub(crate) fn of(scenario: &str, tally: &Tally, expected: u64, sending: Duration, whole: Duration) -> Self {
        Self {
            scenario: scenario.to_owned(),
            seconds: sending.as_secs_f64(),
            connections: 0,
            offered_per_second: 0.0,
            sent: tally.sent,
            accepted: tally.accepted,
            stored: tally.stored,
            delivered: tally.delivered,
            lost: expected.saturating_sub(tally.delivered),
            duplicated: tally.duplicated,
            out_of_order: tally.out_of_order,
            refused: tally.refused,
            rate_per_second: tally.delivered as f64 / whole.as_secs_f64().max(1e-9),
            accept_ms: tally.accept_ms(),
            delivery_ms: tally.delivery_ms(),
            cpu_seconds: Cpu::default(),
            server_kib_per_connection: 0.0,
            sync_ms: Percentiles::default(),
        }
    }

    /// Nothing was lost, doubled or out of order.
    pub(crate) fn sound(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.out_of_order == 0
    }

    /// Sound, and quick enough to count as a rate that the server can hold.
    pub(crate) fn holds(&self, p99_ms: f64) -> bool {
        self.sound() && self.refused == 0 && self.delivery_ms.p99 < p99_ms && self.delivered > 0
    }

    /// A table for people.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(UTF8_FULL_CONDENSED).set_header(["figure", "value"]);
        let scenario = format!(
            "{}, {:.1} s, {} connections",
            self.scenario, self.seconds, self.connections
        );
        let memory = format!("{:.1} KiB", self.server_kib_per_connection);
        // of connections that do nothing there is nothing else to tell, and of others nobody measures this
        let found = if self.server_kib_per_connection > 0.0 {
            vec![("memory a connection", memory)]
        } else {
            self.under_load()
        };
        let sync = ("fdatasync (ms)", percentiles(&self.sync_ms));
        for (name, value) in [("scenario", scenario)].into_iter().chain(found).chain([sync]) {
            table.add_row([name.to_owned(), value]);
        }
        table
    }

    fn under_load(&self) -> Vec<(&'static str, String)> {
        let messages = format!(
            "sent {}   accepted {}   stored {}   delivered {}",
            self.sent, self.accepted, self.stored, self.delivered
        );
        let faults = format!(
            "lost {}   duplicated {}   out of order {}",
            self.lost, self.duplicated, self.out_of_order
        );
        vec![
            ("offered", format!("{:.0}/s", self.offered_per_second)),
            ("delivered", format!("{:.0}/s", self.rate_per_second)),
            ("messages", messages),
            ("faults", faults),
            ("refused", self.refused.to_string()),
            ("accepted after (ms)", percentiles(&self.accept_ms)),
            ("delivered after (ms)", percentiles(&self.delivery_ms)),
            ("processor (s)", self.cpu_seconds.line()),
        ]
    }

    /// Writes the figures as JSON.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        Ok(std::fs::write(file, serde_json::to_vec_pretty(self)?)?)
    }
}

fn percentiles(p: &Percentiles) -> String {
    format!(
        "p50 {:.2}   p99 {:.2}   p99.9 {:.2}   max {:.2}",
        p.p50, p.p99, p.p999, p.max
    )
}

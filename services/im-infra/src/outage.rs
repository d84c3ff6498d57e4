//! One line when an engine goes away and one when it is back, however many calls fail in between.

use parking_lot::Mutex;
use std::{collections::BTreeSet, error::Error};
use tokio::time::Instant;

/// Whether an engine is away. It is away while any of its parts is, such as one of two connections.
pub(crate) struct Outage {
    engine: &'static str,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    away: BTreeSet<&'static str>,
    since: Option<Instant>,
}

impl Outage {
    pub(crate) fn of(engine: &'static str) -> Self {
        Self {
            engine,
            state: Mutex::default(),
        }
    }

    /// The part is away, or still is. Only the first call of an outage is told.
    pub(crate) fn begins(&self, part: &'static str, error: &dyn Error) {
        let mut state = self.state.lock();
        state.away.insert(part);
        if state.since.is_none() {
            state.since = Some(Instant::now());
            // the field wants an error that outlives the call, which a borrowed one does not
            let error = chain(error);
            tracing::warn!(reason = part, error, "{} is away, carrying on without it", self.engine);
        }
    }

    /// The part is back, or was never away. Only the call that ends an outage is told.
    pub(crate) fn ends(&self, part: &'static str) {
        let mut state = self.state.lock();
        if !state.away.remove(part) || !state.away.is_empty() {
            return;
        }
        if let Some(since) = state.since.take() {
            let duration_ms = since.elapsed().as_millis() as u64;
            tracing::info!(duration_ms, "{} is back", self.engine);
        }
    }

    /// Whether any part is away.
    pub(crate) fn lasts(&self) -> bool {
        self.state.lock().since.is_some()
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn it_lasts_until_every_part_is_back() {
        let outage = Outage::of("the engine");
        let error = io::Error::other("refused");
        assert!(!outage.lasts());
        outage.ends("commands");
        outage.begins("commands", &error);
        outage.begins("messages", &error);
        outage.begins("commands", &error);
        outage.ends("commands");
        assert!(outage.lasts(), "messages are still away");
        outage.ends("messages");
        assert!(!outage.lasts());
    }
}

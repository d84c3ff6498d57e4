//! What those who run the platform see: traces and metrics. A process has one export of traces and one page of metrics, so these tests have a
//! binary of their own, and follow each other.

mod collector;
mod metrics;
mod traces;

use collector::Seen;
use im_testkit::{Ground, Town, User};
use tokio::sync::{Mutex, MutexGuard};

static TURN: Mutex<()> = Mutex::const_new(());

/// A town with these settings, and the right to be the only one.
async fn town(ground: Ground, settings: &[(&str, &str)]) -> (Town, MutexGuard<'static, ()>) {
    let turn = TURN.lock().await;
    collector::take();
    (Town::start(ground, settings).await, turn)
}

/// A town that tells the collector of this share of what comes in.
async fn recorded(ground: Ground, share: &str, settings: &[(&str, &str)]) -> (Town, MutexGuard<'static, ()>) {
    let mut all = vec![
        ("telemetry.otlp_endpoint", collector::ADDRESS.as_str()),
        ("telemetry.sample_ratio", share),
    ];
    all.extend(settings);
    town(ground, &all).await
}

/// What the collector was told when everything has ended.
async fn told(mut town: Town, people: impl IntoIterator<Item = User>) -> Vec<Seen> {
    drop(people.into_iter().collect::<Vec<_>>());
    town.stop().await;
    collector::take()
}

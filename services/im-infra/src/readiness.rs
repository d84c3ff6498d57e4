//! Whether a process can serve: what it cannot serve without is asked every second, in the background, and every probe gets the answer of that.
//!
//! | status | means | ready |
//! | --- | --- | --- |
//! | `starting` | others do not know of it yet, or an engine was not asked yet | no |
//! | `ready` | it can serve; `degraded` names what it does without meanwhile | yes |
//! | `unready` | `failing` names what it cannot serve without; it may come back | no |
//! | `leaving` | it was told to stop | no |

mod engine;
mod grpc;
#[cfg(test)]
mod tests;

pub use self::{
    engine::Engine,
    grpc::{GrpcHealth, serving},
};

use engine::Answer;
use http::{HeaderValue, Response, StatusCode, header};
use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};
use tokio_util::task::AbortOnDropHandle;

/// An engine is asked so long after its last answer.
const EVERY: Duration = Duration::from_secs(1);
/// One that does not answer for so long is away.
const PATIENCE: Duration = Duration::from_secs(4);

/// Whether this process can serve. Clones are the same; engines are asked until the last one is dropped or it leaves.
#[derive(Clone)]
pub struct Readiness {
    verdict: watch::Sender<Verdict>,
    _asking: Arc<AbortOnDropHandle<()>>,
}

/// What is known of a process at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    stage: Stage,
    engines: BTreeMap<&'static str, State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Stage {
    Starting,
    Open,
    Leaving,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    needed: bool,
    /// `None` until it was asked.
    up: Option<bool>,
}

impl Readiness {
    /// Begins to ask these engines. Needs a Tokio runtime.
    #[must_use]
    pub fn of(engines: Vec<Engine>) -> Self {
        let unknown = |engine: &Engine| {
            let needed = engine.needed;
            (engine.name, State { needed, up: None })
        };
        let verdict = watch::Sender::new(Verdict {
            stage: Stage::Starting,
            engines: engines.iter().map(unknown).collect(),
        });
        let asking = tokio::spawn(ask_all(engines, verdict.clone()));
        Self {
            verdict,
            _asking: Arc::new(AbortOnDropHandle::new(asking)),
        }
    }

    /// Others know of this process: from now on it is ready while its engines are there.
    pub fn open(&self) {
        self.reach(Stage::Open);
    }

    /// It is about to end, and never ready again.
    pub fn leave(&self) {
        self.reach(Stage::Leaving);
    }

    /// What is known now.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict.borrow().clone()
    }

    /// What is known now, and every change from now on.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Verdict> {
        self.verdict.subscribe()
    }

    /// What `/health/ready` answers: 200 or 503, and the verdict in JSON.
    #[must_use]
    pub fn answer(&self) -> Response<String> {
        let verdict = self.verdict.borrow();
        let status = if verdict.is_ready() {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        json(status, verdict.to_json())
    }

    fn reach(&self, stage: Stage) {
        self.verdict.send_if_modified(|verdict| {
            let later = verdict.stage < stage;
            if later {
                verdict.stage = stage;
            }
            later
        });
    }
}

/// What `/health/live` answers. That it answers at all is the answer: engines that are away are not mended by a restart.
#[must_use]
pub fn alive() -> Response<String> {
    json(StatusCode::OK, "{\"status\":\"alive\"}".to_owned())
}

fn json(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Verdict {
    /// Whether it can serve.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status() == "ready"
    }

    /// One word; see the module.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self.stage {
            Stage::Leaving => "leaving",
            Stage::Open if self.away(true).next().is_some() => "unready",
            Stage::Open if self.engines.values().all(|state| state.up.is_some()) => "ready",
            Stage::Starting | Stage::Open => "starting",
        }
    }

    /// Engines that are away and without which it cannot serve, in alphabetical order.
    pub fn failing(&self) -> impl Iterator<Item = &'static str> {
        self.away(true)
    }

    /// Engines that are away and that it does without, in alphabetical order.
    pub fn degraded(&self) -> impl Iterator<Item = &'static str> {
        self.away(false)
    }

    fn away(&self, needed: bool) -> impl Iterator<Item = &'static str> {
        let away = move |state: &State| state.needed == needed && state.up == Some(false);
        self.engines
            .iter()
            .filter(move |(_, state)| away(state))
            .map(|(name, _)| *name)
    }

    /// `{"status":"unready","failing":["log"],"degraded":["kv"]}`
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = format!("{{\"status\":\"{}\"", self.status());
        for (key, needed) in [("failing", true), ("degraded", false)] {
            let names: Vec<String> = self.away(needed).map(|name| format!("\"{name}\"")).collect();
            // text takes whatever is written
            let _ = write!(text, ",\"{key}\":[{}]", names.join(","));
        }
        text.push('}');
        text
    }
}

async fn ask_all(engines: Vec<Engine>, verdict: watch::Sender<Verdict>) {
    let mut leaving = verdict.subscribe();
    let asking = futures::future::join_all(engines.iter().map(|engine| ask(engine, &verdict)));
    tokio::select! {
        _ = asking => {}
        _ = leaving.wait_for(|verdict| verdict.stage == Stage::Leaving) => {}
    }
}

/// Asks one engine for ever; each at its own pace, so that one that hangs keeps no other from being seen.
async fn ask(engine: &Engine, verdict: &watch::Sender<Verdict>) {
    let gauge = metrics::gauge!("engine_up", "engine" => engine.name);
    loop {
        let answer = timeout(PATIENCE, (engine.ask)()).await;
        let answer = answer.unwrap_or_else(|late| Err(late.into()));
        gauge.set(if answer.is_ok() { 1.0 } else { 0.0 });
        note(engine, verdict, &answer);
        tokio::time::sleep(EVERY).await;
    }
}

/// Says once when the process cannot serve any more, and once when it can again.
fn note(engine: &Engine, verdict: &watch::Sender<Verdict>, answer: &Answer) {
    verdict.send_if_modified(|verdict| {
        let before = verdict.status();
        let Some(state) = verdict.engines.get_mut(engine.name) else {
            return false;
        };
        if state.up.replace(answer.is_ok()) == Some(answer.is_ok()) {
            return false;
        }
        match (answer, before, verdict.status()) {
            (Err(error), "ready", "unready") => {
                let error = &**error as &dyn std::error::Error;
                tracing::warn!(engine = engine.name, error, "not ready: an engine is away");
            }
            (_, "unready", "ready") => tracing::info!("ready again"),
            _ => {}
        }
        true
    });
}

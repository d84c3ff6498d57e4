//! The circuit breaker of an instance: which answers open it, and what is told of it.

use super::{Answer, patience::Patience};
use http::StatusCode;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tonic::{Code, Status, transport::Channel};
use tower::Layer as _;
use tower_resilience_circuitbreaker::{
    CircuitBreaker, CircuitBreakerLayer, CircuitState, classifier::FailureClassifier,
};

/// So many failures in a row open the circuit.
const FAILURES: usize = 3;
/// So long nobody is let through; then one call is.
const OPEN: Duration = Duration::from_secs(1);

/// Calls that pass while the circuit is closed.
pub(super) type Circuit = CircuitBreaker<Patience<Channel>, Judge>;

/// A closed circuit before `channel`. `answers` is whether the last call got an answer.
pub(super) fn closed(
    service: &'static str,
    instance: &str,
    answers: Arc<AtomicBool>,
    channel: Patience<Channel>,
) -> Circuit {
    let meter = Meter {
        service,
        instance: instance.to_owned(),
        closed: AtomicBool::new(true),
    };
    let layer = CircuitBreakerLayer::builder()
        // it is copied for each call
        .name("")
        .consecutive_failures(FAILURES)
        .wait_duration_in_open(OPEN)
        .permitted_calls_in_half_open(1)
        // not ready while it is open: then another one is picked
        .backpressure()
        .on_state_transition(move |_, to| meter.turns(to))
        .failure_classifier_type(Judge { answers })
        .build();
    layer.expect("none of the figures is zero").layer(channel)
}

/// Says which answers speak against an instance.
pub(super) struct Judge {
    answers: Arc<AtomicBool>,
}

impl FailureClassifier<http::Response<tonic::body::Body>, Status> for Judge {
    fn classify(&self, answer: &Answer) -> bool {
        self.answers.store(answer.is_ok(), Ordering::Relaxed);
        answer.as_ref().map_or(true, is_unavailable)
    }
}

/// Whether it, or a proxy before it, says that it cannot answer for now.
fn is_unavailable<B>(answer: &http::Response<B>) -> bool {
    match answer.status() {
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => true,
        _ => Status::from_header_map(answer.headers()).is_some_and(|status| status.code() == Code::Unavailable),
    }
}

/// Tells how a circuit stands.
struct Meter {
    service: &'static str,
    instance: String,
    closed: AtomicBool,
}

impl Meter {
    fn turns(&self, state: CircuitState) {
        let (service, instance) = (self.service, self.instance.as_str());
        match state {
            CircuitState::Open if self.closed.swap(false, Ordering::Relaxed) => {
                self.open().increment(1);
                metrics::counter!("circuit_opened_total", "service" => service).increment(1);
                tracing::warn!(service, instance, "calls fail, they go to other instances");
            }
            CircuitState::Closed if !self.closed.swap(true, Ordering::Relaxed) => {
                self.open().decrement(1);
                tracing::info!(service, instance, "the instance answers calls again");
            }
            // a try
            CircuitState::HalfOpen | CircuitState::Open | CircuitState::Closed => {}
        }
    }

    /// By service, not by instance: a deployment may have any number of those.
    fn open(&self) -> metrics::Gauge {
        metrics::gauge!("circuit_open_instances", "service" => self.service)
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if !self.closed.load(Ordering::Relaxed) {
            self.open().decrement(1);
        }
    }
}

//! One instance: its connection, how much it has to do, its circuit.

use super::{
    Answer, Request,
    circuit::{self, Circuit},
    patience::Patience,
};
use crate::{registry::Instance, tls::Pem};
use futures::task::noop_waker_ref;
use parking_lot::Mutex;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tonic::{
    Status,
    transport::{Channel, Endpoint},
};
use tower::{
    BoxError, Service, ServiceExt as _,
    load::{Load as _, PendingRequests, completion::CompleteOnResponse, pending_requests::Count},
};
use tower_resilience_circuitbreaker::CircuitBreakerError;

/// A connection is asked so often whether somebody is there.
const KEEP_ALIVE: Duration = Duration::from_secs(2);
/// Whoever does not answer that for so long is gone.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that cannot be made in this time is not made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// HTTP/2 windows: batches of messages are larger than the default of 64 KiB.
const WINDOW_BYTES: u32 = 4 << 20;

/// How instances are called that take encrypted connections only.
#[derive(Debug, Clone)]
pub struct Encryption {
    /// Whose certificates are trusted, and what this side shows.
    pub pem: Pem,
    /// The name that the certificate of each instance has; empty for the host of its address.
    pub name: String,
}

impl Encryption {
    #[cfg(feature = "tls")]
    fn of(&self, endpoint: Endpoint) -> Result<Endpoint, BoxError> {
        use tonic::transport::{Certificate, ClientTlsConfig, Identity};
        if endpoint.uri().scheme() != Some(&http::uri::Scheme::HTTPS) {
            return Err("it does not take encrypted connections: its address is not of https".into());
        }
        let mut tls = ClientTlsConfig::new();
        tls = if self.pem.ca.is_empty() {
            tls.with_native_roots()
        } else {
            tls.ca_certificate(Certificate::from_pem(&self.pem.ca))
        };
        if let Some((certificate, key)) = &self.pem.identity {
            tls = tls.identity(Identity::from_pem(certificate, key.expose()));
        }
        if !self.name.is_empty() {
            tls = tls.domain_name(&self.name);
        }
        Ok(endpoint.tls_config(tls)?)
    }

    #[cfg(not(feature = "tls"))]
    fn of(&self, _: Endpoint) -> Result<Endpoint, BoxError> {
        Err(crate::tls::TlsError::NotBuilt.into())
    }
}

/// An instance that can be called.
pub(super) struct Target {
    address: String,
    /// Whether the last call got an answer, whatever it said.
    answers: Arc<AtomicBool>,
    guarded: Mutex<PendingRequests<Circuit>>,
    channel: Patience<Channel>,
}

/// What became of a request that was to be sent.
pub(super) enum Begun {
    /// The circuit is open.
    Refused(Request),
    Answered(Answer),
    UnderWay(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl Target {
    /// # Errors
    /// The address is none, or the encryption cannot be used.
    pub(super) fn new(
        service: &'static str,
        instance: &Instance,
        encryption: Option<&Encryption>,
    ) -> Result<Self, BoxError> {
        let channel = Patience::new(endpoint(&instance.address, encryption)?.connect_lazy());
        let answers = Arc::new(AtomicBool::new(false));
        let circuit = circuit::closed(service, &instance.id, Arc::clone(&answers), channel.clone());
        Ok(Self {
            address: instance.address.clone(),
            answers,
            guarded: Mutex::new(PendingRequests::new(circuit, CompleteOnResponse::default())),
            channel,
        })
    }

    pub(super) fn is_at(&self, address: &str) -> bool {
        self.address == address
    }

    pub(super) fn answers(&self) -> bool {
        self.answers.load(Ordering::Relaxed)
    }

    /// How many calls it has to answer.
    pub(super) fn load(&self) -> Count {
        self.guarded.lock().load()
    }

    /// Sends a request if the circuit lets it through, and gives it back otherwise. Under one lock until the circuit has counted it: of those who
    /// come when one may try whether the instance is back, one does.
    pub(super) fn begin(&self, request: Request, cx: &mut Context<'_>) -> Begun {
        let mut guarded = self.guarded.lock();
        let ready = guarded.poll_ready(&mut Context::from_waker(noop_waker_ref()));
        if !matches!(ready, Poll::Ready(Ok(()))) {
            return Begun::Refused(request);
        }
        let answer = guarded.call(request);
        let mut answer = Box::pin(async move { answer.await.map_err(plain) });
        match answer.as_mut().poll(cx) {
            Poll::Ready(answer) => Begun::Answered(answer),
            Poll::Pending => Begun::UnderWay(answer),
        }
    }

    /// Sends a request past the circuit.
    pub(super) async fn call_nevertheless(&self, request: Request) -> Answer {
        self.channel.clone().oneshot(request).await
    }
}

fn plain(error: CircuitBreakerError<Status>) -> Status {
    match error {
        CircuitBreakerError::Inner(status) => status,
        CircuitBreakerError::OpenCircuit => Status::unavailable("an instance is being tried by another call"),
    }
}

/// A connection to an instance, once it stands.
///
/// # Errors
/// The address is none, the encryption cannot be used, or nobody is there.
pub(crate) async fn connect(address: &str, encryption: Option<&Encryption>) -> Result<Channel, BoxError> {
    Ok(endpoint(address, encryption)?.connect().await?)
}

fn endpoint(address: &str, encryption: Option<&Encryption>) -> Result<Endpoint, BoxError> {
    let endpoint = Endpoint::from_shared(address.to_owned())?;
    let endpoint = match encryption {
        Some(encryption) => encryption.of(endpoint)?,
        None => endpoint,
    };
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .tcp_nodelay(true))
}

//! A gateway from its start to its end.

use crate::{
    config::Config,
    docs::{self, Pages},
    downlink::Downlink,
    error::BuildError,
    gate::{ConnectionIds, Gate},
    grpc, health,
    hub::Hub,
    layers, listener,
    meters::Meters,
    origin::Origins,
    presence::Presence,
    receipts::Receipts,
    rest, ticker,
    uplink::Uplink,
    ws::{self, session::GATHER_BYTES},
};
use axum::{
    Router,
    extract::Request,
    http::header,
    response::{IntoResponse as _, Response},
    routing::any,
};
use im_infra::{
    clock::SharedClock,
    kv::Kv,
    layers::{Authenticator, RateLimits},
    log::Log,
    presence::GATEWAYS,
    readiness::Readiness,
    registry::{Instance, Registration, Registry},
    tls::Acceptor,
    topics::{Consumer, Producer, create_for},
};
use im_schema::{
    frames::{Clients, SOCKET_PATH},
    internal::v1::Downstream,
    parlance::Reason,
    services::{AuthServiceClient, ConversationServiceClient, MessageServiceClient, UserServiceClient},
    v1::{GoAway, ServerFrame},
};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A lease on the registry that is not renewed for so long is lost.
const REGISTRATION_TTL: Duration = Duration::from_secs(10);
/// Connections are taken when others know of this gateway, or after so long: then it can at least be asked whether it is ready.
const REGISTERED_FIRST: Duration = Duration::from_secs(1);

/// Renders all metrics of the process in the text format of Prometheus.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// The public services, behind their layers.
#[derive(Clone)]
pub struct Services {
    /// Logging in and out.
    pub auth: AuthServiceClient,
    /// Users.
    pub user: UserServiceClient,
    /// Conversations.
    pub conversation: ConversationServiceClient,
    /// Messages.
    pub message: MessageServiceClient,
}

/// What a gateway needs of the rest of the platform.
pub struct Deps {
    /// Under which name others reach this gateway; unique among gateways, and lasting if possible.
    pub instance: Arc<str>,
    /// Holds the topics; the shared ones must have been created.
    pub log: Arc<dyn Log>,
    /// Holds presence.
    pub kv: Arc<dyn Kv>,
    /// Knows the gateways.
    pub registry: Arc<dyn Registry>,
    /// The time.
    pub clock: SharedClock,
    /// Verifies the tokens of connections.
    pub authenticator: Authenticator,
    /// Limits messages that are sent by frame; the same as in the layers of `services`.
    pub rates: RateLimits,
    /// What clients can call.
    pub services: Services,
    /// Reads what a client missed. Its layers should not limit the rate: a resumption is one request with many pages, and paced
    /// by how fast the client reads.
    pub history: MessageServiceClient,
    /// Whether the process can serve; the gateway says when others know of it, and when it leaves.
    pub readiness: Readiness,
    /// For `/metrics`.
    pub metrics: MetricsText,
}

/// A gateway that has its port and serves nothing yet.
pub struct Gateway {
    gate: Arc<Gate>,
    deps: Deps,
    listener: TcpListener,
    acceptor: Acceptor,
    address: SocketAddr,
    router: Router,
    pages: Pages,
}

impl Gateway {
    /// Takes the port, makes this instance's topic and prepares all routes.
    ///
    /// # Errors
    /// [`BuildError`] if the port is taken, the log is away, or the configuration makes no sense.
    pub async fn build(config: Config, deps: Deps) -> Result<Self, BuildError> {
        let origins = Origins::new(&config.allowed_origins)?;
        let acceptor = Acceptor::new(config.tls.read()?.as_ref())?;
        create_for::<Downstream>(&*deps.log, &deps.instance)
            .await
            .map_err(BuildError::Topic)?;
        let bound = TcpListener::bind(config.listen).await;
        let bind = |cause| BuildError::Bind {
            address: config.listen,
            cause,
        };
        let listener = bound.map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let pages = Pages::new(config.pages);
        let gate = Arc::new(gate(config, &deps, origins.clone()));
        let router = Router::new()
            .route(SOCKET_PATH, any(ws::upgrade::upgrade))
            .with_state(Arc::clone(&gate))
            .merge(rest::routes(&deps.services))
            .merge(docs::routes(pages.clone()))
            .merge(health::routes(deps.readiness.clone(), Arc::clone(&deps.metrics)))
            .merge(grpc::routes(&deps.services, &deps.readiness, gate.config.max_body)?)
            .fallback(no_such_route)
            .method_not_allowed_fallback(im_schema::rest::method_not_allowed);
        let router = layers::http(router, origins, gate.config.max_body);
        Ok(Self {
            gate,
            deps,
            listener,
            acceptor,
            address,
            router,
            pages,
        })
    }

    /// The pages for developers, to be shown or not while this runs.
    #[must_use]
    pub fn pages(&self) -> Pages {
        self.pages.clone()
    }

    /// Where it listens; the real port if 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled, then brings everything to a good end: nothing is accepted any more, what was read is
    /// made durable and acknowledged, clients are told to come back, and this instance's presence is taken back.
    ///
    /// It is ready once it is registered: until then others do not know where its clients are.
    ///
    /// # Errors
    /// None: what fails is logged and tried again.
    pub async fn run(self, stop: CancellationToken) -> Result<(), Infallible> {
        let Self {
            gate,
            deps,
            listener,
            acceptor,
            address: _,
            router,
            pages: _,
        } = self;
        let readiness = deps.readiness;
        let instance = Instance {
            id: deps.instance.to_string(),
            address: String::new(),
        };
        let registration = Registration::keep(deps.registry, GATEWAYS, instance, REGISTRATION_TTL);
        let early = timeout(REGISTERED_FIRST, registration.done()).await.is_ok();
        if early {
            readiness.open();
        }
        let uplink = tokio::spawn(Arc::clone(&gate.uplink).run());
        let no_more_downstream = CancellationToken::new();
        let consumer =
            Consumer::<Downstream>::of_instance(Arc::clone(&deps.log), Arc::clone(&deps.clock), &deps.instance);
        let gathering = tokio::spawn(Arc::clone(&gate.receipts).run());
        let handler = Arc::new(Downlink::new(
            Arc::clone(&gate.hub),
            Arc::clone(&gate.instance),
            Arc::clone(&gate.receipts),
        ));
        let downlink = tokio::spawn(consumer.run(handler, no_more_downstream.clone()));
        let ticker = tokio::spawn(ticker::tick(Arc::clone(&gate)));
        let heartbeat = tokio::spawn(ticker::heartbeat(Arc::clone(&gate)));
        let server = tokio::spawn({
            let (config, stop) = (gate.config.clone(), stop.clone());
            async move { listener::serve(listener, acceptor, router, &config, stop).await }
        });

        if stop.run_until_cancelled(registration.done()).await.is_some() {
            readiness.open();
        }

        stop.cancelled().await;

        // first others learn of it, then its own clients
        readiness.leave();
        registration.end().await;
        heartbeat.abort();
        say_goodbye(&gate);
        // what was read becomes durable and is acknowledged before its connection goes
        gate.uplink.close();
        ended("uplink", &gate, uplink).await;
        no_more_downstream.cancel();
        ended("downlink", &gate, downlink).await;
        gate.hub.read(|tables| {
            for connection in tables.all() {
                connection.outbox.finish(Reason::GoingAway);
            }
        });
        gate.tasks.close();
        if timeout(gate.config.shutdown_grace, gate.tasks.wait()).await.is_err() {
            tracing::warn!(connections = gate.tasks.len(), "connections did not end in time");
        }
        gate.presence.end().await;
        ended("listener", &gate, server).await;
        ticker.abort();
        gathering.abort();
        Ok(())
    }
}

fn gate(config: Config, deps: &Deps, origins: Origins) -> Gate {
    let hub = Arc::new(Hub::default());
    let services = deps.services.clone();
    // what one connection reads in a round must fit: small frames cost several times their bytes
    let room = config
        .uplink_bytes
        .max(8 * (config.max_frame + GATHER_BYTES))
        .min(u32::MAX as usize);
    let producer = Producer::new(Arc::clone(&deps.log));
    let receipts = Arc::new(Receipts::default());
    let uplink = Arc::new(Uplink::new(
        producer,
        Arc::clone(&receipts),
        Arc::clone(&deps.clock),
        room,
        config.uplink_batch,
    ));
    Gate {
        presence: Presence::new(
            Arc::clone(&deps.kv),
            Arc::clone(&hub),
            Arc::clone(&deps.clock),
            &deps.instance,
            &config,
        ),
        instance: Arc::clone(&deps.instance),
        clock: Arc::clone(&deps.clock),
        origins,
        authenticator: deps.authenticator.clone(),
        rates: deps.rates.clone(),
        clients: Clients {
            message_service: services.message,
            conversation_service: services.conversation,
            user_service: services.user,
        },
        history: deps.history.clone(),
        hub,
        uplink,
        receipts,
        tasks: TaskTracker::new(),
        meters: Meters::new(),
        ids: ConnectionIds::since(deps.clock.now_ms()),
        coarse: AtomicU64::new(deps.clock.monotonic().as_millis() as u64),
        config,
    }
}

/// Nothing is read any more; each client is told to come back at a time of its own.
fn say_goodbye(gate: &Gate) {
    gate.hub.drain();
    let spread = gate.config.reconnect_spread.as_millis() as u32;
    gate.hub.read(|tables| {
        for connection in tables.all() {
            let reconnect_after_ms = rand::random_range(0..=spread);
            connection.outbox.send(&ServerFrame::from(GoAway {
                reconnect_after_ms,
                ..Default::default()
            }));
        }
    });
}

async fn ended<T>(what: &'static str, gate: &Gate, mut task: JoinHandle<T>) {
    match timeout(gate.config.shutdown_grace, &mut task).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(task = what, error = &error as &dyn std::error::Error, "task failed"),
        Err(_) => {
            tracing::warn!(task = what, "not ended in time");
            task.abort();
        }
    }
}

/// The answer where nothing is, in the language of who asks.
async fn no_such_route(request: Request) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        let status = tonic::Status::unimplemented(format!("there is no method {}", request.uri().path()));
        return status.into_http::<axum::body::Body>();
    }
    im_schema::rest::fallback(request.uri().clone()).await.into_response()
}

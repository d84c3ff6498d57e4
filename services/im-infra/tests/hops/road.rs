//! The three, and how they call each other.

use futures::future::BoxFuture;
use im_infra::{
    clock::ManualClock,
    discovery::{self, Channel},
    kv::embedded::EmbeddedKv,
    layers::{Authenticator, Capacity, Inside, Layers, Memory, Quota, Quotas, RateLimits},
    registry::{Instance, Lease, Registry as _, embedded::EmbeddedRegistry},
    session::EndedSessions,
    token::{ServiceToken, TokenKeys},
};
use schema_corpus::{
    club::{GetMemberRequest, GetMemberResponse},
    failure::Failure,
    grpc::Codec,
    rpc::{Call, Context},
    services::{
        ClubServiceClient,
        club_service::{self, Request, Response},
    },
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tonic::{Status, service::Routes};
use tower::service_fn;

const SECRET: &str = "what services of the platform know each other by";
const HOUR: Duration = Duration::from_secs(3600);
const TTL: Duration = Duration::from_secs(60);
pub(crate) const ROOM: usize = 64;

/// What a handler does with a call.
pub(crate) type Handler = Arc<dyn Fn(Call<Request>) -> BoxFuture<'static, Result<Response, Failure>> + Send + Sync>;

/// A handler.
pub(crate) fn handler<F>(handle: impl Fn(Call<Request>) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    Arc::new(move |call| Box::pin(handle(call)))
}

/// The answer of a handler that is content.
pub(crate) fn content() -> Result<Response, Failure> {
    Ok(Response::GetMember(GetMemberResponse::default()))
}

/// The road from the edge to the end.
pub(crate) struct Road {
    pub(crate) registry: EmbeddedRegistry,
    edge: tonic::transport::Channel,
    pub(crate) capacity: Capacity,
    servers: Vec<AbortOnDropHandle<()>>,
    leases: Vec<Box<dyn Lease>>,
}

impl Road {
    /// With a middle that handles calls so; it is given a client of the end.
    pub(crate) async fn with_middle(middle: impl FnOnce(ClubServiceClient) -> Handler, end: Handler) -> Self {
        let mut road = Self::without_instances().await;
        let to_end = road.channel("end").await;
        let client = ClubServiceClient::new(inside(ROOM).call(club_service::remote(to_end)));
        road.serve("end", end).await;
        road.serve("middle", middle(client)).await;
        road
    }

    /// With a middle that hands everything on to the end.
    pub(crate) async fn to(end: Handler) -> Self {
        let on = |client: ClubServiceClient| {
            handler(move |call| {
                let client = client.clone();
                async move {
                    client
                        .get_member(call.context, GetMemberRequest { member_id: 1 })
                        .await
                        .map(Response::GetMember)
                }
            })
        };
        Self::with_middle(on, end).await
    }

    /// With an edge only.
    pub(crate) async fn without_instances() -> Self {
        let registry = EmbeddedRegistry::new();
        let middle = discovery::channel("middle", registry.watch("middle").await.unwrap(), None);
        let capacity = Capacity::new(ROOM.try_into().unwrap());
        let layers = layers(capacity.clone());
        let edge = ClubServiceClient::new(layers.edge(inside(ROOM).call(club_service::remote(middle))));
        let (address, server) = listen(Routes::new(club_service::grpc(edge))).await;
        let edge = tonic::transport::Endpoint::from_shared(address).unwrap().connect_lazy();
        Self {
            registry,
            edge,
            capacity,
            servers: vec![server],
            leases: Vec::new(),
        }
    }

    async fn channel(&self, service: &'static str) -> Channel {
        discovery::channel(service, self.registry.watch(service).await.unwrap(), None)
    }

    async fn serve(&mut self, service: &str, handle: Handler) {
        let stack = inside(ROOM).serve(service_fn(move |call| handle(call)));
        let (address, server) = listen(Routes::new(club_service::grpc(ClubServiceClient::new(stack)))).await;
        self.servers.push(server);
        self.register(service, address).await;
    }

    /// From now on an instance of the service is at the address.
    pub(crate) async fn register(&mut self, service: &str, address: String) {
        let instance = Instance {
            id: service.into(),
            address,
        };
        self.leases
            .push(self.registry.register(service, instance, TTL).await.unwrap());
    }

    /// What a client gets that waits for so long.
    pub(crate) async fn call(&self, patience: Duration) -> Result<(), Status> {
        let mut grpc = tonic::client::Grpc::new(self.edge.clone());
        grpc.ready().await.unwrap();
        let mut request = tonic::Request::new(GetMemberRequest { member_id: 1 });
        request.set_timeout(patience);
        let path = club_service::GET_MEMBER.path.parse().unwrap();
        let codec = Codec::<GetMemberRequest, GetMemberResponse>::default();
        grpc.unary(request, path, codec).await.map(drop)
    }
}

async fn listen(routes: Routes) -> (String, AbortOnDropHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = async move { axum::serve(listener, routes.into_axum_router()).await.unwrap() };
    (address, AbortOnDropHandle::new(tokio::spawn(server)))
}

fn memory() -> Memory {
    Memory::new(Arc::new(EmbeddedKv::new(ManualClock::at(0))), SECRET.as_bytes(), HOUR)
}

pub(crate) fn inside(room: usize) -> Inside {
    Inside {
        capacity: Capacity::new(room.try_into().unwrap()),
        token: SECRET.into(),
        peers: ServiceToken::new(SECRET).unwrap(),
        memory: memory(),
        default_deadline: Duration::from_secs(10),
    }
}

/// Of an edge where an address may call ten times.
fn layers(capacity: Capacity) -> Layers {
    let (clock, kv) = (ManualClock::at(0), Arc::new(EmbeddedKv::new(ManualClock::at(0))));
    let keys = TokenKeys::new(SECRET.as_bytes(), "parlance", "parlance").unwrap();
    let quota = Quota {
        per_second: NonZeroU32::MIN,
        burst: NonZeroU32::new(10).unwrap(),
    };
    Layers {
        capacity,
        authenticator: Authenticator::new(Arc::new(keys), EndedSessions::new(kv, HOUR), clock),
        rates: RateLimits::new(&Quotas {
            credentials: quota,
            read: quota,
            write: quota,
            send: quota,
        }),
        memory: memory(),
        default_deadline: Duration::from_secs(10),
    }
}

/// How long a call may still take, when it comes to a handler.
pub(crate) fn left(context: &Context) -> Duration {
    let deadline = context.deadline.expect("every call has a deadline");
    deadline.saturating_duration_since(std::time::Instant::now())
}

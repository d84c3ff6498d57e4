//! A gateway on embedded engines, and clients that say and expect frames. What stands behind it, logic, is played by the tests.

#![expect(dead_code, reason = "each test file uses a part of it")]

mod device;

pub(crate) use device::Device;

use async_trait::async_trait;
use im_gateway::{Config, Deps, Gateway, Services};
use im_infra::{
    clock::{Clock as _, ManualClock, SharedClock},
    kv::embedded::EmbeddedKv,
    layers::{Authenticator, Quota, Quotas, RateLimits},
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    readiness::Readiness,
    registry::embedded::EmbeddedRegistry,
    session::EndedSessions,
    token::{AccessClaims, TokenKeys},
    topics::{self, Consumer, Handler, Producer},
};
use im_schema::{
    failure::Failure,
    internal::v1::{Deliveries, Delivery, Downstream, Origin, Upstream, downstream::Event},
    parlance::Reason,
    services::{
        AuthServiceClient, ConversationServiceClient, MessageServiceClient, UserServiceClient, message_service,
    },
    v1::{
        Content, ListMessagesResponse, MarkReadResponse, Message, SendMessageRequest, Text, client_frame, content,
        server_frame,
    },
};
use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::{net::TcpStream, sync::mpsc, task::JoinHandle, time::timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest as _, http::HeaderValue},
};
use tokio_util::sync::CancellationToken;

pub(crate) const INSTANCE: &str = "gateway-t";
pub(crate) const NOW_MS: u64 = 1_800_000_000_000;
pub(crate) const TOKEN_SECONDS: u64 = 600;
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
pub(crate) const JSON: &str = "parlance.v1.json";
pub(crate) const BINARY: &str = "parlance.v1.binary";

/// A running gateway.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) kv: Arc<EmbeddedKv>,
    pub(crate) keys: Arc<TokenKeys>,
    pub(crate) ended: EndedSessions,
    /// What reached the log, in order.
    pub(crate) upstream: mpsc::UnboundedReceiver<Upstream>,
    stop: CancellationToken,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

struct Tap(mpsc::UnboundedSender<Upstream>);

#[async_trait]
impl Handler<Upstream> for Tap {
    async fn handle(&self, _partition: u32, batch: Vec<(u64, Upstream)>) -> Result<(), Failure> {
        for (_, message) in batch {
            self.0
                .send(message)
                .map_err(|_| Failure::new(Reason::Unavailable, ""))?;
        }
        Ok(())
    }
}

pub(crate) fn config() -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        tick: Duration::from_millis(5),
        ..Config::default()
    }
}

fn quota(n: u32) -> Quota {
    let n = NonZeroU32::new(n).expect("not zero");
    Quota {
        per_second: n,
        burst: n,
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(config(), 1_000_000).await
    }

    pub(crate) async fn with(config: Config, sends_per_second: u32) -> Self {
        Self::with_memory(config, sends_per_second, 64 * 1024 * 1024).await
    }

    /// Topics that live in memory hold so many bytes.
    pub(crate) async fn with_memory(config: Config, sends_per_second: u32, memory_topic_bytes: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::at(NOW_MS);
        let shared: SharedClock = clock.clone();
        let options = EmbeddedLogOptions {
            memory_topic_bytes,
            ..EmbeddedLogOptions::new(shared.clone())
        };
        let log = Arc::new(EmbeddedLog::open(folder.path(), options).expect("a log"));
        topics::create(&*log).await.expect("topics");
        let kv = Arc::new(EmbeddedKv::new(shared.clone()));
        let keys =
            Arc::new(TokenKeys::new(b"a secret of the tests, long enough", "parlance", "clients").expect("a secret"));
        let ended = EndedSessions::new(kv.clone(), Duration::from_secs(TOKEN_SECONDS));
        let limit = quota(1_000_000);
        let rates = RateLimits::new(&Quotas {
            credentials: limit,
            read: limit,
            write: limit,
            send: quota(sends_per_second),
        });
        let (tap, upstream) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let consumer = Consumer::<Upstream>::new(log.clone(), shared.clone(), "tests");
        tokio::spawn(consumer.run(Arc::new(Tap(tap)), stop.clone()));
        let deps = Deps {
            instance: INSTANCE.into(),
            log: log.clone(),
            kv: kv.clone(),
            registry: Arc::new(EmbeddedRegistry::new()),
            clock: shared.clone(),
            authenticator: Authenticator::new(keys.clone(), ended.clone(), shared),
            rates,
            services: Services {
                auth: AuthServiceClient::from_service(tower::service_fn(|_| async { Err(away()) })),
                user: UserServiceClient::from_service(tower::service_fn(|_| async { Err(away()) })),
                conversation: ConversationServiceClient::from_service(tower::service_fn(|_| async { Err(away()) })),
                message: messages(),
            },
            history: messages(),
            readiness: Readiness::of(Vec::new()),
            metrics: Arc::new(|| "gateway_connections 0\n".to_owned()),
        };
        let gateway = Gateway::build(config, deps).await.expect("a gateway");
        let address = gateway.local_addr();
        let running = stop.clone();
        let task = tokio::spawn(async move { gateway.run(running).await.expect("it runs") });
        Self {
            address,
            clock,
            log,
            kv,
            keys,
            ended,
            upstream,
            stop,
            task,
            _folder: folder,
        }
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.task)
            .await
            .expect("it ends in time")
            .expect("it ends well");
    }

    pub(crate) fn begin_to_close(&self) {
        self.stop.cancel();
    }

    pub(crate) fn token(&self, user: u64) -> String {
        let now = self.clock.now_ms() / 1_000;
        self.keys.issue(&AccessClaims {
            user_id: user,
            device_id: format!("device-{user}"),
            session_id: (user + 1_000).to_string(),
            issued_at: now,
            expires_at: now + TOKEN_SECONDS,
        })
    }

    pub(crate) async fn device(&self, user: u64, protocol: &str) -> Device {
        let mut device = self.connect(user, protocol).await.expect("a connection");
        let ready = device.next().await;
        assert!(matches!(ready.body, Some(server_frame::Body::Ready(_))), "{ready:?}");
        device
    }

    pub(crate) async fn connect(&self, user: u64, protocol: &str) -> Result<Device, tungstenite::Error> {
        let authorization = format!("Bearer {}", self.token(user));
        self.upgrade(&[("authorization", &authorization), ("sec-websocket-protocol", protocol)])
            .await
    }

    pub(crate) async fn upgrade(&self, headers: &[(&'static str, &str)]) -> Result<Device, tungstenite::Error> {
        let mut request = format!("ws://{}/v1/ws", self.address).into_client_request()?;
        for (name, value) in headers {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_str(value).expect("a header"));
        }
        let stream = TcpStream::connect(self.address).await.expect("the port is open");
        let (socket, response) = client_async(request, stream).await?;
        let protocol = response.headers().get("sec-websocket-protocol").expect("one is chosen");
        Ok(Device {
            binary: protocol == BINARY,
            socket,
            waiting: Vec::new(),
        })
    }

    /// What logic does once it has stored something.
    pub(crate) async fn downstream(&self, recipients: &[u64], event: Event) {
        let downstream = Downstream {
            recipients: recipients.to_vec(),
            event: Some(event),
            ..Default::default()
        };
        Producer::new(self.log.clone() as Arc<dyn Log>)
            .append_for(INSTANCE, vec![downstream])
            .await
            .expect("appended");
    }

    pub(crate) async fn next_upstream(&mut self) -> Upstream {
        timeout(PATIENCE, self.upstream.recv())
            .await
            .expect("in time")
            .expect("the tap is open")
    }
}

fn away() -> Failure {
    Failure::new(Reason::Unavailable, "played by nobody")
}

/// Conversation 1 has 250 messages, conversation 2 has 5,000, of all others nobody is a member.
fn messages() -> MessageServiceClient {
    MessageServiceClient::from_service(tower::service_fn(
        |call: im_schema::rpc::Call<message_service::Request>| async move {
            match call.request {
                message_service::Request::ListMessages(request) => {
                    let last = match request.conversation_id {
                        1 => 250,
                        2 => 5_000,
                        _ => return Err(Failure::new(Reason::NotAMember, "")),
                    };
                    let end = last.min(request.from_sequence + u64::from(request.limit) - 1);
                    let messages = (request.from_sequence..=end)
                        .map(|sequence| message(request.conversation_id, sequence, "old"))
                        .collect();
                    let next_sequence = if end < last { end + 1 } else { 0 };
                    Ok(message_service::Response::ListMessages(ListMessagesResponse {
                        messages,
                        next_sequence,
                        ..Default::default()
                    }))
                }
                message_service::Request::MarkRead(request) => {
                    Ok(message_service::Response::MarkRead(MarkReadResponse {
                        read_sequence: request.sequence,
                        unread_count: 0,
                        ..Default::default()
                    }))
                }
                message_service::Request::SendMessage(_) => Err(away()),
            }
        },
    ))
}

pub(crate) fn message(conversation_id: u64, sequence: u64, body: &str) -> Message {
    Message {
        message_id: sequence,
        conversation_id,
        sequence,
        sender_id: 1,
        content: Some(text(body)),
        ..Message::default()
    }
}

pub(crate) fn text(body: &str) -> Content {
    Content {
        kind: Some(content::Kind::Text(Text {
            body: body.into(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

pub(crate) fn deliveries(items: Vec<(Message, Option<Origin>)>) -> Event {
    let items = items
        .into_iter()
        .map(|(message, origin)| Delivery {
            message: Some(message),
            origin,
            told: false,
            ..Default::default()
        })
        .collect();
    Event::Deliveries(Deliveries {
        items,
        ..Default::default()
    })
}

pub(crate) fn client_message_id(n: u64) -> String {
    format!("0193b2a4-7c1e-7d3a-9a51-{n:012x}")
}

pub(crate) fn send(conversation_id: u64, n: u64, body: &str) -> client_frame::Body {
    client_frame::Body::Send(SendMessageRequest {
        conversation_id,
        client_message_id: client_message_id(n),
        content: Some(text(body)),
        ..Default::default()
    })
}

//! Logic on a real store and the embedded engines, with a gateway that only listens.

use async_trait::async_trait;
use im_infra::{
    clock::{SharedClock, SystemClock},
    ids::Snowflake,
    kv::{Kv, embedded::EmbeddedKv},
    log::{
        Log,
        embedded::{EmbeddedLog, EmbeddedLogOptions},
    },
    presence,
    registry::embedded::EmbeddedRegistry,
    session::EndedSessions,
    token::TokenKeys,
    topics::{self, Consumer, Handler, Producer},
};
use im_logic::{Clients, Config, Deps, Logic};
use im_repo::{Repo, RepoConfig};
use im_schema::{
    failure::Failure,
    ids::{SessionId, UserId},
    internal::v1::{Downstream, Origin, Upstream, downstream::Event},
    page,
    rpc::{Caller, Context},
    services::{ConversationRepoClient, MessageRepo, MessageRepoClient, UserRepoClient},
    v1::{
        Content, CreateGroupRequest, ListDirection, ListMessagesRequest, Message, OpenDirectRequest, RegisterRequest,
        SendMessageRequest, SendMessageResponse, Text, Tokens, content,
    },
};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub(crate) const GATEWAY: &str = "gateway-1";
const SECRET: &[u8] = b"a secret of thirty-two bytes or more";
const PATIENCE: Duration = Duration::from_secs(20);

/// What stays when logic or kv begins anew.
pub(crate) struct World {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) kv: Arc<EmbeddedKv>,
    pub(crate) repo: Repo,
    pub(crate) api: Clients,
    pub(crate) ended: EndedSessions,
    pub(crate) keys: Arc<TokenKeys>,
    pub(crate) gateway: Arc<Listener>,
    clock: SharedClock,
    ids: Arc<Snowflake>,
    running: Option<(JoinHandle<Result<(), Failure>>, CancellationToken)>,
    _listening: CancellationToken,
    _folder: tempfile::TempDir,
}

/// A user on a device.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) context: Context,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = SystemClock::shared();
        let log = EmbeddedLog::open(folder.path().join("log"), EmbeddedLogOptions::new(Arc::clone(&clock))).unwrap();
        let log: Arc<dyn Log> = Arc::new(log);
        let config = RepoConfig {
            folder: folder.path().join("repo"),
            bcrypt_cost: 4,
            ..RepoConfig::default()
        };
        let repo = Repo::build(config, Arc::clone(&clock), None).await.unwrap();
        let (gateway, listening) = Listener::listen(&log, &clock).await;
        let kv = Arc::new(EmbeddedKv::new(Arc::clone(&clock)));
        let keys = Arc::new(TokenKeys::new(SECRET, "parlance", "clients").unwrap());
        let ids = Arc::new(Snowflake::new(Arc::clone(&clock), 1));
        let messages = MessageRepoClient::local(Arc::clone(&repo.messages));
        let (api, running) = start(&log, &kv, &repo, messages, &keys, &ids, &clock).await;
        let ended = EndedSessions::new(kv.clone(), Duration::from_secs(900));
        Self {
            log,
            kv,
            repo,
            api,
            ended,
            keys,
            gateway,
            clock,
            ids,
            running: Some(running),
            _listening: listening,
            _folder: folder,
        }
    }

    /// Ends logic, as it would end by itself.
    pub(crate) async fn stop(&mut self) {
        let (running, stop) = self.running.take().unwrap();
        stop.cancel();
        running.await.unwrap().unwrap();
    }

    /// Begins anew after [`World::stop`], with an empty kv engine.
    pub(crate) async fn restart(&mut self) {
        self.kv = Arc::new(EmbeddedKv::new(Arc::clone(&self.clock)));
        let messages = Arc::clone(&self.repo.messages);
        self.begin(messages).await;
    }

    /// Begins anew after [`World::stop`], with another store for messages.
    pub(crate) async fn begin(&mut self, messages: Arc<dyn MessageRepo>) {
        let messages = MessageRepoClient::local(messages);
        let (api, running) = start(
            &self.log,
            &self.kv,
            &self.repo,
            messages,
            &self.keys,
            &self.ids,
            &self.clock,
        )
        .await;
        self.api = api;
        self.running = Some(running);
    }

    pub(crate) async fn registers(&self, name: &str) -> (User, Tokens) {
        let request = RegisterRequest {
            name: name.to_owned(),
            password: "correct horse".to_owned(),
            display_name: String::new(),
            device_id: "laptop".to_owned(),
            ..Default::default()
        };
        let answer = self.api.auth.register(Context::default(), request).await.unwrap();
        let tokens = answer.tokens.unwrap();
        (self.user(&tokens), tokens)
    }

    pub(crate) async fn user_named(&self, name: &str) -> User {
        self.registers(name).await.0
    }

    /// Who these tokens are for, as the layers would find.
    pub(crate) fn user(&self, tokens: &Tokens) -> User {
        let claims = self.keys.verify(&tokens.access_token, self.clock.now_ms()).unwrap();
        let session = SessionId(claims.session_id.parse().unwrap());
        let id = UserId(claims.user_id);
        let caller = Caller {
            user: id,
            session,
            device: claims.device_id.into(),
            admin: false,
            expires_at_ms: 0,
        };
        User {
            id,
            context: Context::user(caller),
        }
    }

    /// The user has a connection at the gateway.
    pub(crate) async fn online(&self, user: &User) {
        let field = [(GATEWAY.to_owned(), bytes::Bytes::new())];
        self.kv.hash_set(&presence::key(user.id), &field, None).await.unwrap();
    }

    pub(crate) async fn direct(&self, one: &User, other: &User) -> u64 {
        let request = OpenDirectRequest {
            user_id: other.id.0,
            ..Default::default()
        };
        let answer = self
            .api
            .conversations
            .open_direct(one.context.clone(), request)
            .await
            .unwrap();
        answer.conversation.unwrap().conversation_id
    }

    pub(crate) async fn group(&self, owner: &User, members: &[&User]) -> u64 {
        let user_ids = members.iter().map(|user| user.id.0).collect();
        let request = CreateGroupRequest {
            title: "Engine room".to_owned(),
            user_ids,
            ..Default::default()
        };
        let answer = self
            .api
            .conversations
            .create_group(owner.context.clone(), request)
            .await
            .unwrap();
        answer.conversation.unwrap().conversation_id
    }

    pub(crate) async fn sends(&self, user: &User, conversation: u64, text: &str) -> Result<Message, Failure> {
        self.sends_as(user, conversation, text, uuid::Uuid::now_v7())
            .await
            .map(|answer| answer.message.unwrap())
    }

    pub(crate) async fn sends_as(
        &self,
        user: &User,
        conversation_id: u64,
        text: &str,
        id: uuid::Uuid,
    ) -> Result<SendMessageResponse, Failure> {
        let content = Some(words(text));
        let request = SendMessageRequest {
            conversation_id,
            client_message_id: id.to_string(),
            content,
            ..Default::default()
        };
        self.api.messages.send_message(user.context.clone(), request).await
    }

    /// As a gateway does: the messages are accepted, what becomes of them comes downstream.
    pub(crate) async fn accepts(&self, messages: Vec<Upstream>) {
        Producer::new(Arc::clone(&self.log)).append(messages).await.unwrap();
    }

    pub(crate) fn upstream(&self, user: &User, conversation_id: u64, text: &str, connection_id: u64) -> Upstream {
        Upstream {
            conversation_id,
            sender_id: user.id.0,
            client_message_id: uuid::Uuid::now_v7().into_bytes().to_vec().into(),
            content: Some(words(text)),
            accepted_at_ms: self.clock.now_ms(),
            origin: Some(Origin {
                instance: GATEWAY.to_owned(),
                connection_id,
                request_id: 0,
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// The whole history, oldest first.
    pub(crate) async fn history(&self, user: &User, conversation_id: u64) -> Vec<Message> {
        let mut all = Vec::new();
        let direction = ListDirection::Forward as i32;
        let mut request = ListMessagesRequest {
            conversation_id,
            direction,
            limit: 200,
            ..ListMessagesRequest::default()
        };
        loop {
            let page = self
                .api
                .messages
                .list_messages(user.context.clone(), request.clone())
                .await
                .unwrap();
            all.extend(page.messages);
            match page.next_sequence {
                0 => return all,
                next => request.from_sequence = next,
            }
        }
    }
}

pub(crate) fn words(text: &str) -> Content {
    Content {
        kind: Some(content::Kind::Text(Text {
            body: text.to_owned(),
            ..Default::default()
        })),
        ..Default::default()
    }
}

pub(crate) fn text_of(message: &Message) -> &str {
    match message.content.as_ref().and_then(|content| content.kind.as_ref()) {
        Some(content::Kind::Text(text)) => &text.body,
        other => panic!("{other:?}"),
    }
}

async fn start(
    log: &Arc<dyn Log>,
    kv: &Arc<EmbeddedKv>,
    repo: &Repo,
    messages: MessageRepoClient,
    keys: &Arc<TokenKeys>,
    ids: &Arc<Snowflake>,
    clock: &SharedClock,
) -> (Clients, (JoinHandle<Result<(), Failure>>, CancellationToken)) {
    let deps = Deps {
        instance: "logic-1".into(),
        log: Arc::clone(log),
        kv: kv.clone(),
        registry: Arc::new(EmbeddedRegistry::new()),
        clock: Arc::clone(clock),
        ids: Arc::clone(ids),
        keys: Arc::clone(keys),
        pages: page::Keys::new(SECRET),
        users: UserRepoClient::local(Arc::clone(&repo.users)),
        conversations: ConversationRepoClient::local(Arc::clone(&repo.conversations)),
        messages,
    };
    // a busy machine must not turn `stored` into `accepted`
    let config = Config {
        send_wait: PATIENCE,
        ..Config::default()
    };
    let logic = Logic::build(config, deps).await.unwrap();
    let api = logic.services().local();
    let stop = CancellationToken::new();
    (api, (tokio::spawn(logic.run(stop.clone())), stop))
}

/// What the gateway was told, in order.
#[derive(Default)]
pub(crate) struct Listener {
    heard: Mutex<Vec<Downstream>>,
    arrived: Notify,
}

impl Listener {
    async fn listen(log: &Arc<dyn Log>, clock: &SharedClock) -> (Arc<Self>, CancellationToken) {
        topics::create_for::<Downstream>(&**log, GATEWAY).await.unwrap();
        let (listener, stop) = (Arc::new(Self::default()), CancellationToken::new());
        let consumer = Consumer::<Downstream>::of_instance(Arc::clone(log), Arc::clone(clock), GATEWAY);
        tokio::spawn(consumer.run(Arc::clone(&listener), stop.clone()));
        (listener, stop)
    }

    /// Waits until what was heard makes `wanted` say something.
    pub(crate) async fn hears<T>(&self, wanted: impl Fn(&[Downstream]) -> Option<T>) -> T {
        let heard = async {
            loop {
                let arrived = self.arrived.notified();
                let found = wanted(&self.heard.lock());
                match found {
                    Some(found) => return found,
                    None => arrived.await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.expect("it is not heard")
    }

    /// Waits for so many messages, and gives them with their recipients, in order of arrival.
    pub(crate) async fn messages(&self, count: usize) -> Vec<(Vec<u64>, Message)> {
        self.hears(|heard| {
            let messages: Vec<_> = heard.iter().flat_map(deliveries).collect();
            (messages.len() >= count).then_some(messages)
        })
        .await
    }

    pub(crate) fn forgets(&self) {
        self.heard.lock().clear();
    }
}

fn deliveries(downstream: &Downstream) -> Vec<(Vec<u64>, Message)> {
    let Some(Event::Deliveries(deliveries)) = &downstream.event else {
        return Vec::new();
    };
    let message =
        |item: &im_schema::internal::v1::Delivery| (downstream.recipients.clone(), item.message.clone().unwrap());
    deliveries.items.iter().map(message).collect()
}

#[async_trait]
impl Handler<Downstream> for Listener {
    async fn handle(&self, _: u32, batch: Vec<(u64, Downstream)>) -> Result<(), Failure> {
        self.heard
            .lock()
            .extend(batch.into_iter().map(|(_, downstream)| downstream));
        self.arrived.notify_waiters();
        Ok(())
    }
}

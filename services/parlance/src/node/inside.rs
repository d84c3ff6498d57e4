//! Between the processes: who calls whom, and behind which layers.

use super::Role;
use crate::{platform::ground::Ground, settings::Settings};
use anyhow::Context as _;
use im_infra::{
    discovery::{self, Channel, Encryption},
    layers::{Inside, Memory},
    tls::Acceptor,
    token::ServiceToken,
};
use im_repo::Repo;
use im_schema::services::{
    AuthServiceClient, ConversationRepoClient, ConversationServiceClient, MessageRepoClient, MessageServiceClient,
    UserRepoClient, UserServiceClient, auth_service, conversation_repo, conversation_service, message_repo,
    message_service, user_repo, user_service,
};
use std::sync::Arc;
use tonic::service::Routes;

/// The largest call from service to service: a batch of messages, with room to spare.
const MAX_CALL_BYTES: usize = 64 << 20;

/// What processes need to call each other.
pub(super) struct Peers {
    pub(super) inside: Inside,
    encryption: Option<Encryption>,
}

/// How other processes are called, if calls are encrypted.
///
/// # Errors
/// Certificates cannot be read.
pub(crate) fn encryption(settings: &Settings) -> anyhow::Result<Option<Encryption>> {
    let pem = settings.cluster.tls.read().context("cluster.tls")?;
    Ok(pem.map(|pem| Encryption {
        pem,
        name: settings.cluster.tls_name.clone(),
    }))
}

impl Peers {
    /// # Errors
    /// The secret is too short, or certificates cannot be read.
    pub(super) fn new(ground: &Ground) -> anyhow::Result<Self> {
        let (cluster, limits) = (&ground.settings.cluster, &ground.settings.limits);
        let secret = cluster.secret.expose();
        let kv = Arc::clone(&ground.engines.kv);
        let encryption = encryption(&ground.settings)?;
        Ok(Self {
            encryption,
            inside: Inside {
                // one for all: what a process answers at once, whoever calls
                capacity: ground.layers.capacity.clone(),
                token: secret.into(),
                peers: ServiceToken::new(secret).context("cluster.secret")?,
                memory: Memory::new(kv, secret.as_bytes(), limits.idempotency_window),
                default_deadline: limits.deadline,
            },
        })
    }

    /// A channel to all processes of a role.
    ///
    /// # Errors
    /// The registry is away.
    pub(super) async fn channel(&self, ground: &Ground, role: Role) -> anyhow::Result<Channel> {
        let instances = ground.engines.registry.watch(role.name()).await;
        let instances = instances.with_context(|| format!("watch {role}"))?;
        Ok(discovery::channel(role.name(), instances, self.encryption.clone()))
    }

    /// Encrypts the connections of those who call this process, if it is to.
    ///
    /// # Errors
    /// The certificate cannot be used.
    pub(super) fn acceptor(&self) -> anyhow::Result<Acceptor> {
        Acceptor::new(self.encryption.as_ref().map(|encryption| &encryption.pem)).context("cluster.tls")
    }

    /// What clients may call, with handlers at logic.
    pub(super) fn services(&self, ground: &Ground, logic: &Channel) -> im_gateway::Services {
        let (edge, inside) = (&ground.layers, &self.inside);
        im_gateway::Services {
            auth: AuthServiceClient::new(edge.edge(inside.call(auth_service::remote(logic.clone())))),
            user: UserServiceClient::new(edge.edge(inside.call(user_service::remote(logic.clone())))),
            conversation: ConversationServiceClient::new(
                edge.edge(inside.call(conversation_service::remote(logic.clone()))),
            ),
            message: MessageServiceClient::new(edge.edge(inside.call(message_service::remote(logic.clone())))),
        }
    }

    /// What a gateway reads for clients that come back.
    pub(super) fn history(&self, logic: &Channel) -> MessageServiceClient {
        MessageServiceClient::new(self.inside.call(message_service::remote(logic.clone())))
    }

    /// What logic serves.
    pub(super) fn serve_logic(&self, api: &im_logic::Services) -> Routes {
        let inside = &self.inside;
        let auth = AuthServiceClient::new(inside.serve(auth_service::local(Arc::clone(&api.auth))));
        let users = UserServiceClient::new(inside.serve(user_service::local(Arc::clone(&api.users))));
        let conversations = inside.serve(conversation_service::local(Arc::clone(&api.conversations)));
        let conversations = ConversationServiceClient::new(conversations);
        let messages = MessageServiceClient::new(inside.serve(message_service::local(Arc::clone(&api.messages))));
        Routes::new(auth_service::grpc(auth).max_decoding_message_size(MAX_CALL_BYTES))
            .add_service(user_service::grpc(users).max_decoding_message_size(MAX_CALL_BYTES))
            .add_service(conversation_service::grpc(conversations).max_decoding_message_size(MAX_CALL_BYTES))
            .add_service(message_service::grpc(messages).max_decoding_message_size(MAX_CALL_BYTES))
    }

    /// What the repo serves.
    pub(super) fn serve_repo(&self, repo: &Repo) -> Routes {
        let inside = &self.inside;
        let users = UserRepoClient::new(inside.serve(user_repo::local(Arc::clone(&repo.users))));
        let conversations = inside.serve(conversation_repo::local(Arc::clone(&repo.conversations)));
        let conversations = ConversationRepoClient::new(conversations);
        let messages = MessageRepoClient::new(inside.serve(message_repo::local(Arc::clone(&repo.messages))));
        Routes::new(user_repo::grpc(users).max_decoding_message_size(MAX_CALL_BYTES))
            .add_service(conversation_repo::grpc(conversations).max_decoding_message_size(MAX_CALL_BYTES))
            .add_service(message_repo::grpc(messages).max_decoding_message_size(MAX_CALL_BYTES))
    }
}

//! The services, each on its ground.

use super::{ground::Ground, repo::RepoClients};
use anyhow::Context as _;
use im_gateway::Gateway;
use im_infra::{ids::Snowflake, readiness::Readiness, telemetry::MetricsHandle};
use im_logic::Logic;
use im_repo::Repo;
use im_schema::{
    page,
    services::{
        self, AuthServiceClient, ConversationRepoClient, ConversationServiceClient, MessageServiceClient,
        UserServiceClient,
    },
};
use im_task::Tasks;
use std::sync::Arc;

/// im-repo, on its database.
pub(crate) async fn repo(ground: &Ground) -> anyhow::Result<Repo> {
    let mut config = ground.settings.repo.clone();
    config.folder = ground.settings.data.join("repo");
    // a database in this process answers as fast
    let kv = (!config.mysql.primary.is_empty()).then_some(&ground.engines.kv);
    let repo = Repo::build(config, Arc::clone(&ground.engines.clock), kv).await;
    repo.context("open the database")
}

/// im-logic, with a repo here or elsewhere.
pub(crate) async fn logic(
    ground: &Ground,
    name: &Arc<str>,
    ids: Arc<Snowflake>,
    repo: RepoClients,
) -> anyhow::Result<Logic> {
    let engines = &ground.engines;
    let deps = im_logic::Deps {
        instance: Arc::clone(name),
        log: Arc::clone(&engines.log),
        kv: Arc::clone(&engines.kv),
        registry: Arc::clone(&engines.registry),
        clock: Arc::clone(&engines.clock),
        ids,
        keys: Arc::clone(&ground.keys),
        pages: page::Keys::new(&ground.secret),
        users: repo.users,
        conversations: repo.conversations,
        messages: repo.messages,
    };
    let logic = Logic::build(ground.settings.logic.clone(), deps).await;
    logic.context("build logic")
}

/// im-task, with a repo here or elsewhere.
pub(crate) async fn tasks(ground: &Ground, conversations: ConversationRepoClient) -> anyhow::Result<Tasks> {
    let engines = &ground.engines;
    let deps = im_task::Deps {
        log: Arc::clone(&engines.log),
        kv: Arc::clone(&engines.kv),
        registry: Arc::clone(&engines.registry),
        clock: Arc::clone(&engines.clock),
        conversations,
    };
    let tasks = Tasks::build(ground.settings.task.clone(), deps).await;
    tasks.context("build tasks")
}

/// im-gateway, with logic here or elsewhere. `history` is what `services` call, without limits.
pub(crate) async fn gateway(
    ground: &Ground,
    name: &Arc<str>,
    services: im_gateway::Services,
    history: MessageServiceClient,
    readiness: &Readiness,
    metrics: MetricsHandle,
) -> anyhow::Result<Gateway> {
    let engines = &ground.engines;
    let deps = im_gateway::Deps {
        instance: Arc::clone(name),
        log: Arc::clone(&engines.log),
        kv: Arc::clone(&engines.kv),
        registry: Arc::clone(&engines.registry),
        clock: Arc::clone(&engines.clock),
        authenticator: ground.layers.authenticator.clone(),
        rates: ground.rates.clone(),
        services,
        history,
        readiness: readiness.clone(),
        metrics: Arc::new(move || metrics.render()),
    };
    let gateway = Gateway::build(ground.settings.gateway.clone(), deps).await;
    gateway.context("build the gateway")
}

/// What clients may call, with handlers in this process behind the layers.
pub(crate) fn of_logic(ground: &Ground, logic: &Logic) -> im_gateway::Services {
    let (layers, api) = (&ground.layers, logic.services());
    im_gateway::Services {
        auth: AuthServiceClient::new(layers.stack(services::auth_service::local(api.auth))),
        user: UserServiceClient::new(layers.stack(services::user_service::local(api.users))),
        conversation: ConversationServiceClient::new(
            layers.stack(services::conversation_service::local(api.conversations)),
        ),
        message: MessageServiceClient::new(layers.stack(services::message_service::local(api.messages))),
    }
}

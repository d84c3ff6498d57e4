//! How logic and tasks call the repo: patiently, as they will when it is behind a channel.

use im_infra::{
    discovery::Channel,
    layers::{Inside, Layers},
    readiness::Engine,
};
use im_repo::Repo;
use im_schema::{
    failure::Failure,
    retry::Retry,
    rpc::{Call, Decode, Encode, Stack, Validate},
    services::{ConversationRepoClient, MessageRepoClient, UserRepoClient, conversation_repo, message_repo, user_repo},
};
use std::sync::Arc;
use tower::Service;

/// The clients of the repo's services.
pub(crate) struct RepoClients {
    pub(crate) users: UserRepoClient,
    pub(crate) conversations: ConversationRepoClient,
    pub(crate) messages: MessageRepoClient,
}

impl RepoClients {
    /// Clients of the repos behind a channel.
    pub(crate) fn remote(inside: &Inside, channel: &Channel) -> Self {
        Self {
            users: UserRepoClient::new(inside.call(user_repo::remote(channel.clone()))),
            conversations: ConversationRepoClient::new(inside.call(conversation_repo::remote(channel.clone()))),
            messages: MessageRepoClient::new(inside.call(message_repo::remote(channel.clone()))),
        }
    }

    /// Clients of a repo in this process.
    pub(crate) fn local(layers: &Layers, repo: &Repo) -> Self {
        Self {
            users: UserRepoClient::new(patient(layers, user_repo::local(Arc::clone(&repo.users)))),
            conversations: ConversationRepoClient::new(patient(
                layers,
                conversation_repo::local(Arc::clone(&repo.conversations)),
            )),
            messages: MessageRepoClient::new(patient(layers, message_repo::local(Arc::clone(&repo.messages)))),
        }
    }
}

/// The database of a repo, as something that may be away.
pub(crate) fn store(repo: &Repo) -> Engine {
    let repo = repo.clone();
    Engine::needed("store", move || {
        let repo = repo.clone();
        async move { repo.health().await }
    })
}

/// A service behind its layers, which is asked again as the schema says: what is safe, seldom more than twice, and less where all fails. Each
/// attempt passes all layers. A call that is made once, like storing a batch of messages, is handed on as it is.
fn patient<S, R, A>(layers: &Layers, service: S) -> Stack<R, A>
where
    S: Service<Call<R>, Response = A, Error = Failure> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    R: Validate + Encode + Clone + Send + 'static,
    A: Encode + Decode + Send + 'static,
{
    Stack::new(Retry::new(layers.within(service)))
}

#[cfg(test)]
mod tests;

//! What stands in front of the API services: nothing of logic's own. The list of `im_infra::layers::Layers::stack` (trace, panic, deadline,
//! auth, policy, rate, validation; the reason for each place stands there) is put in front of [`Services`] once, where the transports are:
//! calls within the process pass it as well as those from outside.

use im_schema::services::{
    AuthService, AuthServiceClient, ConversationService, ConversationServiceClient, MessageService,
    MessageServiceClient, UserService, UserServiceClient,
};
use std::sync::Arc;

/// The services that clients call, bare.
#[derive(Clone)]
pub struct Services {
    /// Getting in and out.
    pub auth: Arc<dyn AuthService>,
    /// Profiles.
    pub users: Arc<dyn UserService>,
    /// Direct conversations and groups.
    pub conversations: Arc<dyn ConversationService>,
    /// Sending, history, read positions.
    pub messages: Arc<dyn MessageService>,
}

/// The same, each behind a client.
#[derive(Clone)]
pub struct Clients {
    /// Getting in and out.
    pub auth: AuthServiceClient,
    /// Profiles.
    pub users: UserServiceClient,
    /// Direct conversations and groups.
    pub conversations: ConversationServiceClient,
    /// Sending, history, read positions.
    pub messages: MessageServiceClient,
}

impl Services {
    /// Clients without any layer, for who has authenticated already and for tests.
    #[must_use]
    pub fn local(&self) -> Clients {
        Clients {
            auth: AuthServiceClient::local(Arc::clone(&self.auth)),
            users: UserServiceClient::local(Arc::clone(&self.users)),
            conversations: ConversationServiceClient::local(Arc::clone(&self.conversations)),
            messages: MessageServiceClient::local(Arc::clone(&self.messages)),
        }
    }
}

//! Users and conversations for a load, made through the same interfaces that everybody uses.

use anyhow::{Context as _, bail};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use im_infra::tls::Address;
use im_schema::{
    ids::{ConversationId, UserId},
    rpc::Context,
    services::{AuthServiceClient, ConversationServiceClient, auth_service, conversation_service},
    v1,
};
use indicatif::ProgressBar;

/// How many set-up calls are under way at once.
const CONCURRENCY: usize = 32;

/// A registered user.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) token: String,
}

/// The interfaces of a server.
#[derive(Clone)]
pub(crate) struct Api {
    auth: AuthServiceClient,
    conversations: ConversationServiceClient,
}

impl Api {
    /// Connects to the server at `url`.
    pub(crate) async fn connect(url: &str) -> anyhow::Result<Self> {
        let channel = Address::parse(url)?.channel().await?;
        Ok(Self {
            auth: AuthServiceClient::from_service(auth_service::remote(channel.clone())),
            conversations: ConversationServiceClient::from_service(conversation_service::remote(channel)),
        })
    }

    /// Registers `count` users with names that no run before has used.
    pub(crate) async fn register(&self, count: usize, progress: &ProgressBar) -> anyhow::Result<Vec<Account>> {
        let run: u32 = rand::random();
        progress.set_length(count as u64);
        progress.set_message("registering users");
        stream::iter(0..count)
            .map(|number| async move {
                let request = v1::RegisterRequest {
                    name: format!("b{run:08x}-{number}"),
                    password: "parlance bench".to_owned(),
                    device_id: "bench".to_owned(),
                    ..Default::default()
                };
                let answer = self.auth.register(Context::default(), request).await?;
                progress.inc(1);
                let (Some(user), Some(tokens)) = (answer.user, answer.tokens) else {
                    bail!("an answer without user or tokens")
                };
                Ok(Account {
                    user: user.user(),
                    token: tokens.access_token,
                })
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await
    }

    /// The direct conversations of pairs.
    pub(crate) async fn open_pairs(&self, pairs: &[(Account, Account)]) -> anyhow::Result<Vec<ConversationId>> {
        stream::iter(pairs)
            .map(|(one, other)| async move {
                let request = v1::OpenDirectRequest {
                    user_id: other.user.0,
                    ..Default::default()
                };
                let answer = self
                    .conversations
                    .open_direct(Context::bearer(one.token.as_str()), request)
                    .await?;
                Ok(answer
                    .conversation
                    .context("an answer without a conversation")?
                    .conversation())
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await
    }

    /// A group of all accounts, owned by the first.
    pub(crate) async fn create_group(&self, accounts: &[Account]) -> anyhow::Result<ConversationId> {
        let (owner, members) = accounts.split_first().context("a group needs members")?;
        let ids: Vec<u64> = members.iter().map(|member| member.user.0).collect();
        let mut batches = ids.chunks(1000);
        let first = batches.next().unwrap_or_default().to_vec();
        let context = || Context::bearer(owner.token.as_str());
        let request = v1::CreateGroupRequest {
            title: "bench".to_owned(),
            user_ids: first,
            ..Default::default()
        };
        let answer = self.conversations.create_group(context(), request).await?;
        let group = answer
            .conversation
            .context("an answer without a conversation")?
            .conversation();
        for batch in batches {
            let request = v1::AddMembersRequest {
                conversation_id: group.0,
                user_ids: batch.to_vec(),
                ..Default::default()
            };
            self.conversations.add_members(context(), request).await?;
        }
        Ok(group)
    }
}

//! `parlance chat send` and `parlance chat tail`: for scripts and pipes.

use super::{
    account::Account,
    catchup::CatchUp,
    live::{Event, Live},
    order::InOrder,
    state,
};
use anyhow::{Context as _, bail};
use im_schema::{ids::ConversationId, json, v1};
use std::{
    io::{self, Write as _},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use uuid::Uuid;
use v1::{client_frame, content, server_frame};

/// Sends one text or all lines of the standard input, in order, and returns once all are stored.
pub(crate) async fn send(
    account: Account,
    to: Option<String>,
    conversation: Option<u64>,
    text: Option<String>,
) -> anyhow::Result<()> {
    let mut live = Live::start(account);
    online(&mut live).await?;
    let conversation = match (conversation, to) {
        (Some(conversation), _) => ConversationId(conversation),
        (None, Some(name)) => direct(&mut live, &name).await?,
        (None, None) => bail!("say --to or --conversation"),
    };
    if let Some(text) = text {
        return deliver(&mut live, conversation, text).await;
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if !line.is_empty() {
            deliver(&mut live, conversation, line).await?;
        }
    }
    Ok(())
}

/// Prints messages as they arrive, in order: after a lost connection what was missed comes first, and nothing is printed twice.
pub(crate) async fn tail(
    account: Account,
    conversation: Option<u64>,
    as_json: bool,
    number: Option<u64>,
) -> anyhow::Result<()> {
    let mut live = Live::start(account);
    let mut order = InOrder::default();
    let mut catch_up = CatchUp::default();
    let mut first_time = true;
    let mut left = number.unwrap_or(u64::MAX);
    while left > 0 {
        let frame = match live.next().await {
            Some(Event::Online) => {
                catch_up.begin();
                catch_up.want(&mut live, order.positions()).await;
                live.send(list_conversations(String::new())).await;
                continue;
            }
            Some(Event::Offline { why, pause }) => {
                report(&why, pause);
                continue;
            }
            Some(Event::Ended(why)) => bail!(why),
            Some(Event::Frame(frame)) => frame,
            None => return Ok(()),
        };
        match frame.body {
            Some(server_frame::Body::ListConversations(page)) => {
                let mut new = Vec::new();
                for listed in page.conversations {
                    // at the start history is left alone; a conversation that appears later begins where the user was when it did
                    let seen = if first_time {
                        listed.last_sequence
                    } else {
                        listed.read_sequence
                    };
                    if order.begin(listed.conversation_id, seen) && !first_time {
                        new.push(v1::Position {
                            conversation_id: listed.conversation_id,
                            sequence: seen,
                            ..Default::default()
                        });
                    }
                }
                catch_up.want(&mut live, new).await;
                if page.next_page_token.is_empty() {
                    first_time = false;
                } else {
                    live.send(list_conversations(page.next_page_token)).await;
                }
            }
            Some(server_frame::Body::Message(message)) => {
                let (ready, missing) = order.take(message);
                catch_up.want(&mut live, missing.into_iter().collect()).await;
                for message in ready {
                    if left > 0 && conversation.is_none_or(|wanted| wanted == message.conversation_id) {
                        print(&message, as_json)?;
                        left -= 1;
                    }
                }
            }
            Some(server_frame::Body::Resumed(mut resumed)) => {
                for gone in resumed.gone_conversation_ids {
                    order.forget(gone);
                }
                resumed.incomplete.extend(order.missing());
                catch_up.resumed(&mut live, frame.request_id, resumed.incomplete).await;
            }
            Some(server_frame::Body::Error(problem)) => {
                catch_up.refused(&mut live, frame.request_id, &problem).await;
            }
            _ => {}
        }
    }
    Ok(())
}

fn list_conversations(page_token: String) -> client_frame::Body {
    client_frame::Body::ListConversations(v1::ListConversationsRequest {
        page_size: 100,
        page_token,
        ..Default::default()
    })
}

fn report(why: &str, pause: Duration) {
    eprintln!("parlance: {why}; trying again in {:.1} s", pause.as_secs_f64());
}

fn print(message: &v1::Message, as_json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        writeln!(out, "{}", json::to_string(message))?;
    } else {
        writeln!(
            out,
            "{} {} {}: {}",
            message.conversation_id,
            message.sequence,
            message.sender_id,
            state::text(message.content.as_ref())
        )?;
    }
    Ok(out.flush()?)
}

async fn online(live: &mut Live) -> anyhow::Result<()> {
    match live.next().await.context("the connection ended")? {
        Event::Online => Ok(()),
        Event::Offline { why, .. } | Event::Ended(why) => bail!("{why}"),
        Event::Frame(_) => bail!("a frame came before ready"),
    }
}

async fn direct(live: &mut Live, name: &str) -> anyhow::Result<ConversationId> {
    let request = v1::LookUpUsersRequest {
        names: vec![name.to_owned()],
        ..Default::default()
    };
    let Some(server_frame::Body::LookUpUsers(found)) = answer(live, client_frame::Body::LookUpUsers(request)).await?
    else {
        bail!("no answer")
    };
    let user = found
        .users
        .first()
        .with_context(|| format!("there is no user {name}"))?;
    let request = v1::OpenDirectRequest {
        user_id: user.user_id,
        ..Default::default()
    };
    match answer(live, client_frame::Body::OpenDirect(request)).await? {
        Some(server_frame::Body::OpenDirect(opened)) => Ok(opened
            .conversation
            .context("an answer without a conversation")?
            .conversation()),
        _ => bail!("no answer"),
    }
}

/// The answer to a request; what else arrives meanwhile is of no interest to a script that sends.
async fn answer(live: &mut Live, body: client_frame::Body) -> anyhow::Result<Option<server_frame::Body>> {
    let request_id = live.send(body).await;
    loop {
        match live.next().await.context("the connection ended")? {
            Event::Frame(frame) if frame.request_id == request_id => match frame.body {
                Some(server_frame::Body::Error(problem)) => bail!("{}: {}", problem.reason, problem.message),
                body => return Ok(body),
            },
            Event::Offline { why, .. } | Event::Ended(why) => bail!("{why}"),
            Event::Frame(_) | Event::Online => {}
        }
    }
}

/// Sends one text until it is stored, however often the connection is lost: the id makes trying again safe.
async fn deliver(live: &mut Live, conversation: ConversationId, body: String) -> anyhow::Result<()> {
    let client_message_id = Uuid::now_v7().to_string();
    let request = v1::SendMessageRequest {
        conversation_id: conversation.0,
        client_message_id: client_message_id.clone(),
        content: Some(v1::Content {
            kind: Some(content::Kind::Text(v1::Text {
                body,
                ..Default::default()
            })),
            ..Default::default()
        }),
        ..Default::default()
    };
    let mut request_id = live.send(client_frame::Body::Send(request.clone())).await;
    loop {
        match live.next().await.context("the connection ended")? {
            Event::Online => request_id = live.send(client_frame::Body::Send(request.clone())).await,
            Event::Offline { why, pause } => report(&why, pause),
            Event::Ended(why) => bail!(why),
            Event::Frame(frame) => match frame.body {
                Some(server_frame::Body::Stored(stored)) if stored.client_message_id == client_message_id => {
                    return Ok(());
                }
                Some(server_frame::Body::Rejected(rejected)) if rejected.client_message_id == client_message_id => {
                    let problem = rejected.problem.unwrap_or_default();
                    bail!("{}: {}", problem.reason, problem.message);
                }
                Some(server_frame::Body::Error(problem)) if frame.request_id == request_id && problem.retryable => {
                    tokio::time::sleep(Duration::from_millis(problem.retry_after_ms.max(200))).await;
                    request_id = live.send(client_frame::Body::Send(request.clone())).await;
                }
                Some(server_frame::Body::Error(problem)) if frame.request_id == request_id => {
                    bail!("{}: {}", problem.reason, problem.message)
                }
                _ => {}
            },
        }
    }
}

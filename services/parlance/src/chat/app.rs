//! The interactive client: keys and frames come in, wishes go out, the screen follows.

mod wishes;

use super::{
    account::Account,
    catchup::CatchUp,
    keys::{Input, Wish},
    live::{Event, Live},
    outbox::Again,
    state::State,
    view,
};
use crossterm::event::{Event as Key, EventStream, KeyEventKind};
use futures::StreamExt as _;
use im_schema::{
    ids::{ConversationId, UserId},
    v1,
};
use std::collections::HashMap;
use v1::{client_frame, server_frame};

/// What the screen shows.
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) open: Option<ConversationId>,
    pub(crate) input: Input,
    /// Lines scrolled back from the newest.
    pub(crate) scroll: usize,
    pub(crate) online: bool,
    pub(crate) status: String,
    pub(crate) help: bool,
    pub(crate) notice: Option<String>,
    live: Live,
    catch_up: CatchUp,
    /// What to do once users have been looked up, by request id.
    pending: HashMap<u64, Pending>,
}

enum Pending {
    Direct(String),
    Group {
        title: String,
        names: Vec<String>,
    },
    Add {
        conversation: ConversationId,
        names: Vec<String>,
    },
    Members,
    History,
}

/// Runs until the user leaves or the session ends.
pub(crate) async fn run(account: Account) -> anyhow::Result<()> {
    let mut app = App::new(account);
    let mut terminal = ratatui::try_init()?;
    let ended = app.turn(&mut terminal).await;
    ratatui::try_restore()?;
    ended
}

impl App {
    fn new(account: Account) -> Self {
        let state = State {
            me: account.user,
            names: HashMap::from([(account.user, account.name.clone())]),
            ..State::default()
        };
        Self {
            name: account.name.clone(),
            state,
            open: None,
            input: Input::default(),
            scroll: 0,
            online: false,
            status: "connecting".to_owned(),
            help: false,
            notice: None,
            live: Live::start(account),
            catch_up: CatchUp::default(),
            pending: HashMap::new(),
        }
    }

    async fn turn(&mut self, terminal: &mut ratatui::DefaultTerminal) -> anyhow::Result<()> {
        let mut keys = EventStream::new();
        loop {
            terminal.draw(|frame| view::draw(frame, self))?;
            tokio::select! {
                event = self.live.next() => match event {
                    Some(event) => self.take_all(event).await?,
                    None => return Ok(()),
                },
                key = keys.next() => match key.transpose()? {
                    Some(Key::Key(key)) if key.kind == KeyEventKind::Press => match self.input.take(key) {
                        Some(Wish::Quit) => return Ok(()),
                        Some(wish) => self.grant(wish).await,
                        None => {}
                    },
                    Some(Key::Paste(text)) => self.input.paste(&text),
                    Some(_) => {}
                    None => return Ok(()),
                },
            }
        }
    }

    /// Takes an event in and what else is there already, so that a flood costs one drawing and one read position.
    async fn take_all(&mut self, first: Event) -> anyhow::Result<()> {
        let mut next = Some(first);
        while let Some(event) = next {
            if let Event::Ended(why) = event {
                anyhow::bail!(why);
            }
            self.take(event).await;
            next = self.live.next_now();
        }
        self.mark_read().await;
        Ok(())
    }

    async fn take(&mut self, event: Event) {
        match event {
            Event::Online => self.come_online().await,
            Event::Offline { why, pause } => {
                self.online = false;
                self.status = format!("{why}; trying again in {:.1} s", pause.as_secs_f64());
            }
            Event::Frame(frame) => self.frame(*frame).await,
            Event::Ended(_) => {}
        }
    }

    /// Asks for what was missed and sends again what has no place yet: ids make both safe.
    async fn come_online(&mut self) {
        self.online = true;
        "online".clone_into(&mut self.status);
        self.pending.clear();
        let positions = self.state.positions();
        self.catch_up.begin();
        self.catch_up.want(&mut self.live, positions).await;
        self.live
            .send(client_frame::Body::ListConversations(v1::ListConversationsRequest {
                page_size: 100,
                ..Default::default()
            }))
            .await;
        for request in self.state.unsent.waiting() {
            self.send(request).await;
        }
    }

    /// Sends what the user has said, for the first time or again.
    async fn send(&mut self, request: v1::SendMessageRequest) {
        let id = request.client_message_id.clone();
        let request_id = self.live.send(client_frame::Body::Send(request)).await;
        self.state.unsent.sent(&id, request_id);
    }

    fn send_later(&mut self, again: Again) {
        let id = again.request.client_message_id.clone();
        let request_id = self
            .live
            .send_later(client_frame::Body::Send(again.request), again.pause);
        self.state.unsent.sent(&id, request_id);
    }

    async fn frame(&mut self, frame: v1::ServerFrame) {
        let request_id = frame.request_id;
        let pending = self.pending.remove(&request_id);
        let Some(body) = frame.body else { return };
        match body {
            server_frame::Body::ListConversations(page) => {
                for conversation in page.conversations {
                    self.state.conversation(conversation);
                }
                if !page.next_page_token.is_empty() {
                    let request = v1::ListConversationsRequest {
                        page_size: 100,
                        page_token: page.next_page_token,
                        ..Default::default()
                    };
                    self.live.send(client_frame::Body::ListConversations(request)).await;
                }
                if self.open.is_none() {
                    self.show(self.state.in_order().first().copied()).await;
                }
            }
            server_frame::Body::GetConversation(v1::GetConversationResponse {
                conversation: Some(conversation),
                ..
            })
            | server_frame::Body::AddMembers(v1::AddMembersResponse {
                conversation: Some(conversation),
                ..
            }) => {
                self.state.conversation(conversation);
            }
            server_frame::Body::OpenDirect(v1::OpenDirectResponse {
                conversation: Some(conversation),
                ..
            })
            | server_frame::Body::CreateGroup(v1::CreateGroupResponse {
                conversation: Some(conversation),
                ..
            }) => {
                let id = self.state.conversation(conversation);
                self.show(Some(id)).await;
            }
            server_frame::Body::LeaveGroup(_) => {
                if let Some(open) = self.open.take() {
                    self.state.threads.remove(&open);
                }
            }
            server_frame::Body::Resumed(resumed) => {
                for gone in resumed.gone_conversation_ids {
                    self.state.threads.remove(&ConversationId(gone));
                }
                let incomplete = resumed.incomplete;
                self.catch_up.resumed(&mut self.live, request_id, incomplete).await;
            }
            server_frame::Body::Rejected(rejected) => {
                if let Some(again) = self.state.unsent.rejected(&rejected) {
                    self.send_later(again);
                }
            }
            server_frame::Body::Error(problem) => {
                if let Some(again) = self.state.unsent.failed(request_id, &problem) {
                    // the line itself says how it stands
                    again.into_iter().for_each(|again| self.send_later(again));
                    return;
                }
                self.catch_up.refused(&mut self.live, request_id, &problem).await;
                self.notice = Some(format!("{}: {} {}", problem.reason, problem.message, problem.advice));
            }
            server_frame::Body::LookUpUsers(found) => self.found(found, pending).await,
            server_frame::Body::ListMembers(page) => {
                if matches!(pending, Some(Pending::Members)) {
                    let names: Vec<_> = page.members.iter().map(|member| member.name.as_str()).collect();
                    self.notice = Some(format!("members: {}", names.join(", ")));
                }
                self.state.take(server_frame::Body::ListMembers(page));
            }
            body => {
                if let Some(unknown) = self.state.take(body) {
                    let request = v1::GetConversationRequest {
                        conversation_id: unknown.0,
                        ..Default::default()
                    };
                    self.live.send(client_frame::Body::GetConversation(request)).await;
                }
            }
        }
        if self.open.is_some_and(|open| !self.state.threads.contains_key(&open)) {
            self.open = None;
        }
        self.name_the_nameless().await;
    }

    async fn found(&mut self, found: v1::LookUpUsersResponse, pending: Option<Pending>) {
        let ids = |names: &[String]| -> Result<Vec<u64>, String> {
            let id = |name: &String| {
                found
                    .users
                    .iter()
                    .find(|user| user.name.eq_ignore_ascii_case(name))
                    .map(|user| user.user_id)
                    .ok_or_else(|| format!("there is no user {name}"))
            };
            names.iter().map(id).collect()
        };
        let request = match pending {
            Some(Pending::Direct(name)) => ids(&[name]).map(|ids| {
                client_frame::Body::OpenDirect(v1::OpenDirectRequest {
                    user_id: ids[0],
                    ..Default::default()
                })
            }),
            Some(Pending::Group { title, names }) => ids(&names).map(|user_ids| {
                client_frame::Body::CreateGroup(v1::CreateGroupRequest {
                    title,
                    user_ids,
                    ..Default::default()
                })
            }),
            Some(Pending::Add { conversation, names }) => ids(&names).map(|user_ids| {
                client_frame::Body::AddMembers(v1::AddMembersRequest {
                    conversation_id: conversation.0,
                    user_ids,
                    ..Default::default()
                })
            }),
            Some(Pending::Members | Pending::History) | None => {
                self.state.take(server_frame::Body::LookUpUsers(found));
                return;
            }
        };
        self.state.take(server_frame::Body::LookUpUsers(found));
        match request {
            Ok(request) => {
                self.live.send(request).await;
            }
            Err(notice) => self.notice = Some(notice),
        }
    }

    /// Opens a conversation, reads its newest messages if there are none yet, and marks them read.
    async fn show(&mut self, conversation: Option<ConversationId>) {
        self.open = conversation;
        self.scroll = 0;
        let Some(thread) = conversation.and_then(|open| self.state.threads.get(&open)) else {
            return;
        };
        if thread.messages.len() < 50 && thread.conversation.last_sequence > thread.messages.len() as u64 {
            self.history(0).await;
        }
        self.mark_read().await;
    }

    async fn history(&mut self, from_sequence: u64) {
        let Some(open) = self.open else { return };
        let direction = v1::ListDirection::Backward.into();
        let request = v1::ListMessagesRequest {
            conversation_id: open.0,
            from_sequence,
            direction,
            limit: 100,
            ..Default::default()
        };
        let id = self.live.send(client_frame::Body::ListMessages(request)).await;
        self.pending.insert(id, Pending::History);
    }

    /// Scrolling back beyond what is there fetches what is older.
    async fn scroll_by(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(-by);
        let oldest = self
            .open
            .and_then(|open| self.state.threads.get(&open))
            .and_then(|thread| thread.messages.keys().next().copied());
        let fetching = self.pending.values().any(|pending| matches!(pending, Pending::History));
        if by < 0
            && !fetching
            && let Some(oldest) = oldest.filter(|oldest| *oldest > 1)
        {
            self.history(oldest - 1).await;
        }
    }

    async fn mark_read(&mut self) {
        let Some(thread) = self.open.and_then(|open| self.state.threads.get_mut(&open)) else {
            return;
        };
        let conversation = &mut thread.conversation;
        if conversation.unread_count == 0 || self.scroll > 0 {
            return;
        }
        let (conversation_id, sequence) = (conversation.conversation_id, conversation.last_sequence);
        conversation.unread_count = 0;
        conversation.read_sequence = sequence;
        self.live
            .send(client_frame::Body::MarkRead(v1::MarkReadRequest {
                conversation_id,
                sequence,
                ..Default::default()
            }))
            .await;
    }

    async fn name_the_nameless(&mut self) {
        let user_ids: Vec<u64> = self.state.nameless().into_iter().map(|UserId(id)| id).collect();
        if !user_ids.is_empty() {
            // known as a number until the answer is here, so that it is asked for once
            self.state
                .names
                .extend(user_ids.iter().map(|id| (UserId(*id), format!("user {id}"))));
            self.live
                .send(client_frame::Body::LookUpUsers(v1::LookUpUsersRequest {
                    user_ids,
                    ..Default::default()
                }))
                .await;
        }
    }
}

#[cfg(test)]
mod tests;

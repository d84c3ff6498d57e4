//! What the user wishes, done.

use super::{super::keys::Wish, App, Pending};
use im_schema::v1::{self, client_frame, content};
use uuid::Uuid;

impl App {
    pub(super) async fn grant(&mut self, wish: Wish) {
        self.notice = None;
        self.help = false;
        match wish {
            Wish::Say(text) => self.say(text).await,
            Wish::Direct(name) => self.look_up(vec![name.clone()], Pending::Direct(name)).await,
            Wish::Group { title, names } => self.look_up(names.clone(), Pending::Group { title, names }).await,
            Wish::Add(names) => match self.open {
                Some(conversation) => self.look_up(names.clone(), Pending::Add { conversation, names }).await,
                None => self.notice = Some("open a group first".to_owned()),
            },
            Wish::Leave => {
                if let Some(open) = self.open {
                    self.live
                        .send(client_frame::Body::LeaveGroup(v1::LeaveGroupRequest {
                            conversation_id: open.0,
                            ..Default::default()
                        }))
                        .await;
                }
            }
            Wish::Members => {
                if let Some(open) = self.open {
                    let request = v1::ListMembersRequest {
                        conversation_id: open.0,
                        page_size: 100,
                        ..Default::default()
                    };
                    let id = self.live.send(client_frame::Body::ListMembers(request)).await;
                    self.pending.insert(id, Pending::Members);
                }
            }
            Wish::Help => self.help = true,
            Wish::Move(by) => self.step(by).await,
            Wish::Scroll(by) => self.scroll_by(by).await,
            Wish::Unknown(notice) => self.notice = Some(notice),
            Wish::Quit => {}
        }
    }

    async fn say(&mut self, body: String) {
        let Some(open) = self.open else {
            self.notice = Some("open a conversation first: /dm NAME".to_owned());
            return;
        };
        let request = v1::SendMessageRequest {
            conversation_id: open.0,
            client_message_id: Uuid::now_v7().to_string(),
            content: Some(v1::Content {
                kind: Some(content::Kind::Text(v1::Text {
                    body,
                    ..Default::default()
                })),
                ..Default::default()
            }),
            ..Default::default()
        };
        self.scroll = 0;
        self.state.unsent.add(request.clone());
        if self.online {
            self.send(request).await;
        }
    }

    async fn look_up(&mut self, names: Vec<String>, then: Pending) {
        let id = self
            .live
            .send(client_frame::Body::LookUpUsers(v1::LookUpUsersRequest {
                names,
                ..Default::default()
            }))
            .await;
        self.pending.insert(id, then);
    }

    async fn step(&mut self, by: isize) {
        let order = self.state.in_order();
        if order.is_empty() {
            return;
        }
        let at = self
            .open
            .and_then(|open| order.iter().position(|id| *id == open))
            .unwrap_or(0);
        let next = at
            .cast_signed()
            .saturating_add(by)
            .rem_euclid(order.len().cast_signed())
            .cast_unsigned();
        self.show(Some(order[next])).await;
    }
}

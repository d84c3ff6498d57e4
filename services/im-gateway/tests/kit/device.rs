//! A client of the gateway: says frames, expects frames.

use super::PATIENCE;
use futures::{SinkExt as _, StreamExt as _};
use im_schema::{
    frame,
    v1::{ServerFrame, client_frame, server_frame},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, tungstenite};

/// A client.
pub(crate) struct Device {
    pub(super) binary: bool,
    pub(super) socket: WebSocketStream<TcpStream>,
    pub(super) waiting: Vec<ServerFrame>,
}

impl Device {
    /// Says several frames in one message.
    pub(crate) async fn says(&mut self, frames: impl IntoIterator<Item = (u64, client_frame::Body)>) {
        let mut bytes = Vec::new();
        for (request_id, body) in frames {
            let frame = im_schema::v1::ClientFrame {
                request_id,
                body: Some(body),
                ..Default::default()
            };
            if self.binary {
                frame::encode_binary(&frame, &mut bytes);
            } else {
                frame::encode_text(&frame, &mut bytes);
            }
        }
        let message = if self.binary {
            tungstenite::Message::binary(bytes)
        } else {
            tungstenite::Message::text(String::from_utf8(bytes).expect("JSON"))
        };
        self.socket.send(message).await.expect("sent");
    }

    /// Says what no client should.
    pub(crate) async fn raw(&mut self, message: tungstenite::Message) {
        // the server may close before it has read everything
        let _ = self.socket.send(message).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        while self.waiting.is_empty() {
            match self.message().await {
                Ok(frames) => self.waiting = frames,
                Err(close) => panic!("closed with {close:?}"),
            }
        }
        self.waiting.remove(0)
    }

    /// The frames of the next message, or the close code and text.
    pub(crate) async fn message(&mut self) -> Result<Vec<ServerFrame>, (u16, String)> {
        loop {
            let message = timeout(PATIENCE, self.socket.next())
                .await
                .expect("in time")
                .expect("a message before the end");
            match message.expect("a WebSocket message") {
                tungstenite::Message::Text(text) => {
                    return Ok(frame::decode_text(&text).map(|frame| frame.expect("a frame")).collect());
                }
                tungstenite::Message::Binary(bytes) => {
                    return Ok(frame::decode_binary(&bytes)
                        .map(|frame| frame.expect("a frame"))
                        .collect());
                }
                tungstenite::Message::Close(frame) => {
                    let frame = frame.expect("a close code");
                    return Err((frame.code.into(), frame.reason.to_string()));
                }
                _ => {}
            }
        }
    }

    /// The next frame has to be an error of this reason.
    pub(crate) async fn is_refused(&mut self, request_id: u64, reason: &str) -> im_schema::v1::Problem {
        let frame = self.next().await;
        let Some(server_frame::Body::Error(problem)) = frame.body else {
            panic!("no error but {frame:?}")
        };
        assert_eq!(
            (frame.request_id, problem.reason.as_str()),
            (request_id, reason),
            "{problem:?}"
        );
        problem
    }

    /// The connection has to be closed with this code, after whatever was on the way.
    pub(crate) async fn is_closed(&mut self, code: u16, reason: &str) {
        loop {
            if let Err(close) = self.message().await {
                assert_eq!(close, (code, reason.to_owned()));
                return;
            }
        }
    }
}

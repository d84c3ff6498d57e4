//! A WebSocket connection that may break, or fall silent, at any moment.

use bytes::BytesMut;
use futures::{SinkExt as _, StreamExt as _};
use im_schema::{frame, v1};
use std::time::Duration;
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// Whatever takes longer is taken for broken.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

pub(super) struct Link {
    socket: WebSocketStream<TcpStream>,
    heard: Instant,
}

impl Link {
    /// `None` if the gateway does not take the connection.
    pub(super) async fn open(url: &str, token: &str) -> Option<Self> {
        let socket = timeout(PATIENCE, connect(url, token)).await.ok()??;
        let heard = Instant::now();
        Some(Self { socket, heard })
    }

    /// Sends frames as one WebSocket message; `None` if the connection is over.
    pub(super) async fn send(&mut self, frames: &[v1::ClientFrame]) -> Option<()> {
        let mut bytes = BytesMut::new();
        for client_frame in frames {
            frame::encode_binary(client_frame, &mut bytes);
        }
        let sent = timeout(PATIENCE, self.socket.send(Message::Binary(bytes.freeze())));
        sent.await.ok()?.ok()
    }

    /// The frames of the next WebSocket message; `None` if the connection is over. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<Vec<v1::ServerFrame>> {
        loop {
            let message = self.socket.next().await?.ok()?;
            self.heard = Instant::now();
            match message {
                Message::Binary(bytes) => {
                    let frames: Result<Vec<_>, _> = frame::decode_binary(&bytes).collect();
                    return Some(frames.expect("the server sends valid protobuf"));
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// For how long nothing has come.
    pub(super) fn silence(&self) -> Duration {
        self.heard.elapsed()
    }
}

async fn connect(url: &str, token: &str) -> Option<WebSocketStream<TcpStream>> {
    let authority = url.strip_prefix("http://").expect("an address");
    let mut request = format!("ws://{authority}/v1/ws")
        .into_client_request()
        .expect("an address");
    let headers = request.headers_mut();
    let bearer = format!("Bearer {token}").parse();
    headers.insert("authorization", bearer.expect("a token is a header's value"));
    let protocol = http::HeaderValue::from_static("parlance.v1.binary");
    headers.insert("sec-websocket-protocol", protocol);
    let stream = TcpStream::connect(authority).await.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(client_async(request, stream).await.ok()?.0)
}

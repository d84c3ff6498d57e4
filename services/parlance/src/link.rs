//! A WebSocket connection to a server, speaking frames in protobuf.

use anyhow::Context as _;
use bytes::{Bytes, BytesMut};
use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use im_infra::tls::{Address, Stream};
use im_schema::{
    failure::Failure,
    frame, json,
    v1::{ClientFrame, Problem, ServerFrame},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, WebSocketConfig},
    },
};

/// What came in.
pub(crate) enum Incoming {
    /// Frames of one WebSocket message, in order.
    Frames(Vec<ServerFrame>),
    /// The connection is over.
    Closed(Option<CloseFrame>),
}

/// The sending half.
pub(crate) struct Sender(SplitSink<WebSocketStream<Stream>, Message>);

/// The receiving half.
pub(crate) struct Receiver(SplitStream<WebSocketStream<Stream>>);

/// Connects to the server at `url` (`http://host:port`, or `https://`) with an access token. A refusal is a [`Failure`] among the error's causes.
pub(crate) async fn connect(url: &str, token: &str) -> anyhow::Result<(Sender, Receiver)> {
    let address = Address::parse(url)?;
    let mut request = format!("ws://{}/v1/ws", address.authority())
        .into_client_request()
        .context("make the request")?;
    let headers = request.headers_mut();
    headers.insert(
        "authorization",
        format!("Bearer {token}").parse().context("the token is no header")?,
    );
    headers.insert(
        "sec-websocket-protocol",
        http::HeaderValue::from_static("parlance.v1.binary"),
    );
    let stream = address.dial(None).await?;
    let config = WebSocketConfig::default()
        // is zeroed before each read
        .read_buffer_size(4 << 10)
        .write_buffer_size(0)
        .max_message_size(Some(16 << 20));
    let (socket, _) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(refusal)
        .context("upgrade the connection")?;
    let (sink, stream) = socket.split();
    Ok((Sender(sink), Receiver(stream)))
}

/// A refusal in the words of the catalogue, if the server gave one.
fn refusal(error: tungstenite::Error) -> anyhow::Error {
    if let tungstenite::Error::Http(response) = &error
        && let Some(body) = response.body()
        && let Ok(problem) = json::from_slice_lenient::<Problem>(body)
    {
        return Failure::from_problem(&problem).into();
    }
    error.into()
}

impl Sender {
    /// Sends frames as one WebSocket message.
    pub(crate) async fn send<'a>(&mut self, frames: impl IntoIterator<Item = &'a ClientFrame>) -> anyhow::Result<()> {
        let mut bytes = BytesMut::new();
        for client_frame in frames {
            frame::encode_binary(client_frame, &mut bytes);
        }
        self.send_bytes(bytes.freeze()).await
    }

    /// Sends frames that are encoded already.
    pub(crate) async fn send_bytes(&mut self, bytes: Bytes) -> anyhow::Result<()> {
        Ok(self.0.send(Message::Binary(bytes)).await?)
    }

    /// Says goodbye.
    pub(crate) async fn close(&mut self) {
        // the other side may be gone already: then there is nobody to say it to
        let _ = self.0.send(Message::Close(None)).await;
    }
}

impl Receiver {
    /// The bytes of the next WebSocket message, or how the connection ended.
    pub(crate) async fn next_bytes(&mut self) -> Result<Bytes, Option<CloseFrame>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                Some(Ok(Message::Close(close))) => return Err(close),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// The frames of the next WebSocket message, or how the connection ended.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Incoming> {
        match self.next_bytes().await {
            Ok(bytes) => Ok(Incoming::Frames(
                frame::decode_binary(&bytes).collect::<Result<_, _>>()?,
            )),
            Err(close) => Ok(Incoming::Closed(close)),
        }
    }
}

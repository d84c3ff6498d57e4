//! Encoded frames -> as few WebSocket messages as possible -> one flush.

use super::outbox::{Batch, Close, MESSAGE_BYTES, Outbox};
use crate::{error::LinkError, meters::Meters, wire::Wire};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _, stream::FusedStream as _};
use std::time::Duration;
use tokio::time::timeout;

/// How long the peer of a connection that is being closed may take to answer, once it has taken what was left.
const LINGER: Duration = Duration::from_secs(1);

/// Writes everything and flushes. While the peer does not take it, the outbox is watched: once that wants to close, the peer has only `grace` left.
pub(crate) async fn write(
    socket: &mut WebSocket,
    outbox: &Outbox,
    batch: Batch,
    meters: &Meters,
    grace: Duration,
) -> Result<(), LinkError> {
    let write = write_all(socket, outbox.wire(), batch, meters);
    tokio::pin!(write);
    loop {
        tokio::select! {
            biased;
            // writing first: it seldom waits
            done = &mut write => return done,
            // whatever is put in meanwhile waits for the next batch, except the order to close
            () = outbox.changed() => {
                if outbox.is_closing() {
                    return Box::pin(timeout(grace, write)).await.unwrap_or(Err(LinkError::Stuck));
                }
            }
        }
    }
}

async fn write_all(socket: &mut WebSocket, wire: Wire, batch: Batch, meters: &Meters) -> Result<(), LinkError> {
    for chunk in coalesce(wire, batch.chunks) {
        meters.messages_out.increment(1);
        meters.bytes_out.increment(chunk.len() as u64);
        socket.feed(message(wire, chunk)).await?;
    }
    if batch.ping {
        socket.feed(Message::Ping(Bytes::new())).await?;
    }
    if let Some(Close { code, text }) = batch.close {
        socket
            .feed(Message::Close(Some(CloseFrame {
                code,
                reason: Utf8Bytes::from_static(text),
            })))
            .await?;
    }
    socket.flush().await?;
    // only now are the frames on their way
    drop(batch.spans);
    Ok(())
}

fn message(wire: Wire, frames: Bytes) -> Message {
    match wire {
        Wire::Binary => Message::Binary(frames),
        Wire::Text => Message::Text(Utf8Bytes::try_from(frames).expect("JSON is UTF-8")),
    }
}

/// Joins small chunks; a large one, or one alone, is passed on as it is.
fn coalesce(wire: Wire, chunks: Vec<Bytes>) -> impl Iterator<Item = Bytes> {
    let mut chunks = chunks.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = chunks.next()?;
        let mut joined = Vec::new();
        let mut length = first.len();
        while let Some(next) = chunks.next_if(|next| length + next.len() < MESSAGE_BYTES) {
            if joined.is_empty() {
                joined.reserve(MESSAGE_BYTES);
                wire.join(&first, &mut joined);
            }
            wire.join(&next, &mut joined);
            length = joined.len();
        }
        Some(if joined.is_empty() { first } else { Bytes::from(joined) })
    })
}

/// After the close was sent: gives the peer a moment to answer, so that it reads what was said before the connection is gone.
pub(crate) async fn linger(socket: &mut WebSocket) {
    // after what could not be read nothing can be: then time is all that the peer can be given
    let unreadable = socket.is_terminated();
    let end = async {
        while let Some(Ok(_)) = socket.next().await {}
        if unreadable {
            std::future::pending::<()>().await;
        }
    };
    // the peer's answer or the time limit: all the same to us
    let _ = timeout(LINGER, end).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_chunks_are_joined_and_large_ones_left_alone() {
        let large = Bytes::from(vec![b'x'; MESSAGE_BYTES]);
        let chunks = vec![Bytes::from("a"), Bytes::from("b"), large.clone(), Bytes::from("c")];
        let text: Vec<_> = coalesce(Wire::Text, chunks.clone()).collect();
        assert_eq!(text, [Bytes::from("a\nb"), large.clone(), Bytes::from("c")]);
        let binary: Vec<_> = coalesce(Wire::Binary, chunks).collect();
        assert_eq!(binary, [Bytes::from("ab"), large, Bytes::from("c")]);
    }
}

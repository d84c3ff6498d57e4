//! Whether a new connection has said enough to know what it speaks.

use im_infra::tls::Stream;
use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What every HTTP/2 connection begins with.
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Shared by a connection's stream and whoever watches the time.
#[derive(Debug, Clone, Default)]
pub(super) struct Greeting(Arc<AtomicBool>);

impl Greeting {
    /// Whether it is known by now which protocol is spoken.
    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream that takes note of its first bytes.
#[derive(Debug)]
pub(super) struct Watched {
    stream: Stream,
    /// How much of [`HTTP2`] was read; `None` once the greeting is over.
    read: Option<(usize, Greeting)>,
}

impl Watched {
    pub(super) fn new(stream: Stream, greeting: Greeting) -> Self {
        Self {
            stream,
            read: Some((0, greeting)),
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        let Some((read, greeting)) = &mut self.read else { return };
        let rest = &HTTP2[*read..];
        let length = bytes.len().min(rest.len());
        *read += length;
        if bytes[..length] != rest[..length] || *read == HTTP2.len() {
            greeting.0.store(true, Ordering::Relaxed);
            self.read = None;
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if this.read.is_some() {
            this.note(&buffer.filled()[before..]);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

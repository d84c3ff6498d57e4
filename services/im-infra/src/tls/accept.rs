//! The server's side: a connection that was taken becomes an encrypted one.

use super::{Pem, TlsError};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Makes of connections what the configuration says.
#[derive(Clone, Default)]
pub struct Acceptor {
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// A connection, encrypted or not.
#[derive(Debug)]
pub enum Stream {
    /// As it came.
    Plain(TcpStream),
    /// Encrypted.
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::TlsStream<TcpStream>>),
}

impl Acceptor {
    /// Encrypts with this certificate, and serves only whom the certificates to trust vouch for, if there are some; nothing if there is none.
    ///
    /// # Errors
    /// The certificate cannot be used.
    pub fn new(pem: Option<&Pem>) -> Result<Self, TlsError> {
        match pem {
            None => Ok(Self::default()),
            Some(pem) => Self::encrypted(pem),
        }
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub fn encrypts(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        return false;
    }

    #[cfg(not(feature = "tls"))]
    fn encrypted(_: &Pem) -> Result<Self, TlsError> {
        Err(TlsError::NotBuilt)
    }

    #[cfg(feature = "tls")]
    fn encrypted(pem: &Pem) -> Result<Self, TlsError> {
        use rustls::{
            RootCertStore, ServerConfig,
            crypto::ring,
            pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
            server::WebPkiClientVerifier,
        };
        use std::sync::Arc;
        let unfit = |error| TlsError::Unfit(rustls::Error::General(format!("{error}")));
        let certificates = |bytes: &[u8]| {
            let all = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
            all.map_err(unfit)
        };
        let (certificate, key) = pem.identity.as_ref().ok_or(TlsError::NoIdentity)?;
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(unfit)?;
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().map_err(TlsError::Unfit)?;
        let config = if pem.ca.is_empty() {
            config.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            for root in certificates(&pem.ca)? {
                roots.add(root).map_err(TlsError::Unfit)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.map_err(TlsError::Untrusted)?)
        };
        let mut config = config
            .with_single_cert(certificates(certificate)?, key)
            .map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            tls: Some(tokio_rustls::TlsAcceptor::from(Arc::new(config))),
        })
    }

    /// The connection, once both sides have agreed on how it is encrypted.
    ///
    /// # Errors
    /// They do not agree, or the client shows no certificate that is trusted.
    #[cfg_attr(not(feature = "tls"), expect(clippy::unused_async, reason = "it waits with TLS"))]
    pub async fn accept(&self, stream: TcpStream) -> io::Result<Stream> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Stream::Tls(Box::new(tls.accept(stream).await?.into())));
        }
        Ok(Stream::Plain(stream))
    }
}

macro_rules! forward {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            #[cfg(feature = "tls")]
            Stream::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        forward!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, stream => stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => stream.poll_shutdown(cx))
    }
}

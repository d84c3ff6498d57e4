//! The client's side: a connection to who listens at a URL. Which certificates are trusted says the system, or the variables `SSL_CERT_FILE`
//! and `SSL_CERT_DIR`.

use super::{Stream, TlsError};
use http::Uri;
use std::{io, time::Duration};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint};

/// How long a host may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The scheme is another one, or there is no host.
    #[error("{0:?} is not http://host:port or https://host:port")]
    NotAnAddress(String),
    /// Nobody listens there, or the network is in the way.
    #[error("connect to {0}")]
    Connect(String, #[source] io::Error),
    /// Nobody takes calls there.
    #[error("connect to {0}")]
    Channel(String, #[source] tonic::transport::Error),
    /// No certificate can have this name.
    #[error("{0:?} is no name for a certificate")]
    NotAName(String),
    /// Nobody could be trusted.
    #[error("no certificates to trust (SSL_CERT_FILE, or the system's): {0}")]
    NothingTrusted(String),
    /// Connections cannot be encrypted.
    #[error("{0} is reached encrypted only")]
    Tls(String, #[source] TlsError),
    /// Who listens shows no certificate of that name that is trusted, or does not encrypt at all.
    #[error("agree with {0} on how to encrypt")]
    Agree(String, #[source] io::Error),
}

/// Where somebody listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    encrypted: bool,
    host: String,
    port: u16,
}

impl Address {
    /// Of `http://host:port` or `https://host:port`; without a port it is 80 or 443.
    ///
    /// # Errors
    /// [`DialError::NotAnAddress`].
    pub fn parse(url: &str) -> Result<Self, DialError> {
        let wrong = || DialError::NotAnAddress(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let encrypted = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        Ok(Self {
            url: url.to_owned(),
            encrypted,
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 }),
        })
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub const fn encrypts(&self) -> bool {
        self.encrypted
    }

    /// `host:port`
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects. Who listens must show a certificate of `name`; of the host if nothing is given.
    ///
    /// # Errors
    /// [`DialError`].
    pub async fn dial(&self, name: Option<&str>) -> Result<Stream, DialError> {
        let stream = TcpStream::connect(self.authority()).await;
        let stream = stream.map_err(|error| DialError::Connect(self.authority(), error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| DialError::Connect(self.authority(), error))?;
        if self.encrypted {
            self.encrypt(stream, name.unwrap_or(&self.host)).await
        } else {
            Ok(Stream::Plain(stream))
        }
    }

    /// A channel for calls by gRPC; it is waited for five seconds.
    ///
    /// # Errors
    /// [`DialError`].
    pub async fn channel(&self) -> Result<Channel, DialError> {
        let failed = |error| DialError::Channel(self.authority(), error);
        let mut endpoint = Endpoint::from_shared(self.url.clone()).map_err(failed)?;
        if self.encrypted {
            endpoint = self.encrypting(endpoint)?;
        }
        endpoint.connect_timeout(PATIENCE).connect().await.map_err(failed)
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_async, reason = "it waits with TLS")]
    async fn encrypt(&self, _: TcpStream, _: &str) -> Result<Stream, DialError> {
        Err(DialError::Tls(self.authority(), TlsError::NotBuilt))
    }

    #[cfg(not(feature = "tls"))]
    fn encrypting(&self, _: Endpoint) -> Result<Endpoint, DialError> {
        Err(DialError::Tls(self.authority(), TlsError::NotBuilt))
    }

    #[cfg(feature = "tls")]
    async fn encrypt(&self, stream: TcpStream, name: &str) -> Result<Stream, DialError> {
        use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
        use std::sync::Arc;
        let unfit = |error| DialError::Tls(self.authority(), TlsError::Unfit(error));
        let trusted = rustls_native_certs::load_native_certs();
        if trusted.certs.is_empty() {
            let why = trusted.errors.first().map(ToString::to_string);
            return Err(DialError::NothingTrusted(
                why.unwrap_or_else(|| "there are none".to_owned()),
            ));
        }
        let mut roots = RootCertStore::empty();
        // one that cannot be used vouches for nobody
        roots.add_parsable_certificates(trusted.certs);
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.trim_matches(['[', ']']).to_owned())
            .map_err(|_| DialError::NotAName(name.to_owned()))?;
        let agreed = tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await;
        let stream = agreed.map_err(|error| DialError::Agree(self.authority(), error))?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }

    #[cfg(feature = "tls")]
    fn encrypting(&self, endpoint: Endpoint) -> Result<Endpoint, DialError> {
        let tls = tonic::transport::ClientTlsConfig::new().with_native_roots();
        endpoint
            .tls_config(tls)
            .map_err(|error| DialError::Channel(self.authority(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_scheme_and_a_host() {
        let authority = |url| Address::parse(url).map(|address| address.authority()).ok();
        assert_eq!(authority("http://127.0.0.1:7700").as_deref(), Some("127.0.0.1:7700"));
        assert_eq!(
            authority("https://chat.example.org/").as_deref(),
            Some("chat.example.org:443")
        );
        assert_eq!(authority("http://[::1]").as_deref(), Some("[::1]:80"));
        for wrong in ["127.0.0.1:7700", "ws://127.0.0.1", "http://", "/health", ""] {
            assert_eq!(authority(wrong), None, "{wrong}");
        }
    }
}

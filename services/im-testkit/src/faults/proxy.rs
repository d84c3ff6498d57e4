//! A TCP proxy in one connection of the platform, which can fail as a network does.

use super::schedule::Cut;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// A listening proxy. It ends, with its connections, when this is dropped.
pub(super) struct Proxy {
    port: u16,
    state: watch::Sender<Option<Cut>>,
    accepting: JoinHandle<()>,
}

/// A port that is taken, for a proxy whose target is not known yet.
pub(super) struct Reserved(TcpListener);

impl Reserved {
    /// # Panics
    /// If there is no free port.
    pub(super) async fn any() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self(listener.expect("there is a free port"))
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().expect("it listens").port()
    }

    /// Begins to pass connections on.
    pub(super) fn lead_to(self, target: SocketAddr) -> Proxy {
        let port = self.port();
        let (state, watched) = watch::channel(None);
        let accepting = tokio::spawn(accept(self.0, target, watched));
        Proxy { port, state, accepting }
    }
}

impl Proxy {
    /// Where it listens, on loopback.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// From now on connections fail like this.
    pub(super) fn cut(&self, how: Cut) {
        self.state.send_replace(Some(how));
    }

    /// From now on all is well.
    pub(super) fn mend(&self) {
        self.state.send_replace(None);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, state: watch::Receiver<Option<Cut>>) {
    loop {
        // too many open files, say: the next one may fare better
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let mut state = state.clone();
        // a connection of its own runs until it ends or the proxy's state is gone
        tokio::spawn(async move {
            if state
                .wait_for(|cut| *cut != Some(Cut::Hold))
                .await
                .is_ok_and(|cut| *cut != Some(Cut::Reset))
                && let Ok(server) = TcpStream::connect(target).await
            {
                pass(client, server, state).await;
            }
        });
    }
}

/// Passes bytes both ways until one side ends or the connection is broken.
async fn pass(client: TcpStream, server: TcpStream, state: watch::Receiver<Option<Cut>>) {
    // a proxy that waits for company changes what is tested
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut watched = state.clone();
    let broken = async {
        let _ = watched.wait_for(|cut| matches!(cut, Some(Cut::Reset))).await;
    };
    tokio::select! {
        () = flow(from_client, to_server, state.clone(), false) => {}
        () = flow(from_server, to_client, state, true) => {}
        () = broken => {}
    }
}

/// One direction. What is read while answers are mute is swallowed; then the connection breaks once that is over.
async fn flow(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<Option<Cut>>, answers: bool) {
    let mut buffer = vec![0; 16 << 10];
    let mut torn = false;
    loop {
        tokio::select! {
            read = from.read(&mut buffer) => {
                let Ok(length @ 1..) = read else { return };
                let Ok(now) = state.wait_for(|cut| *cut != Some(Cut::Hold)).await.map(|cut| *cut) else { return };
                if answers && now == Some(Cut::Mute) {
                    torn = true;
                } else if torn || to.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
            }
            changed = state.changed() => {
                if changed.is_err() || (torn && *state.borrow() != Some(Cut::Mute)) {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    /// A proxy before a server that answers every byte with the same.
    async fn proxy() -> Proxy {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = server.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((connection, _)) = server.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = connection.into_split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        Reserved::any().await.lead_to(target)
    }

    async fn echo(connection: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
        connection.write_all(&[byte]).await?;
        connection.read_u8().await
    }

    #[tokio::test]
    async fn a_reset_breaks_connections_and_refuses_new_ones_until_it_is_mended() {
        let proxy = proxy().await;
        let mut connection = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(echo(&mut connection, 1).await.unwrap(), 1);
        proxy.cut(Cut::Reset);
        assert!(connection.read_u8().await.is_err());
        let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
        assert!(echo(&mut refused, 2).await.is_err());
        proxy.mend();
        let mut connection = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(echo(&mut connection, 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_is_held_arrives_when_it_is_mended() {
        let proxy = proxy().await;
        let mut connection = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(echo(&mut connection, 1).await.unwrap(), 1);
        proxy.cut(Cut::Hold);
        connection.write_all(&[2]).await.unwrap();
        assert!(timeout(Duration::from_millis(100), connection.read_u8()).await.is_err());
        proxy.mend();
        assert_eq!(connection.read_u8().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_mute_server_hears_and_its_connection_breaks_when_it_is_mended() {
        let proxy = proxy().await;
        let mut connection = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(echo(&mut connection, 1).await.unwrap(), 1);
        proxy.cut(Cut::Mute);
        connection.write_all(&[2]).await.unwrap();
        assert!(timeout(Duration::from_millis(100), connection.read_u8()).await.is_err());
        proxy.mend();
        assert!(connection.read_u8().await.is_err());
    }
}

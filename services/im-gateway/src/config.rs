//! What can be set.

use crate::ws::outbox::OutboxLimits;
use im_infra::{
    config::{duration, size},
    tls::Tls,
};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

/// How a gateway behaves. Every value has a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where REST, WebSocket, gRPC, the API page, metrics and health are served, all on one port; 0 for any free one.
    pub listen: SocketAddr,
    /// Encrypts the connections that are taken there.
    pub tls: Tls,
    /// The head of an HTTP/1 request has to be whole within this time; a connection that stays without a request for so long is closed.
    #[serde(with = "duration")]
    pub header_timeout: Duration,
    /// Origins of web pages, beside the gateway's own, that may call it and open WebSockets, e.g. `https://chat.example.com`; `*` for any.
    pub allowed_origins: Vec<String>,
    /// Networks of load balancers in front, e.g. `10.0.0.0/8`: what they say in `X-Forwarded-For` of who calls is believed. Nobody else's word is.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the pages and documents for developers are served: `/docs` and what belongs to it.
    pub pages: bool,
    /// Largest body of a REST request, and largest message of a gRPC request.
    #[serde(with = "size")]
    pub max_body: usize,
    /// Largest WebSocket message that is taken from a client.
    #[serde(with = "size")]
    pub max_frame: usize,
    /// How many connections a user may have at this gateway.
    pub max_connections_per_user: usize,
    /// How many calls by frame of one connection are answered at the same time; the next one waits unread.
    pub max_calls_per_connection: u16,
    /// How often clients are pinged.
    #[serde(with = "duration")]
    pub ping_interval: Duration,
    /// A connection of which nothing, not even a pong, has been read for so long is closed.
    #[serde(with = "duration")]
    pub idle_timeout: Duration,
    /// How often pings, silence, expiry of tokens and presence are looked after: they may be late by this much.
    #[serde(with = "duration")]
    pub tick: Duration,
    /// How long a user stays online for others after this process was killed. Renewed three times in this span.
    #[serde(with = "duration")]
    pub presence_ttl: Duration,
    /// How many bytes may wait for a client that reads slowly.
    #[serde(with = "size")]
    pub outbox_bytes: usize,
    /// How many frames may wait for a client that reads slowly.
    pub outbox_frames: usize,
    /// How many bytes of accepted messages may wait for the log, over all connections; then senders are read no further.
    #[serde(with = "size")]
    pub uplink_bytes: usize,
    /// How many messages are appended to the log at once.
    pub uplink_batch: usize,
    /// On shutdown clients are told to come back after a random pause of at most this length.
    #[serde(with = "duration")]
    pub reconnect_spread: Duration,
    /// How long a client whose connection is closed, e.g. because it reads too slowly, may take to read what it was sent before.
    #[serde(with = "duration")]
    pub close_grace: Duration,
    /// How long shutdown may take to bring connections to a good end.
    #[serde(with = "duration")]
    pub shutdown_grace: Duration,
}

impl Config {
    pub(crate) fn outbox(&self) -> OutboxLimits {
        OutboxLimits {
            bytes: self.outbox_bytes,
            frames: self.outbox_frames,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 7700).into(),
            tls: Tls::default(),
            header_timeout: Duration::from_secs(30),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            pages: true,
            max_body: 64 * 1024,
            max_frame: 64 * 1024,
            max_connections_per_user: 50,
            max_calls_per_connection: 8,
            ping_interval: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            tick: Duration::from_secs(1),
            presence_ttl: Duration::from_secs(90),
            outbox_bytes: 4 * 1024 * 1024,
            outbox_frames: 16_384,
            uplink_bytes: 16 * 1024 * 1024,
            uplink_batch: 4_096,
            reconnect_spread: Duration::from_secs(5),
            close_grace: Duration::from_secs(3),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

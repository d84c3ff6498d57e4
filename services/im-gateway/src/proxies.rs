//! Who a request comes from where load balancers stand in front.

use http::HeaderMap;
use ipnet::IpNet;
use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The load balancers whose word counts.
#[derive(Debug, Clone)]
pub(crate) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// The address of who calls: the peer's or, if that is a proxy, the one that it names; if that is a proxy too, the one before it in the list, and
    /// so on. What stands further ahead was written by the caller and may be anything. The port is 0 if somebody else's address is told.
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.trusts(peer.ip()) {
            return peer;
        }
        let mut client = peer;
        for address in named(headers) {
            // a proxy that does not say who called is the last one that is known
            let Some(address) = address else { break };
            client = (address, 0).into();
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address.to_canonical()))
    }
}

/// The addresses in the header, those that were written last first; `None` for what is no address.
fn named(headers: &HeaderMap) -> impl Iterator<Item = Option<IpAddr>> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    lines
        .flat_map(|line| line.to_str().unwrap_or_default().rsplit(','))
        .map(|text| address(text.trim()))
}

/// Some proxies write the port, too.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::{FORWARDED_FOR, Proxies};
    use http::HeaderMap;

    /// Who calls, for a peer and lines of the header, where 10.0.0.0/8 and fd00::/8 are proxies.
    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let peer = (peer.parse::<std::net::IpAddr>().unwrap(), 5000).into();
        proxies.client(peer, &headers).to_string()
    }

    #[test]
    fn a_stranger_is_who_it_is_whatever_it_says() {
        assert_eq!(client("192.0.2.7", &["198.51.100.1"]), "192.0.2.7:5000");
    }

    #[test]
    fn a_proxy_says_who_calls() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1:0");
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1:0");
        assert_eq!(client("fd00::1", &["2001:db8::1"]), "[2001:db8::1]:0");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1:0");
    }

    #[test]
    fn what_the_caller_wrote_itself_does_not_count() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9, 198.51.100.1"]), "198.51.100.1:0");
        assert_eq!(client("10.0.0.1", &["203.0.113.9", "198.51.100.1"]), "198.51.100.1:0");
        assert_eq!(
            client("10.0.0.1", &["10.9.9.9, 198.51.100.1, 10.0.0.2"]),
            "198.51.100.1:0"
        );
    }

    #[test]
    fn a_proxy_that_names_nobody_is_the_caller() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1:5000");
        assert_eq!(client("10.0.0.1", &["unknown"]), "10.0.0.1:5000");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"]), "10.0.0.2:0");
        assert_eq!(client("10.0.0.1", &["10.0.0.3"]), "10.0.0.3:0");
    }
}

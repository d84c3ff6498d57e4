//! Encrypted connections, with certificates made here, to real servers.

mod authority;
mod etcd;
mod redis;
mod services;

use authority::Authority;
use im_infra::tls::Tls;
use std::{
    error::Error,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

/// A server of a test. Ends with it.
struct Server(Child);

impl Server {
    fn start(program: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(program);
        let command = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// An error with all its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// The same, but it trusts another authority.
fn trusting(authority: &Authority, tls: &Tls) -> Tls {
    Tls {
        ca: authority.ca(),
        ..tls.clone()
    }
}

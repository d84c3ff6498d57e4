//! The real engines that tests run on: [`address`] for those that all tests share, [`Own`] for a test that stops or kills them.
//!
//! `deploy/native/engines` installs and starts them, so that `cargo test` alone is enough on a fresh machine. Tests that share an engine use names
//! of their own in it: topics, key prefixes, databases.

use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// Address, `127.0.0.1:port`, of an engine that all tests share: `kafka`, `mysql`, `mysql_replica`, `redis`, `etcd` or `s3`. Starts it first if it
/// does not run; that takes seconds, minutes if it has to be installed.
///
/// # Panics
/// If it cannot be started; the message is the script's.
#[must_use]
pub fn address(name: &str) -> String {
    static KNOWN: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock();
    if !known.contains_key(name) {
        known.extend(addresses(&run(&["up", engine_of(name)])));
    }
    known
        .get(name)
        .unwrap_or_else(|| panic!("the script gave no address of {name}"))
        .clone()
}

/// Engines that only one test uses and may stop. They end, and their data goes, when this is dropped.
pub struct Own {
    name: String,
    addresses: BTreeMap<String, String>,
}

impl Own {
    /// Starts engines: any of `kafka`, `mysql` (both servers), `redis`, `etcd`, `s3`. Takes seconds.
    ///
    /// # Panics
    /// If one cannot be started; the message is the script's.
    #[must_use]
    pub fn up(engines: &[&str]) -> Self {
        Self::up_with(engines, &[])
    }

    /// Like [`Self::up`], with further ports of Kafka: whoever comes by the first of a pair is told that the broker is at the second, where a
    /// proxy may be.
    ///
    /// # Panics
    /// If one cannot be started; the message is the script's.
    #[must_use]
    pub fn up_with(engines: &[&str], kafka_listeners: &[(u16, u16)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // made first, so that what has started also ends if another engine does not start
        let mut own = Self {
            name,
            addresses: BTreeMap::new(),
        };
        let listeners: Vec<String> = kafka_listeners
            .iter()
            .map(|(port, seen)| format!("{port}:{seen}"))
            .collect();
        let arguments = [&["--own", &own.name, "up"], engines].concat();
        own.addresses = addresses(&run_with(&arguments, &[("KAFKA_LISTENERS", &listeners.join(" "))]));
        own
    }

    /// Address of a server; it keeps it for ever.
    ///
    /// # Panics
    /// If it is not among those that were started.
    #[must_use]
    pub fn address(&self, server: &str) -> &str {
        &self.addresses[server]
    }

    /// Ends a server in good order.
    ///
    /// # Panics
    /// If the script fails.
    pub fn stop(&self, server: &str) {
        self.run("stop", &[server]);
    }

    /// Ends a server at once, by SIGKILL.
    ///
    /// # Panics
    /// If the script fails.
    pub fn kill(&self, server: &str) {
        self.run("kill", &[server]);
    }

    /// Starts a server that was stopped or killed on its data, and waits until it can be used.
    ///
    /// # Panics
    /// If the script fails.
    pub fn start(&self, server: &str) {
        self.run("start", &[server]);
    }

    /// Lets a server hang, by SIGSTOP, until [`Self::resume`].
    ///
    /// # Panics
    /// If the script fails.
    pub fn pause(&self, server: &str) {
        self.run("pause", &[server]);
    }

    /// Lets a server that hangs go on.
    ///
    /// # Panics
    /// If the script fails.
    pub fn resume(&self, server: &str) {
        self.run("resume", &[server]);
    }

    fn run(&self, command: &str, names: &[&str]) -> String {
        run(&[&["--own", &self.name, command], names].concat())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.run("reset", &[]);
    }
}

/// The engine that a server belongs to.
fn engine_of(server: &str) -> &str {
    server.strip_suffix("_replica").unwrap_or(server)
}

fn addresses(output: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        line.split_once('=')
            .map(|(name, address)| (name.into(), address.into()))
    };
    output.lines().filter_map(line).collect()
}

/// Runs the script; its output.
fn run(arguments: &[&str]) -> String {
    run_with(arguments, &[])
}

fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("deploy/native/engines"))
        .find(|script| script.is_file())
        .expect("the script that starts engines is in the workspace");
    let output = Command::new(script)
        .args(arguments)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the script that starts engines can be run");
    assert!(
        output.status.success(),
        "engines {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{Own, address};
    use std::net::TcpStream;

    #[test]
    fn what_one_test_stops_runs_on_for_the_others() {
        let (own, shared) = (Own::up(&["redis"]), address("redis"));
        let reachable = |address: &str| TcpStream::connect(address).is_ok();
        assert!(reachable(own.address("redis")) && reachable(&shared));
        own.kill("redis");
        assert!(!reachable(own.address("redis")) && reachable(&shared));
        own.start("redis");
        assert!(reachable(own.address("redis")));
        let gone = own.address("redis").to_owned();
        drop(own);
        assert!(!reachable(&gone) && reachable(&shared));
    }
}

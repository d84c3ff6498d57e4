//! The connection to etcd, and whether it is away.

use super::options::{EtcdOptions, EtcdOptionsError};
use crate::outage::Outage;
use etcd_client::{
    Client, ConnectOptions, Error, GetOptions, GetResponse, Txn, TxnResponse, WatchOptions, WatchStream,
};
use parking_lot::Mutex;
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use tonic::Code;

/// Asked so often whether it is there: an outage is noticed and told though nothing else is asked.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const RETRY_EVERY: Duration = Duration::from_millis(200);
const PART: &str = "calls";

/// Why a call has no answer that it can use.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The engine was not reached, or did not answer in time.
    Away(Arc<Error>),
    /// It answered with an error.
    Refused(Arc<Error>),
}

/// One key, or all that begin alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Range {
    pub(super) begin: String,
    prefix: bool,
}

pub(super) struct Link {
    endpoints: Vec<String>,
    options: ConnectOptions,
    pub(super) timeout: Duration,
    /// A key to ask for.
    health: String,
    client: Mutex<Option<Client>>,
    /// Logging in costs the engine a tenth of a second of a core: one call does it for all.
    login: tokio::sync::Mutex<()>,
    /// Grows whenever the engine is back.
    back: watch::Sender<u64>,
    pub(super) outage: Outage,
}

impl Link {
    pub(super) fn new(options: EtcdOptions, health: String) -> Result<Self, EtcdOptionsError> {
        Ok(Self {
            options: options.for_client()?,
            endpoints: options.endpoints,
            timeout: options.timeout,
            health,
            client: Mutex::default(),
            login: tokio::sync::Mutex::default(),
            back: watch::Sender::new(0),
            outage: Outage::of("etcd"),
        })
    }

    pub(super) async fn get(&self, range: Range) -> Result<GetResponse, Failure> {
        let call = |mut client: Client| {
            let range = range.clone();
            async move {
                let options = GetOptions::new();
                let options = if range.prefix { options.with_prefix() } else { options };
                client.get(range.begin, Some(options)).await
            }
        };
        self.call(call).await
    }

    pub(super) async fn put(&self, key: &str, value: &str) -> Result<(), Failure> {
        self.call(|mut client: Client| async move { client.put(key, value, None).await.map(drop) })
            .await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.call(|mut client: Client| async move { client.delete(key, None).await.map(drop) })
            .await
    }

    pub(super) async fn txn(&self, txn: Txn) -> Result<TxnResponse, Failure> {
        let call = |mut client: Client| {
            let txn = txn.clone();
            async move { client.txn(txn).await }
        };
        self.call(call).await
    }

    /// A new lease, its id and its time in seconds as the engine grants it.
    pub(super) async fn grant(&self, seconds: i64) -> Result<(i64, u64), Failure> {
        let granted = self
            .call(|mut client: Client| async move { client.lease_grant(seconds, None).await })
            .await?;
        Ok((granted.id(), granted.ttl().max(0) as u64))
    }

    /// Renews a lease; `false` if there is no such lease any more.
    pub(super) async fn renew(&self, lease: i64) -> Result<bool, Failure> {
        // The first answer of the stream says all: it is ended with it.
        let call = |mut client: Client| async move { client.lease_keep_alive(lease).await.map(drop) };
        match self.call(call).await {
            Ok(()) => Ok(true),
            Err(Failure::Refused(cause)) if matches!(*cause, Error::LeaseKeepAliveError(_)) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Ends a lease, if there still is such a lease.
    pub(super) async fn revoke(&self, lease: i64) -> Result<(), Failure> {
        let call = |mut client: Client| async move { client.lease_revoke(lease).await.map(drop) };
        match self.call(call).await {
            Err(Failure::Refused(cause)) if code(&cause) == Some(Code::NotFound) => Ok(()),
            outcome => outcome,
        }
    }

    /// What changes in a range from a revision on.
    pub(super) async fn watch(&self, range: &Range, revision: i64) -> Result<WatchStream, Failure> {
        let call = |mut client: Client| {
            let range = range.clone();
            async move {
                let options = WatchOptions::new().with_start_revision(revision);
                let options = if range.prefix { options.with_prefix() } else { options };
                client.watch(range.begin, Some(options)).await
            }
        };
        self.call(call).await
    }

    /// Told whenever the engine is back after an outage.
    pub(super) fn back(&self) -> watch::Receiver<u64> {
        self.back.subscribe()
    }

    /// Looks after the connection for as long as there is one to look after.
    pub(super) async fn keep(link: Weak<Self>) {
        while let Some(strong) = link.upgrade() {
            let outcome = strong.look().await;
            drop(strong);
            let away = matches!(outcome, Err(Failure::Away(_)));
            tokio::time::sleep(if away { RETRY_EVERY } else { LOOK_EVERY }).await;
        }
    }

    /// Asks whether the engine answers.
    pub(super) async fn look(&self) -> Result<(), Failure> {
        self.get(Range::key(&self.health)).await.map(drop)
    }

    /// A call that is harmless to try again: on a connection that the server closed meanwhile, or to a member that is away, it fails at once.
    async fn call<T, F: Future<Output = Result<T, Error>>>(&self, call: impl Fn(Client) -> F) -> Result<T, Failure> {
        let attempts = async {
            let mut tries = self.endpoints.len() + 1;
            loop {
                tries -= 1;
                match self.attempt(&call).await {
                    Err(Failure::Away(_)) if tries > 0 => {}
                    outcome => return outcome,
                }
            }
        };
        let outcome = timeout(self.timeout, attempts).await.unwrap_or_else(|_| {
            // Whoever does not answer may never do so: others are asked on new connections.
            *self.client.lock() = None;
            Err(Failure::away("no answer in time"))
        });
        match &outcome {
            Err(Failure::Away(cause)) => self.outage.begins(PART, &**cause),
            _ if self.outage.lasts() => {
                self.outage.ends(PART);
                self.back.send_modify(|times| *times += 1);
            }
            _ => {}
        }
        outcome
    }

    async fn attempt<T, F: Future<Output = Result<T, Error>>>(
        &self,
        call: &impl Fn(Client) -> F,
    ) -> Result<T, Failure> {
        let client = self.client().await.map_err(Failure::from)?;
        call(client).await.map_err(Failure::from)
    }

    async fn client(&self) -> Result<Client, Error> {
        if let Some(client) = self.known() {
            return Ok(client);
        }
        let _one = self.login.lock().await;
        if let Some(client) = self.known() {
            return Ok(client);
        }
        // connects with its first call, which with a user is made here: to log in
        let client = Client::connect(&self.endpoints, Some(self.options.clone())).await?;
        Ok(self.client.lock().insert(client).clone())
    }

    fn known(&self) -> Option<Client> {
        self.client.lock().clone()
    }
}

impl Failure {
    pub(super) fn away(why: &str) -> Self {
        Self::Away(Arc::new(Error::EndpointError(why.into())))
    }

    pub(super) fn cause(&self) -> &Error {
        let (Self::Away(cause) | Self::Refused(cause)) = self;
        cause
    }
}

impl Range {
    pub(super) fn key(key: &str) -> Self {
        Self {
            begin: key.into(),
            prefix: false,
        }
    }

    pub(super) fn below(prefix: String) -> Self {
        Self {
            begin: prefix,
            prefix: true,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let away = match code(&error) {
            Some(code) => matches!(
                code,
                Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown | Code::Internal
            ),
            None => !matches!(error, Error::LeaseKeepAliveError(_)),
        };
        let error = Arc::new(error);
        if away { Self::Away(error) } else { Self::Refused(error) }
    }
}

fn code(error: &Error) -> Option<Code> {
    match error {
        Error::GRpcStatus(status) => Some(status.code()),
        _ => None,
    }
}

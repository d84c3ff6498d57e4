//! Large reads on replicas.
//!
//! A replica answers a read only if it has all that the primary had when the read began; [why that is enough](README.md). One that
//! is away, late or broken is put aside with one warning, and asked from time to time whether it is back.

mod replica;

#[cfg(test)]
pub(super) use replica::State;

use super::{
    super::Result,
    position::{Flavour, Positions},
    server::{Server, Work},
};
use crate::MysqlOptions;
use im_infra::clock::SharedClock;
use replica::Replica;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// The replicas of a primary; none if the primary has none.
#[derive(Debug)]
pub(super) struct Replicas {
    replicas: Vec<Arc<Replica>>,
    positions: Option<Positions>,
    turn: AtomicUsize,
}

impl Replicas {
    /// Begins to look for those of `options`. They need not be there yet.
    ///
    /// # Errors
    /// An address is not `host:port`.
    pub(super) fn start(options: &MysqlOptions, flavour: Flavour, clock: &SharedClock) -> Result<Self, sqlx::Error> {
        if options.replicas.is_empty() {
            return Ok(Self {
                replicas: Vec::new(),
                positions: None,
                turn: AtomicUsize::new(0),
            });
        }
        let primary = Server::new(options, &options.primary, 1, Arc::clone(clock))?;
        let positions = Positions::start(primary, flavour);
        let mut replicas = Vec::new();
        for address in &options.replicas {
            let server = Server::new(options, address, options.replica_connections, Arc::clone(clock))?;
            let replica = Arc::new(Replica::new(server, flavour, options));
            tokio::spawn(Arc::clone(&replica).look_after(positions.clone()));
            replicas.push(replica);
        }
        Ok(Self {
            replicas,
            positions: Some(positions),
            turn: AtomicUsize::new(0),
        })
    }

    /// The answer of a replica, or `None`: ask the primary.
    pub(super) async fn read<I: Sync, T: Send>(&self, input: &I, work: Work<I, T>) -> Option<T> {
        let replica = self.next()?;
        // if the primary does not say where it stands then nobody knows whether the replica has it
        let position = self.positions.as_ref()?.now().await.ok()?;
        replica.read(&position, input, work).await
    }

    /// The next one that is in use.
    fn next(&self) -> Option<&Replica> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let from_turn = (0..self.replicas.len()).map(|n| &self.replicas[(turn + n) % self.replicas.len()]);
        from_turn
            .into_iter()
            .find(|replica| replica.in_use())
            .map(|replica| &**replica)
    }

    pub(super) async fn close(&self) {
        for replica in &self.replicas {
            replica.close().await;
        }
    }

    #[cfg(test)]
    pub(super) fn first(&self) -> &Replica {
        &self.replicas[0]
    }
}

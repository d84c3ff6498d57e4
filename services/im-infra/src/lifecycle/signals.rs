//! What the operator says.

use super::Lifecycle;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

impl Lifecycle {
    /// Begins a shutdown at Ctrl-C or SIGTERM, and gives up the grace at the second one. From here on neither ends
    /// the process by itself.
    ///
    /// # Errors
    /// The system's, if it does not let the signals be caught.
    pub fn shutdown_signal(&self) -> io::Result<()> {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let lifecycle = self.clone();
        tokio::spawn(async move {
            let reason = either(&mut interrupt, &mut terminate).await;
            lifecycle.shutdown(reason);
            let again = either(&mut interrupt, &mut terminate).await;
            tracing::warn!(reason = again, "asked again, shutdown does not wait any longer");
            lifecycle.shared.hard.cancel();
        });
        Ok(())
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "interrupted",
        _ = terminate.recv() => "terminated",
    }
}

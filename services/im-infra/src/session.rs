//! Which sessions were ended before their access tokens ran out.
//!
//! An access token is good until it expires. What ends a session earlier, logging out or the reuse of a refresh token, is noted in the
//! kv engine for as long as such a token may live. If kv is away the token's own time decides: availability before a few minutes of rigour.
//! im-repo keeps when sessions ended; logic sets the notes anew when it starts and when kv is back, so that a kv engine that forgets does not open them again.

use crate::kv::Kv;
use bytes::Bytes;
use im_schema::ids::SessionId;
use std::{sync::Arc, time::Duration};

/// The sessions that were ended early.
#[derive(Clone)]
pub struct EndedSessions {
    kv: Arc<dyn Kv>,
    token_lifetime: Duration,
}

impl EndedSessions {
    /// Notes are kept for `token_lifetime`, the longest life of an access token.
    #[must_use]
    pub fn new(kv: Arc<dyn Kv>, token_lifetime: Duration) -> Self {
        Self { kv, token_lifetime }
    }

    /// Notes that these sessions were ended. While kv is away their access tokens live on.
    pub async fn mark(&self, sessions: &[SessionId]) {
        for session in sessions {
            if let Err(error) = self
                .kv
                .set(&key(*session), Bytes::new(), Some(self.token_lifetime))
                .await
            {
                error.log("ended session not noted");
            }
        }
    }

    /// Whether the session was ended.
    pub async fn contains(&self, session: SessionId) -> bool {
        match self.kv.get(&key(session)).await {
            Ok(note) => note.is_some(),
            Err(error) => {
                error.log("ended sessions unknown");
                false
            }
        }
    }
}

fn key(session: SessionId) -> String {
    format!("session:ended:{session}")
}

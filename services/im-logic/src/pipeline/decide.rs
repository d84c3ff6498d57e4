//! Which messages may be stored.

use super::{Accepted, Refused};
use crate::rules::send::{Standing, decide};
use im_schema::internal::v1::Upstream;

/// Parts a batch by the rules; order is kept. `standings` and `verify` are in the order of the batch.
pub(super) fn part(
    batch: Vec<Upstream>,
    standings: &[Standing],
    verify: &[bool],
    now_ms: u64,
) -> (Vec<Accepted>, Vec<Refused>) {
    let mut accepted = Vec::with_capacity(batch.len());
    let mut refused = Vec::new();
    for ((upstream, standing), verify) in batch.into_iter().zip(standings).zip(verify) {
        let accepted_at_ms = if upstream.accepted_at_ms == 0 {
            now_ms
        } else {
            upstream.accepted_at_ms
        };
        match decide(*standing, &upstream.client_message_id, accepted_at_ms) {
            Ok(()) => accepted.push(Accepted {
                upstream,
                verify: *verify,
            }),
            Err(refusal) => refused.push(Refused {
                upstream,
                failure: refusal.failure(),
                verify: *verify,
            }),
        }
    }
    (accepted, refused)
}

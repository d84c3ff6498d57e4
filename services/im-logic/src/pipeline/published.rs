//! Which stored messages have certainly been distributed.
//!
//! A duplicate may be a client that sent twice: then only that client has to hear of it again. Or it may be the log that delivers twice, since
//! this process or the one before it died, or the log failed, between storing and publishing: then nobody has heard of it yet. What was
//! distributed by this process is remembered by the range of its ids, one range a partition; of everything else the times tell: a message that was stored
//! before its record was even accepted is no replay of that record.

use im_schema::internal::v1::{StoreOutcome, Upstream};
use std::ops::RangeInclusive;

/// The bits of an id that name the machine, see [`im_infra::ids`].
const MACHINE: u64 = 1_023 << 12;

/// What one partition has distributed since this process began.
#[derive(Debug, Default, Clone)]
pub(super) struct Published {
    ids: Option<RangeInclusive<u64>>,
}

impl Published {
    /// Everything in the batch with these ids has been distributed.
    pub(super) fn add(&mut self, batch: &RangeInclusive<u64>) {
        if !batch.is_empty() {
            let first = self.ids.as_ref().map_or(*batch.start(), |ids| *ids.start());
            self.ids = Some(first..=*batch.end());
        }
    }

    /// Whether all recipients may have to hear of a duplicate; `batch` are the ids that its own batch gave, whose messages are about to be distributed.
    pub(super) fn may_lack(&self, duplicate: &Upstream, outcome: &StoreOutcome, batch: &RangeInclusive<u64>) -> bool {
        let of_this_machine = |ids: &RangeInclusive<u64>| outcome.message_id & MACHINE == ids.start() & MACHINE;
        let within = |ids: &RangeInclusive<u64>| ids.contains(&outcome.message_id) && of_this_machine(ids);
        let done = within(batch) || self.ids.as_ref().is_some_and(within);
        !done && outcome.sent_at_ms >= duplicate.accepted_at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(published: &Published, message_id: u64, sent_at_ms: u64) -> bool {
        let duplicate = Upstream {
            accepted_at_ms: 1_000,
            ..Upstream::default()
        };
        let outcome = StoreOutcome {
            message_id,
            sent_at_ms,
            ..StoreOutcome::default()
        };
        published.may_lack(&duplicate, &outcome, &(300..=310))
    }

    #[test]
    fn what_this_process_distributed_is_not_distributed_again() {
        let mut published = Published::default();
        assert!(lacks(&published, 100, 1_005));
        published.add(&(100..=110));
        published.add(&(200..=210));
        assert!(!lacks(&published, 105, 1_005) && !lacks(&published, 210, 1_005));
        assert!(lacks(&published, 99, 1_005), "of the process before this one");
        assert!(
            lacks(&published, 250, 1_005),
            "stored by an attempt that failed to publish"
        );
        assert!(!lacks(&published, 305, 1_005), "of the same batch");
        assert!(lacks(&published, 105 | 7 << 12, 1_005), "of another machine");
    }

    #[test]
    fn a_second_sending_of_what_stood_already_concerns_only_its_sender() {
        assert!(!lacks(&Published::default(), 100, 999));
        assert!(lacks(&Published::default(), 100, 1_000));
    }
}

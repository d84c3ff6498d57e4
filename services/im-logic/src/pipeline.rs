//! Hops 3 to 6 of a message: what gateways accepted becomes stored messages at their recipients, a batch at a time.
//!
//! | file | hop |
//! | --- | --- |
//! | `consume.rs` | takes a batch of one partition through all the others; what it must survive |
//! | `dedupe.rs` | which messages may have been stored before |
//! | `decide.rs` | which may be stored at all |
//! | `store.rs` | ids, and one call to im-repo |
//! | `distribute.rs` | who is told, at which instance |
//! | `published.rs` | which stored messages have certainly been distributed |

mod consume;
mod decide;
mod dedupe;
mod distribute;
mod published;
mod store;

pub(crate) use consume::Pipeline;
pub(crate) use dedupe::Dedupe;
pub(crate) use distribute::Distributor;
pub(crate) use store::Store;

use im_schema::{failure::Failure, internal::v1::Upstream};

/// A message that may be stored.
struct Accepted {
    upstream: Upstream,
    /// Whether it may have been stored before, so that the store has to look.
    verify: bool,
}

/// A message that will not be stored.
struct Refused {
    upstream: Upstream,
    failure: Failure,
    /// Whether it may have been stored before, when its sender was still a member.
    verify: bool,
}

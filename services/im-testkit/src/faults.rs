//! The platform on real engines, in processes that are killed, stopped and cut off under load; afterwards every promise is checked.
//!
//! A seed decides the load and the faults ([`schedule`]); clients note what they were told and what they saw ([`ledger`]); then everything is read
//! back and compared ([`checker`]).

mod cast;
pub mod checker;
mod client;
pub mod ledger;
mod link;
mod node;
mod notes;
mod proxy;
pub mod run;
pub mod schedule;
mod stage;

pub use self::stage::Stage;

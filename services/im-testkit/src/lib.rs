#![doc = include_str!("../README.md")]

mod device;
pub mod faults;
mod town;
mod user;

pub use device::{Closed, Device, Protocol, text_of};
pub use town::{Ground, Town};
pub use user::{PASSWORD, Sending, User, call, message, refresh};

use std::time::Duration;

/// What does not happen within this time does not happen.
pub const PATIENCE: Duration = Duration::from_secs(10);

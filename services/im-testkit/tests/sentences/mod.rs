//! What the platform promises, as sentences. Each test starts a town by `crate::town()`: the suites differ in what that stands on.

mod devices;
mod duplicates;
mod endings;
mod groups;
mod parity;
mod people;
mod policies;
mod reading;
mod refusals;
mod repeats;
mod samples;
mod secrets;
mod sending;
mod sessions;

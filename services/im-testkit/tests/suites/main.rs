//! The suites that cross services, on the platform in one process. One binary: it is linked once.

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

//! The suites that cross services, on the platform in one process. One binary: it is linked once.

mod devices;
mod duplicates;
mod endings;
mod groups;
mod people;
mod reading;
mod sending;
mod sessions;

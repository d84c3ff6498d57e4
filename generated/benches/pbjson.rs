//! The schema as `build.rs` has it made by prost and pbjson: messages, and what serde makes of them.
#![expect(
    unreachable_pub,
    clippy::allow_attributes,
    clippy::cloned_instead_of_copied,
    clippy::uninlined_format_args,
    reason = "that is how prost and pbjson write it"
)]
#![allow(
    dead_code,
    reason = "only frames are looked at; `expect` does not count what is never constructed"
)]

include!(concat!(env!("OUT_DIR"), "/parlance.rs"));
include!(concat!(env!("OUT_DIR"), "/parlance.serde.rs"));

pub(crate) mod v1 {
    include!(concat!(env!("OUT_DIR"), "/parlance.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/parlance.v1.serde.rs"));
}

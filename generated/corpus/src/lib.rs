#![doc = include_str!("../README.md")]

pub mod cases;

pub use im_schema::{failure, json, mask, rpc, validate, wkt};

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

mod json_impls {
    include!(concat!(env!("OUT_DIR"), "/json.rs"));
}

/// Masks of the messages of `proto/garden.proto`.
pub mod masks {
    include!(concat!(env!("OUT_DIR"), "/masks.rs"));
}

mod validate_impls {
    include!(concat!(env!("OUT_DIR"), "/validate.rs"));
}

pub use corpus::*;

/// The serialised descriptor set of `proto/`, for reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

#![doc = include_str!("../README.md")]

pub mod catalogue;
pub mod failure;
pub mod frame;
pub mod grpc;
pub mod json;
pub mod mask;
pub mod page;
pub mod rest;
pub mod retry;
pub mod rpc;
pub mod topic;
pub mod trace;
pub mod validate;
pub mod wkt;

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

/// Ids: newtypes for the 64-bit numbers of the schema, and for each field that holds one an accessor that says which.
pub mod ids {
    include!(concat!(env!("OUT_DIR"), "/ids.rs"));
}

/// Errors: for each method an enum of just the reasons that it declares. Another one does not compile.
pub mod errors {
    use crate::{failure::Failure, parlance::Reason};
    use std::borrow::Cow;

    include!(concat!(env!("OUT_DIR"), "/errors.rs"));
}

/// Services: for each one the trait of its implementations and the client of its callers.
pub mod services {
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

/// Masks: for each message that an update changes in part, which of its fields it changes.
pub mod masks {
    include!(concat!(env!("OUT_DIR"), "/masks.rs"));
}

/// Log topics and their payloads.
pub mod topics {
    include!(concat!(env!("OUT_DIR"), "/topics.rs"));
}

/// WebSocket frames: their table, conversions, and the way to the services.
pub mod frames {
    include!(concat!(env!("OUT_DIR"), "/frames.rs"));
}

mod json_impls {
    include!(concat!(env!("OUT_DIR"), "/json.rs"));
}

mod page_impls {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

mod validate_impls {
    include!(concat!(env!("OUT_DIR"), "/validate.rs"));
}

pub use parlance::{internal, v1};

/// The serialised descriptor set of the whole schema, for reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

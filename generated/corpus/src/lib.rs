#![doc = include_str!("../README.md")]

pub mod cases;
pub mod house;

pub use im_schema::{failure, grpc, json, mask, page, parlance, retry, rpc, validate, wkt};

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

mod json_impls {
    include!(concat!(env!("OUT_DIR"), "/json.rs"));
}

/// Errors of the methods of `proto/club.proto`.
pub mod errors {
    use crate::{failure::Failure, parlance::Reason};
    use std::borrow::Cow;

    include!(concat!(env!("OUT_DIR"), "/errors.rs"));
}

/// Masks of the messages of `proto/garden.proto` and `proto/club.proto`.
pub mod masks {
    include!(concat!(env!("OUT_DIR"), "/masks.rs"));
}

mod page_impls {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}

/// Routes of `proto/club.proto`.
pub mod rest {
    use axum::Router;
    use im_schema::rest::{Incoming, Route, answer, bind, parse};

    include!(concat!(env!("OUT_DIR"), "/rest.rs"));
}

/// The service of `proto/club.proto`: its trait, its client, and what stands between.
pub mod services {
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

mod validate_impls {
    include!(concat!(env!("OUT_DIR"), "/validate.rs"));
}

pub use corpus::*;

/// The serialised descriptor set of `proto/`, for reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor.bin"));

#![doc = include_str!("../README.md")]

pub use im_schema::{failure, json, rpc, validate, wkt};

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

mod json_impls {
    include!(concat!(env!("OUT_DIR"), "/json.rs"));
}

mod validate_impls {
    include!(concat!(env!("OUT_DIR"), "/validate.rs"));
}

pub use corpus::*;

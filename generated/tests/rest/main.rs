//! Real HTTP requests against the generated routers.

mod binding;
mod errors;
mod house;
mod patch;

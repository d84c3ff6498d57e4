//! Real HTTP requests against the generated routers.

mod binding;
mod errors;
mod examples;
mod house;
mod patch;

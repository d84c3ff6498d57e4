//! What generated code does at run time: calls in one process and over a socket, errors, topics, frames.

mod calls;
mod failures;
mod frames;
mod kitchen;
mod pages;
mod retry;
mod topics;

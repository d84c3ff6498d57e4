//! Bad input on every surface: a clear answer with a reason of the catalogue, or a close with its code; never a fault of the server.

pub(crate) mod grpc;
mod rest;
mod socket;

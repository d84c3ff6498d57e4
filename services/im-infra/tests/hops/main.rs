//! A call over three processes that are one here: an edge that clients call by gRPC, a middle, and an end. All layers, real connections.

mod deadlines;
mod failures;
mod road;

//! Decisions: pure functions of what is given to them, without I/O and without a clock.

pub mod group;
pub mod refresh;
pub mod send;

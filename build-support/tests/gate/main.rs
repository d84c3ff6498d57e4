//! The gate: what each change of a tiny schema breaks, what waivers and `since` may say, whether old bytes stay readable; and all of it on
//! the real schema.

mod base;
mod breaking;
mod freeze;
mod old_bytes;
mod real;
mod safe;
mod since;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tiny;
mod waivers;

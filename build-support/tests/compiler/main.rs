//! The compiler on tiny schemas: what each emitter makes, and what is refused.

mod documents;
mod emitters;
mod refusals;
#[path = "../tiny/mod.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod tiny;
mod typescript;
mod wire;

//! The compiler on tiny schemas: what each emitter makes, and what is refused.

mod emitters;
mod refusals;
mod tiny;
mod wire;

//! The compiler on tiny schemas: what each emitter makes, and what is refused.

mod documents;
mod emitters;
mod refusals;
mod tiny;
mod typescript;
mod wire;

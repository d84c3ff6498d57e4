//! What a repetition of a call does, and how patient clients are.

use super::options::Fields;
use crate::model::{Call, Effect, Method, Verb};
use prost_reflect::DynamicMessage;

/// Clients do not wait longer.
const LONGEST_MS: u64 = 600_000;
/// More attempts only add to the load of a server that is in trouble.
const MOST_ATTEMPTS: u32 = 10;

/// The option `(parlance.call)` of a method.
pub(super) fn load(said: &DynamicMessage) -> Result<Call, String> {
    let effect = match said.number_of_enum("effect") {
        1 => Effect::Read,
        2 => Effect::Repeatable,
        3 => Effect::Keyed,
        _ => return Err("the call does not say its effect".into()),
    };
    let timeout_ms = said.millis("timeout").unwrap_or_default();
    if !(1..=LONGEST_MS).contains(&timeout_ms) {
        return Err("the call's timeout is not between 1 ms and 10 minutes, in whole milliseconds".into());
    }
    let attempts = said.uint32("attempts");
    if !(1..=MOST_ATTEMPTS).contains(&attempts) {
        return Err(format!("the call's attempts are not 1 to {MOST_ATTEMPTS}"));
    }
    Ok(Call {
        effect,
        timeout_ms,
        attempts,
    })
}

/// What is between knows of HTTP's verbs, not of our effects: it repeats what HTTP calls safe as it likes.
pub(super) fn check(method: &Method) -> Result<(), String> {
    let gets = method.routes.iter().any(|route| route.verb == Verb::Get);
    if gets && method.call.effect != Effect::Read {
        return Err("a method with a GET route has the effect READ".into());
    }
    Ok(())
}

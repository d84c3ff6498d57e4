//! `errors.ts`: the catalogue, and for each call the reasons that it may give.

use super::{
    reach::Reach,
    services::{calls, pascal},
    write::{docs, list, text},
};
use crate::{
    emit::openapi::errors::of_method,
    model::{Reason, Schema},
};

/// Reasons that any frame may be refused for, whatever its call gives by REST.
pub(super) const OF_FRAMES: [&str; 3] = ["MALFORMED", "TOO_LARGE", "NO_SUCH_ROUTE"];

pub(super) fn emit(schema: &Schema, reach: &Reach<'_>) -> String {
    let mut out = String::from("import type { ErrorOf } from \"../runtime/http.js\";\n\n");
    let specs: String = schema.reasons.iter().map(spec).collect();
    out += &format!(
        "/** Every reason for which something is refused: what it means on each surface, and what to do. */\n\
         export const catalogue = {{\n{specs}}} as const;\n\n/** A reason of the catalogue. */\nexport type Reason = keyof typeof catalogue;\n"
    );
    let calls: Vec<_> = calls(schema).collect();
    let lists = calls.iter().map(|call| {
        let given = of_method(schema, call.method);
        let names = given.iter().map(|reason| reason.name.as_str());
        format!("  {}: {},\n", call.name, list(names))
    });
    let mut lists: String = lists.collect();
    if reach.frames.is_some() {
        let known = |name: &&str| schema.reasons.iter().any(|reason| reason.name == *name);
        lists += &format!("  frame: {},\n", list(OF_FRAMES.into_iter().filter(known)));
    }
    out += &format!("\n/** The reasons that each call may give. */\nexport const reasons = {{\n{lists}}} as const;\n");
    for call in &calls {
        let (name, pascal) = (&call.name, pascal(&call.name));
        out += &format!(
            "\n/** Why `{name}` may be refused. */\nexport type {pascal}Reason = (typeof reasons)[\"{name}\"][number];\n\
             export type {pascal}Error = ErrorOf<{pascal}Reason>;\n"
        );
    }
    if reach.frames.is_some() {
        out +=
            "\n/** Why any frame may be refused. */\nexport type FrameReason = (typeof reasons)[\"frame\"][number];\n";
    }
    out
}

fn spec(reason: &Reason) -> String {
    format!(
        "{}  {}: {{ code: {}, http: {}, close: {}, retryable: {}, advice: {} }},\n",
        docs("  ", &reason.comment),
        reason.name,
        text(&reason.code_name),
        reason.http,
        reason.close,
        reason.retryable,
        text(&reason.advice)
    )
}

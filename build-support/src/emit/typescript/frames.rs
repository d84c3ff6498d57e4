//! `frames.ts`: what clients may ask by frame, what answers it, and all that the server says.

use super::{
    reach::Reach,
    services::{calls, pascal},
    write::{docs, import_types, text},
};
use crate::model::{Effect, Field, Frame, Kind, Message, Schema};
use std::collections::BTreeSet;

/// How long an answer may take that the connection gives itself, in milliseconds.
const OWN_TIMEOUT_MS: u64 = 10_000;

pub(super) fn emit(schema: &Schema, reach: &Reach<'_>) -> String {
    let Some((client, server)) = reach.frames else {
        return "export {};\n".to_owned();
    };
    let asked: Vec<_> = client
        .fields
        .iter()
        .filter_map(|field| asked(schema, server, field))
        .collect();
    let types: String = asked.iter().map(Asked::types).collect();
    let tables: String = asked.iter().map(Asked::table).collect();
    let heard: Vec<_> = server
        .fields
        .iter()
        .filter_map(|field| Some((field, field.frame.as_ref().and_then(|_| payload(schema, field))?)))
        .collect();
    let said: String = heard
        .iter()
        .map(|(field, payload)| format!("{}  {}: {payload};\n", docs("  ", &field.comment), field.json_name))
        .collect();
    let messages: BTreeSet<_> = asked
        .iter()
        .flat_map(|it| [it.request, it.answer])
        .chain(heard.iter().map(|(_, payload)| *payload))
        .collect();
    let errors: BTreeSet<_> = asked
        .iter()
        .filter_map(|it| it.call.as_ref())
        .map(|call| format!("{}Reason", pascal(&call.0)))
        .collect();
    let errors = errors.iter().map(String::as_str).chain(["FrameReason", "Reason"]);
    format!(
        "import type {{ ErrorOf }} from \"../runtime/http.js\";\nimport type {{ Effect }} from \"../runtime/repeat.js\";\n\
         import type {{ MessageTable }} from \"../runtime/table.js\";\nimport {{ catalogue, reasons }} from \"./errors.js\";\n\
         import * as tables from \"./tables.js\";\n{}{}\n\
         /** What clients may ask by frame. */\nexport interface FrameCalls {{\n{types}}}\n\n\
         /** What the server says, by the name of the frame. */\nexport interface ServerFrames {{\n{said}}}\n\n\
         /** What the schema says of such a frame. */\nexport interface FrameTable {{\n  readonly name: string;\n  readonly reply: string;\n  \
         readonly effect: Effect;\n  readonly timeoutMs: number;\n  readonly attempts: number;\n  readonly reasons: readonly Reason[];\n  \
         readonly request: MessageTable;\n}}\n\n\
         const all = Object.keys(catalogue) as Reason[];\n\n\
         export const frameCalls: {{ readonly [Name in keyof FrameCalls]: FrameTable }} = {{\n{tables}}};\n",
        import_types(errors, "./errors.js"),
        import_types(messages, "./messages.js"),
    )
}

/// A frame that is answered.
struct Asked<'a> {
    field: &'a Field,
    request: &'a str,
    reply: &'a str,
    answer: &'a str,
    /// The call's name, full name, effect, timeout and attempts; nothing for frames that the connection answers itself.
    call: Option<(String, &'a str, Effect, u64, u32)>,
}

fn asked<'a>(schema: &'a Schema, server: &'a Message, field: &'a Field) -> Option<Asked<'a>> {
    let Frame { rpc, reply, .. } = field.frame.as_ref()?;
    let reply = server
        .fields
        .iter()
        .find(|candidate| Some(&candidate.name) == reply.as_ref())?;
    let call = rpc.as_deref().and_then(|rpc| {
        let full = |service: &str, method: &str| format!("{service}.{method}") == rpc;
        let call = calls(schema).find(|call| full(&call.service.full_name, &call.method.name))?;
        let spec = call.method.call;
        Some((call.name, rpc, spec.effect, spec.timeout_ms, spec.attempts))
    });
    Some(Asked {
        field,
        request: payload(schema, field)?,
        reply: &reply.json_name,
        answer: payload(schema, reply)?,
        call,
    })
}

fn payload<'a>(schema: &'a Schema, field: &Field) -> Option<&'a str> {
    match &field.kind {
        Kind::Message(name) => Some(&schema.messages[name].name),
        _ => None,
    }
}

impl Asked<'_> {
    fn types(&self) -> String {
        let error = match &self.call {
            Some((name, ..)) => format!("ErrorOf<{}Reason | FrameReason>", pascal(name)),
            None => "ErrorOf<Reason>".to_owned(),
        };
        format!(
            "{}  {}: {{ request: {}; answer: {}; error: {error} }};\n",
            docs("  ", &self.field.comment),
            self.field.json_name,
            self.request,
            self.answer
        )
    }

    fn table(&self) -> String {
        let (name, effect, timeout_ms, attempts, reasons) = match &self.call {
            Some((call, full, effect, timeout_ms, attempts)) => {
                let effect = match effect {
                    Effect::Read => "READ",
                    Effect::Repeatable => "REPEATABLE",
                    Effect::Keyed => "KEYED",
                };
                let reasons = format!("[...reasons.{call}, ...reasons.frame]");
                ((*full).to_owned(), effect, *timeout_ms, *attempts, reasons)
            }
            None => (
                self.field.json_name.clone(),
                "REPEATABLE",
                OWN_TIMEOUT_MS,
                1,
                "all".to_owned(),
            ),
        };
        format!(
            "  {}: {{\n    name: {},\n    reply: {},\n    effect: \"{effect}\",\n    timeoutMs: {timeout_ms},\n    attempts: {attempts},\n    \
             reasons: {reasons},\n    request: tables.{},\n  }},\n",
            self.field.json_name,
            text(&name),
            text(self.reply),
            self.request
        )
    }
}

//! WebSocket frames: fields of two oneofs, so numbers, names and types are those of fields; here is what they have beyond.

use super::{
    Change,
    finding::{Findings, Place, Surface, hit},
};
use crate::{
    load::frames::{CLIENT, SERVER},
    model::{Field, Frame, Message, Schema},
};

/// Compares where a frame leads and what answers it.
pub(super) fn compare(old: &Field, new: &Field, place: &Place, findings: &mut Findings) {
    let (Some(was), Some(now)) = (&old.frame, &new.frame) else {
        return;
    };
    // All by name: what the model gains does not compile until it is judged here.
    // What brings a frame is said to readers of the reference; nobody's program depends on the words.
    let Frame { rpc, reply, cause: _ } = now;
    let say = |name: &Option<String>, none: &str| name.clone().unwrap_or_else(|| none.to_owned());
    if was.reply != *reply {
        let hits = vec![hit(
            Surface::Behaviour,
            "connected clients: they wait for an answer of the old kind",
        )];
        let none = "nothing answers";
        findings.add(
            Change::FrameReplyChanged,
            place.clone(),
            say(&was.reply, none),
            say(reply, none),
            hits,
        );
    }
    if was.rpc != *rpc {
        let hits = vec![hit(
            Surface::Behaviour,
            "connected clients: another method's policy, limits and errors hold",
        )];
        let none = "the connection handles it";
        findings.add(
            Change::FrameRpcChanged,
            place.clone(),
            say(&was.rpc, none),
            say(rpc, none),
            hits,
        );
    }
}

/// Whether a frame that is gone from `message` goes the other way now, and did not before.
pub(super) fn turned(old: &Schema, new: &Schema, message: &Message, frame: &Field) -> bool {
    let other = if message.name == CLIENT { SERVER } else { CLIENT };
    let other = format!("{}.{other}", message.package);
    let goes = |schema: &Schema| {
        let frames = schema.messages.get(&other).into_iter().flat_map(|other| &other.fields);
        frames
            .filter(|field| field.frame.is_some())
            .any(|field| field.kind == frame.kind)
    };
    frame.frame.is_some() && goes(new) && !goes(old)
}

/// The direction of the frames of a message.
pub(super) fn direction(message: &Message) -> &'static str {
    if message.name == CLIENT {
        "from client to server"
    } else {
        "from server to client"
    }
}

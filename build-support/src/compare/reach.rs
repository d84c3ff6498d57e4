//! Who reads and writes a message: what no call, frame or topic of a release reaches cannot break anybody.

use super::finding::{Hit, Surface, hit};
use crate::{
    load::frames::{CLIENT, SERVER},
    model::{Access, Kind, Schema},
};
use std::collections::BTreeMap;

/// Who reads and writes a message or enum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// Clients send it, in requests and frames.
    pub(super) asked: bool,
    /// Clients receive it, in answers and frames.
    pub(super) told: bool,
    /// Services of the platform send it to each other.
    pub(super) between: bool,
    /// It lies in the log or, as a part of what does, in the database.
    pub(super) stored: bool,
}

/// The reach of every message and enum of a release, by full name.
pub(super) struct Reaches(BTreeMap<String, Reach>);

impl Reaches {
    /// Follows all calls, frames and topics.
    pub(super) fn of(schema: &Schema) -> Self {
        let mut reaches = Self(BTreeMap::new());
        for method in schema.services.iter().flat_map(|service| &service.methods) {
            let public = method.access != Access::Internal;
            let [asked, told] = [public; 2];
            reaches.spread(
                schema,
                &method.request,
                Reach {
                    asked,
                    between: !public,
                    ..Reach::default()
                },
            );
            reaches.spread(
                schema,
                &method.response,
                Reach {
                    told,
                    between: !public,
                    ..Reach::default()
                },
            );
        }
        for message in schema.messages.values() {
            let framed = message.fields.iter().any(|field| field.frame.is_some());
            let reach = Reach {
                asked: framed && message.name == CLIENT,
                told: framed && message.name == SERVER,
                stored: message.topic.is_some(),
                between: false,
            };
            reaches.spread(schema, &message.full_name, reach);
        }
        reaches
    }

    /// Who reads and writes the message or enum of this name.
    pub(super) fn get(&self, name: &str) -> Reach {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn spread(&mut self, schema: &Schema, name: &str, reach: Reach) {
        let known = self.get(name);
        let both = known.and(reach);
        if both == known {
            return;
        }
        self.0.insert(name.to_owned(), both);
        for field in schema.messages.get(name).iter().flat_map(|message| &message.fields) {
            if let Kind::Message(inner) | Kind::Enum(inner) = &field.kind {
                self.spread(schema, inner, reach);
            }
        }
    }
}

impl Reach {
    fn and(self, other: Self) -> Self {
        Self {
            asked: self.asked || other.asked,
            told: self.told || other.told,
            between: self.between || other.between,
            stored: self.stored || other.stored,
        }
    }

    /// Whether anybody has it at all.
    pub(super) fn anybody(self) -> bool {
        self != Self::default()
    }

    /// Whether what is refused now was sent, or lies about, before.
    pub(super) fn is_checked(self) -> bool {
        self.asked || self.between || self.stored
    }

    /// Whom a change of the bytes breaks.
    pub(super) fn wire(self, how: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.asked || self.told {
            hits.push(hit(
                Surface::Wire,
                format!("clients on gRPC and binary WebSocket frames: {how}"),
            ));
        }
        if self.between {
            hits.push(hit(
                Surface::Wire,
                format!("services of the release, while an upgrade is under way: {how}"),
            ));
        }
        if self.stored {
            hits.push(hit(
                Surface::Stored,
                format!("records that lie in the log, and what was stored of them: {how}"),
            ));
        }
        hits
    }

    /// Whom a change of the JSON breaks.
    pub(super) fn json(self, how: &str) -> Vec<Hit> {
        if self.asked || self.told {
            vec![hit(
                Surface::Json,
                format!("clients on REST and text WebSocket frames, and the TypeScript package: {how}"),
            )]
        } else {
            Vec::new()
        }
    }

    /// Whom it breaks that a name is not known in JSON any more.
    pub(super) fn json_without(self, name: &str) -> Vec<Hit> {
        match (self.asked, self.told) {
            (true, true) => self.json(&format!(
                "requests that hold `{name}` are refused, and in answers it is missing"
            )),
            (true, false) => self.json(&format!("requests that hold `{name}` are refused")),
            (false, _) => self.json(&format!("they look for `{name}`, which is missing")),
        }
    }

    /// Whom it breaks that something is refused, or not there, any more.
    pub(super) fn senders(self, how: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        if self.asked {
            hits.push(hit(Surface::Behaviour, format!("clients: {how}")));
        }
        if self.between {
            hits.push(hit(
                Surface::Behaviour,
                format!("services of the release, while an upgrade is under way: {how}"),
            ));
        }
        if self.stored {
            hits.push(hit(
                Surface::Stored,
                format!("records that lie in the log: {how}, and they go to the dead letters"),
            ));
        }
        hits
    }
}

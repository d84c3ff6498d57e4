//! The catalogue of errors, and which reasons a method gives.
//!
//! A reason that a method gives now and did not give before is safe: every answer carries code, retryable and advice beside the reason, and
//! every client has to cope with reasons that it does not know, since the layers before a handler may give any of theirs.

use super::{
    Change,
    finding::{Findings, Place, Surface, hit},
};
use crate::{
    load::CATALOGUE,
    model::{Reason, Schema},
};

/// Compares the reasons of a method.
pub(super) fn of_method(old: &[String], new: &[String], place: &Place, findings: &mut Findings) {
    for reason in old.iter().filter(|reason| !new.contains(reason)) {
        let hits = vec![hit(
            Surface::Behaviour,
            format!("clients that handle {reason}: what it stood for comes as another reason, or not at all"),
        )];
        findings.add(
            Change::ReasonRemoved,
            place.clone(),
            format!("gives {reason}"),
            "does not",
            hits,
        );
    }
}

/// Compares the catalogue.
pub(super) fn catalogue(old: &Schema, new: &Schema, findings: &mut Findings) {
    let file = new
        .enums
        .get(CATALOGUE)
        .or(old.enums.get(CATALOGUE))
        .map_or("", |catalogue| &catalogue.file);
    for was in &old.reasons {
        let place = Place::new(file, format!("{CATALOGUE}.{}", was.name));
        let Some(now) = new.reasons.iter().find(|reason| reason.name == was.name) else {
            let hits = vec![
                hit(
                    Surface::Json,
                    format!("clients that look for `{}` in an error", was.name),
                ),
                hit(
                    Surface::Wire,
                    format!("clients that look for `{}` in google.rpc.ErrorInfo", was.name),
                ),
            ];
            findings.add(Change::CatalogueReasonRemoved, place, was.name.as_str(), "gone", hits);
            continue;
        };
        reason(was, now, &place, findings);
    }
}

fn reason(old: &Reason, new: &Reason, place: &Place, findings: &mut Findings) {
    // All by name: what the model gains does not compile until it is judged here. The number is on no wire; comment and advice are read
    // by people.
    let Reason {
        name: _,
        variant: _,
        number: _,
        comment: _,
        advice: _,
        code,
        code_name,
        http,
        close,
        retryable,
    } = new;
    if old.code != *code {
        let hits = vec![hit(
            Surface::Wire,
            "clients on gRPC that go by the status, and retry rules of proxies",
        )];
        findings.add(
            Change::ReasonCodeChanged,
            place.clone(),
            &old.code_name,
            code_name,
            hits,
        );
    }
    if old.http != *http {
        let hits = vec![hit(
            Surface::Rest,
            "clients on REST that go by the status, caches and proxies",
        )];
        findings.add(Change::ReasonStatusChanged, place.clone(), old.http, http, hits);
    }
    if old.close != *close {
        let say = |code: u16| {
            if code == 0 {
                "the connection goes on".to_owned()
            } else {
                format!("closes with {code}")
            }
        };
        let hits = vec![hit(
            Surface::Behaviour,
            "clients on a WebSocket that go by the close code to connect again or not",
        )];
        findings.add(
            Change::ReasonCloseChanged,
            place.clone(),
            say(old.close),
            say(*close),
            hits,
        );
    }
    if old.retryable != *retryable {
        let say = |retryable: bool| {
            if retryable {
                "may succeed later"
            } else {
                "never succeeds as it is"
            }
        };
        let hits = vec![hit(
            Surface::Behaviour,
            "clients that try again, or give up, by what their table says",
        )];
        findings.add(
            Change::ReasonRetryableChanged,
            place.clone(),
            say(old.retryable),
            say(*retryable),
            hits,
        );
    }
}

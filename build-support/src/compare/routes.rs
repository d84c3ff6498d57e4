//! Ways to methods over HTTP. Additional ones are safe.

use super::{
    Change,
    finding::{Findings, Place, Surface, hit},
};
use crate::model::{Body, Method, Route};

/// Compares the routes of a method.
pub(super) fn compare(old: &[Route], new: &[Route], place: &Place, findings: &mut Findings) {
    for was in old {
        let same = |now: &&Route| now.verb == was.verb && shape(&now.path) == shape(&was.path);
        if let Some(now) = new.iter().find(same) {
            bindings(was, now, place, findings);
            continue;
        }
        let taken = |now: &Route| {
            old.iter()
                .any(|other| other.verb == now.verb && shape(&other.path) == shape(&now.path))
        };
        let fresh = || new.iter().filter(|now| !taken(now));
        let (change, now, how) = if let Some(now) = fresh().find(|now| shape(&now.path) == shape(&was.path)) {
            (Change::RouteVerbChanged, say(now), "the old verb is answered with 405")
        } else if let Some(now) = fresh().find(|now| now.verb == was.verb) {
            (Change::RoutePathChanged, say(now), "the old path is answered with 404")
        } else {
            (
                Change::RouteRemoved,
                "gone".to_owned(),
                "the route is answered with 404",
            )
        };
        findings.add(
            change,
            place.clone(),
            say(was),
            now,
            vec![hit(Surface::Rest, format!("clients on REST: {how}"))],
        );
    }
}

/// The method is gone with its service.
pub(super) fn all_gone(method: &Method, place: &Place, findings: &mut Findings) {
    compare(&method.routes, &[], place, findings);
}

/// A path without the names of its parameters, which no server sees.
fn shape(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| if segment.starts_with('{') { "{}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

fn say(route: &Route) -> String {
    format!("{} {}", format!("{:?}", route.verb).to_uppercase(), route.path)
}

fn bindings(old: &Route, new: &Route, place: &Place, findings: &mut Findings) {
    // All by name: what the model gains does not compile until it is judged here. What the query binds follows from the rest.
    let Route {
        verb: _,
        path: _,
        parameters,
        body,
        query: _,
    } = new;
    if old.parameters != *parameters {
        let hits = vec![hit(
            Surface::Rest,
            "clients generated from the API description: they fill in parameters by name",
        )];
        findings.add(Change::RouteParameterChanged, place.clone(), say(old), say(new), hits);
    }
    if old.body != *body {
        let hits = vec![hit(
            Surface::Rest,
            "clients on REST: what they send as the body is refused, or not looked at",
        )];
        findings.add(
            Change::RouteBodyChanged,
            place.clone(),
            body_of(&old.body),
            body_of(body),
            hits,
        );
    }
}

fn body_of(body: &Body) -> String {
    match body {
        Body::None => "no body".to_owned(),
        Body::Whole => "the request is the body".to_owned(),
        Body::Field(name) => format!("`{name}` is the body"),
    }
}

//! Services and their methods, with all that is said of a method.

use super::{
    Change, errors,
    finding::{Findings, Place, Surface, hit},
    pages, policies, routes,
};
use crate::model::{Access, Method, Schema, Service};

/// Compares all services.
pub(super) fn compare(old: &Schema, new: &Schema, findings: &mut Findings) {
    for was in &old.services {
        let Some(now) = new.services.iter().find(|service| service.full_name == was.full_name) else {
            let public = was.methods.iter().any(|method| method.access != Access::Internal);
            let hits = vec![hit(
                Surface::Wire,
                format!("{}: none of its calls is answered", callers(public)),
            )];
            let place = Place::new(&was.file, was.full_name.clone());
            findings.add(
                Change::ServiceRemoved,
                place,
                format!("{} methods", was.methods.len()),
                "gone",
                hits,
            );
            for method in was.methods.iter().filter(|method| !method.routes.is_empty()) {
                let place = Place::new(&was.file, format!("{}.{}", was.full_name, method.name));
                routes::all_gone(method, &place, findings);
            }
            continue;
        };
        for method in &was.methods {
            let place = Place::new(&now.file, format!("{}.{}", was.full_name, method.name));
            match now.methods.iter().find(|candidate| candidate.name == method.name) {
                Some(candidate) => compare_method(method, candidate, &place, findings),
                None => removed(was, method, &place, findings),
            }
        }
    }
}

fn callers(public: bool) -> &'static str {
    if public {
        "clients on gRPC"
    } else {
        "services of the release, while an upgrade is under way"
    }
}

fn removed(service: &Service, method: &Method, place: &Place, findings: &mut Findings) {
    let public = method.access != Access::Internal;
    let mut hits = vec![hit(
        Surface::Wire,
        format!("{}: the call is answered with UNIMPLEMENTED", callers(public)),
    )];
    if !method.routes.is_empty() {
        hits.push(hit(Surface::Rest, "clients on REST: the route is answered with 404"));
    }
    let path = format!("/{}/{}", service.full_name, method.name);
    findings.add(Change::MethodRemoved, place.clone(), path, "gone", hits);
}

fn compare_method(old: &Method, new: &Method, place: &Place, findings: &mut Findings) {
    // All by name: what the model gains does not compile until it is judged here.
    let Method {
        name: _,
        rust: _,
        comment: _,
        request,
        response,
        access,
        rate,
        reasons,
        call,
        page,
        routes,
    } = new;
    if (&old.request, &old.response) != (request, response) {
        let how = format!(
            "{}: the bytes are those of another message",
            callers(old.access != Access::Internal)
        );
        findings.add(
            Change::MethodTypesChanged,
            place.clone(),
            format!("{} -> {}", old.request, old.response),
            format!("{request} -> {response}"),
            vec![hit(Surface::Wire, how)],
        );
    }
    policies::access(old.access, *access, place, findings);
    policies::rate(old.rate, *rate, place, findings);
    policies::call(old.call, *call, place, findings);
    errors::of_method(&old.reasons, reasons, place, findings);
    pages::compare(old.page.as_ref(), page.as_ref(), place, findings);
    routes::compare(&old.routes, routes, place, findings);
}

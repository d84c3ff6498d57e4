//! Methods: what is said of them fits together.

use super::{House, Offences, Rule};
use crate::model::{Access, Effect, Method, Rate, Verb};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "method-effect",
        reason: "what changes nothing is a GET, so that caches and proxies may help; the loader refuses the reverse",
        check: effect,
    },
    Rule {
        name: "method-rate",
        reason: "reading, changing and getting in are limited apart, so that one does not use up the other's share",
        check: rate,
    },
    Rule {
        name: "method-errors",
        reason: "what is named by an id may be missing or closed to the caller, and clients have to be told which",
        check: errors,
    },
];

fn effect(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods() {
        let stray = method.routes.iter().find(|route| route.verb != Verb::Get);
        if let Some(route) = stray
            && method.call.effect == Effect::Read
        {
            let what = format!("has the effect READ and the route {:?} {}", route.verb, route.path);
            offences.add(&service.file, &element, what);
        }
    }
}

fn rate(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.methods() {
        let fits = match method.access {
            Access::Internal => method.rate == Rate::Unlimited,
            Access::Public => method.rate == Rate::Credentials,
            Access::User | Access::Admin => {
                method.rate != Rate::Unlimited && (method.rate == Rate::Read) == (method.call.effect == Effect::Read)
            }
        };
        if !fits {
            let what = format!(
                "its rate class {:?} does not fit its caller {:?} and effect {:?}",
                method.rate, method.access, method.call.effect
            );
            offences.add(&service.file, &element, what);
        }
    }
}

/// Whether a method's reasons say that something is missing or closed: gRPC's NOT_FOUND and PERMISSION_DENIED.
fn tells_what_is_missing(house: &House<'_>, method: &Method) -> bool {
    let mut declared = house
        .schema
        .reasons
        .iter()
        .filter(|reason| method.reasons.contains(&reason.name));
    declared.any(|reason| ["NOT_FOUND", "PERMISSION_DENIED"].contains(&reason.code_name.as_str()))
}

fn errors(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods() {
        let named = method.routes.iter().any(|route| !route.parameters.is_empty());
        if named && !tells_what_is_missing(house, method) {
            offences.add(
                &service.file,
                &element,
                "declares no reason of NOT_FOUND or PERMISSION_DENIED",
            );
        }
    }
}

//! Routes in the shape of resources.

use super::{House, Offences, Rule, version};
use crate::model::Verb;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "method-route",
        reason: "what clients may call they may call over REST",
        check: route,
    },
    Rule {
        name: "method-verb",
        reason: "caches, proxies and people take the verb of HTTP for what it promises",
        check: verb,
    },
    Rule {
        name: "method-path",
        reason: "paths name resources: /v1/plural-nouns/{id}/plural-nouns, in small letters with dashes",
        check: path,
    },
    Rule {
        name: "method-shape",
        reason: "reading, changing and deleting one thing name it in the path; listing and creating name where it stands",
        check: shape,
    },
];

/// What the first word of a method's name promises.
const VERBS: &[(&str, Verb)] = &[
    ("Get", Verb::Get),
    ("List", Verb::Get),
    ("LookUp", Verb::Get),
    ("Search", Verb::Get),
    ("Create", Verb::Post),
    ("Add", Verb::Post),
    ("Send", Verb::Post),
    ("Open", Verb::Post),
    ("Update", Verb::Patch),
    ("Rename", Verb::Patch),
    ("Change", Verb::Patch),
    ("Set", Verb::Put),
    ("Replace", Verb::Put),
    ("Delete", Verb::Delete),
    ("Remove", Verb::Delete),
];

/// Whether a name begins with a word, and not only with its letters.
fn begins(name: &str, word: &str) -> bool {
    name.strip_prefix(word)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn route(house: &House<'_>, offences: &mut Offences) {
    for (service, _, element) in house.public_methods().filter(|(_, method, _)| method.routes.is_empty()) {
        offences.add(&service.file, &element, "has no (google.api.http)");
    }
}

fn verb(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods() {
        let promised = VERBS
            .iter()
            .find(|(word, _)| begins(&method.name, word))
            .map(|(_, verb)| *verb);
        for route in &method.routes {
            match promised {
                Some(verb) if verb != route.verb => {
                    let what = format!(
                        "its name promises {verb:?}, its route is {:?} {}",
                        route.verb, route.path
                    );
                    offences.add(&service.file, &element, what);
                }
                None if route.verb == Verb::Get => {
                    offences.add(
                        &service.file,
                        &element,
                        format!("reads, so it begins with Get, List, LookUp or Search: {}", route.path),
                    );
                }
                _ => {}
            }
        }
    }
}

fn path(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods() {
        let version = version(&service.package).unwrap_or_default();
        for route in &method.routes {
            let mut segments = route.path.split('/').skip(1);
            if segments.next() != Some(version) {
                offences.add(
                    &service.file,
                    &element,
                    format!("the path {} does not begin with /{version}", route.path),
                );
            }
            let mut before_is_parameter = false;
            for (place, segment) in segments.enumerate() {
                let is_parameter = segment.starts_with('{');
                let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                if is_parameter && (place == 0 || before_is_parameter) {
                    offences.add(
                        &service.file,
                        &element,
                        format!("{segment} in {} does not follow a noun", route.path),
                    );
                }
                if !is_parameter && !segment.chars().all(small) {
                    offences.add(
                        &service.file,
                        &element,
                        format!("`{segment}` in {} is not in small letters with dashes", route.path),
                    );
                }
                before_is_parameter = is_parameter;
            }
        }
    }
}

fn shape(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods() {
        for route in &method.routes {
            let last = route.path.rsplit('/').next().unwrap_or_default();
            let (is_parameter, is_plural) = (last.starts_with('{'), last.ends_with('s'));
            let what = if ["List", "LookUp", "Search", "Create", "Add"]
                .iter()
                .any(|word| begins(&method.name, word))
            {
                (is_parameter || !is_plural).then_some("should end in the plural of what it lists or makes")
            } else if ["Get", "Update", "Rename", "Change", "Delete", "Remove"]
                .iter()
                .any(|word| begins(&method.name, word))
            {
                // A noun in the singular is the one that the caller has: the own profile, the current session.
                (!is_parameter && is_plural).then_some("should end in the id of what it is about")
            } else {
                None
            };
            if let Some(what) = what {
                offences.add(&service.file, &element, format!("the path {} {what}", route.path));
            }
        }
    }
}

//! Names of messages, fields, services and methods.

use super::{House, Offences, Rule};
use crate::model::{Access, Kind, WellKnown};
use heck::{ToSnakeCase, ToUpperCamelCase};
use std::collections::BTreeMap;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "type-name",
        reason: "types are written in UpperCamelCase in every language that is generated",
        check: types,
    },
    Rule {
        name: "field-name",
        reason: "names in JSON and in each language are derived from lower_snake_case, and only from it back and forth without loss",
        check: fields,
    },
    Rule {
        name: "id-name",
        reason: "a number that is an id says so where it is used",
        check: ids,
    },
    Rule {
        name: "time-name",
        reason: "a reader tells a moment from a duration and from a number by its name",
        check: times,
    },
    Rule {
        name: "service-name",
        reason: "generated clients are called after services; clients see services, the platform has repositories",
        check: services,
    },
    Rule {
        name: "method-name",
        reason: "methods are written in UpperCamelCase and begin with a verb",
        check: methods,
    },
    Rule {
        name: "request-name",
        reason: "a request of its own lets one method change without another",
        check: requests,
    },
];

fn is_camel(name: &str) -> bool {
    name == name.to_upper_camel_case()
}

fn types(house: &House<'_>, offences: &mut Offences) {
    let messages = house
        .messages()
        .map(|message| (&message.file, &message.full_name, &message.name));
    let enums = house
        .schema
        .enums
        .values()
        .map(|r#enum| (&r#enum.file, &r#enum.full_name, &r#enum.name));
    for (file, full_name, name) in messages.chain(enums).filter(|(_, _, name)| !is_camel(name)) {
        offences.add(file, full_name, format!("should be {}", name.to_upper_camel_case()));
    }
}

fn fields(house: &House<'_>, offences: &mut Offences) {
    for message in house.schema.messages.values() {
        let names = message.fields.iter().map(|field| &field.name);
        for name in names.chain(message.oneofs.iter().map(|oneof| &oneof.name)) {
            if *name != name.to_snake_case() {
                let element = format!("{}.{name}", message.full_name);
                offences.add(&message.file, &element, format!("should be {}", name.to_snake_case()));
            }
        }
    }
}

fn ids(house: &House<'_>, offences: &mut Offences) {
    for message in house.messages().filter(|message| !is_internal(&message.package)) {
        for field in message.fields.iter().filter(|field| field.id.is_some()) {
            if !field.name.ends_with("_id") && !field.name.ends_with("_ids") {
                let element = format!("{}.{}", message.full_name, field.name);
                offences.add(
                    &message.file,
                    &element,
                    "holds an id, so its name ends in `_id` or `_ids`",
                );
            }
        }
    }
}

fn times(house: &House<'_>, offences: &mut Offences) {
    for message in house.messages().filter(|message| !is_internal(&message.package)) {
        for field in &message.fields {
            let fits = match field.kind {
                Kind::WellKnown(WellKnown::Timestamp) => field.name.ends_with("_at") || field.name.ends_with("_time"),
                _ => !field.name.ends_with("_at"),
            };
            if !fits {
                let element = format!("{}.{}", message.full_name, field.name);
                let what = "`_at` or `_time` at the end of a name and google.protobuf.Timestamp go together";
                offences.add(&message.file, &element, what);
            }
        }
    }
}

/// Whether a package is for the services of the platform alone.
fn is_internal(package: &str) -> bool {
    package.split('.').any(|part| part == "internal")
}

fn services(house: &House<'_>, offences: &mut Offences) {
    for service in house.services() {
        let public = service.methods.iter().any(|method| method.access != Access::Internal);
        let suffixes: &[&str] = if public { &["Service"] } else { &["Service", "Repo"] };
        if !is_camel(&service.name) || !suffixes.iter().any(|suffix| service.name.ends_with(suffix)) {
            offences.add(
                &service.file,
                &service.full_name,
                format!("its name should end in {}", suffixes.join(" or ")),
            );
        }
    }
}

fn methods(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.methods() {
        if !is_camel(&method.name) {
            offences.add(
                &service.file,
                &element,
                format!("should be {}", method.name.to_upper_camel_case()),
            );
        }
    }
}

fn requests(house: &House<'_>, offences: &mut Offences) {
    let mut users: BTreeMap<&str, &str> = BTreeMap::new();
    for (service, method, element) in house.methods() {
        for (message, suffix) in [(&method.request, "Request"), (&method.response, "Response")] {
            let wanted = format!("{}.{}{suffix}", service.package, method.name);
            if *message != wanted {
                offences.add(
                    &service.file,
                    &element,
                    format!("uses {message} where {wanted} belongs"),
                );
            }
            if let Some(other) = users.insert(message, &method.name) {
                offences.add(&service.file, &element, format!("shares {message} with {other}"));
            }
        }
    }
}

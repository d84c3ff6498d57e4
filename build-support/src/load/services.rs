//! Services and their methods.

use super::{
    calls, comments, enums, names,
    options::{self, Fields, Options},
    pages, routes,
};
use crate::{
    SchemaError,
    model::{Access, Method, Rate, Schema, Service},
};
use prost_reflect::{DynamicMessage, MethodDescriptor, ServiceDescriptor, Value};
use std::collections::BTreeSet;

/// Names that the generated client has for itself.
const TAKEN: &[&str] = &["new", "local", "remote", "from_service", "clone"];

/// A service with its methods.
pub(super) fn load(schema: &Schema, descriptor: &ServiceDescriptor, options: &Options) -> Result<Service, SchemaError> {
    let file = descriptor.parent_file();
    if schema.services.iter().any(|service| service.name == descriptor.name()) {
        let why = "another package has a service of this name; their Rust traits would be the same";
        return Err(SchemaError::new(file.name(), descriptor.full_name(), why));
    }
    Ok(Service {
        full_name: descriptor.full_name().to_owned(),
        name: descriptor.name().to_owned(),
        package: descriptor.package_name().to_owned(),
        file: file.name().to_owned(),
        comment: comments::before(&file, descriptor.path()),
        methods: descriptor
            .methods()
            .map(|method| load_method(schema, &method, options))
            .collect::<Result<_, _>>()?,
    })
}

fn load_method(schema: &Schema, descriptor: &MethodDescriptor, options: &Options) -> Result<Method, SchemaError> {
    let file = descriptor.parent_file();
    let wrong = |why: String| SchemaError::new(file.name(), descriptor.full_name(), why);
    if descriptor.is_client_streaming() || descriptor.is_server_streaming() {
        return Err(wrong("streaming is not honoured".into()));
    }
    let rust = names::snake(descriptor.name());
    if TAKEN.contains(&rust.as_str()) {
        return Err(wrong(format!("the generated client has a function `{rust}` already")));
    }
    let taken = schema
        .services
        .iter()
        .find(|service| service.methods.iter().any(|method| method.name == descriptor.name()));
    if let Some(other) = taken {
        return Err(wrong(format!(
            "{} has a method `{}` already; their error types would be the same",
            other.full_name,
            descriptor.name()
        )));
    }
    for message in [descriptor.input(), descriptor.output()] {
        if !schema.messages.contains_key(message.full_name()) {
            return Err(wrong(format!(
                "{} is not a message of this schema",
                message.full_name()
            )));
        }
    }
    let set = descriptor.options();
    let Some(policy) = options::message(&set, options.policy.as_ref()) else {
        return Err(wrong("a method needs the option (parlance.policy)".into()));
    };
    let Some(errors) = options::message(&set, options.errors.as_ref()) else {
        return Err(wrong(
            "a method needs the option (parlance.errors), even if it has no reasons".into(),
        ));
    };
    let Some(call) = options::message(&set, options.call.as_ref()) else {
        return Err(wrong("a method needs the option (parlance.call)".into()));
    };
    let page = options::message(&set, options.page.as_ref());
    let access = access(&policy).ok_or_else(|| wrong("the policy does not say who may call".into()))?;
    let mut method = Method {
        name: descriptor.name().to_owned(),
        rust,
        comment: comments::before(&file, descriptor.path()),
        request: descriptor.input().full_name().to_owned(),
        response: descriptor.output().full_name().to_owned(),
        access,
        rate: rate(&policy).ok_or_else(|| wrong("the policy does not say the rate class".into()))?,
        reasons: reasons(schema, &errors).map_err(wrong)?,
        call: calls::load(&call).map_err(wrong)?,
        page: None,
        routes: Vec::new(),
    };
    method.page = pages::load(schema, &method, page.as_ref()).map_err(wrong)?;
    if let Some(http) = options::message(&set, options.http.as_ref()) {
        if access == Access::Internal {
            return Err(wrong("an internal method has no route".into()));
        }
        method.routes = routes::load(schema, &method, &http).map_err(wrong)?;
        calls::check(&method).map_err(wrong)?;
    }
    Ok(method)
}

fn access(policy: &DynamicMessage) -> Option<Access> {
    Some(match policy.number_of_enum("caller") {
        1 => Access::Public,
        2 => Access::User,
        3 => Access::Admin,
        4 => Access::Internal,
        _ => return None,
    })
}

fn rate(policy: &DynamicMessage) -> Option<Rate> {
    Some(match policy.number_of_enum("rate") {
        1 => Rate::Credentials,
        2 => Rate::Read,
        3 => Rate::Write,
        4 => Rate::Send,
        5 => Rate::Unlimited,
        _ => return None,
    })
}

/// Names of the declared reasons, in order of numbers.
fn reasons(schema: &Schema, errors: &DynamicMessage) -> Result<Vec<String>, String> {
    let mut numbers = BTreeSet::new();
    let mut names = Vec::new();
    for number in errors.list("reasons").iter().filter_map(Value::as_enum_number) {
        let Some(reason) = schema.reasons.iter().find(|reason| reason.number == number) else {
            return Err(format!("{number} is not a reason of {}", enums::CATALOGUE));
        };
        if reason.name == "UNAVAILABLE" || reason.name == "INTERNAL" {
            return Err(format!("every method may give {}; it needs no mention", reason.name));
        }
        if !numbers.insert(number) {
            return Err(format!("the reason {} is there twice", reason.name));
        }
    }
    for reason in schema.reasons.iter().filter(|reason| numbers.contains(&reason.number)) {
        names.push(reason.name.clone());
    }
    Ok(names)
}

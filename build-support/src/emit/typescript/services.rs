//! `services.ts`: a class for each service, with a method for each call and an iterator for each list.

use super::{
    reach::{Reach, methods},
    write::{docs, import_types, list, method as camel, text},
};
use crate::{
    SchemaError,
    emit::way::json_path,
    model::{Access, Body, Effect, Kind, Message, Method, Page, Route, Schema, Service, Verb},
};
use heck::ToUpperCamelCase;
use std::collections::BTreeSet;

/// A call that clients may make over HTTP.
pub(super) struct Call<'a> {
    pub(super) service: &'a Service,
    pub(super) method: &'a Method,
    /// Its name in TypeScript: that of the method, with the service's before it where two methods have the same.
    pub(super) name: String,
}

/// All calls, in order of services and declaration.
pub(super) fn calls(schema: &Schema) -> impl Iterator<Item = Call<'_>> {
    methods(schema).map(move |(service, method)| {
        let same = methods(schema).filter(|(_, other)| other.name == method.name).count();
        let name = if same == 1 {
            camel(&method.name)
        } else {
            camel(&format!("{}{}", service.name, method.name))
        };
        Call { service, method, name }
    })
}

/// The name of a call as the beginning of a type's: `SendMessage`.
pub(super) fn pascal(name: &str) -> String {
    name.to_upper_camel_case()
}

/// # Errors
/// An iterator whose name another call has.
pub(super) fn emit(schema: &Schema, reach: &Reach<'_>) -> Result<String, SchemaError> {
    let calls: Vec<_> = calls(schema).collect();
    let mut body = String::new();
    for call in &calls {
        body += &table(schema, call);
    }
    let names: String = calls.iter().map(|call| format!("  {},\n", call.name)).collect();
    body += &format!("\n/** What the schema says of each call. */\nexport const methods = {{\n{names}}} as const;\n");
    let mut services: Vec<&Service> = Vec::new();
    for call in &calls {
        if !services
            .iter()
            .any(|service| service.full_name == call.service.full_name)
        {
            services.push(call.service);
        }
    }
    for service in &services {
        let own: Vec<_> = calls
            .iter()
            .filter(|call| call.service.full_name == service.full_name)
            .collect();
        body += &class(schema, service, &own)?;
    }
    body += &all(&services);
    let mut messages: BTreeSet<&str> = BTreeSet::new();
    for call in &calls {
        messages.insert(&schema.messages[&call.method.request].name);
        messages.insert(&schema.messages[&call.method.response].name);
        if let Some(page) = &call.method.page {
            messages.insert(item(schema, call.method, page));
        }
    }
    let pages = calls.iter().any(|call| call.method.page.is_some());
    let reasons: Vec<_> = calls
        .iter()
        .map(|call| format!("{}Reason", pascal(&call.name)))
        .collect();
    let messages = messages.into_iter().filter(|name| reach.messages.contains_key(name));
    let mut head = String::new();
    if !calls.is_empty() {
        head += "import type { Call } from \"../runtime/error.js\";\n";
        head += "import type { CallOptions, ErrorOf, Http, MethodTable } from \"../runtime/http.js\";\n";
        head += "import { reasons } from \"./errors.js\";\n";
        head += "import * as tables from \"./tables.js\";\n";
    } else {
        head += "import type { Http } from \"../runtime/http.js\";\n";
    }
    if pages {
        head += "import { Pager } from \"../runtime/page.js\";\n";
    }
    head += &import_types(reasons.iter().map(String::as_str), "./errors.js");
    head += &import_types(messages, "./messages.js");
    Ok(format!("{head}{body}"))
}

fn table(schema: &Schema, call: &Call<'_>) -> String {
    let Call { service, method, name } = call;
    let (request, response) = (&schema.messages[&method.request], &schema.messages[&method.response]);
    let Some(route) = method.routes.first() else {
        return String::new();
    };
    let effect = match method.call.effect {
        Effect::Read => "READ",
        Effect::Repeatable => "REPEATABLE",
        Effect::Keyed => "KEYED",
    };
    let query: Vec<_> = route
        .query
        .iter()
        .map(|path| json_path(schema, request, path))
        .collect();
    format!(
        "\nconst {name}: MethodTable<{}, {}, {}Reason> = {{\n  name: {},\n  verb: {},\n  path: {},\n  body: {},\n  query: {},\n  open: {},\n  \
         effect: \"{effect}\",\n  timeoutMs: {},\n  attempts: {},\n  reasons: reasons.{name},\n  request: tables.{},\n  response: tables.{},\n}};\n",
        request.name,
        response.name,
        pascal(name),
        text(&format!("{}.{}", service.full_name, method.name)),
        text(verb(route.verb)),
        text(&path(schema, request, route)),
        text(&body(schema, request, &route.body)),
        list(query.iter().map(String::as_str)),
        method.access == Access::Public,
        method.call.timeout_ms,
        method.call.attempts,
        request.name,
        response.name,
    )
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "GET",
        Verb::Put => "PUT",
        Verb::Post => "POST",
        Verb::Delete => "DELETE",
        Verb::Patch => "PATCH",
    }
}

/// The path with the names that the fields have in JSON.
fn path(schema: &Schema, request: &Message, route: &Route) -> String {
    route.parameters.iter().fold(route.path.clone(), |path, parameter| {
        path.replace(
            &format!("{{{parameter}}}"),
            &format!("{{{}}}", json_path(schema, request, parameter)),
        )
    })
}

fn body(schema: &Schema, request: &Message, body: &Body) -> String {
    match body {
        Body::None => String::new(),
        Body::Whole => "*".to_owned(),
        Body::Field(name) => json_path(schema, request, name),
    }
}

fn class(schema: &Schema, service: &Service, calls: &[&Call<'_>]) -> Result<String, SchemaError> {
    let mut taken: BTreeSet<String> = calls.iter().map(|call| camel(&call.method.name)).collect();
    let mut members = String::new();
    for Call { method, name, .. } in calls.iter().copied() {
        let (request, response) = (
            &schema.messages[&method.request].name,
            &schema.messages[&method.response].name,
        );
        // who has nothing to say need not say it
        let default = if schema.messages[&method.request]
            .fields
            .iter()
            .any(crate::emit::json_schema::is_required)
        {
            ""
        } else {
            " = {}"
        };
        members += &format!(
            "\n{}  {}(request: {request}{default}, options?: CallOptions): Call<{response}, ErrorOf<{}Reason>> {{\n    \
             return this.#http.call(methods.{name}, request, options);\n  }}\n",
            docs("  ", &method.comment),
            camel(&method.name),
            pascal(name)
        );
        if let Some(page) = &method.page {
            let all = all_of(&method.name);
            if !taken.insert(all.clone()) {
                let why = format!("its iterator `{all}` in TypeScript has the name of another call");
                return Err(SchemaError::new(
                    &service.file,
                    format!("{}.{}", service.full_name, method.name),
                    why,
                ));
            }
            members += &pager(schema, method, page, default, &all);
        }
    }
    let class = client(service);
    Ok(format!(
        "\n{}export class {class} {{\n  readonly #http: Http;\n\n  constructor(http: Http) {{\n    this.#http = http;\n  }}\n{members}}}\n",
        docs("", &service.comment)
    ))
}

fn client(service: &Service) -> String {
    format!("{}Client", service.name)
}

/// `listAllMembers` of `ListMembers`.
fn all_of(method: &str) -> String {
    let rest = method
        .strip_prefix("List")
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    rest.map_or_else(
        || camel(&format!("All{method}")),
        |rest| camel(&format!("ListAll{rest}")),
    )
}

fn item<'a>(schema: &'a Schema, method: &Method, page: &Page) -> &'a str {
    let fields = &schema.messages[&method.response].fields;
    let kind = fields
        .iter()
        .find(|field| field.name == page.items)
        .map(|field| &field.kind);
    match kind {
        Some(Kind::Message(name)) => &schema.messages[name].name,
        _ => "unknown",
    }
}

fn pager(schema: &Schema, method: &Method, page: &Page, default: &str, all: &str) -> String {
    let (request, response) = (&schema.messages[&method.request], &schema.messages[&method.response]);
    let json = |message: &Message, name: &str| text(&json_path(schema, message, name));
    format!(
        "\n  /** As `{}`, everything: page by page, as it is asked for. */\n  \
         {all}(request: {}{default}, options?: CallOptions): Pager<{}, {}> {{\n    \
         const table = {{ cursor: {}, next: {}, items: {} }};\n    \
         return new Pager(table, options, (cursor, options) => this.{}({{ ...request, ...cursor }}, options));\n  }}\n",
        camel(&method.name),
        request.name,
        response.name,
        item(schema, method, page),
        json(request, &page.cursor),
        json(response, &page.next),
        json(response, &page.items),
        camel(&method.name),
    )
}

/// All services in one.
fn all(services: &[&Service]) -> String {
    let short = |service: &Service| camel(service.name.strip_suffix("Service").unwrap_or(&service.name));
    let fields: String = services
        .iter()
        .map(|service| {
            format!(
                "{}  readonly {}: {};\n",
                docs("  ", &service.comment),
                short(service),
                client(service)
            )
        })
        .collect();
    let made: String = services
        .iter()
        .map(|service| format!("    this.{} = new {}(http);\n", short(service), client(service)))
        .collect();
    format!(
        "\n/** All services. */\nexport class Services {{\n{fields}\n  constructor(http: Http) {{\n{made}  }}\n}}\n"
    )
}

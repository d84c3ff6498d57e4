//! Routes as operations.

use super::{components::body_name, errors};
use crate::emit::{
    json_schema::{Fields, Names, example, is_required, text},
    way::{json_path, leaf},
};
use crate::model::{Access, Body, Cardinality, Effect, Method, Route, Schema as Model, Service, Verb};
use heck::ToLowerCamelCase;
use serde_json::json;
use utoipa::openapi::{
    ContentBuilder, HttpMethod, PathItem, Ref, RefOr, Required, ResponseBuilder, Schema,
    extensions::{Extensions, ExtensionsBuilder},
    path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn, ParameterStyle},
    request_body::{RequestBody, RequestBodyBuilder},
    schema::{ObjectBuilder, Type},
    security::SecurityRequirement,
};

/// What describes one method on one route.
pub(super) struct Operation<'a> {
    pub(super) model: &'a Model,
    pub(super) names: &'a Names,
    pub(super) service: &'a Service,
    pub(super) method: &'a Method,
    pub(super) route: &'a Route,
    /// Which of the method's routes it is.
    pub(super) index: usize,
}

impl Operation<'_> {
    pub(super) fn path_item(&self) -> PathItem {
        let verb = match self.route.verb {
            Verb::Get => HttpMethod::Get,
            Verb::Put => HttpMethod::Put,
            Verb::Post => HttpMethod::Post,
            Verb::Delete => HttpMethod::Delete,
            Verb::Patch => HttpMethod::Patch,
        };
        let (summary, description) = text::split(&self.method.comment);
        let description = [description, self.policy().to_owned(), self.presence().to_owned()];
        let mut operation = OperationBuilder::new()
            .tag(super::tag(self.service))
            .summary(Some(summary))
            .description(text::join(&description))
            .operation_id(Some(self.id()))
            .request_body(self.body())
            .extensions(Some(self.beyond()))
            .response("200", self.answer());
        for parameter in self.parameters() {
            operation = operation.parameter(parameter);
        }
        for (status, response) in errors::responses(self.model, self.method, self.route) {
            operation = operation.response(status.to_string(), response);
        }
        PathItem::new(verb, operation.securities(Some(self.security())))
    }

    fn id(&self) -> String {
        let same = self.model.services.iter().flat_map(|service| &service.methods);
        let unique = same
            .filter(|method| method.name == self.method.name && !method.routes.is_empty())
            .count()
            == 1;
        let name = if unique {
            self.method.name.clone()
        } else {
            format!("{}{}", self.service.name, self.method.name)
        };
        let number = if self.index == 0 {
            String::new()
        } else {
            (self.index + 1).to_string()
        };
        format!("{}{number}", name.to_lower_camel_case())
    }

    fn policy(&self) -> &'static str {
        match self.method.access {
            Access::Public => "Needs no token.",
            Access::User => "For users.",
            Access::Admin => "For admins.",
            Access::Internal => "",
        }
    }

    /// How a PATCH knows what to change.
    fn presence(&self) -> &'static str {
        let masked = self.route.query.iter().any(|parameter| parameter == "update_mask");
        let derived = self.route.verb == Verb::Patch && masked && matches!(self.route.body, Body::Field(_));
        if derived {
            "Without `updateMask`, the fields that the body has are changed, be they empty or null; there must be one."
        } else {
            ""
        }
    }

    /// What generators of clients need and OpenAPI has no word for.
    fn beyond(&self) -> Extensions {
        let call = self.method.call;
        let effect = match call.effect {
            Effect::Read => "READ",
            Effect::Repeatable => "REPEATABLE",
            Effect::Keyed => "KEYED",
        };
        let mut said = json!({"call": {"effect": effect, "timeoutMs": call.timeout_ms, "attempts": call.attempts}});
        if let Some(page) = &self.method.page {
            let request = &self.model.messages[&self.method.request];
            let response = &self.model.messages[&self.method.response];
            said["page"] = json!({
                "size": json_path(self.model, request, &page.size),
                "cursor": json_path(self.model, request, &page.cursor),
                "next": json_path(self.model, response, &page.next),
                "items": json_path(self.model, response, &page.items),
                "defaultSize": page.default_size,
                "maxSize": page.max_size,
            });
        }
        ExtensionsBuilder::new().add("parlance", said).build()
    }

    fn security(&self) -> Vec<SecurityRequirement> {
        let scheme = match self.method.access {
            Access::Public | Access::Internal => return Vec::new(),
            Access::User => "user",
            Access::Admin => "admin",
        };
        vec![SecurityRequirement::new(scheme, [""; 0])]
    }

    fn parameters(&self) -> Vec<Parameter> {
        let in_path = self
            .route
            .parameters
            .iter()
            .map(|path| self.parameter(path, ParameterIn::Path));
        let in_query = self
            .route
            .query
            .iter()
            .map(|path| self.parameter(path, ParameterIn::Query));
        in_path.chain(in_query).chain(self.idempotency_key()).collect()
    }

    /// The header that makes a call repeatable, where the call alone is not.
    fn idempotency_key(&self) -> Option<Parameter> {
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[!-~]{1,128}$"));
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "New for each call and the same for each attempt, best a random UUID: a repetition gets the answer of the first attempt and \
                 changes nothing. One that comes while the first attempt is at work waits for its answer; if that takes longer than this call has time, \
                 it is refused with IDEMPOTENCY_KEY_IN_USE. Remembered for a day, unless the server is configured otherwise.",
            ))
            .schema(Some(key))
            .example(Some(json!("8e03978e-40d5-43e8-bc93-6894a57f9324")));
        (self.method.call.effect == Effect::Keyed).then(|| header.build())
    }

    fn parameter(&self, path: &str, place: ParameterIn) -> Parameter {
        let request = &self.model.messages[&self.method.request];
        let field = leaf(self.model, request, path);
        let fields = Fields {
            model: self.model,
            names: self.names,
        };
        let in_path = place == ParameterIn::Path;
        let name = if in_path {
            path.to_owned()
        } else {
            json_path(self.model, request, path)
        };
        let required = in_path || is_required(field) && !path.contains('.');
        let mut parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(if required { Required::True } else { Required::False })
            .description(text::join(&[text::unwrap(&field.comment)]))
            .schema(Some(fields.of_parameter(field)))
            .example(field.example.clone());
        if field.cardinality == Cardinality::Repeated {
            parameter = parameter.style(Some(ParameterStyle::Form)).explode(Some(true));
        }
        parameter.build()
    }

    fn body(&self) -> Option<RequestBody> {
        let request = &self.model.messages[&self.method.request];
        let (schema, example, comment, required): (RefOr<Schema>, _, _, _) = match &self.route.body {
            Body::None => return None,
            Body::Whole => {
                let name = if self.route.parameters.is_empty() {
                    self.names.of(&request.full_name).to_owned()
                } else {
                    body_name(&self.method.name, self.index)
                };
                let left = request
                    .fields
                    .iter()
                    .filter(|field| !self.route.parameters.contains(&field.name));
                let needs = left.into_iter().any(is_required);
                let example = example::message(self.model, request, &self.route.parameters);
                (Ref::from_schema_name(name).into(), example, &request.comment, needs)
            }
            Body::Field(name) => {
                let field = leaf(self.model, request, name);
                let fields = Fields {
                    model: self.model,
                    names: self.names,
                };
                (
                    fields.of_parameter(field),
                    example::field(self.model, field),
                    &field.comment,
                    is_required(field),
                )
            }
        };
        let content = ContentBuilder::new().schema(Some(schema)).example(example).build();
        let body = RequestBodyBuilder::new()
            .description(text::join(&[text::unwrap(comment)]))
            .required(Some(if required { Required::True } else { Required::False }))
            .content("application/json", content);
        Some(body.build())
    }

    fn answer(&self) -> ResponseBuilder {
        let response = &self.model.messages[&self.method.response];
        let schema = Ref::from_schema_name(self.names.of(&response.full_name));
        let content = ContentBuilder::new()
            .schema(Some(schema))
            .example(example::message(self.model, response, &[]));
        let comment = text::unwrap(&response.comment);
        let comment = if comment.is_empty() {
            "Done.".to_owned()
        } else {
            comment
        };
        ResponseBuilder::new()
            .description(comment)
            .content("application/json", content.build())
    }
}

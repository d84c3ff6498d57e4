//! The components that routes refer to.

use super::reach;
use crate::{
    emit::json_schema::{Names, message, open},
    model::Schema as Model,
};
use utoipa::openapi::ComponentsBuilder;

/// Adds everything that routes refer to.
pub(super) fn components(model: &Model, names: &Names, mut components: ComponentsBuilder) -> ComponentsBuilder {
    for (name, full_name) in names.components() {
        components = match (model.messages.get(full_name), model.enums.get(full_name)) {
            (Some(it), _) => components.schema(name, message(model, names, it, &[], names.only_sent(full_name))),
            (None, Some(it)) => components.schema(name, open(it)),
            (None, None) => components,
        };
    }
    for method in model.services.iter().flat_map(|service| &service.methods) {
        for (index, route) in method
            .routes
            .iter()
            .enumerate()
            .filter(|(_, route)| reach::is_partial(route))
        {
            let request = &model.messages[&method.request];
            components = components.schema(
                body_name(&method.name, index),
                message(model, names, request, &route.parameters, true),
            );
        }
    }
    components
}

/// Name of the component for a body that is the request without what the path binds.
pub(super) fn body_name(method: &str, index: usize) -> String {
    if index == 0 {
        format!("{method}Body")
    } else {
        format!("{method}Body{}", index + 1)
    }
}

//! REST: for each service with routes an axum router whose handlers bind path, query and body by type and call the service's client.
//!
//! The generated code is a list of calls of the hand-written binder (`im_schema::rest::bind`): which field, which parser, which place.

use super::{
    masks,
    tokens::{ident, path},
    way::{json_path, leaf, way},
};
use crate::{
    SchemaError,
    model::{Body, Cardinality, Field, Kind, Message, Method, Route, Scalar, Schema, Service, Verb, WellKnown},
};
use heck::{ToShoutySnakeCase, ToSnakeCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// The routers, and `ROUTES`.
///
/// # Errors
/// None: what routes may bind has been checked by the loader.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let services = schema
        .services
        .iter()
        .filter(|service| service.methods.iter().any(|method| !method.routes.is_empty()));
    let routers = services.map(|service| router(schema, service));
    let rows = schema.services.iter().flat_map(|service| {
        service
            .methods
            .iter()
            .flat_map(move |method| method.routes.iter().map(move |route| row(service, method, route)))
    });
    Ok(quote! {
        /// Every route of the schema, in its order.
        pub static ROUTES: &[Route] = &[#(#rows),*];
        #(#routers)*
    })
}

fn row(service: &Service, method: &Method, route: &Route) -> TokenStream {
    let (verb, path) = (verb(route.verb).to_uppercase(), &route.path);
    let module = module(service);
    let constant = format_ident!("{}", method.name.to_shouty_snake_case());
    quote!(Route { verb: #verb, path: #path, method: &crate::services::#module::#constant })
}

fn router(schema: &Schema, service: &Service) -> TokenStream {
    let client = format_ident!("{}Client", service.name);
    let function = module(service);
    let mut routes = Vec::new();
    let mut binders = Vec::new();
    for method in &service.methods {
        for (index, route) in method.routes.iter().enumerate() {
            let name = binder_name(method, index);
            let (verb, path, call) = (format_ident!("{}", verb(route.verb)), &route.path, ident(&method.rust));
            routes.push(quote! {
                .route(#path, axum::routing::#verb(
                    |axum::extract::State(client): axum::extract::State<crate::services::#client>, call: Incoming| async move {
                        answer(match #function::#name(call.binder) {
                            Ok(request) => client.#call(call.context, request).await,
                            Err(failure) => Err(failure),
                        })
                    },
                ))
            });
            binders.push(binder(schema, method, route, &name));
        }
    }
    let doc = format!(" The routes of `{}`.", service.full_name);
    quote! {
        #[doc = #doc]
        pub fn #function(client: crate::services::#client) -> Router {
            Router::new() #(#routes)* .with_state(client)
        }
        mod #function {
            use super::bind::Binder;
            #(#binders)*
        }
    }
}

/// A function that makes the request of one route.
fn binder(schema: &Schema, method: &Method, route: &Route, name: &Ident) -> TokenStream {
    let request = &schema.messages[&method.request];
    let rust = path(&request.rust);
    let body = match &route.body {
        Body::None => quote!(bind.no_body()),
        Body::Whole => quote!(bind.whole_body()?),
        Body::Field(field) => {
            let json_name = &leaf(schema, request, field).json_name;
            quote!(bind.field_body(#json_name)?)
        }
    };
    let in_path = route.parameters.iter().map(|parameter| {
        let (json_name, place) = (json_path(schema, request, parameter), place(schema, request, parameter));
        let parse = parser_of_field(schema, leaf(schema, request, parameter));
        quote!(bind.path(#parameter, #json_name, #parse, #place);)
    });
    let in_query = route.query.iter().map(|parameter| {
        let (json_name, place) = (json_path(schema, request, parameter), place(schema, request, parameter));
        let field = leaf(schema, request, parameter);
        let spellings = if json_name == *parameter {
            quote!(#parameter)
        } else {
            quote!(#parameter | #json_name)
        };
        let parse = parser_of_field(schema, field);
        let call = if field.cardinality == Cardinality::Repeated {
            quote!(many)
        } else {
            quote!(one)
        };
        quote!(#spellings => { bind.#call(#json_name, &value, #parse, #place); })
    });
    let in_query = if route.query.is_empty() {
        quote!(for (name, _) in bind.query() {
            bind.unknown(&name);
        })
    } else {
        quote! {
            for (name, value) in bind.query() {
                match name.as_str() {
                    #(#in_query)*
                    _ => bind.unknown(&name),
                }
            }
        }
    };
    let mask = mask(schema, request, route);
    let unchanged = route.parameters.is_empty() && route.query.is_empty();
    let mutable = if unchanged { quote!() } else { quote!(mut) };
    quote! {
        pub(super) fn #name(mut bind: Binder) -> Result<#rust, crate::failure::Failure> {
            let #mutable request: #rust = #body;
            #(#in_path)*
            #in_query
            #mask
            bind.finish(request)
        }
    }
}

/// Where in the request a parameter goes; messages on the way are made.
fn place(schema: &Schema, request: &Message, parameter: &str) -> TokenStream {
    let mut place = quote!(&mut request);
    for field in way(schema, request, parameter) {
        let rust = ident(&field.rust);
        let inner = matches!(field.kind, Kind::Message(_)).then(|| quote!(.get_or_insert_default()));
        place = quote!(#place.#rust #inner);
    }
    place
}

/// For a PATCH whose body is one field: completes `update_mask`.
fn mask(schema: &Schema, request: &Message, route: &Route) -> Option<TokenStream> {
    let (Verb::Patch, Body::Field(body)) = (route.verb, &route.body) else {
        return None;
    };
    let mask = request.fields.iter().find(|field| field.masks.as_ref() == Some(body))?;
    let (resource, rust) = (path(&masks::target(schema, request, mask)?.rust), ident(&mask.rust));
    let body = &leaf(schema, request, body).json_name;
    Some(quote!(bind.mask::<#resource>(#body, &mut request.#rust);))
}

fn parser_of_field(schema: &Schema, field: &Field) -> TokenStream {
    let parse = parser(schema, &field.kind);
    if field.cardinality == Cardinality::Optional {
        quote!(super::parse::some(#parse))
    } else {
        parse
    }
}

fn parser(schema: &Schema, kind: &Kind) -> TokenStream {
    let name = match kind {
        Kind::Enum(name) => {
            let rust = path(&schema.enums[name].rust);
            return quote!(super::parse::enumeration(|name| #rust::from_str_name(name).map(i32::from)));
        }
        Kind::Scalar(scalar) => match scalar {
            Scalar::Double => "double",
            Scalar::Float => "float",
            Scalar::Int32 | Scalar::Sint32 | Scalar::Sfixed32 => "int32",
            Scalar::Int64 | Scalar::Sint64 | Scalar::Sfixed64 => "int64",
            Scalar::Uint32 | Scalar::Fixed32 => "uint32",
            Scalar::Uint64 | Scalar::Fixed64 => "uint64",
            Scalar::Bool => "boolean",
            Scalar::String => "string",
            Scalar::Bytes => "bytes",
        },
        Kind::WellKnown(WellKnown::Timestamp) => "timestamp",
        Kind::WellKnown(WellKnown::Duration) => "duration",
        Kind::WellKnown(WellKnown::FieldMask) => "field_mask",
        Kind::Message(name) => unreachable!("{name} is no leaf: the loader lets only leaves be parameters"),
    };
    let name = format_ident!("{name}");
    quote!(super::parse::#name)
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Get => "get",
        Verb::Put => "put",
        Verb::Post => "post",
        Verb::Delete => "delete",
        Verb::Patch => "patch",
    }
}

fn binder_name(method: &Method, index: usize) -> Ident {
    if index == 0 {
        ident(&method.rust)
    } else {
        format_ident!("{}_{}", method.name.to_snake_case(), index + 1)
    }
}

fn module(service: &Service) -> Ident {
    format_ident!("{}", service.name.to_snake_case())
}

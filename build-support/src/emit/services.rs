//! `services.rs`: for each service its trait, a client, and a module with what stands between the two.

mod transport;

use super::{
    pages,
    tokens::{docs, ident, path},
};
use crate::{
    SchemaError,
    load::pages::ITEMS,
    model::{Access, Effect, Method, Page, Rate, Schema, Service},
};
use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

/// Emits traits, clients, modules and the policy table.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let services = schema.services.iter().map(|service| {
        let (definition, client, module) = (
            definition(schema, service),
            client(schema, service),
            module(schema, service),
        );
        quote!(#definition #client #module)
    });
    let rows = schema.services.iter().flat_map(|service| {
        let module = module_name(service);
        service.methods.iter().map(move |method| {
            let name = constant(method);
            quote!(&#module::#name)
        })
    });
    Ok(quote! {
        use crate::{errors::*, failure::Failure, rpc};
        use std::sync::Arc;

        #(#services)*

        /// The policy table: every method of the schema, in its order.
        pub static METHODS: &[&rpc::Method] = &[#(#rows),*];
    })
}

/// Name of the module of a service, e.g. `message_service`.
pub(super) fn module_name(service: &Service) -> Ident {
    ident(&service.name.to_snake_case())
}

/// Name of the client of a service, e.g. `MessageServiceClient`.
pub(super) fn client_name(service: &Service) -> Ident {
    format_ident!("{}Client", service.name)
}

/// Name of a method's entry in the policy table, e.g. `SEND_MESSAGE`.
pub(super) fn constant(method: &Method) -> Ident {
    ident(&method.name.to_shouty_snake_case())
}

/// The trait that implementations have.
fn definition(schema: &Schema, service: &Service) -> TokenStream {
    let (docs, name) = (self::docs(&service.comment), ident(&service.name));
    let methods = service.methods.iter().map(|method| {
        let (docs, function) = (self::docs(&method.comment), ident(&method.rust));
        let (request, response) = (
            path(&schema.messages[&method.request].rust),
            path(&schema.messages[&method.response].rust),
        );
        let error = format_ident!("{}Error", method.name);
        let (role, caller) = match method.access {
            Access::User | Access::Admin => ("caller", quote!(rpc::Caller)),
            Access::Public => ("visitor", quote!(rpc::Visitor)),
            Access::Internal => ("peer", quote!(rpc::Peer)),
        };
        let role = ident(role);
        quote! {
            #docs
            async fn #function(&self, #role: #caller, request: #request) -> Result<#response, #error>;
        }
    });
    quote! {
        #docs
        #[async_trait::async_trait]
        pub trait #name: Send + Sync + 'static {
            #(#methods)*
        }
    }
}

/// The client that callers have, whatever stands behind it.
fn client(schema: &Schema, service: &Service) -> TokenStream {
    let (client, name, module) = (client_name(service), ident(&service.name), module_name(service));
    let doc = format!(
        " Calls [`{}`], in this process or through a channel, behind its layers. Cheap to clone.",
        service.name
    );
    let catch_all = (service.methods.len() > 1).then(|| quote!(_ => Err(rpc::answer_of_another(method)),));
    let methods = service.methods.iter().map(|method| {
        let (docs, function, variant) = (docs(&method.comment), ident(&method.rust), ident(&method.name));
        let (request, response) = (
            path(&schema.messages[&method.request].rust),
            path(&schema.messages[&method.response].rust),
        );
        let constant = constant(method);
        let reasons = match method.reasons.as_slice() {
            [] => " None of its own; those of the layers before it.".to_owned(),
            some => format!(
                " {}; those of the layers before it.",
                some.iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        let items = method.page.as_ref().map(|page| items(schema, method, page));
        quote! {
            #docs
            ///
            /// # Errors
            #[doc = #reasons]
            pub async fn #function(&self, context: rpc::Context, request: #request) -> Result<#response, Failure> {
                let method = &#module::#constant;
                let call = rpc::Call { method, context, request: #module::Request::#variant(request) };
                match rpc::send(&self.stack, call).await? {
                    #module::Response::#variant(response) => Ok(response),
                    #catch_all
                }
            }

            #items
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        pub struct #client {
            stack: rpc::Stack<#module::Request, #module::Response>,
        }

        impl #client {
            /// Calls what stands behind `stack`.
            #[must_use]
            pub fn new(stack: rpc::Stack<#module::Request, #module::Response>) -> Self {
                Self { stack }
            }

            /// Calls a tower service.
            #[must_use]
            pub fn from_service<S>(service: S) -> Self
            where
                S: tower::Service<rpc::Call<#module::Request>, Response = #module::Response, Error = Failure> + Clone + Send + Sync + 'static,
                S::Future: Send + 'static,
            {
                Self::new(rpc::Stack::new(service))
            }

            /// Calls the service through a channel. What is safe to repeat is repeated as the schema says; see [`crate::retry`].
            #[must_use]
            pub fn remote(channel: impl crate::grpc::Channel) -> Self {
                Self::from_service(crate::retry::Retry::new(#module::remote(channel)))
            }

            /// Calls an implementation in this process, without layers.
            #[must_use]
            pub fn local(service: Arc<dyn #name>) -> Self {
                Self::from_service(#module::local(service))
            }

            #(#methods)*
        }
    }
}

/// The function of the client that reads all pages of a list.
fn items(schema: &Schema, method: &Method, page: &Page) -> TokenStream {
    let (request, item) = (
        path(&schema.messages[&method.request].rust),
        pages::item(schema, method, page),
    );
    let (function, items) = (ident(&method.rust), format_ident!("{}{ITEMS}", method.rust));
    let doc = format!(
        " The items of all pages of [`Self::{}`], from the one that `request` asks for. A page is read when the items of the one before are",
        method.rust
    );
    quote! {
        #[doc = #doc]
        /// used up. The first failure ends the stream.
        pub fn #items(
            &self,
            context: rpc::Context,
            request: #request,
        ) -> impl futures::Stream<Item = Result<#item, Failure>> + Send + use<> {
            let client = self.clone();
            crate::page::items(request, move |request| {
                let (client, context) = (client.clone(), context.clone());
                async move { client.#function(context, request).await }
            })
        }
    }
}

/// What stands between client and implementation.
fn module(schema: &Schema, service: &Service) -> TokenStream {
    let name = module_name(service);
    let doc = format!(
        " What stands between [`{}`] and [`{}`].",
        client_name(service),
        service.name
    );
    let methods = service.methods.iter().map(|method| table_row(service, method));
    let variants: Vec<_> = service.methods.iter().map(|method| ident(&method.name)).collect();
    let requests = service
        .methods
        .iter()
        .map(|method| path(&schema.messages[&method.request].rust));
    let responses = service
        .methods
        .iter()
        .map(|method| path(&schema.messages[&method.response].rust));
    let docs: Vec<_> = service
        .methods
        .iter()
        .map(|method| format!(" Of `{}`.", method.name))
        .collect();
    let names = service.methods.iter().map(|method| &method.name);
    let transport = transport::emit(schema, service);
    quote! {
        #[doc = #doc]
        pub mod #name {
            use crate::{failure::{Failure, Violation}, grpc, rpc};
            use futures::future::BoxFuture;
            use std::{sync::Arc, task::{Context, Poll}};

            #(#methods)*

            /// Any request to the service.
            #[derive(Debug, Clone)]
            pub enum Request {
                #(#[doc = #docs] #variants(#requests),)*
            }

            /// Any answer of the service.
            #[derive(Debug, Clone)]
            pub enum Response {
                #(#[doc = #docs] #variants(#responses),)*
            }

            impl rpc::Validate for Request {
                fn check(&self, out: &mut Vec<Violation>) {
                    match self {
                        #(Self::#variants(request) => rpc::Validate::check(request, out),)*
                    }
                }
            }

            impl rpc::Encode for Request {
                fn encode(&self) -> Vec<u8> {
                    match self {
                        #(Self::#variants(request) => prost::Message::encode_to_vec(request),)*
                    }
                }
            }

            impl rpc::Encode for Response {
                fn encode(&self) -> Vec<u8> {
                    match self {
                        #(Self::#variants(response) => prost::Message::encode_to_vec(response),)*
                    }
                }
            }

            impl rpc::Decode for Response {
                fn decode(method: &rpc::Method, bytes: &[u8]) -> Result<Self, Failure> {
                    match method.name {
                        #(#names => prost::Message::decode(bytes).map(Self::#variants).map_err(Failure::fault),)*
                        _ => Err(rpc::answer_of_another(method)),
                    }
                }
            }

            #transport
        }
    }
}

fn table_row(service: &Service, method: &Method) -> TokenStream {
    let (constant, full_name, name) = (constant(method), &service.full_name, &method.name);
    let doc = format!(" What the schema says of `{name}`.");
    let grpc_path = format!("/{full_name}/{name}");
    let access = ident(match method.access {
        Access::Public => "Public",
        Access::User => "User",
        Access::Admin => "Admin",
        Access::Internal => "Internal",
    });
    let rate = ident(match method.rate {
        Rate::Credentials => "Credentials",
        Rate::Read => "Read",
        Rate::Write => "Write",
        Rate::Send => "Send",
        Rate::Unlimited => "Unlimited",
    });
    let reasons = method.reasons.iter().map(|name| ident(&name.to_upper_camel_case()));
    let effect = ident(match method.call.effect {
        Effect::Read => "Read",
        Effect::Repeatable => "Repeatable",
        Effect::Keyed => "Keyed",
    });
    let (timeout_ms, attempts) = (method.call.timeout_ms, method.call.attempts);
    quote! {
        #[doc = #doc]
        pub static #constant: rpc::Method = rpc::Method {
            service: #full_name,
            name: #name,
            path: #grpc_path,
            access: rpc::Access::#access,
            rate: rpc::Rate::#rate,
            reasons: &[#(crate::parlance::Reason::#reasons),*],
            effect: rpc::Effect::#effect,
            timeout: std::time::Duration::from_millis(#timeout_ms),
            attempts: #attempts,
        };
    }
}

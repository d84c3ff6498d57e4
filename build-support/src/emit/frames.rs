//! `frames.rs`: WebSocket frames, and the way from a frame that carries an RPC's request to the service.

use super::{
    services::{client_name, constant, module_name},
    tokens::{ident, path},
};
use crate::{
    SchemaError,
    load::frames::{CLIENT, SERVER},
    model::{Field, Frame, Kind, Message, Schema, Service, Socket},
};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;

/// Emits the table of frames, the conversions and the dispatch; nothing if the schema has no frames.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let find = |name: &str| {
        schema
            .messages
            .values()
            .find(|message| message.name == name && frames(message).next().is_some())
    };
    let (Some(client), Some(server)) = (find(CLIENT), find(SERVER)) else {
        return Ok(TokenStream::new());
    };
    let (socket, table, conversions, dispatch) = (
        socket(client),
        table(schema, client, server),
        conversions(schema, client, server),
        dispatch(schema, client, server),
    );
    Ok(quote! {
        use crate::{failure::Failure, frame::{Direction, FrameInfo}, rpc, services};

        #socket
        #table
        #conversions
        #dispatch
    })
}

/// Where the socket is, as constants.
fn socket(client: &Message) -> TokenStream {
    let Some(Socket { path, text, binary }) = &client.socket else {
        return TokenStream::new();
    };
    quote! {
        /// Where the WebSocket is opened.
        pub const SOCKET_PATH: &str = #path;
        /// Subprotocol with ProtoJSON in text messages, one frame a line.
        pub const TEXT_PROTOCOL: &str = #text;
        /// Subprotocol with protobuf in binary messages, each frame after its length.
        pub const BINARY_PROTOCOL: &str = #binary;
    }
}

fn frames(message: &Message) -> impl Iterator<Item = (&Field, &Frame)> {
    message
        .fields
        .iter()
        .filter_map(|field| Some((field, field.frame.as_ref()?)))
}

/// Path of the enum of a frame message.
fn body(message: &Message) -> TokenStream {
    path(&message.oneofs[0].rust)
}

fn payload<'a>(schema: &'a Schema, field: &Field) -> Option<&'a Message> {
    match &field.kind {
        Kind::Message(name) => schema.messages.get(name),
        _ => None,
    }
}

fn table(schema: &Schema, client: &Message, server: &Message) -> TokenStream {
    let rows = [(client, "Client"), (server, "Server")]
        .into_iter()
        .flat_map(|(message, direction)| {
            let direction = ident(direction);
            frames(message).map(move |(field, frame)| {
                let (name, json_name) = (&field.name, &field.json_name);
                let payload = payload(schema, field).map_or("", |message| message.full_name.as_str());
                let method = method(schema, frame).map_or_else(|| quote!(None), |(path, _)| quote!(Some(&#path)));
                let request = schema
                    .services
                    .iter()
                    .flat_map(|service| &service.methods)
                    .any(|method| method.request == payload);
                let reply = frame
                    .reply
                    .as_ref()
                    .map_or_else(|| quote!(None), |reply| quote!(Some(#reply)));
                quote! {
                    FrameInfo {
                        name: #name,
                        json_name: #json_name,
                        direction: Direction::#direction,
                        payload: #payload,
                        request: #request,
                        method: #method,
                        reply: #reply,
                    }
                }
            })
        });
    quote! {
        /// Every frame: those of clients first, each in order of the schema.
        pub static FRAMES: &[FrameInfo] = &[#(#rows),*];
    }
}

/// Path of the policy table's entry for the method that handles a frame, and the method's service.
fn method<'a>(schema: &'a Schema, frame: &Frame) -> Option<(TokenStream, &'a Service)> {
    let (service, method) = schema.method(frame.rpc.as_ref()?)?;
    let (module, constant) = (module_name(service), constant(method));
    Some((quote!(services::#module::#constant), service))
}

fn conversions(schema: &Schema, client: &Message, server: &Message) -> TokenStream {
    let one = |message: &Message| {
        let (frame, body, member) = (path(&message.rust), body(message), ident(&message.oneofs[0].name));
        let each = frames(message).filter_map(|(field, _)| {
            let (variant, payload) = (ident(&field.variant), path(&payload(schema, field)?.rust));
            Some(quote! {
                impl From<#payload> for #body {
                    fn from(payload: #payload) -> Self {
                        Self::#variant(payload)
                    }
                }

                impl From<#payload> for #frame {
                    fn from(payload: #payload) -> Self {
                        Self::from(#body::#variant(payload))
                    }
                }
            })
        });
        quote! {
            impl From<#body> for #frame {
                fn from(body: #body) -> Self {
                    Self { #member: Some(body), ..Self::default() }
                }
            }

            #(#each)*
        }
    };
    let (client, server) = (one(client), one(server));
    quote!(#client #server)
}

fn dispatch(schema: &Schema, client: &Message, server: &Message) -> TokenStream {
    let (asked, answered) = (body(client), body(server));
    let mut clients = BTreeMap::new();
    let mut names = Vec::new();
    let mut calls = Vec::new();
    let mut own = Vec::new();
    for (field, frame) in frames(client) {
        let variant = ident(&field.variant);
        let called = frame.rpc.as_ref().and_then(|rpc| schema.method(rpc));
        let reply = frame
            .reply
            .as_ref()
            .and_then(|reply| server.fields.iter().find(|field| field.name == *reply));
        let (Some((service, method)), Some(reply)) = (called, reply) else {
            own.push(quote!(#asked::#variant(_)));
            continue;
        };
        clients.insert(service.name.clone(), service);
        let (module, constant, function) = (module_name(service), constant(method), ident(&method.rust));
        let reply = ident(&reply.variant);
        names.push(quote!(#asked::#variant(_) => Some(&services::#module::#constant),));
        calls.push(quote! {
            #asked::#variant(request) => #answered::#reply(clients.#module.#function(context, request).await?),
        });
    }
    let members = clients.values().map(|service| {
        let (module, client) = (module_name(service), client_name(service));
        let doc = format!(" Calls `{}`.", service.name);
        quote!(#[doc = #doc] pub #module: services::#client,)
    });
    let (no_method, no_call) = if own.is_empty() {
        (TokenStream::new(), TokenStream::new())
    } else {
        let one_of = match own.as_slice() {
            [only] => quote!(#only),
            several => quote!((#(#several)|*)),
        };
        (
            quote!(#(#own)|* => None,),
            quote!(own @ #one_of => return Ok(Dispatch::Own(own)),),
        )
    };
    quote! {
        /// The services that frames lead to.
        #[derive(Debug, Clone)]
        pub struct Clients {
            #(#members)*
        }

        /// What became of a client's frame.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Dispatch {
            /// No method handles it: it is the connection's own.
            Own(#asked),
            /// A method has answered.
            Answer(#answered),
        }

        /// The method that handles a frame; none if it is the connection's own.
        #[must_use]
        pub fn handler(body: &#asked) -> Option<&'static rpc::Method> {
            match body {
                #(#names)*
                #no_method
            }
        }

        /// Calls the method that handles a frame. The rules for the request are checked by the layers in front of the method.
        ///
        /// # Errors
        /// Those of the method and the layers in front of it.
        pub async fn dispatch(clients: &Clients, context: rpc::Context, body: #asked) -> Result<Dispatch, Failure> {
            Ok(Dispatch::Answer(match body {
                #(#calls)*
                #no_call
            }))
        }
    }
}

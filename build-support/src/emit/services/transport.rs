//! The two ends of a call: an implementation in this process, and gRPC on either side.

use super::client_name;
use crate::{
    emit::tokens::{ident, path},
    model::{Access, Schema, Service},
};
use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

pub(super) fn emit(schema: &Schema, service: &Service) -> TokenStream {
    let (local, remote, server) = (local(service), remote(service), server(schema, service));
    quote!(#local #remote #server)
}

fn local(service: &Service) -> TokenStream {
    let definition = ident(&service.name);
    let arms = service.methods.iter().map(|method| {
        let (variant, function) = (ident(&method.name), ident(&method.rust));
        let caller = match method.access {
            Access::User | Access::Admin => quote!(context.caller()?),
            Access::Public => quote!(context.visitor()),
            Access::Internal => quote!(context.peer()?),
        };
        quote!(Request::#variant(request) => Response::#variant(service.#function(#caller, request).await?),)
    });
    quote! {
        /// An implementation in this process: a direct call, nothing is encoded.
        #[derive(Clone)]
        pub struct Local(Arc<dyn super::#definition>);

        /// Calls an implementation in this process.
        pub fn local(service: Arc<dyn super::#definition>) -> Local {
            Local(service)
        }

        impl tower::Service<rpc::Call<Request>> for Local {
            type Response = Response;
            type Error = Failure;
            type Future = BoxFuture<'static, Result<Response, Failure>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, call: rpc::Call<Request>) -> Self::Future {
                let service = Arc::clone(&self.0);
                let rpc::Call { context, request, .. } = call;
                Box::pin(async move {
                    Ok(match request {
                        #(#arms)*
                    })
                })
            }
        }
    }
}

/// Path of one of the modules that tonic makes.
fn tonic_module(service: &Service, side: &str) -> TokenStream {
    let package = service.package.split('.').map(|part| ident(&part.to_snake_case()));
    let module = format_ident!("{}_{side}", service.name.to_snake_case());
    quote!(crate::#(#package::)*#module)
}

fn remote(service: &Service) -> TokenStream {
    let module = tonic_module(service, "client");
    let client = client_name(service);
    let arms = service.methods.iter().map(|method| {
        let (variant, function) = (ident(&method.name), ident(&method.rust));
        quote! {
            Request::#variant(request) => {
                let answer = client.#function(grpc::request(&context, request)?).await;
                Response::#variant(grpc::answer(answer)?)
            }
        }
    });
    quote! {
        /// The service behind a channel.
        #[derive(Debug, Clone)]
        pub struct Remote(#module::#client<grpc::Wire>);

        /// Calls the service through a channel. What the context says goes with each request; see [`grpc::request`].
        #[must_use]
        pub fn remote(channel: impl grpc::Channel) -> Remote {
            Remote(#module::#client::new(grpc::wire(channel)).max_decoding_message_size(grpc::MAX_ANSWER_BYTES))
        }

        impl tower::Service<rpc::Call<Request>> for Remote {
            type Response = Response;
            type Error = Failure;
            type Future = BoxFuture<'static, Result<Response, Failure>>;

            fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
                Poll::Ready(Ok(()))
            }

            fn call(&mut self, call: rpc::Call<Request>) -> Self::Future {
                let mut client = self.0.clone();
                let rpc::Call { context, request, .. } = call;
                Box::pin(async move {
                    Ok(match request {
                        #(#arms)*
                    })
                })
            }
        }
    }
}

fn server(schema: &Schema, service: &Service) -> TokenStream {
    let module = tonic_module(service, "server");
    let (definition, client) = (ident(&service.name), client_name(service));
    let server = format_ident!("{}Server", service.name);
    let methods = service.methods.iter().map(|method| {
        let function = ident(&method.rust);
        let (request, response) = (path(&schema.messages[&method.request].rust), path(&schema.messages[&method.response].rust));
        quote! {
            async fn #function(&self, request: tonic::Request<#request>) -> Result<tonic::Response<#response>, tonic::Status> {
                let (context, request) = grpc::accept(request)?;
                grpc::respond(self.0.#function(context, request).await)
            }
        }
    });
    quote! {
        /// The service on gRPC: each call goes through the client's layers.
        #[derive(Debug, Clone)]
        pub struct Grpc(super::#client);

        /// The service as one that tonic serves.
        #[must_use]
        pub fn grpc(client: super::#client) -> #module::#server<Grpc> {
            #module::#server::new(Grpc(client))
        }

        #[tonic::async_trait]
        impl #module::#definition for Grpc {
            #(#methods)*
        }
    }
}

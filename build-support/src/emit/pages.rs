//! `pages.rs`: for the request of each list what `im_schema::page` needs to know of it.

use super::{
    services::{constant, module_name},
    tokens::{ident, path},
};
use crate::{
    SchemaError,
    model::{Field, Kind, Message, Method, Page, Schema, Service},
};
use proc_macro2::TokenStream;
use quote::quote;

/// The reason for a cursor that the list did not give.
const INVALID: &str = "PAGE_TOKEN_INVALID";

/// Implementations of `page::List` and `page::Signed`.
///
/// # Errors
/// If a list with a signed cursor does not declare the reason for a wrong one.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let mut lists = Vec::new();
    for service in &schema.services {
        for method in &service.methods {
            let Some(page) = &method.page else { continue };
            if page.signed && !method.reasons.iter().any(|reason| reason == INVALID) {
                let element = format!("{}.{}", service.full_name, method.name);
                let why = format!("a list with a signed cursor may give {INVALID}, so its errors have to say so");
                return Err(SchemaError::new(&service.file, element, why));
            }
            lists.push(list(schema, service, method, page));
        }
    }
    Ok(quote!(#(#lists)*))
}

fn list(schema: &Schema, service: &Service, method: &Method, page: &Page) -> TokenStream {
    let (request, response) = (&schema.messages[&method.request], &schema.messages[&method.response]);
    let (list, answer, item) = (path(&request.rust), path(&response.rust), item(schema, method, page));
    let (module, constant) = (module_name(service), constant(method));
    let (default, max) = (page.default_size, page.max_size);
    let (size, cursor) = (rust(request, &page.size), rust(request, &page.cursor));
    let (next, items) = (rust(response, &page.next), rust(response, &page.items));
    let cursor_type = if page.signed { quote!(String) } else { quote!(u64) };
    let signed = page.signed.then(|| {
        let position = page
            .position
            .as_ref()
            .map_or_else(|| quote!(u64), |name| path(&schema.messages[name].rust));
        quote!(impl crate::page::Signed for #list { type Position = #position; })
    });
    quote! {
        impl crate::page::List for #list {
            type Response = #answer;
            type Item = #item;
            type Cursor = #cursor_type;
            const METHOD: &'static crate::rpc::Method = &crate::services::#module::#constant;
            const DEFAULT_SIZE: u32 = #default;
            const MAX_SIZE: u32 = #max;

            fn wish(&self) -> u32 {
                self.#size
            }

            fn cursor(&self) -> &Self::Cursor {
                &self.#cursor
            }

            fn turn_to(&mut self, cursor: Self::Cursor) {
                self.#cursor = cursor;
            }

            fn bare(&self) -> Self {
                let mut bare = self.clone();
                bare.#size = 0;
                bare.#cursor = Default::default();
                bare
            }

            fn open(response: Self::Response) -> (Vec<Self::Item>, Self::Cursor) {
                (response.#items, response.#next)
            }
        }
        #signed
    }
}

/// Type of the items of a list.
pub(super) fn item(schema: &Schema, method: &Method, page: &Page) -> TokenStream {
    match &field(&schema.messages[&method.response], &page.items).kind {
        Kind::Message(name) => path(&schema.messages[name].rust),
        other => unreachable!("the loader lets only messages be items, not {other:?}"),
    }
}

fn rust(message: &Message, name: &str) -> proc_macro2::Ident {
    ident(&field(message, name).rust)
}

fn field<'a>(message: &'a Message, name: &str) -> &'a Field {
    let found = message.fields.iter().find(|field| field.name == name);
    found.unwrap_or_else(|| panic!("the loader has checked that {} has a field {name}", message.full_name))
}

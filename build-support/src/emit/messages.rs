//! `messages.rs`: the messages as prost makes them, with tonic's servers and clients. Sensitive fields are left out of `Debug`.

use super::tokens::{ident, path};
use crate::{
    SchemaError,
    load::names::snake,
    model::{Message, Oneof, Schema},
};
use proc_macro2::TokenStream;
use prost::Message as _;
use prost_build::Module;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use quote::{ToTokens as _, quote};
use std::collections::{BTreeMap, BTreeSet};
use syn::{Item, Token, parse_quote, punctuated::Punctuated};

/// Emits modules that follow the packages.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let wrong = |why: String| SchemaError::new("descriptor set", "", why);
    let set = FileDescriptorSet::decode(schema.descriptor_set.as_slice()).map_err(|error| wrong(error.to_string()))?;
    // prost wants to see all files, but types of others have a place already.
    let own = set
        .file
        .iter()
        .filter(|file| schema.files.iter().any(|own| own == file.name()));
    let own: BTreeSet<Module> = own
        .map(|file| Module::from_protobuf_package_name(file.package()))
        .collect();
    let requests = set.file.into_iter().map(|mut file| {
        flatten_comments(&mut file);
        (Module::from_protobuf_package_name(file.package()), file)
    });
    let generated = config(schema)
        .generate(requests.collect())
        .map_err(|error| wrong(error.to_string()))?;
    let mut root = Tree::default();
    for (module, source) in generated.into_iter().filter(|(module, _)| own.contains(module)) {
        let mut file =
            syn::parse_file(&source).map_err(|error| wrong(format!("prost's output is no Rust: {error}")))?;
        keep_to_what_lasts(&mut file.items);
        root.insert(module.parts(), file.into_token_stream());
    }
    let served = schema
        .services
        .iter()
        .map(|service| service.package.split('.').next().unwrap_or_default());
    let root = root.emit(&served.collect());
    let debugs = schema
        .messages
        .values()
        .filter(|message| is_sensitive(message))
        .map(debug);
    Ok(quote!(#root #(#debugs)*))
}

fn config(schema: &Schema) -> prost_build::Config {
    let mut config = prost_build::Config::new();
    config.bytes(["."]).btree_map(["."]);
    for well_known in ["Timestamp", "Duration", "FieldMask"] {
        config.extern_path(
            format!(".google.protobuf.{well_known}"),
            format!("crate::wkt::{well_known}"),
        );
    }
    config.skip_debug(
        schema
            .messages
            .values()
            .filter(|message| is_sensitive(message))
            .map(|message| &message.full_name),
    );
    let services = tonic_prost_build::configure()
        .codec_path("crate::grpc::Codec")
        .emit_rerun_if_changed(false)
        .service_generator();
    config.service_generator(services);
    config
}

/// Takes the indentation out of comments: rustdoc would read it as code and compile it.
fn flatten_comments(file: &mut FileDescriptorProto) {
    for location in file.source_code_info.iter_mut().flat_map(|info| &mut info.location) {
        location.leading_detached_comments.clear();
        location.trailing_comments = None;
        if let Some(comment) = &mut location.leading_comments {
            *comment = comment.lines().map(|line| format!(" {}\n", line.trim())).collect();
        }
    }
}

/// Takes those traits from messages and their oneofs that prost derives only as long as every field allows it: with `Copy`, `Eq` or `Hash`
/// in use somewhere, a new field could stop the build there.
fn keep_to_what_lasts(items: &mut [Item]) {
    for item in items {
        let attributes = match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    keep_to_what_lasts(items);
                }
                continue;
            }
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) => &mut item.attrs,
            _ => continue,
        };
        for attribute in attributes
            .iter_mut()
            .filter(|attribute| attribute.path().is_ident("derive"))
        {
            let derived = attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated);
            let Ok(derived) = derived else { continue };
            let is = |path: &syn::Path, name: &str| path.segments.last().is_some_and(|last| last.ident == name);
            if derived.iter().any(|path| is(path, "Message") || is(path, "Oneof")) {
                let lasting = derived
                    .iter()
                    .filter(|path| !["Copy", "Eq", "Hash"].iter().any(|name| is(path, name)));
                *attribute = parse_quote!(#[derive(#(#lasting),*)]);
            }
        }
    }
}

/// Modules in modules.
#[derive(Default)]
struct Tree {
    content: TokenStream,
    children: BTreeMap<String, Self>,
}

impl Tree {
    fn insert<'a>(&mut self, mut parts: impl Iterator<Item = &'a str>, content: TokenStream) {
        match parts.next() {
            None => self.content.extend(content),
            Some(part) => self.children.entry(part.to_owned()).or_default().insert(parts, content),
        }
    }

    /// `served` are the modules in which tonic has generated something, which says `allow` where this project says `expect`.
    fn emit(self, served: &BTreeSet<&str>) -> TokenStream {
        let content = self.content;
        let children = self.children.into_iter().map(|(name, child)| {
            let doc = format!(" The package part `{name}`.");
            let allow = served
                .contains(name.as_str())
                .then(|| quote!(#[expect(clippy::allow_attributes, reason = "that is how tonic writes it")]));
            let (name, content) = (ident(&name), child.emit(&BTreeSet::new()));
            quote! {
                #[doc = #doc]
                #allow
                pub mod #name { #content }
            }
        });
        quote!(#content #(#children)*)
    }
}

fn is_sensitive(message: &Message) -> bool {
    message.fields.iter().any(|field| field.sensitive)
}

/// `Debug` that says of a sensitive field only that it is there.
fn debug(message: &Message) -> TokenStream {
    let owner = path(&message.rust);
    let name = &message.name;
    let plain = message
        .fields
        .iter()
        .filter(|field| field.oneof.is_none())
        .map(|field| {
            let (label, member) = (&field.name, ident(&field.rust));
            if field.sensitive {
                quote!(.field(#label, &format_args!("…")))
            } else {
                quote!(.field(#label, &self.#member))
            }
        });
    let oneofs = message.oneofs.iter().map(|oneof| {
        let (label, member) = (&oneof.name, ident(&snake(&oneof.name)));
        quote!(.field(#label, &self.#member))
    });
    let enums = message
        .oneofs
        .iter()
        .enumerate()
        .map(|(index, oneof)| debug_of_oneof(message, index, oneof));
    quote! {
        impl ::std::fmt::Debug for #owner {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(#name) #(#plain)* #(#oneofs)* .finish()
            }
        }

        #(#enums)*
    }
}

/// prost leaves `Debug` out of the oneofs of such a message too.
fn debug_of_oneof(message: &Message, index: usize, oneof: &Oneof) -> TokenStream {
    let owner = path(&oneof.rust);
    let arms = message
        .fields
        .iter()
        .filter(|field| field.oneof == Some(index))
        .map(|field| {
            let (variant, label) = (ident(&field.variant), &field.variant);
            if field.sensitive {
                quote!(Self::#variant(_) => f.debug_tuple(#label).field(&format_args!("…")).finish(),)
            } else {
                quote!(Self::#variant(value) => f.debug_tuple(#label).field(value).finish(),)
            }
        });
    quote! {
        impl ::std::fmt::Debug for #owner {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    #(#arms)*
                }
            }
        }
    }
}

//! `errors.rs`: what each reason of the catalogue means, a constructor for each, and for each method an error with just its reasons.

use super::tokens::{docs, ident, path};
use crate::{
    SchemaError,
    load::CATALOGUE,
    model::{Method, Reason, Schema},
};
use heck::{ToSnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// Emits the catalogue and the errors of the methods.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    // where another crate has compiled the catalogue, it also says what its reasons mean
    let own = schema.enums.contains_key(CATALOGUE);
    let catalogue = own.then(|| catalogue(&schema.reasons));
    let errors = schema
        .services
        .iter()
        .flat_map(|service| &service.methods)
        .map(|method| error(schema, method));
    Ok(quote!(#catalogue #(#errors)*))
}

fn catalogue(reasons: &[Reason]) -> TokenStream {
    let reason = path("crate::parlance::Reason");
    let arms = reasons.iter().map(|spec| {
        let variant = ident(&spec.variant);
        let Reason {
            name,
            code_name,
            http,
            close,
            retryable,
            advice,
            ..
        } = spec;
        let code = ident(&code_name.to_upper_camel_case());
        let summary = first_sentence(&spec.comment);
        quote! {
            #reason::#variant => &crate::failure::ErrorSpec {
                name: #name,
                code: tonic::Code::#code,
                code_name: #code_name,
                http: #http,
                close: #close,
                retryable: #retryable,
                advice: #advice,
                summary: #summary,
            },
        }
    });
    let variants = reasons.iter().map(|spec| ident(&spec.variant));
    let constructors = reasons.iter().map(|spec| {
        let (docs, name, variant) = (
            docs(&spec.comment),
            ident(&spec.name.to_snake_case()),
            ident(&spec.variant),
        );
        quote! {
            #docs
            pub fn #name(message: impl Into<::std::borrow::Cow<'static, str>>) -> Self {
                Self::new(#reason::#variant, message)
            }
        }
    });
    quote! {
        /// The catalogue, in order of numbers.
        pub static CATALOGUE: &[#reason] = &[#(#reason::#variants),*];

        impl #reason {
            /// What the reason means on each surface. `Unspecified`, which nothing should carry, means a fault of the server.
            #[must_use]
            pub const fn spec(self) -> &'static crate::failure::ErrorSpec {
                match self {
                    #(#arms)*
                    Self::Unspecified => Self::Internal.spec(),
                }
            }
        }

        impl crate::failure::Failure {
            #(#constructors)*
        }
    }
}

/// The first sentence of a comment, on one line and without its period.
fn first_sentence(comment: &str) -> String {
    let line = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = line.split_once(". ").map_or(line.as_str(), |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}

fn error(schema: &Schema, method: &Method) -> TokenStream {
    let name = format_ident!("{}Error", method.name);
    let doc = format!(" Why `{}` does not succeed.", method.name);
    let reasons: Vec<&Reason> = schema
        .reasons
        .iter()
        .filter(|reason| method.reasons.contains(&reason.name))
        .collect();
    let variants: Vec<_> = reasons.iter().map(|reason| ident(&reason.variant)).collect();
    let comments = reasons.iter().map(|reason| docs(&reason.comment));
    let constructors = reasons.iter().map(|reason| {
        let (docs, function, variant) = (
            docs(&reason.comment),
            ident(&reason.name.to_snake_case()),
            ident(&reason.variant),
        );
        quote! {
            #docs
            pub fn #function(message: impl Into<Cow<'static, str>>) -> Self {
                Self::#variant(message.into())
            }
        }
    });
    quote! {
        #[doc = #doc]
        #[derive(Debug, Clone)]
        pub enum #name {
            #(#comments #variants(Cow<'static, str>),)*
            /// Something that it needs is away, too slow or overloaded for now.
            Unavailable(Failure),
            /// A fault of the server.
            Internal(Failure),
        }

        impl #name {
            #(#constructors)*

            /// A fault of the server, with its cause for the log.
            pub fn internal(cause: impl ::std::error::Error + Send + Sync + 'static) -> Self {
                Self::Internal(Failure::internal("").because(cause))
            }
        }

        impl From<#name> for Failure {
            fn from(error: #name) -> Self {
                match error {
                    #(#name::#variants(message) => Self::new(Reason::#variants, message),)*
                    #name::Unavailable(failure) => failure.as_unavailable(),
                    #name::Internal(failure) => failure.as_internal(),
                }
            }
        }

        impl From<Failure> for #name {
            fn from(failure: Failure) -> Self {
                match failure.reason() {
                    #(Reason::#variants => Self::#variants(failure.into_message()),)*
                    Reason::Unavailable | Reason::DeadlineExceeded | Reason::RateLimited => Self::Unavailable(failure),
                    _ => Self::Internal(failure.as_internal()),
                }
            }
        }

        impl ::std::fmt::Display for #name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                match self {
                    #(Self::#variants(message) => write!(f, "{}: {message}", Reason::#variants.spec().name),)*
                    Self::Unavailable(failure) | Self::Internal(failure) => ::std::fmt::Display::fmt(failure, f),
                }
            }
        }

        impl ::std::error::Error for #name {
            fn source(&self) -> Option<&(dyn ::std::error::Error + 'static)> {
                match self {
                    Self::Unavailable(failure) | Self::Internal(failure) => ::std::error::Error::source(failure),
                    #(Self::#variants(_) => None,)*
                }
            }
        }
    }
}

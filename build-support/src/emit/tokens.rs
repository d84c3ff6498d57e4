//! Pieces of Rust that all emitters need.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// An identifier; `name` may be a raw one (`r#type`).
///
/// # Panics
/// If it is none, which the model rules out.
pub(crate) fn ident(name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(name) => Ident::new_raw(name, Span::call_site()),
        None => Ident::new(name, Span::call_site()),
    }
}

/// A path like `crate::parlance::v1::Message`, as the model gives it.
///
/// # Panics
/// If it is none, which the model rules out.
pub(crate) fn path(rust: &str) -> TokenStream {
    rust.parse().expect("the model has valid paths")
}

/// A comment of the schema as documentation. It comes out as plain text: nothing in it is taken for a link or for HTML.
pub(crate) fn docs(comment: &str) -> TokenStream {
    let lines = comment.lines().map(|line| format!(" {}", plain(line)));
    quote!(#(#[doc = #lines])*)
}

/// Escapes what rustdoc would read as a link or a tag; code in backticks stays as it is.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut code = false;
    for c in line.chars() {
        code ^= c == '`';
        if !code && matches!(c, '[' | ']' | '<' | '>') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

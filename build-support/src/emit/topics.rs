//! `topics.rs`: the log topics and what goes through them.

use super::tokens::{ident, path};
use crate::{
    SchemaError,
    model::{Message, Retry, Schema, Topic},
};
use heck::ToShoutySnakeCase;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// Emits the topics and their payloads.
pub(super) fn emit(schema: &Schema) -> Result<TokenStream, SchemaError> {
    let topics = schema.topics().map(|(message, topic)| one(message, topic));
    let names = schema.topics().map(|(message, _)| name(message));
    Ok(quote! {
        use crate::topic::{Topic, TopicPayload};

        #(#topics)*

        /// All topics, by name of their payload.
        pub static TOPICS: &[&Topic] = &[#(&#names),*];
    })
}

fn name(message: &Message) -> Ident {
    ident(&message.name.to_shouty_snake_case())
}

fn one(message: &Message, topic: &Topic) -> TokenStream {
    let (constant, owner) = (name(message), path(&message.rust));
    let Topic {
        name,
        key,
        partitions,
        retention_ms,
        dead_letter,
        durable,
        per_instance,
        retry,
    } = topic;
    let payload = &message.full_name;
    let retry = match retry.zip(topic.retry_name()) {
        Some((
            Retry {
                attempts,
                first_pause_ms,
                longest_pause_ms,
            },
            name,
        )) => quote!(Some(crate::topic::Retry {
            name: #name,
            attempts: #attempts,
            first_pause_ms: #first_pause_ms,
            longest_pause_ms: #longest_pause_ms,
        })),
        None => quote!(None),
    };
    let doc = format!(" The topic of [`{}`]({}).", message.name, message.rust);
    let key_name = option(key.as_ref());
    let dead_letter = option(dead_letter.as_ref());
    let key = match key
        .as_ref()
        .and_then(|key| message.fields.iter().find(|field| field.name == *key))
    {
        Some(field) => {
            let member = ident(&field.rust);
            quote!(self.#member)
        }
        None => quote!(0),
    };
    quote! {
        #[doc = #doc]
        pub static #constant: Topic = Topic {
            name: #name,
            payload: #payload,
            key: #key_name,
            partitions: #partitions,
            retention_ms: #retention_ms,
            dead_letter: #dead_letter,
            durable: #durable,
            per_instance: #per_instance,
            retry: #retry,
        };

        impl TopicPayload for #owner {
            const TOPIC: &'static Topic = &#constant;

            fn key(&self) -> u64 {
                #key
            }
        }
    }
}

fn option(text: Option<&String>) -> TokenStream {
    match text {
        Some(text) => quote!(Some(#text)),
        None => quote!(None),
    }
}

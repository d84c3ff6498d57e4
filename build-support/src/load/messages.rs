//! Messages and what is nested in them.

use super::{
    comments, enums, fields, frames, names,
    options::{self, Fields, Options},
    reserved, topics,
};
use crate::{
    SchemaError,
    model::{Message, Oneof, Schema},
};
use prost_reflect::MessageDescriptor;

/// Adds a message, with all that is nested in it, to the schema.
pub(super) fn add(schema: &mut Schema, descriptor: &MessageDescriptor, options: &Options) -> Result<(), SchemaError> {
    for r#enum in descriptor.child_enums() {
        enums::add(schema, &r#enum);
    }
    for child in descriptor.child_messages().filter(|child| !child.is_map_entry()) {
        add(schema, &child, options)?;
    }
    let file = descriptor.parent_file();
    // In order of declaration, while the descriptor's own iterator goes by number.
    let mut in_order: Vec<_> = descriptor.fields().collect();
    in_order.sort_by(|a, b| a.path().cmp(b.path()));
    let fields = in_order
        .iter()
        .map(|field| fields::load(field, options))
        .collect::<Result<Vec<_>, _>>()?;
    let topic = options::message(&descriptor.options(), options.topic.as_ref());
    let socket = options::message(&descriptor.options(), options.socket.as_ref());
    let loaded = Message {
        full_name: descriptor.full_name().to_owned(),
        name: descriptor.name().to_owned(),
        package: descriptor.package_name().to_owned(),
        rust: names::path(descriptor.package_name(), descriptor.full_name()),
        file: file.name().to_owned(),
        comment: comments::before(&file, descriptor.path()),
        oneofs: oneofs(descriptor, options),
        reserved: reserved::of_message(descriptor),
        topic: topic
            .map(|topic| topics::load(descriptor, &fields, &topic))
            .transpose()?,
        socket: socket.map(|socket| frames::socket(descriptor, &socket)).transpose()?,
        fields,
    };
    schema.messages.insert(loaded.full_name.clone(), loaded);
    Ok(())
}

fn oneofs(descriptor: &MessageDescriptor, options: &Options) -> Vec<Oneof> {
    let real = descriptor.oneofs().filter(|oneof| !oneof.is_synthetic());
    real.map(|oneof| Oneof {
        name: oneof.name().to_owned(),
        // As for a type nested in the message.
        rust: names::path(descriptor.package_name(), oneof.full_name()),
        comment: comments::before(&oneof.parent_file(), oneof.path()),
        required: options::message(&oneof.options(), options.oneof_rules.as_ref())
            .is_some_and(|rules| rules.flag("required")),
    })
    .collect()
}

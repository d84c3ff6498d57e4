//! What a query can bind.

use crate::model::{Body, Cardinality, Kind, Message, Schema};

/// The fields that neither path nor body bind, down to their leaves. One that a query cannot bind either is an error: it could never be set.
pub(super) fn leaves(
    schema: &Schema,
    request: &Message,
    parameters: &[String],
    body: &Body,
) -> Result<Vec<String>, String> {
    let bound: Vec<&str> = match body {
        Body::Whole => return Ok(Vec::new()),
        Body::None => parameters.iter().map(String::as_str).collect(),
        Body::Field(name) => parameters.iter().map(String::as_str).chain([name.as_str()]).collect(),
    };
    let mut walk = Walk {
        schema,
        bound,
        around: vec![&request.full_name],
        leaves: Vec::new(),
    };
    walk.message(request, "")?;
    Ok(walk.leaves)
}

struct Walk<'a> {
    schema: &'a Schema,
    bound: Vec<&'a str>,
    around: Vec<&'a str>,
    leaves: Vec<String>,
}

impl<'a> Walk<'a> {
    fn message(&mut self, message: &'a Message, prefix: &str) -> Result<(), String> {
        for field in &message.fields {
            let path = format!("{prefix}{}", field.name);
            if self.bound.contains(&path.as_str()) {
                continue;
            }
            let wrong = |why| Err(format!("no part of the request can bind `{path}`: {why}"));
            if field.oneof.is_some() {
                return wrong("a query cannot hold a oneof");
            }
            if field.sensitive {
                return wrong("it is sensitive, and URLs are logged");
            }
            match (&field.kind, field.cardinality) {
                (_, Cardinality::Map(_)) => return wrong("a query cannot hold a map"),
                (Kind::Message(_), Cardinality::Repeated) => return wrong("a query cannot hold repeated messages"),
                (Kind::Message(name), _) if self.around.contains(&name.as_str()) => {
                    return wrong("a query cannot hold a message within itself");
                }
                (Kind::Message(name), _) => {
                    self.around.push(name);
                    self.message(&self.schema.messages[name], &format!("{path}."))?;
                    self.around.pop();
                }
                (Kind::Scalar(_) | Kind::Enum(_) | Kind::WellKnown(_), _) => self.leaves.push(path),
            }
        }
        Ok(())
    }
}

//! Finding things in the model.

use super::{Message, Method, Reserved, Schema, Service, Topic};

impl Schema {
    /// A method and its service by full name, e.g. `parlance.v1.MessageService.MarkRead`.
    #[must_use]
    pub fn method(&self, full_name: &str) -> Option<(&Service, &Method)> {
        let (service, method) = full_name.rsplit_once('.')?;
        let service = self.services.iter().find(|candidate| candidate.full_name == service)?;
        Some((
            service,
            service.methods.iter().find(|candidate| candidate.name == method)?,
        ))
    }

    /// The topics with the messages that go through them, by name of the message.
    pub fn topics(&self) -> impl Iterator<Item = (&Message, &Topic)> {
        self.messages
            .values()
            .filter_map(|message| Some((message, message.topic.as_ref()?)))
    }
}

impl Reserved {
    /// Whether a number is reserved.
    #[must_use]
    pub fn has_number(&self, number: i64) -> bool {
        self.numbers.iter().any(|range| range.contains(&number))
    }

    /// Whether a name is reserved.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.names.iter().any(|reserved| reserved == name)
    }
}

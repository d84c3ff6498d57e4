//! Lists come in pages.

use super::{House, Offences, Rule};
use crate::model::{Cardinality, Kind, Message};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "list-paged",
    reason: "a list that fits into one answer today does not in a year, and pages cannot be added without breaking clients",
    check: paged,
}];

fn paged(house: &House<'_>, offences: &mut Offences) {
    for (service, method, element) in house.public_methods().filter(|(_, method, _)| method.page.is_none()) {
        let lists = method.name.starts_with("List") || method.name.starts_with("Search");
        let answers_many = many_messages(house.message(&method.response));
        if lists || (answers_many && !asks_for_each(house.message(&method.request))) {
            offences.add(
                &service.file,
                &element,
                "answers with a list and has no (parlance.page)",
            );
        }
    }
}

fn many_messages(response: &Message) -> bool {
    let mut fields = response.fields.iter();
    fields.any(|field| field.cardinality == Cardinality::Repeated && matches!(field.kind, Kind::Message(_)))
}

/// Whether a request names each thing that it asks for, in lists with bounds: then the answer has a bound too.
fn asks_for_each(request: &Message) -> bool {
    let mut lists = request
        .fields
        .iter()
        .filter(|field| field.cardinality == Cardinality::Repeated)
        .peekable();
    lists.peek().is_some() && lists.all(|list| list.rules.max_items.is_some())
}

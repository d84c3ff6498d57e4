//! Lists come in pages: those of clients by the page contract, those between services with a position in fields of their own.

use super::{House, Offences, Rule};
use crate::model::{Access, Cardinality, Effect, Kind, Message, Method, Scalar};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "list-paged",
        reason: "a list that fits into one answer today does not in a year, and pages cannot be added without breaking clients",
        check: paged,
    },
    Rule {
        name: "internal-list",
        reason: "services trust each other and are released together, so a signed token would only hide from them where a page begins: that \
                 stands in fields with types, and (parlance.page) is not asked for; but no answer is without a bound",
        check: internal,
    },
];

/// What the fields are called that say where an internal page begins.
const POSITIONS: [&str; 3] = ["after_", "before_", "since_"];

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

fn internal(house: &House<'_>, offences: &mut Offences) {
    let internal = |method: &Method| method.access == Access::Internal && method.page.is_none();
    for (service, method, element) in house.methods().filter(|(_, method, _)| internal(method)) {
        let (request, response) = (house.message(&method.request), house.message(&method.response));
        let pages = method.name.starts_with("Page");
        let reads_many = method.call.effect == Effect::Read && many(response) && !many(request);
        let mut add = |what: &str| offences.add(&service.file, &element, what);
        if (pages || reads_many) && !has(request, "limit", Scalar::Uint32) {
            add("answers with a list, and its request has no uint32 `limit`");
        }
        if pages && !request.fields.iter().any(|field| is_position(&field.name)) {
            add("its request does not say where the page begins, in a field `after_…`, `before_…` or `since_…`");
        }
        if pages && !has(response, "more", Scalar::Bool) {
            add("its response has no bool `more`");
        }
    }
}

fn many(message: &Message) -> bool {
    let mut fields = message.fields.iter();
    fields.any(|field| field.cardinality == Cardinality::Repeated)
}

fn has(message: &Message, name: &str, scalar: Scalar) -> bool {
    let mut fields = message.fields.iter();
    fields.any(|field| {
        field.name == name && field.kind == Kind::Scalar(scalar) && field.cardinality == Cardinality::Implicit
    })
}

fn is_position(name: &str) -> bool {
    POSITIONS.iter().any(|begin| name.starts_with(begin))
}

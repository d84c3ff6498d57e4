//! Comments: they become the text of API pages, reference pages and generated code.

use super::{House, Offences, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "comment-missing",
        reason: "the comment is all that a reader of the API description gets to see",
        check: missing,
    },
    Rule {
        name: "comment-sentence",
        reason: "the comment stands alone on a page, so it begins like a sentence and ends like one",
        check: sentence,
    },
];

/// Every element with its file and its comment.
fn each(house: &House<'_>, mut visit: impl FnMut(&str, &str, &str)) {
    let schema = house.schema;
    for message in schema.messages.values() {
        visit(&message.file, &message.full_name, &message.comment);
        for field in &message.fields {
            visit(
                &message.file,
                &format!("{}.{}", message.full_name, field.name),
                &field.comment,
            );
        }
        for oneof in &message.oneofs {
            visit(
                &message.file,
                &format!("{}.{}", message.full_name, oneof.name),
                &oneof.comment,
            );
        }
    }
    for r#enum in schema.enums.values() {
        visit(&r#enum.file, &r#enum.full_name, &r#enum.comment);
        for value in &r#enum.values {
            visit(
                &r#enum.file,
                &format!("{}.{}", r#enum.full_name, value.name),
                &value.comment,
            );
        }
    }
    for service in &schema.services {
        visit(&service.file, &service.full_name, &service.comment);
        for method in &service.methods {
            visit(
                &service.file,
                &format!("{}.{}", service.full_name, method.name),
                &method.comment,
            );
        }
    }
}

fn missing(house: &House<'_>, offences: &mut Offences) {
    each(house, |file, element, comment| {
        if comment.is_empty() {
            offences.add(file, element, "has no comment before it");
        }
    });
}

fn sentence(house: &House<'_>, offences: &mut Offences) {
    // Who has no comment has another offence already.
    each(house, |file, element, comment| {
        let what = if comment.starts_with(char::is_lowercase) {
            "begins with a small letter"
        } else if !comment.is_empty() && !comment.ends_with(['.', '?', '!', ':', '`', '|', ')']) {
            "ends without a full stop"
        } else {
            return;
        };
        offences.add(file, element, format!("its comment {what}: `{comment}`"));
    });
}

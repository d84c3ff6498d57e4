//! The page that leads to all others.

use super::{
    Frames, Page, call, calls, error, samples,
    tables::{page as join, table},
};
use crate::{
    emit::json_schema::text,
    model::{Access, Schema as Model},
};

const INTRODUCTION: &str = include_str!("introduction.md");
const STAND_INS: &str = include_str!("stand_ins.md");

pub(super) fn page(model: &Model, frames: &Frames<'_>) -> Page {
    let mut parts = vec![INTRODUCTION.trim_end().to_owned(), "## Calls".to_owned()];
    for service in &model.services {
        let rows = calls(model).filter(|(of, _)| of.full_name == service.full_name);
        let rows = rows.map(|(_, method)| {
            let way = method.routes.first();
            let way = way.map(|route| format!("`{} {}`", samples::verb(route.verb), route.path));
            vec![
                format!("[{}]({})", method.name, call::path(method)),
                way.unwrap_or_default(),
                match method.access {
                    Access::Public => "everybody",
                    Access::User => "users",
                    Access::Admin => "admins",
                    Access::Internal => "services",
                }
                .to_owned(),
                text::split(&method.comment).0,
            ]
        });
        parts.push(table(&[&service.name, "REST", "for", "what it does"], rows));
    }
    parts.push("## Frames".to_owned());
    for (client, head) in [(true, "from client to server"), (false, "from server to client")] {
        let rows = frames.all().filter(|one| one.client == client);
        let rows = rows.map(|one| {
            vec![
                format!("[`{}`]({})", one.field.json_name, one.path()),
                text::split(&one.field.comment).0,
            ]
        });
        parts.push(table(&[head, "what it says"], rows));
    }
    parts.push("## Errors".to_owned());
    let rows = model.reasons.iter().map(|reason| {
        let close = if reason.close == 0 {
            String::new()
        } else {
            reason.close.to_string()
        };
        vec![
            format!("[`{}`]({})", reason.name, error::path(reason)),
            reason.http.to_string(),
            close,
            if reason.retryable { "yes" } else { "" }.to_owned(),
            text::split(&reason.comment).0,
        ]
    });
    parts.push(table(&["reason", "HTTP", "close", "again?", "what happened"], rows));
    parts.push(STAND_INS.trim_end().to_owned());
    Page {
        path: "README.md".to_owned(),
        markdown: join(parts),
    }
}

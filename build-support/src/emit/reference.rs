//! The reference: one page in Markdown for each call that clients can make, each frame and each reason, with samples that the tests run.

mod call;
mod connection;
mod error;
mod exchange;
mod fields;
mod frame;
mod index;
mod samples;
mod shown;
mod tables;

use crate::{
    SchemaError,
    load::frames::{CLIENT, SERVER},
    model::{Access, Field, Frame, Message, Method, Schema as Model, Service},
};
use std::collections::BTreeMap;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where it is, from the folder of the reference, e.g. `calls/SendMessage.md`.
    pub path: String,
    /// Its content.
    pub markdown: String,
}

/// All pages, the index first.
///
/// # Errors
/// A call or frame of which no sample can be made, since a field that it needs has no example or nothing is said of what brings it; something
/// without a comment, whose page would say nothing; two pages whose names differ by case only.
pub fn reference(model: &Model) -> Result<Vec<Page>, SchemaError> {
    let frames = Frames::of_model(model);
    let mut pages = vec![index::page(model, &frames)];
    for (service, method) in calls(model) {
        pages.push(call::page(model, &frames, service, method)?);
    }
    for frame in frames.all() {
        pages.push(frame::page(model, &frames, &frame)?);
    }
    for reason in &model.reasons {
        pages.push(error::page(model, &frames, reason));
    }
    distinct(&pages)?;
    Ok(pages)
}

/// Many file systems take names that differ by case only for the same.
fn distinct(pages: &[Page]) -> Result<(), SchemaError> {
    let mut seen = BTreeMap::new();
    for page in pages {
        if let Some(other) = seen.insert(page.path.to_lowercase(), &page.path) {
            let why = format!("and {other} would be one file where names are equal without regard to case");
            return Err(SchemaError::new("reference", &page.path, why));
        }
    }
    Ok(())
}

/// The calls that clients can make, in order of the schema.
fn calls(model: &Model) -> impl Iterator<Item = (&Service, &Method)> {
    let all = model
        .services
        .iter()
        .flat_map(|service| service.methods.iter().map(move |method| (service, method)));
    all.filter(|(_, method)| method.access != Access::Internal)
}

/// The frames of both directions.
struct Frames<'a> {
    client: Option<&'a Message>,
    server: Option<&'a Message>,
}

/// A frame: the field that is its body.
#[derive(Clone, Copy)]
struct One<'a> {
    /// Whether clients send it.
    client: bool,
    field: &'a Field,
    frame: &'a Frame,
    whole: &'a Message,
}

impl<'a> Frames<'a> {
    fn of_model(model: &'a Model) -> Self {
        let find = |name: &str| {
            let mut messages = model.messages.values();
            messages.find(|message| message.name == name && message.fields.iter().any(|field| field.frame.is_some()))
        };
        Self {
            client: find(CLIENT),
            server: find(SERVER),
        }
    }

    /// Those of clients first.
    fn all(&self) -> impl Iterator<Item = One<'a>> + use<'a> {
        let of = |whole: Option<&'a Message>, client| {
            let fields = whole
                .into_iter()
                .flat_map(move |whole| whole.fields.iter().map(move |field| (whole, field)));
            fields.filter_map(move |(whole, field)| {
                let frame = field.frame.as_ref()?;
                Some(One {
                    client,
                    field,
                    frame,
                    whole,
                })
            })
        };
        of(self.client, true).chain(of(self.server, false))
    }

    /// The frame that makes a call: it leads to the method, or carries its request and is answered by the connection itself.
    fn of_call(&self, service: &Service, method: &Method) -> Option<One<'a>> {
        let rpc = format!("{}.{}", service.full_name, method.name);
        let mut clients = self.all().filter(|one| one.client);
        clients.find(|one| match &one.frame.rpc {
            Some(leads_to) => *leads_to == rpc,
            None => one.payload() == Some(&method.request),
        })
    }

    /// A frame of clients by its name in the schema.
    fn of_client(&self, name: &str) -> Option<One<'a>> {
        self.all().find(|one| one.client && one.field.name == name)
    }

    /// A frame of the server by its name in the schema.
    fn of_server(&self, name: &str) -> Option<One<'a>> {
        self.all().find(|one| !one.client && one.field.name == name)
    }
}

impl One<'_> {
    /// Full name of the message that it carries.
    fn payload(&self) -> Option<&String> {
        match &self.field.kind {
            crate::model::Kind::Message(name) => Some(name),
            _ => None,
        }
    }

    fn path(&self) -> String {
        let side = if self.client { "client" } else { "server" };
        format!("frames/{side}.{}.md", self.field.json_name)
    }

    /// For links between frames, which are in one folder.
    fn link(&self) -> String {
        let path = self.path();
        let file = path.rsplit('/').next().unwrap_or(&path);
        format!("[`{}`]({file})", self.field.json_name)
    }
}

/// A page needs words.
fn words<'a>(file: &str, element: &str, comment: &'a str) -> Result<&'a str, SchemaError> {
    if comment.trim().is_empty() {
        Err(SchemaError::new(
            file,
            element,
            "has no comment, so its page would not say what it does",
        ))
    } else {
        Ok(comment)
    }
}

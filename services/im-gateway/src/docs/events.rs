//! The page about events, made of the AsyncAPI document and nothing else.

mod node;
mod payload;

use super::{ASYNCAPI, shell};
use maud::{Markup, html};
use node::Node;
use std::sync::LazyLock;

static PAGE: LazyLock<String> = LazyLock::new(|| {
    let document: Node =
        serde_json::from_str(ASYNCAPI).expect("the checked-in document is JSON, and tested to be up to date");
    Page { document: &document }.render()
});

/// The page, made when it is asked for the first time.
pub(super) fn page() -> &'static str {
    &PAGE
}

struct Page<'a> {
    document: &'a Node,
}

/// A message of the document and what is done with it.
struct Entry<'a> {
    name: &'a str,
    message: &'a Node,
    /// The operation that begins with it; none for frames that only answer.
    operation: Option<&'a Node>,
}

impl<'a> Page<'a> {
    fn render(&self) -> String {
        let info = &self.document["info"];
        let (client, server, log) = (self.tagged("client"), self.tagged("server"), self.tagged("log"));
        let aside = html! {
            a href="#socket" { "WebSocket" }
            (list("Client to server", &client))
            (list("Server to client", &server))
            (list("Log topics", &log))
        };
        let content = html! {
            h1 { (info["title"].text()) " " small { (info["version"].text()) } }
            (shell::markdown(info["description"].text()))
            h2 id="socket" { "WebSocket" }
            (self.socket(&self.document["channels"]["socket"]))
            h2 { "Client to server" }
            @for entry in &client { (self.frame(entry, "client → server", "in")) }
            h2 { "Server to client" }
            @for entry in &server { (self.frame(entry, "server → client", "out")) }
            h2 { "Log topics" }
            @for entry in &log { (self.topic(entry)) }
        };
        shell::page("Events", Some(&aside), &content)
    }

    /// Messages with this tag.
    fn tagged(&self, tag: &str) -> Vec<Entry<'a>> {
        let messages = self.document["components"]["messages"].members().iter();
        let tagged =
            messages.filter(|(_, message)| message["tags"].items().iter().any(|found| found["name"].text() == tag));
        tagged
            .map(|(name, message)| Entry {
                name,
                message,
                operation: self.operation(name),
            })
            .collect()
    }

    /// The operation whose message this is.
    fn operation(&self, message: &str) -> Option<&'a Node> {
        let suffix = format!("/messages/{message}");
        let mut operations = self.document["operations"]
            .members()
            .iter()
            .map(|(_, operation)| operation);
        operations.find(|operation| operation["messages"][0]["$ref"].text().ends_with(&suffix))
    }

    fn socket(&self, channel: &Node) -> Markup {
        let protocols = channel["x-subprotocols"].items();
        html! {
            p { code { "GET " (channel["address"].text()) } " " (channel["summary"].text()) }
            table {
                tr { th { "subprotocol" } th { "messages" } th { "content" } th { "framing" } }
                @for protocol in protocols {
                    tr {
                        td { code { (protocol["name"].text()) } }
                        td { (protocol["messages"].text()) }
                        td { (protocol["contentType"].text()) }
                        td { (protocol["framing"].text()) }
                    }
                }
            }
            (shell::markdown(channel["description"].text()))
        }
    }

    fn frame(&self, entry: &Entry<'_>, direction: &str, class: &str) -> Markup {
        let title = entry.message["title"].text();
        let side = if class == "in" { "client" } else { "server" };
        let answers = entry
            .operation
            .map_or(&[][..], |operation| operation["reply"]["messages"].items());
        let call = entry
            .operation
            .map(|operation| &operation["x-call"])
            .filter(|call| call.is_there());
        html! {
            section.card id=(entry.name) {
                h3 {
                    a href=(format!("/docs/reference/frames/{side}.{title}.md")) { code { (title) } }
                    span class=(format!("badge {class}")) { (direction) }
                }
                (words(entry.message))
                @if !answers.is_empty() {
                    p {
                        "Answered by "
                        @for (index, answer) in answers.iter().enumerate() {
                            @if index > 0 { " or " }
                            (self.link(answer))
                        }
                        "."
                    }
                }
                @if let Some(call) = call { (self.call(call)) }
                (payload::fields(self.document, &entry.message["payload"], title))
                (examples(entry.message))
            }
        }
    }

    /// A link to a message on this page.
    fn link(&self, reference: &Node) -> Markup {
        let name = reference["$ref"].text().rsplit('/').next().unwrap_or_default();
        let title = self.document["components"]["messages"][name]["title"].text();
        html! { a href=(format!("#{name}")) { code { (title) } } }
    }

    fn call(&self, call: &Node) -> Markup {
        let method = call["method"].text();
        let name = method.rsplit('.').next().unwrap_or_default();
        html! {
            p {
                "Makes the call " a href=(format!("/docs/reference/calls/{name}.md")) { code { (name) } }
                " for " code { (call["caller"].text()) } ", rate class " code { (call["rate"].text()) }
                @for (index, reason) in call["reasons"].items().iter().enumerate() {
                    (if index == 0 { "; may be refused with " } else { ", " })
                    a href=(format!("/docs/reference/errors/{}.md", reason.text())) { code { (reason.text()) } }
                }
                "."
            }
        }
    }

    fn topic(&self, entry: &Entry<'_>) -> Markup {
        let of = entry
            .operation
            .map_or("", |operation| operation["channel"]["$ref"].text());
        let channel = &self.document["channels"][of.rsplit('/').next().unwrap_or_default()];
        html! {
            section.card id=(entry.name) {
                h3 { code { (channel["address"].text()) } span.badge { (entry.name) } }
                (words(channel))
                table {
                    @for (name, value) in channel["x-topic"].members() {
                        tr { th { (name) } td { code { (plain(value)) } } }
                    }
                }
                (payload::fields(self.document, &entry.message["payload"], entry.name))
                (examples(entry.message))
            }
        }
    }
}

fn list(title: &str, entries: &[Entry<'_>]) -> Markup {
    html! {
        h2 { (title) }
        @for entry in entries {
            a href=(format!("#{}", entry.name)) { (entry.message["title"].text()) }
        }
    }
}

/// Summary and description.
fn words(of: &Node) -> Markup {
    html! {
        (shell::markdown(of["summary"].text()))
        (shell::markdown(of["description"].text()))
    }
}

fn examples(message: &Node) -> Markup {
    html! {
        @for example in message["examples"].items() {
            pre { code { (example["payload"].pretty()) } }
        }
    }
}

/// A string without quotes, anything else as JSON.
fn plain(value: &Node) -> String {
    match value.text() {
        "" => value.pretty(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_message_and_no_link_that_leads_nowhere() {
        let document: Node = serde_json::from_str(ASYNCAPI).unwrap();
        let page = page();
        for (name, message) in document["components"]["messages"].members() {
            assert!(
                page.contains(&format!("<section class=\"card\" id=\"{name}\">")),
                "{name}"
            );
            assert!(
                page.contains(&format!("<a href=\"#{name}\">{}</a>", message["title"].text())),
                "{name}"
            );
        }
        for link in page.split("href=\"#").skip(1) {
            let anchor = link.split('"').next().unwrap();
            assert!(
                page.contains(&format!("id=\"{anchor}\"")),
                "{anchor} is linked to, and not there"
            );
        }
        assert!(
            !page.contains("src=") && !page.contains("http-equiv"),
            "nothing is loaded"
        );
    }
}

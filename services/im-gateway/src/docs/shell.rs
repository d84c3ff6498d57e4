//! What all pages have: head, style, and the way from one to the other.

use super::{API_PAGE, ASYNCAPI_PATH, EVENTS_PAGE, OPENAPI_PATH, REFERENCE_PAGE};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

const STYLE: &str = include_str!("style.css");

/// A page; `aside` stands beside its content.
pub(super) fn page(title: &str, aside: Option<&Markup>, content: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Parlance" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    strong { "Parlance" }
                    a href=(API_PAGE) { "REST" }
                    a href=(EVENTS_PAGE) { "Events" }
                    a href=(REFERENCE_PAGE) { "Reference" }
                    span.documents {
                        a href=(OPENAPI_PATH) { "openapi.json" }
                        a href=(ASYNCAPI_PATH) { "asyncapi.json" }
                    }
                }
                div.columns {
                    @if let Some(aside) = aside {
                        nav { (aside) }
                    }
                    main { (content) }
                }
            }
        }
    }
    .into_string()
}

/// Markdown of this project as HTML. Headings can be linked to by their words; links to the two documents lead to where they are served.
pub(super) fn markdown(text: &str) -> Markup {
    let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
    for at in 0..events.len() {
        let words = match events.get(at + 1) {
            Some(Event::Text(words) | Event::Code(words)) => anchor(words),
            _ => String::new(),
        };
        match &mut events[at] {
            Event::Start(Tag::Heading { id, .. }) => *id = Some(CowStr::from(words)),
            Event::Start(Tag::Link { dest_url, .. }) => {
                let served = match dest_url.as_ref() {
                    "../openapi.json" => API_PAGE,
                    "../asyncapi.json" => EVENTS_PAGE,
                    _ => continue,
                };
                *dest_url = CowStr::from(served);
            }
            _ => {}
        }
    }
    let mut out = String::new();
    push_html(&mut out, events.into_iter());
    PreEscaped(out)
}

/// Words as the name of a place within a page.
fn anchor(words: &str) -> String {
    let plain = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    plain.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_has_anchors_and_links_that_are_served() {
        let html =
            markdown("## What samples stand for\n\nSee [the API page](../openapi.json) and [a page](calls/X.md).\n")
                .into_string();
        assert!(html.contains(r#"<h2 id="what-samples-stand-for">"#), "{html}");
        assert!(
            html.contains(r#"href="/docs""#) && html.contains(r#"href="calls/X.md""#),
            "{html}"
        );
    }
}

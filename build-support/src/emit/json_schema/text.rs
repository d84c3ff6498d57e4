//! Comments as the words of an API description.

/// The first sentence without its full stop, and the rest.
pub(in crate::emit) fn split(comment: &str) -> (String, String) {
    let text = unwrap(comment);
    let end = text
        .match_indices(['.', '\n'])
        .find(|(at, mark)| *mark == "\n" || ends_sentence(&text[at + 1..]))
        .map(|(at, _)| at);
    match end {
        Some(end) => (text[..end].to_owned(), text[end + 1..].trim().to_owned()),
        None => (text, String::new()),
    }
}

fn ends_sentence(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\n'])
}

/// A comment with its lines joined: only empty lines part paragraphs.
pub(in crate::emit) fn unwrap(comment: &str) -> String {
    let paragraphs = comment
        .split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// Sentences as one text; empty ones are left out.
pub(in crate::emit) fn join(sentences: &[String]) -> Option<String> {
    let text = sentences
        .iter()
        .filter(|sentence| !sentence.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_the_summary() {
        let split = |text| {
            let (summary, rest) = split(text);
            [summary, rest]
        };
        assert_eq!(
            split("Sends it. Answers once\nit is stored."),
            ["Sends it", "Answers once it is stored."]
        );
        assert_eq!(split("Format `poll.v1`. Yes."), ["Format `poll.v1`", "Yes."]);
        assert_eq!(split("Title\n\nMore."), ["Title", "More."]);
        assert_eq!(split("No full stop"), ["No full stop", ""]);
    }
}

//! Tables in Markdown.

/// A table with a head; empty if it has no rows.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| line(row.iter().map(String::as_str)))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let rule = line(head.iter().map(|_| "---"));
    [line(head.iter().copied()), rule]
        .into_iter()
        .chain(rows)
        .collect::<Vec<_>>()
        .join("\n")
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    // a bar ends a cell, even within code
    let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
    format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
}

/// Paragraphs; empty ones are left out.
pub(super) fn page(parts: impl IntoIterator<Item = String>) -> String {
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.collect::<Vec<_>>().join("\n\n") + "\n"
}

/// A block of code.
pub(super) fn code(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```", text.trim_end())
}

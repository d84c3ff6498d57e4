//! The hint for an unknown key.

use toml::{Table, Value};

/// The known key that is written most like `key`; else one of the same name in another section; else none.
pub(super) fn nearest(key: &str, defaults: &Table) -> Option<String> {
    let mut known = Vec::new();
    list(defaults, "", &mut known);
    let closest = known.iter().map(|known| (distance(key, known), known)).min();
    if let Some((steps, known)) = closest.filter(|(steps, _)| *steps <= 2.max(key.len() / 4)) {
        return (steps > 0).then(|| known.clone());
    }
    let name = |key: &str| key.rsplit('.').next().map(String::from);
    known.into_iter().find(|known| name(known) == name(key))
}

fn list(table: &Table, section: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        let key = if section.is_empty() {
            name.clone()
        } else {
            format!("{section}.{name}")
        };
        if let Value::Table(inner) = value {
            list(inner, &key, keys);
        }
        keys.push(key);
    }
}

/// How many letters must be put in, taken out or changed to make one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, opposite) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *opposite);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_is_the_number_of_edits() {
        for (one, other, edits) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("log", "log", 0),
        ] {
            assert_eq!(distance(one, other), edits, "{one} {other}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let defaults: Table = "data = ''\n[gateway]\nlisten = ''\nmax_frame = 1\n[limits]\nsend = 1"
            .parse()
            .unwrap();
        let hint = |key| nearest(key, &defaults);
        assert_eq!(hint("gatway.listen").as_deref(), Some("gateway.listen"));
        assert_eq!(hint("gateway.lisen").as_deref(), Some("gateway.listen"));
        assert_eq!(hint("gateways").as_deref(), Some("gateway"));
        assert_eq!(hint("max_frame").as_deref(), Some("gateway.max_frame"));
        assert_eq!(hint("entirely.different"), None);
    }
}

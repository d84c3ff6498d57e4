//! The compiled validators: the very rules that a vector breaks are told, at the very places.

use schema_vectors::{SOURCES, Vector, check};

/// Fields whose content is sensitive: of what is broken inside nothing is told but that something is.
const SEALED: [(&str, &str); 4] = [
    ("corpus.secrets.Vault", "inner"),
    ("corpus.secrets.Vault", "boxes[0]"),
    ("corpus.secrets.Vault", "drawers"),
    ("corpus.secrets.Vault", "box"),
];

/// What of a vector's broken rules may be told.
fn tellable(vector: &Vector) -> Vec<(String, String)> {
    let seal = |(field, rule): &(String, String)| {
        let sealed = SEALED.iter().find(|(message, around)| {
            let inside = field.strip_prefix(around).filter(|rest| rest.starts_with(['.', '[']));
            *message == vector.message && inside.is_some()
        });
        sealed.map_or_else(
            || (field.clone(), rule.clone()),
            |(_, around)| ((*around).to_owned(), "sensitive".to_owned()),
        )
    };
    vector.broken.iter().map(seal).collect()
}

/// Paths and rules as the generated code tells them.
fn told(vector: &Vector) -> Vec<(String, String)> {
    let json = vector.json.to_string();
    let verdict = check(&vector.message, json.as_bytes()).unwrap_or_else(|| panic!("there is no {}", vector.message));
    let violations = verdict.unwrap_or_else(|failure| failure.broken_rules().to_vec());
    let mut told: Vec<_> = violations
        .into_iter()
        .map(|it| (it.field, it.rule.to_owned()))
        .collect();
    told.sort();
    told
}

#[test]
fn the_validators_tell_what_is_broken_and_where() {
    let mut wrong = Vec::new();
    for source in SOURCES {
        for vector in source.vectors() {
            let told = told(&vector);
            // Which member of a oneof is the one too many depends on the order of the text.
            let expected = tellable(&vector);
            let agree = match expected.as_slice() {
                [(_, rule)] if rule == "oneof" => matches!(told.as_slice(), [(_, told)] if told == rule),
                broken => told == broken,
            };
            if !agree {
                wrong.push(format!("{}\n  should be {:?}\n  is {told:?}", vector.title(), expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{} vectors:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_many_vectors_of_both_kinds() {
    for source in SOURCES {
        let vectors = source.vectors();
        let (valid, invalid): (Vec<_>, Vec<_>) = vectors.iter().partition(|vector| vector.broken.is_empty());
        assert!(
            valid.len() > 200 && invalid.len() > 200,
            "{}: {} valid, {} invalid",
            source.name,
            valid.len(),
            invalid.len()
        );
    }
}

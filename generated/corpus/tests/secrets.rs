//! What is sensitive is told by nobody: not by `Debug`, not by a broken rule, not by JSON that cannot be read.

use schema_corpus::{json, rpc::Validate as _, secrets::Vault};

/// Values to look for. The bytes are those of the word, as `Debug` of bytes and base64 write them.
const PLANTED: [&str; 4] = ["hunter2", "424242", "aHVudGVyMg", "104, 117, 110"];

/// What is told of a vault in JSON, whether it can be read or not.
fn told(input: &str) -> String {
    match json::from_slice::<Vault>(input.as_bytes()) {
        Ok(vault) => {
            let shown = format!("{vault:?} {vault:#?}");
            vault.validate().map_or_else(
                |failure| format!("{shown} {failure} {failure:?} {:?}", failure.problem()),
                |()| shown.clone(),
            )
        }
        Err(failure) => format!("{failure} {failure:?} {:?}", failure.problem()),
    }
}

#[test]
fn debug_shows_that_a_field_is_there_and_not_what_it_is() {
    let told = told(
        r#"{"text":"hunter2","maybe":"1","drawers":{"hunter2":{"content":"hunter2"}},"note":"hunter2","label":"shown"}"#,
    );
    assert!(told.contains("label: \"shown\""), "{told}");
    assert!(told.contains("text: …") && told.contains("Note(…)"), "{told}");
}

#[test]
fn nothing_tells_a_planted_value() {
    let valid = [
        r#"{"text":"hunter2"}"#,
        r#"{"inner":{"content":"hunter2"}}"#,
        r#"{"words":["hunter2"]}"#,
        r#"{"boxes":[{"content":"hunter2"}]}"#,
        r#"{"drawers":{"hunter2":{}}}"#,
        r#"{"blob":"aHVudGVyMg=="}"#,
        r#"{"box":{"content":"hunter2"}}"#,
        r#"{"note":"hunter2"}"#,
    ];
    let broken = [
        r#"{"text":"hunter2 and so on and so on"}"#,
        r#"{"pin":424242}"#,
        r#"{"depth":"424242"}"#,
        r#"{"depth":"-424242"}"#,
        r#"{"key":424242}"#,
        r#"{"inner":{"size":424242}}"#,
        r#"{"words":["hunter2","hunter2"]}"#,
        r#"{"words":["1","2","hunter2"]}"#,
        r#"{"boxes":[{"size":424242}]}"#,
        r#"{"drawers":{"hunter2":{"size":424242}}}"#,
        r#"{"blob":"aHVudGVyMiBhbmQgc28gb24gYW5kIHNvIG9u"}"#,
        r#"{"maybe":"424242"}"#,
        r#"{"number":424242}"#,
        r#"{"box":{"size":424242}}"#,
        r#"{"note":"hunter2 and so on and so on"}"#,
    ];
    let unreadable = [
        r#"{"text":424242}"#,
        r#"{"text":["hunter2"]}"#,
        r#"{"text":"hunter2"#,
        r#"{"text":"hunter2\x"}"#,
        r#"{"pin":"hunter2"}"#,
        r#"{"pin":424242424242424242424242}"#,
        r#"{"pin":-424242}"#,
        r#"{"depth":"424242.5"}"#,
        r#"{"key":"hunter2"}"#,
        r#"{"inner":"hunter2"}"#,
        r#"{"inner":{"hunter2":1}}"#,
        r#"{"words":[424242]}"#,
        r#"{"words":"hunter2"}"#,
        r#"{"boxes":[{"hunter2":424242}]}"#,
        r#"{"drawers":{"hunter2":424242}}"#,
        r#"{"drawers":{"hunter2":{},"hunter2":{}}}"#,
        r#"{"drawers":{"hunter2":{"hunter2":1}}}"#,
        r#"{"blob":"hunter2!"}"#,
        r#"{"maybe":"hunter2"}"#,
        r#"{"number":"hunter2"}"#,
        r#"{"box":{"hunter2":1}}"#,
        r#"{"note":"hunter2","number":424242}"#,
        r#"{"note":424242.5}"#,
    ];
    for (inputs, verdict) in [(&valid[..], "ok"), (&broken, "broken"), (&unreadable, "unreadable")] {
        for input in inputs {
            let read = json::from_slice::<Vault>(input.as_bytes());
            let found = match &read {
                Ok(vault) if vault.validate().is_ok() => "ok",
                Ok(_) => "broken",
                Err(_) => "unreadable",
            };
            assert_eq!(found, verdict, "{input}");
            let told = told(input);
            for planted in PLANTED {
                assert!(!told.contains(planted), "{input} is told: {told}");
            }
        }
    }
}

#[test]
fn what_is_wrong_is_still_said() {
    let says = |input: &str| {
        let read = json::from_slice::<Vault>(input.as_bytes()).and_then(|vault| vault.validate());
        let failure = read.expect_err(input);
        let [violation] = failure.broken_rules() else {
            panic!("{failure:?}")
        };
        format!("{} {} {}", violation.field, violation.rule, violation.message)
    };
    assert_eq!(says(r#"{"pin":20000}"#), "pin uint32.lt must be less than 10000");
    assert_eq!(says(r#"{"depth":"-10"}"#), "depth int64.gt must be greater than -10");
    assert_eq!(says(r#"{"key":7}"#), "key enum.defined_only must be a value of Key");
    let inside = "sensitive breaks a rule inside; more is not said of a sensitive field";
    assert_eq!(says(r#"{"inner":{"size":100}}"#), format!("inner {inside}"));
    assert_eq!(says(r#"{"boxes":[{},{"size":100}]}"#), format!("boxes[1] {inside}"));
    assert_eq!(says(r#"{"drawers":{"a":{"size":100}}}"#), format!("drawers {inside}"));
    assert_eq!(
        says(r#"{"inner":{"colour":1}}"#),
        "inner unknown_field is not a field of this message"
    );
    assert_eq!(
        says(r#"{"drawers":{"a":1}}"#),
        "drawers type must be an object, is an integer"
    );
}

//! What a repetition does, lists in pages, who may set fields, waivers.

use super::refused;
use crate::tiny::{CALL, OPTIONS, load, service};
use build_support::model::{Effect, Schema};

const POLICY: &str = "option (parlance.policy) = {caller: USER, rate: READ}; option (parlance.errors) = {};";

fn call_is_refused(call: &str, words: &str) {
    let method = format!("rpc Do(Ask) returns (Tell) {{ {POLICY} option (parlance.call) = {{{call}}}; }}");
    refused(&service(&method), "tiny.v1.Kitchen.Do", words);
}

#[test]
fn calls_that_make_no_sense() {
    for (call, words) in [
        ("timeout: {seconds: 1}, attempts: 1", "does not say its effect"),
        (
            "effect: READ, attempts: 1",
            "timeout is not between 1 ms and 10 minutes",
        ),
        ("effect: READ, timeout: {}, attempts: 1", "timeout is not between"),
        (
            "effect: READ, timeout: {seconds: -1}, attempts: 1",
            "timeout is not between",
        ),
        (
            "effect: READ, timeout: {nanos: 1}, attempts: 1",
            "in whole milliseconds",
        ),
        (
            "effect: READ, timeout: {seconds: 601}, attempts: 1",
            "timeout is not between",
        ),
        ("effect: READ, timeout: {seconds: 1}", "attempts are not 1 to 10"),
        (
            "effect: READ, timeout: {seconds: 1}, attempts: 11",
            "attempts are not 1 to 10",
        ),
    ] {
        call_is_refused(call, words);
    }
    let get = "option (google.api.http) = {get: '/pots'};";
    let proto = format!(
        "service Kitchen {{ rpc Do(Ask) returns (Tell) {{ {OPTIONS} {get} }} }} message Ask {{}} message Tell {{}}"
    );
    refused(&proto, "tiny.v1.Kitchen.Do", "with a GET route has the effect READ");
}

#[test]
fn calls_are_in_the_model() {
    let call = "option (parlance.call) = {effect: KEYED, timeout: {seconds: 2, nanos: 5000000}, attempts: 3};";
    let schema = load(&service(&format!("rpc Do(Ask) returns (Tell) {{ {POLICY} {call} }}"))).expect("no mistake");
    let (_, method) = schema.method("tiny.v1.Kitchen.Do").expect("the method");
    assert_eq!(
        (method.call.effect, method.call.timeout_ms, method.call.attempts),
        (Effect::Keyed, 2005, 3)
    );
    assert_eq!(method.page, None);
}

/// A list whose request and response have these fields.
fn list(options: &str, request: &str, response: &str) -> String {
    format!(
        "service Kitchen {{ rpc ListCups(Ask) returns (Tell) {{ {POLICY} {options} }} }}
         message Ask {{ {request} }} message Tell {{ {response} }} message Cup {{}}"
    )
}

fn paged(page: &str) -> String {
    format!("{CALL} option (parlance.page) = {{{page}}};")
}

const ASK: &str =
    "uint32 page_size = 1; string page_token = 2; uint64 from = 3; string other = 4; optional uint32 most = 5;";
const TELL: &str = "repeated Cup cups = 1; string next_page_token = 2; uint64 next = 3; repeated string names = 4;";

#[test]
fn pages_that_make_no_sense() {
    let sizes = "default_size: 5, max_size: 10";
    for (options, words) in [
        (CALL.to_owned(), "needs the option (parlance.page)"),
        (
            format!(
                "{} option (parlance.page) = {{{sizes}}};",
                CALL.replace("READ", "REPEATABLE")
            ),
            "a list in pages has the effect READ",
        ),
        (
            paged(&format!("size: 'sizes', {sizes}")),
            "tiny.v1.Ask has no field `sizes` for the page",
        ),
        (
            paged(&format!("size: 'from', {sizes}")),
            "the page's size `from` has to be a plain uint32",
        ),
        (
            paged(&format!("size: 'most', {sizes}")),
            "the page's size `most` has to be a plain uint32",
        ),
        (
            paged(&format!("cursor: 'page_size', {sizes}")),
            "has to be a plain string or uint64",
        ),
        (
            paged(&format!("cursor: 'from', {sizes}")),
            "of the type of its cursor `from`",
        ),
        (
            paged(&format!("next: 'later', {sizes}")),
            "tiny.v1.Tell has no field `later`",
        ),
        (
            paged(&format!("items: 'names', {sizes}")),
            "`names` are no repeated messages",
        ),
        (
            paged(&format!(
                "cursor: 'from', next: 'next', position: 'tiny.v1.Cup', {sizes}"
            )),
            "position is for a cursor of type string",
        ),
        (
            paged(&format!("position: 'tiny.v1.Saucer', {sizes}")),
            "`tiny.v1.Saucer` is no message of this schema",
        ),
        (paged("max_size: 10"), "default_size has to be above 0"),
        (paged("default_size: 11, max_size: 10"), "at most its max_size"),
    ] {
        refused(&list(&options, ASK, TELL), "tiny.v1.Kitchen.ListCups", words);
    }
    let ruled = ASK.replace("page_size = 1", "page_size = 1 [(buf.validate.field).uint32.lte = 10]");
    refused(
        &list(&paged(sizes), &ruled, TELL),
        "tiny.v1.Kitchen.ListCups",
        "so no rule may refuse it",
    );
    let twice = format!(
        "{} service Bar {{ rpc ListMugs(Ask) returns (Tell) {{ {POLICY} {} }} }}",
        list(&paged(sizes), ASK, TELL),
        paged(sizes)
    );
    refused(
        &twice,
        "tiny.v1.Bar.ListMugs",
        "is the request of the list tiny.v1.Kitchen.ListCups already",
    );
    let named = list(&paged(sizes), ASK, TELL).replace(
        "service Kitchen {",
        &format!("service Kitchen {{ rpc ListCupsItems(Cup) returns (Cup) {{ {POLICY} {CALL} }}"),
    );
    refused(&named, "tiny.v1.Kitchen.ListCups", "needs the name `list_cups_items`");
    let two = format!("{TELL} repeated Cup saucers = 5;");
    refused(
        &list(&paged(sizes), ASK, &two),
        "tiny.v1.Kitchen.ListCups",
        "has to name its items",
    );
}

#[test]
fn pages_are_in_the_model() {
    let page = |page: &str| {
        let schema = load(&list(&paged(page), ASK, TELL)).unwrap_or_else(|error| panic!("{error}"));
        let (_, method) = schema.method("tiny.v1.Kitchen.ListCups").expect("the method");
        method.page.clone().expect("the page")
    };
    let signed = page("default_size: 5, max_size: 10");
    assert!(signed.signed);
    assert_eq!(
        [&signed.size, &signed.cursor, &signed.next, &signed.items],
        ["page_size", "page_token", "next_page_token", "cups"]
    );
    let open = page("cursor: 'from', next: 'next', default_size: 5, max_size: 10");
    assert!(!open.signed);
    assert_eq!(
        (open.cursor.as_str(), open.next.as_str(), open.max_size),
        ("from", "next", 10)
    );
}

#[test]
fn field_behaviors_and_releases() {
    for (options, words) in [
        (
            "(google.api.field_behavior) = FIELD_BEHAVIOR_UNSPECIFIED",
            "the field behavior 0 is not honoured",
        ),
        (
            "(google.api.field_behavior) = OUTPUT_ONLY, (google.api.field_behavior) = IMMUTABLE",
            "needs not be immutable too",
        ),
        (
            "(google.api.field_behavior) = IMMUTABLE, (google.api.field_behavior) = IMMUTABLE",
            "one behavior at most",
        ),
        ("(parlance.since) = '2'", "`2` is no release"),
        ("(parlance.since) = '0.x'", "`0.x` is no release"),
        ("(parlance.since) = '0.02'", "`0.02` is no release"),
    ] {
        refused(
            &format!("message M {{ string f = 1 [{options}]; }}"),
            "tiny.v1.M.f",
            words,
        );
    }
    let error = load("message M { string f = 1 [(google.api.field_behavior) = REQUIRED]; }").expect_err("not declared");
    assert!(error.to_string().contains("REQUIRED"), "{error}");
    let schema = load(
        "message M { string a = 1 [(google.api.field_behavior) = OUTPUT_ONLY, (parlance.since) = '0.10.1'];
           string b = 2 [(google.api.field_behavior) = IMMUTABLE]; string c = 3; }",
    )
    .expect("no mistake");
    let said: Vec<_> = schema.messages["tiny.v1.M"]
        .fields
        .iter()
        .map(|field| (field.output_only, field.immutable, field.since.as_deref()))
        .collect();
    assert_eq!(
        said,
        [(true, false, Some("0.10.1")), (false, true, None), (false, false, None)]
    );
}

#[test]
fn masks_whose_message_cannot_be_found() {
    let mask = "google.protobuf.FieldMask update_mask = 9;";
    let fields = |fields: &str| {
        format!(
            "message Ask {{ {fields} {mask} }} message Cup {{ string tea = 1; }}
             message Frozen {{ string id = 1 [(google.api.field_behavior) = IMMUTABLE]; }}"
        )
    };
    for (said, words) in [
        ("string name = 1;", "no message beside it whose fields it could name"),
        ("repeated Cup cups = 1;", "no message beside it"),
        ("oneof o { Cup cup = 1; }", "no message beside it"),
        (
            "Cup one = 1; Cup other = 2;",
            "it could name fields of `one` or of `other`",
        ),
        ("Frozen frozen = 1;", "no client may change any field of `frozen`"),
    ] {
        refused(&fields(said), "tiny.v1.Ask.update_mask", words);
    }
    let route = "option (google.api.http) = {patch: '/cups/{other.rim}', body: 'one'};";
    let by_body = format!(
        "service Kitchen {{ rpc Do(Ask) returns (Cup) {{ {OPTIONS} {route} }} }} {}",
        fields("Cup one = 1; Saucer other = 2;")
    );
    let schema = load(&format!("{by_body} message Saucer {{ string rim = 1; }}")).expect("the body says which");
    let masks = schema.messages["tiny.v1.Ask"]
        .fields
        .iter()
        .find_map(|field| field.masks.clone());
    assert_eq!(masks.as_deref(), Some("one"));
}

#[test]
fn waivers_without_a_reason() {
    let waiver = |waiver: &str| format!("option (parlance.waivers) = {{{waiver}}};");
    refused(
        &waiver("element: 'tiny.v1.M.f', change: 'field-removed'"),
        "tiny.v1.M.f",
        "a waiver needs its `reason`",
    );
    refused(
        &waiver("element: 'tiny.v1.M.f', reason: 'x'"),
        "tiny.v1.M.f",
        "needs its `change`",
    );
    let waivers = |schema: Schema| schema.waivers;
    let both = format!(
        "{} {}",
        waiver("element: 'tiny.v1.M.f', change: 'field-removed', reason: 'Nobody had it.'"),
        waiver("element: 'tiny.v1.M.g', change: 'field-removed', reason: 'Nor that.'")
    );
    let waivers = waivers(load(&both).expect("no mistake"));
    assert_eq!(
        waivers.iter().map(|waiver| waiver.element.as_str()).collect::<Vec<_>>(),
        ["tiny.v1.M.f", "tiny.v1.M.g"]
    );
    assert_eq!(waivers[0].file, "tiny/v1/tiny.proto");
}

//! Every inconsistency stops the build with a message that names file, element and reason.

use crate::tiny::{OPTIONS, REASONS, load, load_with, service};

/// Fails unless the schema is refused with a message that names the element and holds the words.
fn refused(proto: &str, element: &str, words: &str) {
    let error = match load(proto) {
        Ok(_) => panic!("taken, but should be refused with `{words}`: {proto}"),
        Err(error) => error.to_string(),
    };
    let place = format!("tiny/v1/tiny.proto: {element}: ");
    assert!(error.starts_with(&place) && error.contains(words), "`{place}…{words}` expected, but it is:\n{error}");
}

fn field_is_refused(field: &str, words: &str) {
    let more = "message Cup { repeated Cup cups = 1; } enum Tea { NONE = 0; GREEN = 1; }";
    refused(&format!("message M {{ {field} }} {more}"), "tiny.v1.M.f", words);
}

fn method_is_refused(method: &str, words: &str) {
    refused(&service(method), "tiny.v1.Kitchen.Do", words);
}

fn route_is_refused(route: &str, words: &str) {
    method_is_refused(&format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} option (google.api.http) = {{{route}}}; }}"), words);
}

fn topic_is_refused(topic: &str, words: &str) {
    let message = format!("message M {{ option (parlance.topic) = {{{topic}}}; uint64 key = 1; string name = 2; }}");
    refused(&message, "tiny.v1.M", words);
}

fn frames_are_refused(client: &str, server: &str, element: &str, words: &str) {
    let methods = format!(
        "rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}
         rpc Hide(Cup) returns (Tell) {{ option (parlance.policy) = {{caller: INTERNAL, rate: READ}}; option (parlance.errors) = {{}}; }}"
    );
    let frames = format!("message ClientFrame {{ oneof body {{ {client} }} }} message ServerFrame {{ oneof body {{ {server} }} }}");
    refused(&format!("{}{frames}", service(&methods)), element, words);
}

fn reason_is_refused(option: &str, words: &str) {
    let reasons = format!("enum Reason {{ REASON_UNSPECIFIED = 0; // Why.\n WHY = 1 {option}; }}");
    let error = load_with(&reasons, "").expect_err(words).to_string();
    assert!(error.starts_with("parlance/errors.proto: parlance.WHY: ") && error.contains(words), "{error}");
}

#[test]
fn the_tiny_schemas_are_fine_without_a_mistake() {
    load(&service(&format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}"))).expect("no mistake");
    load_with(REASONS, "message M {}").expect("no mistake");
}

#[test]
fn what_is_no_protobuf_is_refused_with_its_place() {
    let error = load("message M { strin f = 1; }").expect_err("no such type").to_string();
    assert!(error.starts_with("tiny/v1/tiny.proto: ") && error.contains("strin"), "{error}");
    let error = load("message M { string f = 1 [(buf.validate.field).string.colour = 1]; }").expect_err("no such rule").to_string();
    assert!(error.contains("colour"), "{error}");
}

#[test]
fn types_that_are_not_honoured() {
    field_is_refused("google.protobuf.Any f = 1;", "google.protobuf.Any is not honoured");
}

#[test]
fn rules_that_do_not_fit_or_cannot_be_met() {
    for (field, words) in [
        ("string f = 1 [(buf.validate.field).uint64.gt = 0];", "`uint64` do not fit the field's type"),
        ("double f = 1 [(buf.validate.field).uint64.gt = 0];", "`uint64` do not fit the field's type"),
        ("Cup f = 1 [(buf.validate.field).string.len = 1];", "`string` do not fit the field's type"),
        ("repeated string f = 1 [(buf.validate.field).string.len = 1];", "`repeated.items` is for its items"),
        ("map<string, string> f = 1 [(buf.validate.field).string.len = 1];", "do not fit a map"),
        ("repeated uint64 f = 1 [(buf.validate.field).repeated.items.string.len = 1];", "`string` do not fit"),
        ("repeated Cup f = 1 [(buf.validate.field).repeated.unique = true];", "`repeated.unique` is for scalars"),
        ("repeated double f = 1 [(buf.validate.field).repeated.unique = true];", "floating-point"),
        ("string f = 1 [(buf.validate.field).string.pattern = '['];", "the pattern `[` does not compile"),
        ("string f = 1 [(buf.validate.field).string = {min_len: 2, max_len: 1}];", "the lower limit is above the upper one"),
        ("uint32 f = 1 [(buf.validate.field).uint32 = {gt: 4, lt: 5}];", "no number is within both bounds"),
    ] {
        field_is_refused(field, words);
    }
}

#[test]
fn options_that_do_not_fit() {
    for (field, words) in [
        ("string f = 1 [(parlance.id) = 'PotId'];", "(parlance.id) is for uint64 and fixed64"),
        ("oneof o { uint64 f = 1 [(parlance.id) = 'PotId']; }", "not honoured in a oneof or a map"),
        ("uint64 f = 1 [(parlance.id) = 'pot'];", "`pot` is no name of a type"),
        ("Tea pot = 2; uint64 pot_id = 3; uint64 f = 1 [(parlance.id) = ''];", "is no name of a type"),
        ("uint64 f = 1 [(parlance.example) = '{'];", "the example `{` is not JSON"),
        ("uint64 f = 1 [(parlance.example) = '1'];", "does not fit the field's type"),
        ("Tea f = 1 [(parlance.example) = '\"BLACK\"'];", "does not fit the field's type"),
        ("repeated string f = 1 [(parlance.example) = '\"x\"'];", "does not fit the field's type"),
        ("Cup f = 1 [(parlance.frame) = {}];", "(parlance.frame) is for messages in a oneof"),
    ] {
        field_is_refused(field, words);
    }
    let same = "message M { optional uint64 f = 2; uint64 f_id = 1 [(parlance.id) = 'PotId']; }";
    refused(same, "tiny.v1.M.f_id", "its accessor `f` has the name of another one");
}

#[test]
fn methods_without_a_policy_or_with_one_that_makes_no_sense() {
    for (method, words) in [
        ("rpc Do(Ask) returns (Tell) { option (parlance.errors) = {}; }", "needs the option (parlance.policy)"),
        ("rpc Do(Ask) returns (Tell) { option (parlance.policy) = {caller: USER, rate: READ}; }", "needs the option (parlance.errors)"),
        ("rpc Do(Ask) returns (Tell) { option (parlance.policy) = {rate: READ}; option (parlance.errors) = {}; }", "who may call"),
        ("rpc Do(Ask) returns (Tell) { option (parlance.policy) = {caller: USER}; option (parlance.errors) = {}; }", "the rate class"),
        ("rpc Do(stream Ask) returns (Tell) {}", "streaming is not honoured"),
        ("rpc Do(Ask) returns (google.protobuf.Timestamp) {}", "google.protobuf.Timestamp is not a message of this schema"),
    ] {
        method_is_refused(method, words);
    }
    for (reasons, words) in [
        ("REASON_UNSPECIFIED", "0 is not a reason"),
        ("UNAVAILABLE", "every method may give UNAVAILABLE"),
        ("KETTLE_EMPTY, KETTLE_EMPTY", "KETTLE_EMPTY is there twice"),
    ] {
        let policy = "option (parlance.policy) = {caller: USER, rate: READ};";
        let errors = format!("option (parlance.errors) = {{reasons: [{reasons}]}};");
        method_is_refused(&format!("rpc Do(Ask) returns (Tell) {{ {policy} {errors} }}"), words);
    }
    refused(&service(&format!("rpc New(Ask) returns (Tell) {{ {OPTIONS} }}")), "tiny.v1.Kitchen.New", "a function `new` already");
    let twice = format!("service Other {{ rpc Do(Ask) returns (Tell) {{ {OPTIONS} }} }}");
    let once = service(&format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}"));
    refused(&format!("{once}{twice}"), "tiny.v1.Other.Do", "has a method `Do` already");
    let error = load(&service("rpc Do(Ask) returns (Tell) { option (parlance.errors) = {reasons: [NO_SUCH]}; }")).expect_err("no such reason");
    assert!(error.to_string().contains("NO_SUCH"), "{error}");
}

#[test]
fn routes_that_cannot_be_bound() {
    for (route, words) in [
        ("get: '/pots/{pot_id}'", "no part of the request can bind `cups`"),
        ("post: '/pots/{pot}', body: '*'", "tiny.v1.Ask has no field `pot`"),
        ("post: '/pots/{cups}', body: '*'", "`cups` is not a single scalar or enum"),
        ("post: '/pots/{pot_id}/{pot_id}', body: '*'", "binds `pot_id` twice"),
        ("post: '/pots/{pot_id}', body: 'pot_id'", "both path and body bind `pot_id`"),
        ("post: '/pots', body: 'pot'", "tiny.v1.Ask has no field `pot`"),
        ("get: '/pots', body: '*'", "GET and DELETE have no body"),
        ("post: 'pots', body: '*'", "does not begin with a slash"),
        ("post: '/pots/{pot_id=*}', body: '*'", "patterns are not honoured"),
        ("post: '/pots/{pot_id}:boil', body: '*'", "neither a literal nor a parameter"),
        ("post: '/pots/', body: '*'", "neither a literal nor a parameter"),
        ("body: '*'", "a route needs a verb and a path"),
        ("selector: 'x', post: '/pots', body: '*'", "`selector` has no meaning"),
    ] {
        route_is_refused(route, words);
    }
    let internal = "option (parlance.policy) = {caller: INTERNAL, rate: READ}; option (parlance.errors) = {};";
    let method = format!("rpc Do(Ask) returns (Tell) {{ {internal} option (google.api.http) = {{post: '/pots', body: '*'}}; }}");
    method_is_refused(&method, "an internal method has no route");
}

#[test]
fn routes_that_overlap() {
    let routes = |first: &str, second: &str| {
        service(&format!(
            "rpc Be(Ask) returns (Tell) {{ {OPTIONS} option (google.api.http) = {{{first}, body: '*'}}; }}
             rpc Do(Ask) returns (Tell) {{ {OPTIONS} option (google.api.http) = {{{second}, body: '*'}}; }}"
        ))
    };
    let overlaps = |first: &str, second: &str, words: &str| refused(&routes(first, second), "tiny.v1.Kitchen.Do", words);
    overlaps("post: '/pots'", "post: '/pots'", "overlaps `/pots` of tiny.v1.Kitchen.Be");
    overlaps("post: '/a/{pot_id}/c'", "post: '/a/b/{pot_id}'", "overlaps `/a/{pot_id}/c`");
    load(&routes("post: '/pots/{pot_id}'", "put: '/pots/{pot_id}'")).expect("another verb");
    load(&routes("post: '/pots/{pot_id}'", "post: '/pots/best'")).expect("the more special one wins");
}

#[test]
fn topics_that_make_no_sense() {
    let rest = "retention: {seconds: 1}, durability: DISK";
    for (topic, words) in [
        (format!("partitions: 1, {rest}"), "the topic's name ``"),
        (format!("name: 'a b', partitions: 1, {rest}"), "the topic's name `a b`"),
        (format!("name: 't', key: 'no', partitions: 1, {rest}"), "the topic's key `no` is no field"),
        (format!("name: 't', key: 'name', partitions: 1, {rest}"), "`name` has to be a plain uint64"),
        (format!("name: 't', {rest}"), "at least one partition"),
        (format!("name: 't', partitions: 2, {rest}"), "several partitions needs a key"),
        ("name: 't', partitions: 1, retention: {seconds: 1}".into(), "needs a durability"),
        ("name: 't', partitions: 1, durability: DISK".into(), "needs a retention"),
        (format!("name: 't', partitions: 1, dead_letter: 'd', {rest}"), "there is no topic `d`"),
        (format!("name: 't', partitions: 1, dead_letter: 't', {rest}"), "cannot be its own"),
    ] {
        topic_is_refused(&topic, words);
    }
    let topic = format!("option (parlance.topic) = {{name: 't', partitions: 1, {rest}}};");
    let two = format!("message A {{ {topic} }} message B {{ {topic} }}");
    refused(&two, "tiny.v1.B", "the topic `t` belongs to tiny.v1.A already");
}

#[test]
fn frames_that_lead_nowhere() {
    let frame = "[(parlance.frame) = {rpc: 'tiny.v1.Kitchen.Do', reply: 'told'}]";
    let told = "Tell told = 1 [(parlance.frame) = {}];";
    let field = "tiny.v1.ClientFrame.f";
    for (client, server, element, words) in [
        (format!("Cup f = 1 {frame};"), told.to_owned(), field, "`Do` of Kitchen takes tiny.v1.Ask"),
        ("Ask f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.No', reply: 'told'}];".into(), told.into(), field, "no method `tiny.v1.Kitchen.No`"),
        ("Cup f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.Hide', reply: 'told'}];".into(), told.into(), field, "is internal"),
        ("Ask f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.Do'}];".into(), told.into(), field, "the frame needs a reply"),
        ("Ask f = 1 [(parlance.frame) = {reply: 'no'}];".into(), told.into(), field, "ServerFrame has no frame `no`"),
        (format!("Ask f = 1 {frame};"), "Cup told = 1 [(parlance.frame) = {}];".into(), field, "answers with tiny.v1.Tell"),
        (format!("Ask f = 1 {frame}; Cup g = 2;"), told.into(), "tiny.v1.ClientFrame.g", "this one needs (parlance.frame) too"),
        (format!("Ask f = 1 {frame}; Ask g = 2 {frame};"), told.into(), "tiny.v1.ClientFrame.g", "tiny.v1.Ask is another frame already"),
        (format!("Ask f = 1 {frame};"), "Tell told = 1 [(parlance.frame) = {reply: 'told'}];".into(), "tiny.v1.ServerFrame.told", "for frames of clients"),
    ] {
        frames_are_refused(&client, &server, element, words);
    }
    let stray = "message M { oneof body { Cup f = 1 [(parlance.frame) = {}]; } } message Cup {}";
    refused(stray, "tiny.v1.M", "frames stand in messages named ClientFrame and ServerFrame");
    let alone = "message ClientFrame { oneof body { Cup f = 1 [(parlance.frame) = {}]; } } message Cup {}";
    refused(alone, "tiny.v1.ClientFrame", "there is no ServerFrame beside it");
}

#[test]
fn reasons_that_say_too_little() {
    for (option, words) in [
        ("", "a reason needs the option (parlance.error)"),
        ("[(error) = {http: 400, advice: 'Stop.'}]", "needs a status code of gRPC"),
        ("[(error) = {code: INTERNAL, http: 200, advice: 'Stop.'}]", "HTTP status 200 is not one of 400 to 599"),
        ("[(error) = {code: INTERNAL, http: 500, close: 7, advice: 'Stop.'}]", "close code 7"),
        ("[(error) = {code: INTERNAL, http: 500}]", "needs advice"),
    ] {
        reason_is_refused(option, words);
    }
    let silent = "enum Reason { REASON_UNSPECIFIED = 0; WHY = 1 [(error) = {code: INTERNAL, http: 500, advice: 'Stop.'}]; }";
    let error = load_with(silent, "").expect_err("no comment").to_string();
    assert!(error.contains("needs a comment"), "{error}");
}

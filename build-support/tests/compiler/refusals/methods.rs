//! Methods, their policies and their routes.

use super::refused;
use crate::tiny::{CALL, OPTIONS, load, service};

fn method_is_refused(method: &str, words: &str) {
    refused(&service(method), "tiny.v1.Kitchen.Do", words);
}

fn route_is_refused(route: &str, words: &str) {
    method_is_refused(
        &format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} option (google.api.http) = {{{route}}}; }}"),
        words,
    );
}

#[test]
fn methods_without_a_policy_or_with_one_that_makes_no_sense() {
    for (method, words) in [
        (
            "rpc Do(Ask) returns (Tell) { option (parlance.errors) = {}; }",
            "needs the option (parlance.policy)",
        ),
        (
            "rpc Do(Ask) returns (Tell) { option (parlance.policy) = {caller: USER, rate: READ}; }",
            "needs the option (parlance.errors)",
        ),
        (
            "rpc Do(Ask) returns (Tell) { option (parlance.policy) = {caller: USER, rate: READ}; option (parlance.errors) = {}; }",
            "needs the option (parlance.call)",
        ),
        ("rpc Do(stream Ask) returns (Tell) {}", "streaming is not honoured"),
        (
            "rpc Do(Ask) returns (google.protobuf.Timestamp) {}",
            "google.protobuf.Timestamp is not a message of this schema",
        ),
    ] {
        method_is_refused(method, words);
    }
    for (policy, words) in [("rate: READ", "who may call"), ("caller: USER", "the rate class")] {
        let policy = format!("option (parlance.policy) = {{{policy}}}; option (parlance.errors) = {{}};");
        method_is_refused(&format!("rpc Do(Ask) returns (Tell) {{ {policy} {CALL} }}"), words);
    }
    for (reasons, words) in [
        ("REASON_UNSPECIFIED", "0 is not a reason"),
        ("UNAVAILABLE", "every method may give UNAVAILABLE"),
        ("KETTLE_EMPTY, KETTLE_EMPTY", "KETTLE_EMPTY is there twice"),
    ] {
        let policy = "option (parlance.policy) = {caller: USER, rate: READ};";
        let errors = format!("option (parlance.errors) = {{reasons: [{reasons}]}};");
        method_is_refused(
            &format!("rpc Do(Ask) returns (Tell) {{ {policy} {errors} {CALL} }}"),
            words,
        );
    }
    refused(
        &service(&format!("rpc New(Ask) returns (Tell) {{ {OPTIONS} }}")),
        "tiny.v1.Kitchen.New",
        "a function `new` already",
    );
    let twice = format!("service Other {{ rpc Do(Ask) returns (Tell) {{ {OPTIONS} }} }}");
    let once = service(&format!("rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}"));
    refused(
        &format!("{once}{twice}"),
        "tiny.v1.Other.Do",
        "has a method `Do` already",
    );
    let error = load(&service(
        "rpc Do(Ask) returns (Tell) { option (parlance.errors) = {reasons: [NO_SUCH]}; }",
    ))
    .expect_err("no such reason");
    assert!(error.to_string().contains("NO_SUCH"), "{error}");
}

#[test]
fn routes_that_cannot_be_bound() {
    for (route, words) in [
        ("get: '/pots/{pot_id}'", "no part of the request can bind `cups`"),
        ("post: '/pots/{pot}', body: '*'", "tiny.v1.Ask has no field `pot`"),
        (
            "post: '/pots/{cups}', body: '*'",
            "`cups` is not a single scalar or enum",
        ),
        ("post: '/pots/{pot_id}/{pot_id}', body: '*'", "binds `pot_id` twice"),
        (
            "post: '/pots/{pot_id}', body: 'pot_id'",
            "both path and body bind `pot_id`",
        ),
        ("post: '/pots', body: 'pot'", "tiny.v1.Ask has no field `pot`"),
        ("get: '/pots', body: '*'", "GET and DELETE have no body"),
        ("post: 'pots', body: '*'", "does not begin with a slash"),
        ("post: '/pots/{pot_id=*}', body: '*'", "patterns are not honoured"),
        (
            "post: '/pots/{pot_id}:boil', body: '*'",
            "neither a literal nor a parameter",
        ),
        ("post: '/pots/', body: '*'", "neither a literal nor a parameter"),
        ("body: '*'", "a route needs a verb and a path"),
        ("selector: 'x', post: '/pots', body: '*'", "`selector` has no meaning"),
    ] {
        route_is_refused(route, words);
    }
    for (route, words) in [
        (
            "post: '/pots/{secret}', body: '*'",
            "`secret` is sensitive, and URLs are logged",
        ),
        (
            "get: '/pots'",
            "no part of the request can bind `secret`: it is sensitive",
        ),
    ] {
        let method = format!("rpc Do(Whisper) returns (Tell) {{ {OPTIONS} option (google.api.http) = {{{route}}}; }}");
        let whisper = "message Whisper { string secret = 1 [(parlance.sensitive) = true]; }";
        refused(&format!("{}{whisper}", service(&method)), "tiny.v1.Kitchen.Do", words);
    }
    let internal = "option (parlance.policy) = {caller: INTERNAL, rate: READ}; option (parlance.errors) = {};";
    let method = format!(
        "rpc Do(Ask) returns (Tell) {{ {internal} {CALL} option (google.api.http) = {{post: '/pots', body: '*'}}; }}"
    );
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
    let overlaps =
        |first: &str, second: &str, words: &str| refused(&routes(first, second), "tiny.v1.Kitchen.Do", words);
    overlaps(
        "post: '/pots'",
        "post: '/pots'",
        "overlaps `/pots` of tiny.v1.Kitchen.Be",
    );
    overlaps(
        "post: '/a/{pot_id}/c'",
        "post: '/a/b/{pot_id}'",
        "overlaps `/a/{pot_id}/c`",
    );
    load(&routes("post: '/pots/{pot_id}'", "put: '/pots/{pot_id}'")).expect("another verb");
    load(&routes("post: '/pots/{pot_id}'", "post: '/pots/best'")).expect("the more special one wins");
}

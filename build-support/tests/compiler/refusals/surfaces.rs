//! Topics, frames and reasons.

use super::refused;
use crate::tiny::{CALL, OPTIONS, Tiny, service};

fn topic_is_refused(topic: &str, words: &str) {
    let message = format!("message M {{ option (parlance.topic) = {{{topic}}}; uint64 key = 1; string name = 2; }}");
    refused(&message, "tiny.v1.M", words);
}

fn frames_are_refused(client: &str, server: &str, element: &str, words: &str) {
    let methods = format!(
        "rpc Do(Ask) returns (Tell) {{ {OPTIONS} }}
         rpc Hide(Cup) returns (Tell) {{ option (parlance.policy) = {{caller: INTERNAL, rate: READ}}; option (parlance.errors) = {{}}; {CALL} }}"
    );
    let frames = format!(
        "message ClientFrame {{ oneof body {{ {client} }} }} message ServerFrame {{ oneof body {{ {server} }} }}"
    );
    refused(&format!("{}{frames}", service(&methods)), element, words);
}

fn reason_is_refused(option: &str, words: &str) {
    let reasons = format!("enum Reason {{ REASON_UNSPECIFIED = 0; // Why.\n WHY = 1 {option}; }}");
    let error = Tiny::of("").reasons(&reasons).load().expect_err(words).to_string();
    assert!(
        error.starts_with("parlance/errors.proto: parlance.WHY: ") && error.contains(words),
        "{error}"
    );
}

#[test]
fn topics_that_make_no_sense() {
    let rest = "retention: {seconds: 1}, durability: DISK";
    for (topic, words) in [
        (format!("partitions: 1, {rest}"), "the topic's name ``"),
        (format!("name: 'a b', partitions: 1, {rest}"), "the topic's name `a b`"),
        (
            format!("name: 't', key: 'no', partitions: 1, {rest}"),
            "the topic's key `no` is no field",
        ),
        (
            format!("name: 't', key: 'name', partitions: 1, {rest}"),
            "`name` has to be a plain uint64",
        ),
        (format!("name: 't', {rest}"), "at least one partition"),
        (
            format!("name: 't', partitions: 2, {rest}"),
            "several partitions needs a key",
        ),
        (
            "name: 't', partitions: 1, retention: {seconds: 1}".into(),
            "needs a durability",
        ),
        ("name: 't', partitions: 1, durability: DISK".into(), "needs a retention"),
        (
            format!("name: 't', partitions: 1, dead_letter: 'd', {rest}"),
            "there is no topic `d`",
        ),
        (
            format!("name: 't', partitions: 1, dead_letter: 't', {rest}"),
            "cannot be its own",
        ),
        (
            format!(
                "name: 't', partitions: 1, retry: {{attempts: 1, first_pause: {{seconds: 2}}, longest_pause: {{seconds: 1}}}}, dead_letter: 'd', {rest}"
            ),
            "a longest pause that is not shorter",
        ),
        (
            format!(
                "name: 't', partitions: 1, retry: {{attempts: 1, first_pause: {{seconds: 1}}, longest_pause: {{seconds: 1}}}}, {rest}"
            ),
            "`retry` is for topics on disk",
        ),
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
        (
            format!("Cup f = 1 {frame};"),
            told.to_owned(),
            field,
            "`Do` of Kitchen takes tiny.v1.Ask",
        ),
        (
            "Ask f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.No', reply: 'told'}];".into(),
            told.into(),
            field,
            "no method `tiny.v1.Kitchen.No`",
        ),
        (
            "Cup f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.Hide', reply: 'told'}];".into(),
            told.into(),
            field,
            "is internal",
        ),
        (
            "Ask f = 1 [(parlance.frame) = {rpc: 'tiny.v1.Kitchen.Do'}];".into(),
            told.into(),
            field,
            "the frame needs a reply",
        ),
        (
            "Ask f = 1 [(parlance.frame) = {reply: 'no'}];".into(),
            told.into(),
            field,
            "ServerFrame has no frame `no`",
        ),
        (
            format!("Ask f = 1 {frame};"),
            "Cup told = 1 [(parlance.frame) = {}];".into(),
            field,
            "answers with tiny.v1.Tell",
        ),
        (
            format!("Ask f = 1 {frame}; Cup g = 2;"),
            told.into(),
            "tiny.v1.ClientFrame.g",
            "this one needs (parlance.frame) too",
        ),
        (
            format!("Ask f = 1 {frame}; Ask g = 2 {frame};"),
            told.into(),
            "tiny.v1.ClientFrame.g",
            "tiny.v1.Ask is another frame already",
        ),
        (
            format!("Ask f = 1 {frame};"),
            "Tell told = 1 [(parlance.frame) = {reply: 'told'}];".into(),
            "tiny.v1.ServerFrame.told",
            "for frames of clients",
        ),
        (
            "Ask f = 1 [(parlance.frame) = {cause: {event: CONNECTED}}];".into(),
            told.into(),
            field,
            "`cause` is for frames of the server",
        ),
        (
            format!("Ask f = 1 {frame};"),
            "Tell told = 1 [(parlance.frame) = {cause: {event: STOPPING}}];".into(),
            "tiny.v1.ServerFrame.told",
            "it is the reply of `f`, so that is its cause",
        ),
    ] {
        frames_are_refused(&client, &server, element, words);
    }
    let stray = "message M { oneof body { Cup f = 1 [(parlance.frame) = {}]; } } message Cup {}";
    refused(
        stray,
        "tiny.v1.M",
        "frames stand in messages named ClientFrame and ServerFrame",
    );
    let alone = "message ClientFrame { oneof body { Cup f = 1 [(parlance.frame) = {}]; } } message Cup {}";
    refused(alone, "tiny.v1.ClientFrame", "there is no ServerFrame beside it");
}

#[test]
fn frames_that_nothing_brings() {
    for (cause, words) in [
        ("", "names neither an event nor a frame"),
        ("with: '{}'", "names neither an event nor a frame"),
        ("event: CONNECTED, frame: 'f'", "what belongs to a frame does not fit"),
        ("event: STOPPING, answers: true", "what belongs to a frame does not fit"),
        ("frame: 'f', by_another: true, answers: true", "is not answered here"),
        ("frame: 'f', with: '[]'", "`with` of the cause is no object in JSON"),
        ("frame: 'f', gives: '{'", "`gives` of the cause is no object in JSON"),
        ("frame: 'no'", "ClientFrame has no frame `no`"),
        ("frame: 'f', with: '{\"no\": 1}'", "Ask has no member `no`"),
        ("frame: 'f', gives: '{\"no\": 1}'", "Cup has no member `no`"),
    ] {
        frames_are_refused(
            "Ask f = 1 [(parlance.frame) = {}];",
            &format!("Cup c = 1 [(parlance.frame) = {{cause: {{{cause}}}}}];"),
            "tiny.v1.ServerFrame.c",
            words,
        );
    }
}

#[test]
fn sockets_that_cannot_be_opened() {
    let socket = |socket: &str| {
        format!(
            "message ClientFrame {{ option (parlance.socket) = {{{socket}}}; oneof body {{ Cup f = 1 [(parlance.frame) = {{}}]; }} }}
             message ServerFrame {{ oneof body {{ Cup f = 1 [(parlance.frame) = {{}}]; }} }} message Cup {{}}"
        )
    };
    for (said, words) in [
        (
            "path: 'ws', text: 'a', binary: 'b'",
            "the socket's path `ws` is not made of plain segments",
        ),
        ("path: '/{id}', text: 'a', binary: 'b'", "the socket's path `/{id}`"),
        ("path: '/ws', text: 'a'", "the subprotocol `` is not made of"),
        (
            "path: '/ws', text: 'a,b', binary: 'c'",
            "the subprotocol `a,b` is not made of",
        ),
        (
            "path: '/ws', text: 'a', binary: 'a'",
            "both subprotocols are called `a`",
        ),
    ] {
        refused(&socket(said), "tiny.v1.ClientFrame", words);
    }
    refused(
        "message M { option (parlance.socket) = {path: '/ws', text: 'a', binary: 'b'}; }",
        "tiny.v1.M",
        "(parlance.socket) belongs to ClientFrame",
    );
}

#[test]
fn reasons_that_say_too_little() {
    for (option, words) in [
        ("", "a reason needs the option (parlance.error)"),
        (
            "[(error) = {http: 400, advice: 'Stop.'}]",
            "needs a status code of gRPC",
        ),
        (
            "[(error) = {code: INTERNAL, http: 200, advice: 'Stop.'}]",
            "HTTP status 200 is not one of 400 to 599",
        ),
        (
            "[(error) = {code: INTERNAL, http: 500, close: 7, advice: 'Stop.'}]",
            "close code 7",
        ),
        ("[(error) = {code: INTERNAL, http: 500}]", "needs advice"),
    ] {
        reason_is_refused(option, words);
    }
    let silent =
        "enum Reason { REASON_UNSPECIFIED = 0; WHY = 1 [(error) = {code: INTERNAL, http: 500, advice: 'Stop.'}]; }";
    let error = Tiny::of("").reasons(silent).load().expect_err("no comment").to_string();
    assert!(error.contains("needs a comment"), "{error}");
}

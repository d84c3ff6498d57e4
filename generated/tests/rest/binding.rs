//! Path, query and body become a request.

use crate::house::House;

const SEND: &str = r#"{"clientMessageId":"0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a","content":{"text":{"body":"hello"}}}"#;

#[tokio::test]
async fn path_and_query_are_bound_by_type() {
    let house = House::default();
    let whole = r#"{"conversationId":"18446744073709551615","fromSequence":"3","direction":"LIST_DIRECTION_FORWARD","limit":5}"#;
    for query in [
        "fromSequence=3&direction=LIST_DIRECTION_FORWARD&limit=5",
        "from_sequence=3&direction=2&limit=5",
        "&limit=%35&&direction=LIST%5FDIRECTION%5FFORWARD&from%5Fsequence=3&",
    ] {
        let path = format!("/v1/conversations/18446744073709551615/messages?{query}");
        assert_eq!(house.asks("GET", &path, "").await, whole, "{query}");
    }
}

#[tokio::test]
async fn lists_repeat_their_parameter() {
    let house = House::default();
    let asked = house
        .asks("GET", "/v1/users?names=ada&userIds=1&names=b%C3%B6b+c&user_ids=2", "")
        .await;
    assert_eq!(asked, r#"{"names":["ada","böb c"],"userIds":["1","2"]}"#);
}

#[tokio::test]
async fn the_path_is_decoded() {
    let house = House::default();
    assert_eq!(house.asks("GET", "/v1/users/%37", "").await, r#"{"userId":"7"}"#);
    assert_eq!(
        house.call("GET", "/v1/users/%FF", "").await.violations(),
        [": encoding"]
    );
    assert_eq!(
        house.call("GET", "/v1/users/ada", "").await.violations(),
        ["userId: type"]
    );
}

#[tokio::test]
async fn everything_that_is_wrong_with_parameters_is_told_at_once() {
    let house = House::default();
    let path = "/v1/conversations/x/messages?limit=many&colour=red&fromSequence=1&from_sequence=2&direction=UP&a=%zz";
    let violations = house.call("GET", path, "").await.violations();
    let expected = [
        "conversationId: type",
        "a: encoding",
        "limit: type",
        "colour: unknown_parameter",
        "fromSequence: duplicate_parameter",
        "direction: enum",
    ];
    assert_eq!(violations, expected);
}

#[tokio::test]
async fn broken_rules_are_told_together_with_wrong_parameters() {
    let house = House::default();
    let violations = house
        .call("GET", "/v1/users?names=&userIds=x&colour=red", "")
        .await
        .violations();
    assert_eq!(
        violations,
        [
            "userIds[0]: type",
            "colour: unknown_parameter",
            "names[0]: string.min_len"
        ]
    );
    assert_eq!(
        house.call("GET", "/v1/users?names=", "").await.violations(),
        ["names[0]: string.min_len"]
    );
}

#[tokio::test]
async fn the_body_is_the_request_without_what_the_path_binds() {
    let house = House::default();
    let asked = house.asks("POST", "/v1/conversations/7/messages", SEND).await;
    assert_eq!(asked, SEND.replacen('{', r#"{"conversationId":"7","#, 1));
}

#[tokio::test]
async fn a_body_may_repeat_the_path_but_not_contradict_it() {
    let house = House::default();
    let same = house
        .asks(
            "PUT",
            "/v1/conversations/7/read-position",
            r#"{"conversation_id":7,"sequence":"1"}"#,
        )
        .await;
    assert_eq!(same, r#"{"conversationId":"7","sequence":"1"}"#);
    let other = house
        .call("PUT", "/v1/conversations/7/read-position", r#"{"conversationId":"8"}"#)
        .await;
    assert_eq!(other.violations(), ["conversationId: path", "sequence: uint64.gt"]);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_told_with_its_path_and_with_wrong_parameters() {
    let house = House::default();
    let path = "/v1/conversations/x/messages?colour=red";
    let body = r#"{"content":{"text":{"body":"hello","font":"bold"}}}"#;
    let expected = [
        "content.text.font: unknown_field",
        "conversationId: type",
        "colour: unknown_parameter",
    ];
    assert_eq!(house.call("POST", path, body).await.violations(), expected);
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    let house = House::default();
    let expected = ["clientMessageId: string.pattern", "content: required"];
    for body in ["", "{}", " {} "] {
        assert_eq!(
            house
                .call("POST", "/v1/conversations/7/messages", body)
                .await
                .violations(),
            expected
        );
    }
}

#[tokio::test]
async fn a_route_without_a_body_refuses_one() {
    let house = House::default();
    assert_eq!(house.asks("GET", "/v1/profile", "{}").await, "{}");
    assert_eq!(
        house.call("GET", "/v1/profile", r#"{"a":1}"#).await.violations(),
        [": body"]
    );
    assert_eq!(
        house.call("POST", "/v1/conversations/7/leave", "[]").await.violations(),
        [": body"]
    );
}

//! A PATCH changes what its body has.

use crate::house::House;

async fn asked(query: &str, body: &str) -> String {
    House::default()
        .asks("PATCH", &format!("/v1/profile{query}"), body)
        .await
}

#[tokio::test]
async fn without_a_mask_the_fields_of_the_body_are_changed() {
    assert_eq!(
        asked("", r#"{"about":"x"}"#).await,
        r#"{"profile":{"about":"x"},"updateMask":"about"}"#
    );
    assert_eq!(
        asked("", r#"{"about":"","display_name":null}"#).await,
        r#"{"profile":{},"updateMask":"displayName,about"}"#
    );
}

#[tokio::test]
async fn an_empty_mask_is_none() {
    let expected = r#"{"profile":{"about":"x"},"updateMask":"about"}"#;
    assert_eq!(asked("?updateMask=", r#"{"about":"x"}"#).await, expected);
}

#[tokio::test]
async fn a_body_names_something_to_change() {
    let answer = House::default().call("PATCH", "/v1/profile", "{}").await;
    assert_eq!(answer.violations(), ["profile: patch"]);
}

#[tokio::test]
async fn a_mask_in_the_query_counts() {
    let expected = r#"{"profile":{"about":"x"},"updateMask":"displayName"}"#;
    assert_eq!(asked("?updateMask=displayName", r#"{"about":"x"}"#).await, expected);
    assert_eq!(asked("?update_mask=displayName", r#"{"about":"x"}"#).await, expected);
}

#[tokio::test]
async fn a_mask_names_fields_that_exist() {
    let house = House::default();
    let wrong = house
        .call("PATCH", "/v1/profile?updateMask=about,colour", r#"{"about":"x"}"#)
        .await;
    assert_eq!(wrong.violations(), ["updateMask: field_mask"]);
    let snake = house
        .call("PATCH", "/v1/profile?updateMask=display_name", r#"{"about":"x"}"#)
        .await;
    assert_eq!(snake.violations(), ["updateMask: format"]);
}

#[tokio::test]
async fn violations_in_the_body_are_told_from_the_request_down() {
    let house = House::default();
    assert_eq!(
        house
            .call("PATCH", "/v1/profile", r#"{"colour":"red"}"#)
            .await
            .violations(),
        ["profile.colour: unknown_field"]
    );
    let long = format!(r#"{{"displayName":"{}"}}"#, "x".repeat(65));
    assert_eq!(
        house.call("PATCH", "/v1/profile", &long).await.violations(),
        ["profile.displayName: string.max_len"]
    );
    assert_eq!(
        house.call("PATCH", "/v1/profile", "").await.violations(),
        ["profile: required"]
    );
}

#[tokio::test]
async fn nothing_slips_out_of_the_field_that_the_body_is() {
    let answer = House::default()
        .call("PATCH", "/v1/profile", r#"{},"updateMask":"about""#)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.problem().reason.as_str()),
        (400, "MALFORMED")
    );
}

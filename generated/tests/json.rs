//! The real schema in JSON: what clients see.

use im_schema::{json, parlance::Reason, v1, wkt::Timestamp};
use v1::{client_frame, content, server_frame};

const SEND: &str = r#"{"requestId":"7","send":{"conversationId":"7203685477580800100","clientMessageId":"0193b2a4-7c1e-7d3a-9a51-0c8f3d2e4b6a","content":{"text":{"body":"hello"}}}}"#;

#[test]
fn a_frame_is_read_and_written_the_same() {
    let frame: v1::ClientFrame = json::from_slice(SEND.as_bytes()).unwrap();
    let Some(client_frame::Body::Send(send)) = &frame.body else {
        panic!("{frame:?}")
    };
    assert_eq!(send.conversation_id, 7_203_685_477_580_800_100);
    assert_eq!(json::to_string(&frame), SEND);
}

#[test]
fn a_stored_message() {
    let frame = v1::ServerFrame {
        request_id: 0,
        body: Some(server_frame::Body::Message(v1::Message {
            message_id: 3,
            conversation_id: 4,
            sequence: 1,
            sender_id: 5,
            client_message_id: String::new(),
            content: Some(v1::Content {
                kind: Some(content::Kind::Text(v1::Text {
                    body: "a \"quote\"".into(),
                    ..Default::default()
                })),
                ..Default::default()
            }),
            sent_at: Some(Timestamp::from_millis(1_767_225_600_250)),
            ..Default::default()
        })),
        ..Default::default()
    };
    assert_eq!(
        json::to_string(&frame),
        r#"{"message":{"messageId":"3","conversationId":"4","sequence":"1","senderId":"5","content":{"text":{"body":"a \"quote\""}},"sentAt":"2026-01-01T00:00:00.250Z"}}"#
    );
}

#[test]
fn requests_refuse_what_they_do_not_know_and_events_ignore_it() {
    let newer = r#"{"send":{"content":{"text":{"body":"hello","font":"Comic"}}}}"#;
    let failure = json::from_slice::<v1::ClientFrame>(newer.as_bytes()).unwrap_err();
    assert_eq!(failure.reason(), Reason::InvalidArgument);
    assert_eq!(failure.broken_rules()[0].field, "send.content.text.font");
    assert_eq!(failure.broken_rules()[0].rule, "unknown_field");
    assert!(json::from_slice_lenient::<v1::ClientFrame>(newer.as_bytes()).is_ok());
}

#[test]
fn a_wrong_type_is_named_with_its_path() {
    let failure = json::from_slice::<v1::SendMessageRequest>(br#"{"content":{"text":{"body":5}}}"#).unwrap_err();
    assert_eq!(failure.message(), "content.text.body: must be a string, is an integer");
}

#[test]
fn a_member_of_tomorrow_survives_an_older_gateway() {
    let text = r#"{"member":{"userId":"1","role":77}}"#;
    let response: v1::ChangeRoleResponse = json::from_slice(text.as_bytes()).unwrap();
    assert_eq!(json::to_string(&response), text);
}

#[test]
fn a_field_mask_names_fields_as_the_schema_does() {
    let request: v1::UpdateProfileRequest =
        json::from_slice(br#"{"profile":{"about":"x"},"updateMask":"displayName,about"}"#).unwrap();
    assert_eq!(request.update_mask.unwrap().paths, ["display_name", "about"]);
}

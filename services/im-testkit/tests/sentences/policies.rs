//! Every method of the policy table is called with its sample request by every kind of caller, on every transport that has it. A new method
//! is among them by itself.

use super::refusals::grpc::Raw;
use crate::town;
use im_infra::token::{AccessClaims, TokenKeys};
use im_schema::{
    catalogue::Entry,
    failure::Failure,
    frame::Direction,
    frames::FRAMES,
    rest::ROUTES,
    rpc::{Access, Method},
    services::METHODS,
    v1::{self, client_frame, server_frame},
};
use im_testkit::{Device, Protocol, Town, User, call};
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use snapshots::{descriptor, rest_request_of, sample};
use tonic::transport::{Channel, Endpoint};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Expired,
    Forged,
    /// A user who is in no conversation that is asked for.
    Stranger,
    /// The owner of the conversation that is asked for.
    Member,
}

const EVERYBODY: [Who; 5] = [Who::Nobody, Who::Expired, Who::Forged, Who::Stranger, Who::Member];
/// What the layers before a handler say of a caller.
const OF_THE_CALLER: [&str; 4] = ["UNAUTHENTICATED", "TOKEN_EXPIRED", "SESSION_ENDED", "PERMISSION_DENIED"];

/// A town with a member and a stranger.
pub(crate) struct Place {
    town: Town,
    channel: Channel,
    member: User,
    stranger: User,
    logins: u32,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let town = town().await;
        let channel = Endpoint::from_shared(town.url())
            .expect("an address")
            .connect()
            .await
            .expect("the server listens");
        let (member, stranger) = (town.user("member").await, town.user("stranger").await);
        Self {
            town,
            channel,
            member,
            stranger,
            logins: 0,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.town.url()
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A token of a session of its own: some methods end it.
    pub(crate) async fn token(&mut self, who: Who) -> Option<String> {
        self.logins += 1;
        let device = format!("device-{}", self.logins);
        let stale = |keys: &TokenKeys, expires_at| {
            keys.issue(&AccessClaims {
                user_id: self.member.id.0,
                device_id: "first".into(),
                session_id: "1".into(),
                issued_at: 1,
                expires_at,
            })
        };
        match who {
            Who::Nobody => None,
            Who::Expired => Some(stale(&self.town.keys(), 2)),
            Who::Forged => {
                let keys = TokenKeys::new(&[7; 32], "parlance", "parlance").expect("long enough");
                Some(stale(&keys, u64::from(u32::MAX)))
            }
            Who::Stranger => Some(self.stranger.log_in(&device).await.access_token),
            Who::Member => Some(self.member.log_in(&device).await.access_token),
        }
    }

    /// The sample, about a new group of the member's if it is about a conversation.
    pub(crate) async fn request(&mut self, method: &Method) -> (DynamicMessage, bool) {
        let mut request = sample(descriptor(method).input().full_name());
        let scoped = request.has_field_by_name("conversation_id");
        if scoped {
            let token = self.token(Who::Member).await;
            let group = v1::CreateGroupRequest {
                title: "policies".into(),
                ..Default::default()
            };
            let made: v1::CreateGroupResponse = call(&self.town.url(), token.as_deref(), "POST", "/v1/groups", &group)
                .await
                .expect("the group is made");
            let id = made.conversation.expect("a conversation").conversation_id;
            request.set_field_by_name("conversation_id", Value::U64(id));
        }
        (request, scoped)
    }
}

/// Fails if the verdict on a caller (a reason, or OK) is not what the policy says.
fn judge(transport: &str, method: &Method, who: Who, scoped: bool, verdict: &str) {
    let place = format!("{transport} {} by {who:?}: {verdict}", method.path);
    eprintln!("{place}");
    let declared = method.reasons.iter().any(|reason| reason.spec().name == verdict);
    match (method.access, who) {
        (Access::Internal, _) => panic!("{place}: it can be reached"),
        (Access::User | Access::Admin, Who::Nobody | Who::Forged) => assert_eq!(verdict, "UNAUTHENTICATED", "{place}"),
        (Access::User | Access::Admin, Who::Expired) => assert_eq!(verdict, "TOKEN_EXPIRED", "{place}"),
        (Access::Admin, _) => assert_eq!(verdict, "PERMISSION_DENIED", "{place}"),
        (Access::Public | Access::User, _) => {
            let through = verdict == "OK" || verdict == "INVALID_ARGUMENT" || declared;
            assert!(through && (declared || !OF_THE_CALLER.contains(&verdict)), "{place}");
            if scoped && who == Who::Stranger {
                assert!(declared, "{place}: a stranger gets in");
            }
            let outside = ["NOT_A_MEMBER", "CONVERSATION_NOT_FOUND"].contains(&verdict);
            assert!(
                !(scoped && who == Who::Member && outside),
                "{place}: a member is kept out"
            );
        }
    }
}

#[tokio::test]
async fn rest_keeps_to_the_policy_table() {
    let mut place = Place::new().await;
    for route in ROUTES {
        for who in EVERYBODY {
            let (request, scoped) = place.request(route.method).await;
            let token = place.token(who).await;
            let (path, body) = rest_request_of(route, &request);
            let mut sent = reqwest::Client::new().request(
                route.verb.parse().expect("a verb"),
                format!("{}{path}", place.town.url()),
            );
            if let Some(token) = token {
                sent = sent.bearer_auth(token);
            }
            if let Some(body) = body {
                sent = sent.header("content-type", "application/json").body(body.to_string());
            }
            let answer = sent.send().await.expect("the server answers");
            let verdict = if answer.status().is_success() {
                "OK".to_owned()
            } else {
                let problem = answer.bytes().await.expect("a body");
                let problem: v1::Problem = im_schema::json::from_slice(&problem).expect("an error is a Problem");
                problem.reason
            };
            judge("REST", route.method, who, scoped, &verdict);
        }
    }
}

#[tokio::test]
async fn grpc_keeps_to_the_policy_table_and_internal_methods_are_not_there() {
    let mut place = Place::new().await;
    for method in METHODS {
        for who in EVERYBODY {
            let internal = method.access == Access::Internal;
            let (request, scoped) = if internal {
                (sample(descriptor(method).input().full_name()), false)
            } else {
                place.request(method).await
            };
            let mut sent = tonic::Request::new(request.encode_to_vec());
            if let Some(token) = place.token(who).await {
                let bearer = format!("Bearer {token}").parse().expect("a token is a header's value");
                sent.metadata_mut().insert("authorization", bearer);
            }
            let mut client = tonic::client::Grpc::new(place.channel.clone());
            client.ready().await.expect("the server listens");
            let path = http::uri::PathAndQuery::from_static(method.path);
            let answer = client.unary(sent, path, Raw).await;
            if internal {
                let status = answer.expect_err("it is not served");
                assert_eq!(status.code(), tonic::Code::Unimplemented, "{} by {who:?}", method.path);
                continue;
            }
            let verdict = answer.map_or_else(|status| Failure::from_status(&status).spec().name, |_| "OK");
            judge("gRPC", method, who, scoped, verdict);
        }
    }
}

#[tokio::test]
async fn frames_keep_to_the_policy_table() {
    let mut place = Place::new().await;
    for who in [Who::Expired, Who::Forged] {
        let token = place.token(who).await.expect("a token");
        for protocol in [Protocol::Text, Protocol::Binary] {
            let refused = Device::try_connect(&place.town.url(), &token, protocol).await;
            assert!(refused.is_err(), "{who:?} is connected");
        }
    }
    for frame in FRAMES.iter().filter(|frame| frame.direction == Direction::Client) {
        let Some(method) = frame.method else { continue };
        assert_eq!(method.access, Access::User, "{}: a connection has a user", frame.name);
        for who in [Who::Stranger, Who::Member] {
            for protocol in [Protocol::Text, Protocol::Binary] {
                let (request, scoped) = place.request(method).await;
                let token = place.token(who).await.expect("a token");
                let mut device = Device::connect(&place.town.url(), &token, protocol).await;
                let verdict = match device.ask(body(frame.json_name, &request)).await {
                    server_frame::Body::Error(problem) => problem.reason,
                    _ => "OK".to_owned(),
                };
                judge(protocol.name(), method, who, scoped, &verdict);
            }
        }
    }
}

/// The body of a client's frame that carries this request.
pub(crate) fn body(json_name: &str, request: &DynamicMessage) -> client_frame::Body {
    let entry = Entry::named(request.descriptor().full_name()).expect("the schema has the message");
    let json = entry.to_json(&request.encode_to_vec()).expect("it is of the schema");
    let frame = format!("{{\"{json_name}\":{json}}}");
    let frame: v1::ClientFrame = im_schema::json::from_slice(frame.as_bytes()).expect("a frame");
    frame.body.expect("a body")
}

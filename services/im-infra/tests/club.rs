//! All layers in front of the tiny service of the corpus, which has a method for each kind of caller.

use im_infra::{
    clock::ManualClock,
    kv::embedded::EmbeddedKv,
    layers::{Authenticator, Capacity, Layers, Memory, Quota, Quotas, RateLimits},
    session::EndedSessions,
    token::{AccessClaims, TokenKeys},
};
use jsonwebtoken::{EncodingKey, Header};
use schema_corpus::{
    club::*,
    failure::Failure,
    house::House,
    rpc::{Access, Caller, Context, Identity},
    services::{ClubServiceClient, METHODS, club_service},
};
use serde_json::json;
use std::{num::NonZeroU32, sync::Arc, time::Duration};

const SECRET: &[u8] = b"a secret of thirty-two bytes or more";
const OTHER_SECRET: &[u8] = b"another secret of thirty-two bytes";
const NOW_MS: u64 = 1_700_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);

fn club() -> ClubServiceClient {
    let clock = ManualClock::at(NOW_MS);
    let kv = Arc::new(EmbeddedKv::new(clock.clone()));
    let often = NonZeroU32::new(10_000).expect("not zero");
    let quota = Quota {
        per_second: often,
        burst: often,
    };
    let layers = Layers {
        capacity: Capacity::new(16.try_into().expect("not zero")),
        authenticator: Authenticator::new(
            Arc::new(keys(SECRET)),
            EndedSessions::new(kv.clone(), HOUR),
            clock.clone(),
        ),
        rates: RateLimits::new(&Quotas {
            credentials: quota,
            read: quota,
            write: quota,
            send: quota,
        }),
        memory: Memory::new(kv, SECRET, HOUR),
        default_deadline: Duration::from_secs(5),
    };
    ClubServiceClient::new(layers.stack(club_service::local(Arc::new(House::new(SECRET)))))
}

fn keys(secret: &[u8]) -> TokenKeys {
    TokenKeys::new(secret, "parlance", "parlance").expect("long enough")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    Expired,
    Forged,
    User,
    /// A user whose token, rightly signed, says of itself that it is an admin's and a service's.
    Boaster,
    /// Whom this process itself has made out to be an admin.
    Admin,
    /// Another service.
    Service,
}

const EVERYBODY: [Who; 7] = [
    Who::Nobody,
    Who::Expired,
    Who::Forged,
    Who::User,
    Who::Boaster,
    Who::Admin,
    Who::Service,
];

impl Who {
    fn context(self) -> Context {
        let token = |secret, expires_at| {
            keys(secret).issue(&AccessClaims {
                user_id: 7,
                device_id: "laptop".into(),
                session_id: "1".into(),
                issued_at: 1,
                expires_at,
            })
        };
        let later = NOW_MS / 1000 + 60;
        let bearer = match self {
            Self::Nobody => None,
            Self::Expired => Some(token(SECRET, 2)),
            Self::Forged => Some(token(OTHER_SECRET, later)),
            Self::User => Some(token(SECRET, later)),
            Self::Boaster => Some(boast(later)),
            Self::Admin => return Context::user(admin()),
            Self::Service => {
                return Context {
                    identity: Identity::Service,
                    ..Default::default()
                };
            }
        };
        Context {
            token: bearer.map(Into::into),
            ..Default::default()
        }
    }
}

fn admin() -> Caller {
    Caller {
        user: 8.into(),
        session: 2.into(),
        device: "console".into(),
        admin: true,
        expires_at_ms: 0,
    }
}

fn boast(expires_at: u64) -> String {
    let claims = json!({
        "sub": "7", "did": "laptop", "sid": "1", "iat": 1, "exp": expires_at, "iss": "parlance", "aud": "parlance",
        "admin": true, "role": "admin", "roles": ["admin", "service"], "scope": "internal", "access": "INTERNAL",
    });
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET)).expect("it can be signed")
}

/// The reason of the refusal, or OK.
fn verdict<A, E: Into<Failure>>(answer: Result<A, E>) -> &'static str {
    answer.err().map_or("OK", |error| error.into().spec().name)
}

async fn call(club: &ClubServiceClient, method: &str, context: Context) -> &'static str {
    match method {
        "ListMembers" => verdict(club.list_members(context, ListMembersRequest::default()).await),
        "GetMember" => verdict(club.get_member(context, GetMemberRequest { member_id: 1 }).await),
        "AddMember" => verdict(club.add_member(context, named("eve")).await),
        "UpdateMember" => {
            let request = UpdateMemberRequest {
                member_id: 1,
                member: Some(Member::default()),
                ..Default::default()
            };
            verdict(club.update_member(context, request).await)
        }
        "RingBell" => verdict(club.ring_bell(context, RingBellRequest::default()).await),
        "CloseClub" => verdict(club.close_club(context, CloseClubRequest::default()).await),
        "CountMembers" => verdict(club.count_members(context, CountMembersRequest::default()).await),
        other => panic!("{other} is not called here yet"),
    }
}

fn named(name: &str) -> AddMemberRequest {
    AddMemberRequest {
        club_id: 1,
        name: name.into(),
    }
}

#[tokio::test]
async fn every_method_meets_every_kind_of_caller() {
    for method in METHODS {
        let name = method.path.rsplit('/').next().expect("a name");
        for who in EVERYBODY {
            let club = club();
            assert_eq!(verdict(club.add_member(Who::User.context(), named("ada")).await), "OK");
            let expected = match (method.access, who) {
                (Access::Public, _)
                | (Access::User, Who::User | Who::Boaster | Who::Admin)
                | (Access::Admin, Who::Admin)
                | (Access::Internal, Who::Service) => "OK",
                (Access::User | Access::Admin, Who::Nobody | Who::Forged) => "UNAUTHENTICATED",
                (Access::User | Access::Admin, Who::Expired) => "TOKEN_EXPIRED",
                (Access::User, Who::Service) | (Access::Admin | Access::Internal, _) => "PERMISSION_DENIED",
            };
            assert_eq!(call(&club, name, who.context()).await, expected, "{name} by {who:?}");
        }
    }
}

fn keyed(key: &str) -> Context {
    Context {
        idempotency_key: Some(key.into()),
        ..Who::User.context()
    }
}

#[tokio::test]
async fn a_keyed_call_happens_once_and_is_answered_each_time() {
    let club = club();
    for _ in 0..3 {
        let added = club
            .add_member(keyed("first"), named("ada"))
            .await
            .expect("it is added");
        assert_eq!(added.member.map(|member| member.member_id), Some(1));
        let rung = club.ring_bell(keyed("once"), RingBellRequest { club_id: 1 }).await;
        assert_eq!(rung.expect("it rings").rung, 1);
    }
    let again = club.ring_bell(keyed("twice"), RingBellRequest { club_id: 1 }).await;
    assert_eq!(again.expect("it rings").rung, 2);
    assert_eq!(
        verdict(club.add_member(keyed("second"), named("ada")).await),
        "NAME_TAKEN"
    );
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_method() {
    let club = club();
    assert_eq!(verdict(club.add_member(keyed("key"), named("ada")).await), "OK");
    assert_eq!(
        verdict(club.add_member(keyed("key"), named("bob")).await),
        "IDEMPOTENCY_KEY_REUSED"
    );
    let members = club.count_members(Who::Service.context(), CountMembersRequest { club_id: 1 });
    assert_eq!(members.await.expect("a service may ask").members, 1);
}

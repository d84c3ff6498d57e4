//! What generated code makes of the options of `proto/club.proto`: pages, masks, and what clients repeat.

mod masks;
mod pages;
mod retry;

use schema_corpus::{
    club::{AddMemberRequest, Member},
    house::House,
    rpc::{Caller, Context},
    services::ClubServiceClient,
};
use std::sync::Arc;

/// A user in this process.
pub(crate) fn user(id: u64) -> Context {
    Context::user(Caller {
        user: id.into(),
        session: 1.into(),
        device: "laptop".into(),
        admin: false,
        expires_at_ms: 0,
    })
}

/// A club with the members 1 to 5, all of club 1.
pub(crate) async fn club_of_five() -> ClubServiceClient {
    let club = ClubServiceClient::local(Arc::new(House::new(b"a secret of thirty-two bytes or more")));
    for name in ["ada", "bob", "cyd", "dan", "eve"] {
        add(&club, name).await;
    }
    club
}

pub(crate) async fn add(club: &ClubServiceClient, name: &str) -> Member {
    let request = AddMemberRequest {
        club_id: 1,
        name: name.into(),
    };
    let added = club.add_member(user(7), request).await.expect("a new name");
    added.member.expect("the member")
}

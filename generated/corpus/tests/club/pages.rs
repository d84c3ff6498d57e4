//! Lists in pages.

use crate::{club_of_five, user};
use futures::TryStreamExt as _;
use im_schema::page::List as _;
use schema_corpus::{club::ListMembersRequest, parlance::Reason, rpc::Context, services::ClubServiceClient};

fn page(club_id: u64, page_size: u32, page_token: &str) -> ListMembersRequest {
    ListMembersRequest {
        club_id,
        page_size,
        page_token: page_token.into(),
    }
}

async fn token(club: &ClubServiceClient) -> String {
    let first = club.list_members(user(7), page(1, 2, "")).await.expect("a page");
    assert!(!first.next_page_token.is_empty());
    first.next_page_token
}

#[tokio::test]
async fn sizes_are_within_the_limits_of_the_schema() {
    let club = club_of_five().await;
    for (wish, size) in [(0, 2), (1, 1), (3, 3), (4, 3), (u32::MAX, 3)] {
        assert_eq!(page(1, wish, "").size(), size);
        let found = club.list_members(user(7), page(1, wish, "")).await.expect("a page");
        assert_eq!(found.members.len(), size as usize, "{wish}");
    }
}

#[tokio::test]
async fn the_paginator_reads_all_pages_whatever_their_size() {
    let club = club_of_five().await;
    for size in [0, 1, 2, 3, 9] {
        let members: Vec<_> = club
            .list_members_items(user(7), page(1, size, ""))
            .try_collect()
            .await
            .expect("all pages");
        let ids: Vec<_> = members.iter().map(|member| member.member_id).collect();
        assert_eq!(ids, [1, 2, 3, 4, 5], "{size}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_list_in_another_size_and_for_nothing_else() {
    let club = club_of_five().await;
    let token = token(&club).await;
    let larger = club.list_members(user(7), page(1, 3, &token)).await.expect("the rest");
    assert_eq!((larger.members[0].member_id, larger.next_page_token.as_str()), (3, ""));
    let foreign = |context: Context, request| {
        let club = club.clone();
        async move {
            club.list_members(context, request)
                .await
                .expect_err("not its token")
                .reason()
        }
    };
    let mut changed = token.clone();
    changed.replace_range(2..3, if &token[2..3] == "A" { "B" } else { "A" });
    for (what, context, request) in [
        ("another club", user(7), page(2, 2, &token)),
        ("another user", user(8), page(1, 2, &token)),
        ("changed", user(7), page(1, 2, &changed)),
        ("made up", user(7), page(1, 2, "3")),
    ] {
        assert_eq!(foreign(context, request).await, Reason::PageTokenInvalid, "{what}");
    }
}

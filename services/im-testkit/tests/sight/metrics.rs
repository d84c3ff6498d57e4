//! The metrics that dashboards and alerts rely on: their names, their kinds and their labels, of a platform that has worked.

use crate::{told, town};
use im_schema::v1::{self, client_frame};
use im_testkit::{Ground, message};
use std::collections::{BTreeMap, BTreeSet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_kinds_and_labels_stay() {
    let (town, _turn) = town(Ground::Embedded, &[("logic.large_group_threshold", "2")]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let carol = town.user("carol").await;
    // what is stored, stored before, changed, refused by logic, refused at once
    let conversation = alice.with(&bob).await;
    let hello = message(conversation, "hello");
    for _ in 0..2 {
        alice.send(client_frame::Body::Send(hello.clone())).await;
        alice.fate().await.expect("the message is stored");
    }
    let mut changed = message(conversation, "changed");
    changed.client_message_id.clone_from(&hello.client_message_id);
    alice.send(client_frame::Body::Send(changed)).await;
    alice.fate().await.expect_err("it is another message");
    bob.receives("hello").await;
    bob.refused(client_frame::Body::Send(message(0.into(), "nowhere")))
        .await;
    // a large group, and a call
    let group = alice.creates_group("large", &[bob.id, carol.id]).await;
    alice.sends("hi").into(group).await;
    bob.receives("hi").await;
    let mut by_post = message(conversation, "by post");
    by_post.conversation_id = 0;
    let path = format!("/v1/conversations/{conversation}/messages");
    let _: v1::SendMessageResponse = alice.rest("POST", &path, &by_post).await.expect("the message is sent");
    let page = reqwest::get(format!("{}/metrics", town.url()))
        .await
        .expect("an answer");
    let page = page.text().await.expect("a page");
    told(town, [alice, bob, carol]).await;

    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../snapshots/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("metrics", names(&page)));
}

/// Each metric in a line: its name, its kind, the keys of its labels.
fn names(page: &str) -> String {
    let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.is_empty()) {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a name and a kind");
            assert_eq!(kinds.insert(name, kind), None, "{name} is declared twice");
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let name = &line[..line.find(['{', ' ']).expect("a value")];
        let declared = |name: &&str| kinds.contains_key(*name);
        let parts = ["_bucket", "_sum", "_count"].map(|part| name.strip_suffix(part));
        let metric = [Some(name)].into_iter().chain(parts).flatten().find(declared);
        let own = labels.entry(metric.expect("every metric has a kind")).or_default();
        if let Some((keys, _)) = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('{')?.split_once("} "))
        {
            // no value here has a comma in it
            own.extend(
                keys.split(',')
                    .filter_map(|label| Some(label.split_once('=')?.0))
                    .filter(|key| *key != "le"),
            );
        }
    }
    let line = |(name, kind): (&&str, &&str)| {
        let keys: Vec<&str> = labels.get(name).into_iter().flatten().copied().collect();
        format!("{name} {kind} {{{}}}", keys.join(", ")).replace(" {}", "")
    };
    kinds.iter().map(line).collect::<Vec<_>>().join("\n")
}

//! What a collector is told of messages and calls.

use crate::{
    collector::{Seen, Trace, failed, note},
    recorded, told,
};
use im_schema::v1::{self, client_frame};
use im_testkit::{Ground, message};
use std::collections::BTreeSet;

/// The traces that began with a frame.
fn sent(told: &[Seen]) -> Vec<Trace> {
    let begun = told.iter().filter(|seen| seen.span.name == "gateway.send");
    begun.map(|seen| Trace::of(&seen.span, told)).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_one_trace_from_its_frame_to_the_receivers_socket() {
    let (town, _turn) = recorded(Ground::Embedded, "1.0", &[]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let stored = alice.sends("hi").to(&bob).await;
    bob.receives("hi").await;
    let told = told(town, [alice, bob]).await;

    let traces = sent(&told);
    assert_eq!(traces.len(), 1);
    let mut hops = traces[0].hops();
    // what is looked up before a message is stored depends on what is in memory
    hops.retain(|hop| !hop.contains("MessageRepo/Read"));
    assert_eq!(
        hops,
        set([
            "gateway.send",
            "gateway.append <- gateway.send",
            "logic.batch <- gateway.send",
            "parlance.internal.v1.ConversationRepo/ReadRosters <- logic.batch",
            "parlance.internal.v1.MessageRepo/StoreMessages <- logic.batch",
            "repo.sql <- parlance.internal.v1.MessageRepo/StoreMessages",
            "logic.publish <- logic.batch",
            "gateway.deliver <- gateway.send",
            "gateway.write <- gateway.send",
        ])
    );
    let spans = &traces[0].0;
    assert_eq!(
        spans.iter().filter(|span| span.name == "gateway.write").count(),
        2,
        "to both sockets"
    );
    for span in spans {
        assert!(
            span.start_time_unix_nano <= span.end_time_unix_nano && !failed(span),
            "{span:?}"
        );
        let expected = match span.name.as_str() {
            "gateway.send" => ("conversation.id", stored.conversation_id),
            "gateway.append" | "logic.batch" | "repo.sql" | "gateway.deliver" => ("batch.size", 1),
            _ => continue,
        };
        assert_eq!(note(span, expected.0), Some(expected.1), "{span:?}");
    }
    assert!(told.iter().all(|seen| seen.service == "parlance"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_a_large_group_goes_on_through_the_fanout() {
    let (town, _turn) = recorded(Ground::Embedded, "1.0", &[("logic.large_group_threshold", "1")]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let group = alice.creates_group("large", &[bob.id]).await;
    alice.sends("hi").into(group).await;
    bob.receives("hi").await;
    let told = told(town, [alice, bob]).await;
    let hops = sent(&told).remove(0).hops();
    for hop in [
        "task.fanout <- gateway.send",
        "gateway.deliver <- gateway.send",
        "gateway.write <- gateway.send",
    ] {
        assert!(hops.contains(hop), "{hop} is not among {hops:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_is_linked_to_the_traces_of_its_messages_and_each_of_them_has_every_hop() {
    const MESSAGES: u64 = 40;
    let (town, _turn) = recorded(Ground::Embedded, "1.0", &[]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let frame = |number: u64| v1::ClientFrame {
        request_id: number,
        body: Some(client_frame::Body::Send(message(conversation, &number.to_string()))),
        ..Default::default()
    };
    alice.send_frames(&(1..=MESSAGES).map(frame).collect::<Vec<_>>()).await;
    bob.messages(MESSAGES as usize).await;
    let told = told(town, [alice, bob]).await;

    let traces = sent(&told);
    assert_eq!(traces.len() as u64, MESSAGES);
    for trace in &traces {
        let names = trace.names();
        for hop in ["gateway.append", "logic.batch", "gateway.deliver", "gateway.write"] {
            assert!(names.contains(hop), "{hop} is not among {names:?}");
        }
    }
    let own: BTreeSet<_> = traces.iter().map(|trace| trace.0[0].trace_id.clone()).collect();
    let batches = || {
        told.iter()
            .map(|seen| &seen.span)
            .filter(|span| span.name == "logic.batch")
    };
    let mut others = 0;
    for batch in batches().filter(|batch| batch.links.len() > 1) {
        assert_eq!(note(batch, "batch.size"), Some(batch.links.len() as u64 + 1));
        for link in &batch.links {
            assert!(own.contains(&link.trace_id));
            let twin = batches()
                .find(|twin| twin.trace_id == link.trace_id)
                .expect("its trace has the hop");
            assert_eq!(twin.links[0].span_id, batch.span_id, "and leads back to what was done");
            others += 1;
        }
    }
    assert!(others > 0, "messages that come at once are handled at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_traced_too_and_who_calls_has_no_say_in_it() {
    let (town, _turn) = recorded(Ground::Embedded, "1.0", &[]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let conversation = alice.with(&bob).await;
    let mut request = message(conversation, "by post");
    request.conversation_id = 0;
    let path = format!("/v1/conversations/{conversation}/messages");
    let _: v1::SendMessageResponse = alice.rest("POST", &path, &request).await.expect("the message is sent");
    bob.receives("by post").await;
    let foreign = "0af7651916cd43dd8448eb211c80319c";
    let client = reqwest::Client::new();
    let asked = client
        .get(format!("{}{path}", town.url()))
        .header("traceparent", format!("00-{foreign}-b7ad6b7169203331-01"));
    assert_eq!(asked.send().await.expect("an answer").status(), 401);
    client
        .get(format!("{}/health/ready", town.url()))
        .send()
        .await
        .expect("an answer");
    let told = told(town, [alice, bob]).await;

    let sent = "parlance.v1.MessageService/SendMessage";
    let call = told
        .iter()
        .find(|seen| seen.span.name == sent)
        .expect("the call is recorded");
    let hops = Trace::of(&call.span, &told).hops();
    for hop in [
        "gateway.request",
        "parlance.v1.MessageService/SendMessage <- gateway.request",
        "logic.append <- parlance.v1.MessageService/SendMessage",
        "logic.batch <- parlance.v1.MessageService/SendMessage",
        "repo.sql <- parlance.internal.v1.MessageRepo/StoreMessages",
        "gateway.write <- parlance.v1.MessageService/SendMessage",
    ] {
        assert!(hops.contains(hop), "{hop} is not among {hops:#?}");
    }
    let refused = told
        .iter()
        .find(|seen| seen.span.name == "parlance.v1.MessageService/ListMessages");
    assert!(failed(&refused.expect("the refused call is recorded").span));
    let foreign = u128::from_str_radix(foreign, 16).unwrap().to_be_bytes();
    assert!(
        told.iter().all(|seen| seen.span.trace_id != foreign),
        "the trace of who called was taken over"
    );
    let begun = told.iter().filter(|seen| seen.span.name == "gateway.request");
    let alone = begun.filter(|seen| Trace::of(&seen.span, &told).0.len() == 1);
    assert_eq!(
        alone.count(),
        2,
        "two sockets were opened; looking after the process is no call"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_recorded_unless_a_share_is_asked_for() {
    let (town, _turn) = recorded(Ground::Embedded, "0.0", &[]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    alice.sends("hi").to(&bob).await;
    bob.receives("hi").await;
    assert_eq!(told(town, [alice, bob]).await.len(), 0);
}

/// Two processes of each role, and Kafka, MySQL, Redis and etcd between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_through_all_processes() {
    let program = Ground::Processes(env!("CARGO_BIN_EXE_parlance-node"));
    let (town, _turn) = recorded(program, "1.0", &[("logic.large_group_threshold", "1")]).await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    let group = alice.creates_group("large", &[bob.id]).await;
    alice.sends("hi").into(group).await;
    bob.receives("hi").await;
    let told = told(town, [alice, bob]).await;
    let begun = told
        .iter()
        .find(|seen| seen.span.name == "gateway.send")
        .expect("it began with a frame");
    let own = told.iter().filter(|seen| seen.span.trace_id == begun.span.trace_id);
    let places: BTreeSet<String> = own
        .map(|seen| format!("{} in {}", seen.span.name, seen.service))
        .collect();
    for place in [
        "gateway.send in gateway",
        "gateway.append in gateway",
        "logic.batch in logic",
        "parlance.internal.v1.MessageRepo/StoreMessages in repo",
        "repo.sql in repo",
        "logic.publish in logic",
        "task.fanout in task",
        "gateway.deliver in gateway",
        "gateway.write in gateway",
    ] {
        assert!(places.contains(place), "{place} is not among {places:#?}");
    }
}

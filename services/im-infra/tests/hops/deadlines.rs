//! A deadline goes with its call.

use crate::road::{Road, content, handler, left};
use parking_lot::Mutex;
use schema_corpus::{club::GetMemberRequest, parlance::Reason, services::club_service::Response};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc;
use tonic::Code;

/// The schema's timeout of the call.
const TIMEOUT: Duration = Duration::from_secs(1);
/// What the middle does before it calls on takes so long.
const WORK: Duration = Duration::from_millis(200);

#[tokio::test]
async fn each_hop_is_told_what_is_left_of_the_callers_time() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (by_middle, by_end) = (Arc::clone(&seen), Arc::clone(&seen));
    let middle = |client: schema_corpus::services::ClubServiceClient| {
        handler(move |call| {
            by_middle.lock().push(("middle", left(&call.context)));
            let client = client.clone();
            async move {
                tokio::time::sleep(WORK).await;
                let answer = client.get_member(call.context, GetMemberRequest { member_id: 1 }).await;
                answer.map(Response::GetMember)
            }
        })
    };
    let end = handler(move |call| {
        by_end.lock().push(("end", left(&call.context)));
        async { content() }
    });
    let road = Road::with_middle(middle, end).await;
    let patience = TIMEOUT * 9 / 10;
    // a machine that is busy may be late; then the call is made again, and the middle is, too
    road.call(patience).await.unwrap();
    let seen = seen.lock();
    let [.., ("middle", middle), ("end", end)] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    assert!(*middle <= patience, "{middle:?} of {patience:?}");
    assert!(*end <= *middle - WORK, "{end:?} of {middle:?}");
    assert!(!end.is_zero());
}

#[tokio::test]
async fn who_has_no_time_left_is_not_handled_and_no_further_hop_hears_of_it() {
    let handled = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&handled);
    let (tell, mut refused) = mpsc::unbounded_channel();
    let middle = |client: schema_corpus::services::ClubServiceClient| {
        handler(move |call| {
            let (client, tell) = (client.clone(), tell.clone());
            // as work does that takes longer than there is time, and is not stopped
            tokio::spawn(async move {
                tokio::time::sleep_until(call.context.deadline.unwrap().into()).await;
                let answer = client.get_member(call.context, GetMemberRequest { member_id: 1 }).await;
                tell.send(answer.err().map(|failure| failure.reason())).unwrap();
            });
            std::future::pending()
        })
    };
    let end = handler(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async { content() }
    });
    let road = Road::with_middle(middle, end).await;
    // the client's own clock may be first
    let late = road.call(WORK).await.unwrap_err();
    assert!(
        matches!(late.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{late}"
    );
    let refused = refused.recv().await.expect("the middle has called on");
    assert_eq!(refused, Some(Reason::DeadlineExceeded));
    assert_eq!(handled.load(Ordering::Relaxed), 0);
}

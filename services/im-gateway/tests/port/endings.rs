//! Connections that must end: their session is over, or something meant for them was lost.

use crate::kit::{BINARY, House, JSON, config, deliveries, message};
use im_infra::{log::Log, topics::Producer};
use im_schema::{
    ids::SessionId,
    internal::v1::{Downstream, SessionsEnded, downstream::Event},
    v1::{Position, Resume, client_frame, server_frame},
};
use std::sync::Arc;
use tokio_tungstenite::tungstenite;

#[tokio::test]
async fn when_records_were_dropped_every_connection_has_to_resume() {
    let house = House::with_memory(config(), 1_000, 64 * 1024).await;
    let mut devices = [
        house.device(1, JSON).await,
        house.device(2, BINARY).await,
        house.device(3, BINARY).await,
    ];
    // far more at once than the topic holds, for one of them only
    let text = "x".repeat(8_000);
    let flood = (1..=100).map(|sequence| Downstream {
        recipients: vec![1],
        event: Some(deliveries(vec![(message(9, sequence, &text), None)])),
        ..Default::default()
    });
    Producer::new(house.log.clone() as Arc<dyn Log>)
        .append_for(crate::kit::INSTANCE, flood.collect())
        .await
        .expect("appended");
    for device in &mut devices {
        let closed = loop {
            if let Err(closed) = device.message().await {
                break closed;
            }
        };
        assert_eq!(closed.0, 4408, "{closed:?}");
    }
    let mut again = house.device(2, BINARY).await;
    let resume = Resume {
        positions: vec![Position {
            conversation_id: 1,
            sequence: 249,
            ..Default::default()
        }],
        ..Default::default()
    };
    again.says([(4, client_frame::Body::Resume(resume))]).await;
    assert!(matches!(again.next().await.body, Some(server_frame::Body::Message(missed)) if missed.sequence == 250));
    house.close().await;
}

/// Whatever comes first: no connection of an ended session stays.
#[tokio::test]
async fn a_session_that_ends_while_its_connection_arrives_has_none() {
    let house = House::open().await;
    let (mut refused, mut closed) = (0, 0);
    for user in 1..=60 {
        let session = user + 1_000;
        let ending = async {
            // at another moment of the arrival each time
            for _ in 0..user {
                tokio::task::yield_now().await;
            }
            // what logic does
            house.ended.mark(&[SessionId(session)]).await;
            let ended = SessionsEnded {
                session_ids: vec![session],
                ..Default::default()
            };
            house.downstream(&[user], Event::SessionsEnded(ended)).await;
        };
        let (connected, ()) = tokio::join!(house.connect(user, JSON), ending);
        match connected {
            Err(tungstenite::Error::Http(answer)) => {
                assert_eq!(answer.status(), 401);
                refused += 1;
            }
            Err(other) => panic!("{other}"),
            Ok(mut device) => {
                let end = loop {
                    if let Err(end) = device.message().await {
                        break end;
                    }
                };
                assert_eq!(end.0, 4403, "{end:?}");
                closed += 1;
            }
        }
    }
    assert_eq!(refused + closed, 60);
    house.close().await;
}

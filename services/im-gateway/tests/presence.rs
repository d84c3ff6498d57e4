//! What is told of who is connected here, and what becomes of it when kv forgets or the gateway ends.

mod kit;

use im_infra::{
    kv::Kv as _,
    presence::{VOUCHERS, Vouchers},
};
use im_schema::v1::{Ping, ServerFrame, client_frame, server_frame};
use kit::{House, INSTANCE, JSON, NOW_MS};

fn body(frame: ServerFrame) -> server_frame::Body {
    frame.body.expect("a body")
}

#[tokio::test]
async fn shutdown_says_when_to_come_back_and_takes_presence_along() {
    let house = House::open().await;
    let mut device = house.device(1, JSON).await;
    let (kv, key) = (house.kv.clone(), im_infra::presence::key(im_schema::ids::UserId(1)));
    assert_eq!(kv.hash_all(&key).await.expect("kv")[0].0, INSTANCE);
    house.begin_to_close();
    assert!(matches!(body(device.next().await), server_frame::Body::GoAway(away) if away.reconnect_after_ms <= 5_000));
    device.is_closed(1001, "GOING_AWAY").await;
    drop(device);
    house.close().await;
    assert!(kv.hash_all(&key).await.expect("kv").is_empty());
}

/// Waits until the gateway vouches for its users.
async fn vouched(house: &House) {
    let vouches = |fields: &[(String, bytes::Bytes)]| {
        Vouchers::read(fields, NOW_MS).hold(&Vouchers::read(fields, NOW_MS), INSTANCE)
    };
    while !vouches(&house.kv.hash_all(VOUCHERS).await.expect("kv")) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn presence_that_kv_lost_is_told_again_before_it_is_vouched_for() {
    let house = House::open().await;
    let _device = house.device(1, JSON).await;
    let key = im_infra::presence::key(im_schema::ids::UserId(1));
    vouched(&house).await;
    house.kv.delete(&[key.clone(), VOUCHERS.to_owned()]).await.expect("kv");
    vouched(&house).await;
    assert_eq!(house.kv.hash_all(&key).await.expect("kv")[0].0, INSTANCE);
    let kv = house.kv.clone();
    house.close().await;
    assert!(kv.hash_all(VOUCHERS).await.expect("kv").is_empty());
}

#[tokio::test]
async fn who_came_while_presence_could_not_be_told_is_asked_to_come_again() {
    let house = House::open().await;
    let key = im_infra::presence::key(im_schema::ids::UserId(1));
    // a value of another kind in its place is all that an engine in process can fail by
    house.kv.set(&key, bytes::Bytes::new(), None).await.expect("kv");
    let mut device = house.device(1, JSON).await;
    house.kv.delete(std::slice::from_ref(&key)).await.expect("kv");
    assert!(matches!(body(device.next().await), server_frame::Body::GoAway(_)));
    device.is_closed(1001, "GOING_AWAY").await;
    let mut again = house.device(1, JSON).await;
    again.says([(1, client_frame::Body::Ping(Ping::default()))]).await;
    assert!(matches!(body(again.next().await), server_frame::Body::Pong(_)));
    house.close().await;
}

#[tokio::test]
async fn presence_lasts_until_the_last_connection_of_a_user_is_gone() {
    let house = House::open().await;
    let key = im_infra::presence::key(im_schema::ids::UserId(1));
    let (first, mut second) = (house.device(1, JSON).await, house.device(1, JSON).await);
    drop(first);
    second.says([(1, client_frame::Body::Ping(Ping::default()))]).await;
    second.next().await;
    assert_eq!(house.kv.hash_all(&key).await.expect("kv").len(), 1);
    drop(second);
    while !house.kv.hash_all(&key).await.expect("kv").is_empty() {
        tokio::task::yield_now().await;
    }
    house.close().await;
}

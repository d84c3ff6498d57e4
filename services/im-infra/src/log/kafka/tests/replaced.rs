//! A producer that fails for good, as one does that has lost its place in the order of a partition.

use super::{KafkaLog, numbered, shared, topic};
use crate::log::{Append, Durability, Log as _, LogError};
use rdkafka::{producer::Producer as _, types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER};
use std::time::Duration;

#[expect(unsafe_code, reason = "librdkafka has this for tests, its Rust client does not")]
fn fail_for_good(log: &KafkaLog) {
    let client = log.appender.client();
    // SAFETY: the client outlives the call, and the text ends in a zero
    unsafe {
        rdkafka::bindings::rd_kafka_test_fatal_error(
            client.client().native_ptr(),
            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            c"for a test".as_ptr(),
        );
    }
}

/// Whether it is taken within a minute: a busy broker may have to be asked again.
async fn takes(log: &KafkaLog, record: Append) -> bool {
    let taken = async {
        loop {
            match log.append(vec![record.clone()]).await {
                Err(LogError::Unavailable(_)) => tokio::task::yield_now().await,
                taken => return taken.is_ok(),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), taken)
        .await
        .unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_producer_that_failed_for_good_is_replaced_when_an_append_meets_it() {
    let log = shared();
    let topic = topic(&log, 1, Durability::Disk).await;
    assert!(takes(&log, numbered(&topic, 0, 0)).await, "by the first producer");
    for number in 1..4 {
        fail_for_good(&log);
        let refused = log.append(vec![numbered(&topic, 0, number)]).await;
        assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
        assert!(takes(&log, numbered(&topic, 0, number)).await, "by a new producer");
    }
    log.close().await;
}

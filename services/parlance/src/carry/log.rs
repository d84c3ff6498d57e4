//! The log of the folder: nothing may wait in it, since only its own server would ever read it.

use crate::{platform::log_alone, settings::Settings};
use anyhow::{Context as _, bail};
use im_infra::{
    clock::SharedClock,
    log::{Log, LogError},
    topics::letters,
};
use im_schema::{
    internal::v1::{Fanout, Upstream},
    topic::TopicPayload as _,
};
use std::{path::Path, sync::Arc};

/// The log of the folder, held so that nobody else uses it.
///
/// # Errors
/// A server has it, or messages wait in it.
pub(super) async fn drained(folder: &Path, settings: &Settings, clock: &SharedClock) -> anyhow::Result<Arc<dyn Log>> {
    let mut own = settings.clone();
    own.data = folder.to_owned();
    own.kafka.brokers.clear();
    let log = log_alone(&own, clock)?;
    let waiting = waiting(&*log).await.context("read the log")?;
    if waiting > 0 {
        log.close().await;
        bail!(
            "{waiting} records wait in the log of {}: start the server on it once, without clients, and stop it; then nothing waits",
            folder.display()
        );
    }
    let letters = letters::all(&*log).await.context("read the dead letters")?;
    let pending = letters.iter().filter(|letter| letter.replayed_at_ms.is_none()).count();
    if pending > 0 {
        eprintln!(
            "parlance: {pending} dead letters stay in the folder: put them back first (parlance dlq) if they still matter"
        );
    }
    Ok(log)
}

/// Records that some group has yet to handle.
async fn waiting(log: &dyn Log) -> Result<u64, LogError> {
    let mut topics = vec![
        (Upstream::TOPIC.name, im_logic::GROUP),
        (Fanout::TOPIC.name, im_task::FANOUT),
    ];
    topics.extend(Fanout::TOPIC.retry.map(|retry| (retry.name, im_task::FANOUT)));
    let mut waiting = 0;
    for (topic, group) in topics {
        waiting += match log.lag(topic, group).await {
            // a folder of an earlier version has fewer topics
            Err(LogError::UnknownPartition { .. }) => 0,
            lag => lag?,
        };
    }
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use im_infra::{
        clock::SystemClock,
        log::embedded::{EmbeddedLog, EmbeddedLogOptions},
        topics::{self, Consumer, Handler, Producer},
    };
    use im_schema::failure::Failure;
    use tokio_util::sync::CancellationToken;

    struct Handles;

    #[async_trait::async_trait]
    impl Handler<Upstream> for Handles {
        async fn handle(&self, _: u32, _: Vec<(u64, Upstream)>) -> Result<(), Failure> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_folder_in_whose_log_messages_wait_is_refused_until_they_are_handled() {
        let folder = tempfile::tempdir().unwrap();
        let clock = SystemClock::shared();
        let open = || -> Arc<dyn Log> {
            let options = EmbeddedLogOptions::new(clock.clone());
            Arc::new(EmbeddedLog::open(folder.path().join("log"), options).unwrap())
        };
        let log = open();
        topics::create(&*log).await.unwrap();
        let waiting = Upstream {
            conversation_id: 7,
            ..Default::default()
        };
        Producer::new(Arc::clone(&log)).append(vec![waiting]).await.unwrap();
        log.close().await;
        drop(log);

        let settings = Settings::load(None, &[]).unwrap();
        let Err(refused) = drained(folder.path(), &settings, &clock).await else {
            panic!("the message would have been left behind");
        };
        assert!(
            refused.to_string().starts_with("1 records wait in the log of"),
            "{refused:#}"
        );

        let log = open();
        let stop = CancellationToken::new();
        let consumer = Consumer::<Upstream>::new(Arc::clone(&log), clock.clone(), im_logic::GROUP);
        let running = tokio::spawn(consumer.run(Arc::new(Handles), stop.clone()));
        while log.lag(Upstream::TOPIC.name, im_logic::GROUP).await.unwrap() > 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.unwrap().unwrap();
        log.close().await;
        drop(log);
        let log = drained(folder.path(), &settings, &clock).await;
        log.unwrap_or_else(|error| panic!("{error:#}")).close().await;
    }
}

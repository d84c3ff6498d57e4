use super::*;
use tokio::sync::{mpsc, oneshot};

const GRACE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn stages_come_in_order_and_each_is_awaited() {
    let lifecycle = Lifecycle::new();
    let (said, mut heard) = mpsc::unbounded_channel();
    // Spawned last to first, and the earlier stages take longer.
    for (index, stage) in Stage::ALL.into_iter().enumerate().rev() {
        let (begun, said) = (lifecycle.stage(stage), said.clone());
        lifecycle.spawn_in(stage, stage.name(), async move {
            begun.cancelled().await;
            tokio::time::sleep(Duration::from_secs(5 - index as u64)).await;
            said.send(stage).unwrap();
        });
    }
    drop(said);
    assert!(!lifecycle.stopping().is_cancelled());
    assert_eq!(lifecycle.running().len(), 5);
    lifecycle.shutdown("test");
    assert_eq!(lifecycle.run_until_done(GRACE).await, Outcome::Clean);
    for stage in Stage::ALL {
        assert_eq!(heard.recv().await, Some(stage));
    }
    assert!(lifecycle.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hold_keeps_its_stage_open() {
    let lifecycle = Lifecycle::new();
    let (first, second) = (
        lifecycle.hold(Stage::Drain, "connection"),
        lifecycle.hold(Stage::Drain, "connection"),
    );
    assert_eq!(lifecycle.running(), [("connection", 2)]);
    let ended = tokio::spawn({
        let lifecycle = lifecycle.clone();
        async move { lifecycle.run_until_done(GRACE).await }
    });
    lifecycle.shutdown("test");
    lifecycle.stage(Stage::Drain).cancelled().await;
    drop(first);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!lifecycle.stage(Stage::Finish).is_cancelled());
    drop(second);
    assert_eq!(ended.await.unwrap(), Outcome::Clean);
}

#[tokio::test(start_paused = true)]
async fn a_panic_shuts_the_process_down_as_failed() {
    let lifecycle = Lifecycle::new();
    let stopping = lifecycle.stopping();
    lifecycle.spawn("bystander", async move { stopping.cancelled().await });
    lifecycle.spawn("unlucky", async { panic!("it was {}", "me") });
    assert_eq!(lifecycle.run_until_done(GRACE).await, Outcome::Failed);
    assert_eq!(
        format!("{:?}", ExitCode::from(Outcome::Failed)),
        format!("{:?}", ExitCode::FAILURE)
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_dropped_at_the_deadline() {
    let lifecycle = Lifecycle::new();
    let (alive, dropped) = oneshot::channel::<()>();
    lifecycle.spawn_in(Stage::Finish, "stubborn", async move {
        let _alive = alive;
        std::future::pending::<()>().await;
    });
    let closing = lifecycle.stage(Stage::Close);
    let before = Instant::now();
    lifecycle.shutdown("test");
    assert_eq!(lifecycle.run_until_done(GRACE).await, Outcome::Overdue);
    assert_eq!(before.elapsed(), GRACE);
    assert!(lifecycle.out_of_time().is_cancelled());
    assert!(dropped.await.is_err());
    closing.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_has_ended_holds_nothing_up() {
    let lifecycle = Lifecycle::new();
    lifecycle.spawn("short", async {}).await.unwrap();
    assert!(lifecycle.running().is_empty());
    lifecycle.fail("a reason");
    lifecycle.shutdown("another reason");
    assert_eq!(lifecycle.run_until_done(Duration::ZERO).await, Outcome::Failed);
}

#[tokio::test]
async fn a_signal_begins_the_shutdown() {
    let lifecycle = Lifecycle::new();
    lifecycle.shutdown_signal().unwrap();
    let own = rustix::process::getpid();
    rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
    lifecycle.stopping().cancelled().await;
    let _hold = lifecycle.hold(Stage::Close, "stubborn");
    let ended = tokio::spawn({
        let lifecycle = lifecycle.clone();
        async move { lifecycle.run_until_done(GRACE).await }
    });
    lifecycle.stage(Stage::Close).cancelled().await;
    rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
    assert_eq!(
        ended.await.unwrap(),
        Outcome::Overdue,
        "the second one gives up the grace"
    );
}

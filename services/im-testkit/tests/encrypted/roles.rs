//! Two processes of each role, which show each other certificates.

use crate::{authority::Authority, borrowed, settings};
use im_testkit::{Ground, Town};
use std::process::Command;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_goes_from_process_to_process_encrypted() {
    let authority = Authority::new();
    let mut settings = settings("cluster.tls", &authority.issue("parlance.test"));
    settings.push(("cluster.tls_name".into(), "parlance.test".into()));
    let mut town = Town::start(
        Ground::Processes(env!("CARGO_BIN_EXE_parlance-node")),
        &borrowed(&settings),
    )
    .await;
    let (mut alice, mut bob) = (town.user("alice").await, town.user("bob").await);
    alice.sends("hi").to(&bob).await;
    bob.receives("hi").await;
    let told = doctor(&town);
    assert!(told.contains("serves at https://"), "{told}");
    assert!(!told.contains("is registered at"), "{told}");
    town.stop().await;
}

/// What `parlance doctor` says of the town.
fn doctor(town: &Town) -> String {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_parlance-node"));
    doctor.arg("doctor").env_remove("PARLANCE_CONFIG");
    for setting in town.settings() {
        doctor.args(["--set", &setting]);
    }
    let told = doctor.output().expect("the program runs");
    String::from_utf8_lossy(&told.stdout).into_owned()
}

//! Two processes of each role, on the engines that they share.

#[path = "../sentences/mod.rs"]
mod sentences;

use im_testkit::{Ground, Town};

async fn town() -> Town {
    town_with(&[]).await
}

async fn town_with(settings: &[(&str, &str)]) -> Town {
    Town::start(Ground::Processes(env!("CARGO_BIN_EXE_parlance-node")), settings).await
}

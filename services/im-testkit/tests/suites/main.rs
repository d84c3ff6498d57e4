//! The platform in one process, on engines of its own.

#[path = "../sentences/mod.rs"]
mod sentences;

use im_testkit::{Ground, Town};

async fn town() -> Town {
    town_with(&[]).await
}

async fn town_with(settings: &[(&str, &str)]) -> Town {
    Town::start(Ground::Embedded, settings).await
}

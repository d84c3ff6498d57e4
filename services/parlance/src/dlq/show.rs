//! One letter with everything that is known of it.

use super::{Place, time};
use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use clap::Args;
use im_infra::topics::letters::{self, LetterId, topic_named};
use im_schema::{catalogue::Entry, internal::v1::DeadLetter};
use serde_json::{Value, json};
use std::io::{self, Write as _};

/// Show one letter.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Which, as `parlance dlq list` has it
    id: LetterId,
    /// Show what people have written, too
    #[arg(long)]
    sensitive: bool,
}

impl Show {
    pub(super) async fn run(self, place: &Place) -> anyhow::Result<()> {
        let letter = letters::one(&*place.log, self.id)
            .await
            .context("read the dead letter")?;
        let letter = letter.with_context(|| format!("there is no dead letter {}, or none any more", self.id))?;
        let all = letters::all(&*place.log).await.context("read the dead letters")?;
        let replayed_at = all
            .into_iter()
            .find(|letter| letter.id == self.id)
            .and_then(|letter| letter.replayed_at_ms);
        let mut shown = json!({
            "id": self.id.to_string(),
            "failedAt": time(letter.failed_at_ms),
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset.to_string(),
            "key": letter.key.to_string(),
            "cause": letter.cause,
            "bytes": letter.payload.len(),
            "replayedAt": replayed_at.map(time),
        });
        let (name, value) = self.payload(&letter);
        shown[name] = value;
        writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&shown)?).context("print the letter")
    }

    /// The message as the schema has it; the bytes of what is none, which may hold anything.
    fn payload(&self, letter: &DeadLetter) -> (&'static str, Value) {
        let topic = topic_named(&letter.topic).filter(|_| !letter.unread);
        let entry = topic.and_then(|topic| Entry::named(topic.payload));
        let message = entry.and_then(|entry| {
            if self.sensitive {
                let text = entry.to_json(&letter.payload).ok()?;
                serde_json::from_str(&text).ok()
            } else {
                entry.to_json_concealed(&letter.payload).ok()
            }
        });
        match message {
            Some(message) => ("message", message),
            None if self.sensitive => ("payload", BASE64_STANDARD.encode(&letter.payload).into()),
            None => (
                "payload",
                "… (nothing is known of these bytes: --sensitive shows them in Base64)".into(),
            ),
        }
    }
}

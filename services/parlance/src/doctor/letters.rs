//! Messages that could not be handled.

use super::{report::Finding, told};
use crate::{platform::log_alone, settings::Settings};
use im_infra::{clock::SharedClock, topics::letters};

const SUBJECT: &str = "dead letters";

/// Nothing if the log is away, which its own finding says, or has yet to be made.
pub(super) async fn look(settings: &Settings, clock: &SharedClock) -> Option<Finding> {
    let embedded = settings.kafka.brokers.is_empty();
    if embedded && !settings.data.join("log").exists() {
        return None;
    }
    let log = match log_alone(settings, clock) {
        Ok(log) => log,
        Err(_) if embedded => {
            let found = "not counted: a server has the log, or it cannot be opened";
            return Some(Finding::good(SUBJECT, found));
        }
        Err(_) => return None,
    };
    let found = letters::all(&*log).await;
    log.close().await;
    match found {
        Ok(all) => {
            let pending = all.iter().filter(|letter| letter.replayed_at_ms.is_none());
            Some(judge(
                all.len(),
                &pending.map(|letter| &*letter.letter.topic).collect::<Vec<_>>(),
            ))
        }
        Err(_) if !embedded => None,
        Err(error) => Some(Finding::bad(SUBJECT, told(&error), "see the log of the server")),
    }
}

/// `pending`: the topics of those that nobody has put back.
fn judge(all: usize, pending: &[&str]) -> Finding {
    if pending.is_empty() {
        return Finding::good(SUBJECT, format!("none wait ({all} in all)"));
    }
    let mut topics = pending.to_vec();
    topics.sort_unstable();
    topics.dedup();
    Finding::doubtful(
        SUBJECT,
        format!(
            "{} messages could not be handled, of {}",
            pending.len(),
            topics.join(", ")
        ),
        "parlance dlq list --pending; mend the cause; then parlance dlq replay --all",
    )
}

#[cfg(test)]
mod tests {
    use super::{super::report::Verdict, judge};

    #[test]
    fn only_letters_that_nobody_has_put_back_need_somebody() {
        assert_eq!(judge(3, &[]).verdict, Verdict::Good);
        let finding = judge(3, &["parlance.upstream", "parlance.fanout", "parlance.upstream"]);
        assert_eq!(finding.verdict, Verdict::Doubtful);
        assert!(finding.found.contains("3 messages") && finding.found.ends_with("parlance.fanout, parlance.upstream"));
    }
}

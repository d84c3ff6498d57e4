//! Asking for what was missed: one resume at a time on a connection, what else is wanted waits for its turn.

use super::live::Live;
use im_schema::v1::{self, client_frame};
use std::{collections::BTreeMap, time::Duration};

/// A frame takes so many positions.
const MOST: usize = 1000;
/// Before the very same is asked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// What is asked for, and what is to be asked for next.
#[derive(Default)]
pub(crate) struct CatchUp {
    waiting: BTreeMap<u64, u64>,
    asked: BTreeMap<u64, u64>,
    under_way: Option<u64>,
}

impl CatchUp {
    /// Asks for what comes after these positions, now or once the resume that is under way has ended.
    pub(crate) async fn want(&mut self, live: &mut Live, positions: Vec<v1::Position>) {
        self.add(positions);
        self.go(live).await;
    }

    /// A new connection: nothing is under way on it, and what was asked for on the last one is not awaited any more.
    pub(crate) fn begin(&mut self) {
        *self = Self::default();
    }

    /// The resume has ended; what it left out is asked for next.
    pub(crate) async fn resumed(&mut self, live: &mut Live, request_id: u64, incomplete: Vec<v1::Position>) {
        if self.under_way == Some(request_id) {
            self.under_way = None;
        }
        self.want(live, incomplete).await;
    }

    /// The server refused a request; if it was the resume, it is sent again if that may help. Whether it was.
    pub(crate) async fn refused(&mut self, live: &mut Live, request_id: u64, problem: &v1::Problem) -> bool {
        if self.under_way != Some(request_id) {
            return false;
        }
        self.under_way = None;
        if problem.retryable {
            let asked = std::mem::take(&mut self.asked);
            self.add(positions(&asked));
            if let Some((resume, _)) = self.next() {
                let pause = Duration::from_millis(problem.retry_after_ms).max(PAUSE);
                self.under_way = Some(live.send_later(client_frame::Body::Resume(resume), pause));
            }
        } else {
            self.go(live).await;
        }
        true
    }

    async fn go(&mut self, live: &mut Live) {
        if let Some((resume, again)) = self.next() {
            let body = client_frame::Body::Resume(resume);
            self.under_way = Some(if again {
                live.send_later(body, PAUSE)
            } else {
                live.send(body).await
            });
        }
    }

    fn add(&mut self, positions: Vec<v1::Position>) {
        for position in positions {
            let from = self
                .waiting
                .entry(position.conversation_id)
                .or_insert(position.sequence);
            *from = position.sequence.min(*from);
        }
    }

    /// The next resume if none is under way, and whether it repeats a part of the last one.
    fn next(&mut self) -> Option<(v1::Resume, bool)> {
        if self.under_way.is_some() || self.waiting.is_empty() {
            return None;
        }
        let rest = self.waiting.keys().nth(MOST).copied();
        let rest = rest.map(|first| self.waiting.split_off(&first)).unwrap_or_default();
        let asking = std::mem::replace(&mut self.waiting, rest);
        let again = asking.iter().any(|(id, sequence)| self.asked.get(id) == Some(sequence));
        let resume = v1::Resume {
            positions: positions(&asking),
            ..Default::default()
        };
        self.asked = asking;
        Some((resume, again))
    }
}

fn positions(of: &BTreeMap<u64, u64>) -> Vec<v1::Position> {
    of.iter()
        .map(|(&conversation_id, &sequence)| v1::Position {
            conversation_id,
            sequence,
            ..Default::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(conversation_id: u64, sequence: u64) -> v1::Position {
        v1::Position {
            conversation_id,
            sequence,
            ..Default::default()
        }
    }

    #[test]
    fn one_resume_at_a_time_and_a_thousand_positions_each() {
        let mut catch_up = CatchUp::default();
        catch_up.add((1..=1001).map(|id| position(id, 5)).collect());
        assert_eq!(catch_up.next().map(|(resume, _)| resume.positions.len()), Some(1000));
        catch_up.under_way = Some(1);
        assert_eq!(catch_up.next(), None);
        catch_up.under_way = None;
        catch_up.add(vec![position(1001, 3)]);
        let (resume, again) = catch_up.next().unwrap_or_default();
        assert_eq!((resume.positions, again), (vec![position(1001, 3)], false));
        catch_up.add(vec![position(1001, 3)]);
        assert!(catch_up.next().is_some_and(|(_, again)| again));
    }
}

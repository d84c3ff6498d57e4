//! Messages in the order of their conversations: repeats are dropped, what comes early waits for what is missing.

use im_schema::v1;
use std::collections::{BTreeMap, HashMap};

/// How far each conversation has been seen.
#[derive(Default)]
pub(crate) struct InOrder(HashMap<u64, Seen>);

#[derive(Default)]
struct Seen {
    last: u64,
    early: BTreeMap<u64, v1::Message>,
}

impl InOrder {
    /// Takes a conversation as seen up to here, unless it is known already; whether it was unknown.
    pub(crate) fn begin(&mut self, conversation: u64, sequence: u64) -> bool {
        let unknown = !self.0.contains_key(&conversation);
        self.0.entry(conversation).or_insert(Seen {
            last: sequence,
            early: BTreeMap::new(),
        });
        unknown
    }

    /// Takes a message in. The messages that can be shown now, in order; and if one is missing before it, from where to ask.
    pub(crate) fn take(&mut self, message: v1::Message) -> (Vec<v1::Message>, Option<v1::Position>) {
        let conversation_id = message.conversation_id;
        let first = message.sequence.saturating_sub(1);
        let seen = self.0.entry(conversation_id).or_insert(Seen {
            last: first,
            early: BTreeMap::new(),
        });
        if message.sequence <= seen.last {
            return (Vec::new(), None);
        }
        let waiting = !seen.early.is_empty();
        seen.early.insert(message.sequence, message);
        let mut ready = Vec::new();
        while let Some(next) = seen.early.remove(&(seen.last + 1)) {
            seen.last += 1;
            ready.push(next);
        }
        // asked once for each gap: whoever waits already has asked
        let gap = !waiting && !seen.early.is_empty();
        (
            ready,
            gap.then_some(v1::Position {
                conversation_id,
                sequence: seen.last,
                ..Default::default()
            }),
        )
    }

    /// Where messages still wait for one that is missing.
    pub(crate) fn missing(&self) -> Vec<v1::Position> {
        let waiting = self.0.iter().filter(|(_, seen)| !seen.early.is_empty());
        waiting.map(position).collect()
    }

    /// The user is not in this conversation any more.
    pub(crate) fn forget(&mut self, conversation: u64) {
        self.0.remove(&conversation);
    }

    /// Up to where each conversation has been seen.
    pub(crate) fn positions(&self) -> Vec<v1::Position> {
        self.0.iter().map(position).collect()
    }
}

fn position((id, seen): (&u64, &Seen)) -> v1::Position {
    v1::Position {
        conversation_id: *id,
        sequence: seen.last,
        ..Default::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(order: &mut InOrder, sequence: u64) -> (Vec<u64>, Option<u64>) {
        let message = v1::Message {
            conversation_id: 7,
            sequence,
            ..Default::default()
        };
        let (ready, gap) = order.take(message);
        (
            ready.iter().map(|message| message.sequence).collect(),
            gap.map(|position| position.sequence),
        )
    }

    #[test]
    fn early_messages_wait_and_repeats_are_dropped() {
        let mut order = InOrder::default();
        assert!(order.begin(7, 3));
        assert!(!order.begin(7, 9));
        assert_eq!(take(&mut order, 3), (vec![], None));
        assert_eq!(take(&mut order, 4), (vec![4], None));
        assert_eq!(take(&mut order, 6), (vec![], Some(4)));
        assert_eq!(take(&mut order, 7), (vec![], None));
        assert_eq!(take(&mut order, 5), (vec![5, 6, 7], None));
        assert_eq!(take(&mut order, 6), (vec![], None));
        assert_eq!(
            order.positions(),
            [v1::Position {
                conversation_id: 7,
                sequence: 7,
                ..Default::default()
            }]
        );
    }

    #[test]
    fn what_is_missing_is_told_until_it_comes() {
        let mut order = InOrder::default();
        order.begin(7, 3);
        take(&mut order, 6);
        let missing = |order: &InOrder| order.missing().first().map(|position| position.sequence);
        assert_eq!(missing(&order), Some(3));
        take(&mut order, 4);
        assert_eq!(missing(&order), Some(4));
        take(&mut order, 5);
        assert_eq!(missing(&order), None);
        order.forget(7);
        assert_eq!(order.positions(), []);
    }

    #[test]
    fn an_unknown_conversation_begins_with_its_first_message() {
        assert_eq!(take(&mut InOrder::default(), 12), (vec![12], None));
    }
}

//! What a client missed while it was away.
//!
//! Live messages arrive in between: a client orders by sequence and drops what it has.

use crate::{error, wire::Wire};
use im_schema::{
    failure::Failure,
    parlance::Reason,
    rpc::Context,
    services::MessageServiceClient,
    v1::{ListDirection, ListMessagesRequest, Position, Resume, Resumed, ServerFrame},
};
use std::vec;

/// Messages that are read at once, at most, and before it is known how large they are.
const PAGE: u32 = 100;
const FIRST_PAGE: u32 = 4;
/// Messages of one conversation that are sent; who missed more reads on by itself.
const MOST: u32 = 1_000;
/// A step ends when it has about so many bytes.
const STEP_BYTES: usize = 32 * 1024;

/// A resumption under way.
pub(crate) struct Resumption {
    request_id: u64,
    history: MessageServiceClient,
    context: Context,
    wire: Wire,
    positions: vec::IntoIter<Position>,
    current: Option<Position>,
    // messages of the current conversation so far
    sent: u32,
    // as many as make about one step, so that no step is more than an outbox holds
    page: u32,
    answer: Resumed,
}

/// A part of what was missed.
pub(crate) struct Step {
    /// Encoded frames.
    pub(crate) frames: Vec<u8>,
    /// How many.
    pub(crate) count: usize,
    /// What is left to do.
    pub(crate) rest: Option<Resumption>,
}

impl Resumption {
    pub(crate) fn new(
        request_id: u64,
        wanted: Resume,
        history: MessageServiceClient,
        context: Context,
        wire: Wire,
    ) -> Self {
        let mut positions = wanted.positions.into_iter();
        let current = positions.next();
        Self {
            request_id,
            history,
            context,
            wire,
            positions,
            current,
            sent: 0,
            page: FIRST_PAGE,
            answer: Resumed::default(),
        }
    }

    /// Reads on until there is enough to send or everything is done.
    pub(crate) async fn step(mut self) -> Step {
        let mut step = Step {
            frames: Vec::new(),
            count: 0,
            rest: None,
        };
        while let Some(position) = self.current.take() {
            match self.page(&position, &mut step).await {
                Ok(more) => self.current = more.or_else(|| self.next()),
                Err(failure) if failure.reason() == Reason::NotAMember => {
                    self.answer.gone_conversation_ids.push(position.conversation_id);
                    self.current = self.next();
                }
                Err(failure) => {
                    step.add(self.wire, &error::frame(self.request_id, &failure));
                    return step;
                }
            }
            if step.frames.len() >= STEP_BYTES {
                step.rest = Some(self);
                return step;
            }
        }
        let answer = ServerFrame {
            request_id: self.request_id,
            ..ServerFrame::from(self.answer)
        };
        step.add(self.wire, &answer);
        step
    }

    fn next(&mut self) -> Option<Position> {
        self.sent = 0;
        self.positions.next()
    }

    /// Reads one page. The position to go on from, if the conversation has more to send.
    async fn page(&mut self, position: &Position, step: &mut Step) -> Result<Option<Position>, Failure> {
        let request = ListMessagesRequest {
            conversation_id: position.conversation_id,
            from_sequence: position.sequence.saturating_add(1),
            direction: ListDirection::Forward.into(),
            limit: self.page.min(MOST - self.sent),
            ..Default::default()
        };
        let page = self.history.list_messages(self.context.clone(), request).await?;
        let mut reached = position.clone();
        let (bytes, messages) = (step.frames.len(), page.messages.len());
        for message in page.messages {
            reached.sequence = message.sequence;
            self.sent += 1;
            step.add(self.wire, &ServerFrame::from(message));
        }
        if let Some(each) = (step.frames.len() - bytes).checked_div(messages) {
            self.page = (STEP_BYTES / each.max(1)).clamp(1, PAGE as usize) as u32;
        }
        if page.next_sequence == 0 {
            return Ok(None);
        }
        if self.sent >= MOST || reached.sequence == position.sequence {
            self.answer.incomplete.push(reached);
            return Ok(None);
        }
        Ok(Some(reached))
    }
}

impl Step {
    fn add(&mut self, wire: Wire, frame: &ServerFrame) {
        wire.encode(frame, &mut self.frames);
        self.count += 1;
    }
}
